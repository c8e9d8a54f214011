"""From a relief to a studio scene: a flat lay, or an upright thing on the floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mitsuba as mi
import numpy as np
from materials import picture, surface
from meshes import Mesh
from outlines import Array
from relief import HEIGHT, WIDTH, Fabric, Relief
from scipy import ndimage as ndi
from studio import Scene

UNIT = 0.1  # centimetres per picture pixel


@dataclass(frozen=True)
class Skin(Mesh):
    """A finely sampled height field; always smooth shaded, one corner list for all."""

    corner_uv: np.ndarray | None = None

    def shape(self, material: dict[str, Any]) -> mi.Mesh:
        """The Mitsuba mesh, without the corner splitting that furniture needs."""
        props = mi.Properties()
        props["bsdf"] = mi.load_dict(material)
        count = len(self.points)
        out = mi.Mesh(
            "skin",
            count,
            len(self.faces),
            has_vertex_normals=True,
            has_vertex_texcoords=True,
            props=props,
        )
        params = mi.traverse(out)
        params["vertex_positions"] = self.points.astype(np.float32).ravel()
        params["vertex_normals"] = _normals(self.points, self.faces).ravel()
        params["vertex_texcoords"] = self.corner_uv.astype(np.float32).ravel()
        params["faces"] = self.faces.astype(np.uint32).ravel()
        params.update()
        return out


def _normals(points: Array, faces: Array) -> Array:
    """Area-weighted normals at the corners."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    axes = [sum(np.bincount(faces[:, k], n[:, d], len(points)) for k in range(3)) for d in range(3)]
    out = np.stack(axes, 1)
    return (out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-9)).astype(np.float32)


def skin(relief: Relief, depth: float = 1.0) -> tuple[Skin, dict[str, Any]]:
    """Mesh of the covered grid (x right, y up, z toward the viewer) and its material.

    Rim samples just outside the outline are pulled onto it, so that the
    silhouette is smooth instead of stepped.
    """
    sd = relief.distance(relief.alpha)
    gy, gx = np.gradient(ndi.gaussian_filter(sd, 1.0) * relief.s)
    norm = np.hypot(gx, gy) + 1e-6
    reach = 1.5 / relief.s
    rim = (sd <= 0) & (sd > -reach)
    x = np.where(rim, relief.x - gx / norm * sd, relief.x)
    y = np.where(rim, relief.y - gy / norm * sd, relief.y)
    near = tuple(ndi.distance_transform_edt(sd <= 0, return_distances=False, return_indices=True))
    z = np.where(rim, np.minimum(relief.h[near], 0.0), relief.h) * depth
    usable, inside = sd > -reach, sd > 0
    quads = [
        (slice(None, -1), slice(None, -1)),
        (slice(None, -1), slice(1, None)),
        (slice(1, None), slice(1, None)),
        (slice(1, None), slice(None, -1)),
    ]
    cell = np.logical_and.reduce([usable[q] for q in quads]) & np.logical_or.reduce(
        [inside[q] for q in quads]
    )
    ids = np.arange(sd.size).reshape(sd.shape)
    a, b, c, d = (ids[q][cell] for q in quads)
    used, faces = np.unique(
        np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)]), return_inverse=True
    )
    faces = faces.reshape(-1, 3)
    faces = faces[:, ::-1] if depth < 0 else faces
    points = np.stack([x.ravel()[used], -y.ravel()[used], z.ravel()[used]], 1)
    u, v = (
        (relief.x.ravel()[used] + WIDTH / 2) / WIDTH,
        (relief.y.ravel()[used] + HEIGHT / 2) / HEIGHT,
    )
    return Skin(points, faces, np.zeros(0), np.stack([u, v], 1)), _material(relief, near)


def _material(relief: Relief, near: tuple[Array, ...]) -> dict[str, Any]:
    """Principled material fed by the relief's maps, bled past the outline."""

    def sampled(grid: Array) -> dict[str, Any]:
        grid = np.ascontiguousarray(grid[near].reshape(*grid.shape[:2], -1), np.float32)
        return {"type": "bitmap", "bitmap": mi.Bitmap(grid), "raw": True, "wrap_mode": "clamp"}

    base = {
        "type": "principled",
        "base_color": sampled(np.clip(relief.rgb, 0.002, 0.95)),
        "roughness": sampled(np.clip(relief.maps["rough"], 0.08, 1)),
        "metallic": sampled(relief.maps["metal"]),
        "sheen": sampled(relief.maps["sheen"]),
        "clearcoat": sampled(relief.maps["coat"]),
        "clearcoat_gloss": 0.85,
        "specular": 0.4,
    }
    return {"type": "twosided", "bsdf": base}


def lay(relief: Relief, **settings: Any) -> Scene:
    """Flat lay on the paper, seen from above, light raking from the upper left."""
    settings = {
        "turn": 0.0,
        "elevation": 90.0,
        "lamp": (-2.4, 2.0, 1.5),
        "key": 2.2,
        "fill": 0.8,
    } | settings
    scene = Scene(**settings)
    body, material = skin(relief)
    return scene.add(replace(body, points=body.points * UNIT), material)


def stand(
    relief: Relief,
    back: float = 1.0,
    spots: Sequence[tuple[float, float, float]] = ((0, 0, 0),),
    tall: float = 1.0,
    **settings: Any,
) -> Scene:
    """Upright on the floor; the front is the relief, the back its mirror image.

    ``spots`` places copies (right, away, up), for a pair of shoes; ``tall``
    stretches the height.
    """
    settings = {"turn": 0.0, "elevation": 8.0, "fill": 0.8} | settings
    scene = Scene(**settings)
    for spot in spots:
        for depth in (1.0, -back):
            body, material = skin(relief, depth)
            upright = np.stack([body.points[:, 0], -body.points[:, 2], tall * body.points[:, 1]], 1)
            scene.add(replace(body, points=(upright + np.array(spot, float)) * UNIT), material)
    return scene


def swatch(fabric: Fabric, size: float = 128.0, **more: float) -> dict[str, Any]:
    """A fabric as a tiling material for true 3D meshes; size is in picture pixels."""
    u, v = np.meshgrid(*2 * [(np.arange(512) + 0.5) * size / 512])
    look = fabric(u, v)
    bump = picture(np.broadcast_to(look.bump, u.shape) * UNIT, size * UNIT, raw=True)
    values = {
        "metallic": float(np.mean(look.metal)),
        "sheen": look.sheen,
        "clearcoat": look.coat,
    } | more
    rough = max(0.08, float(np.mean(look.rough)))
    return surface(
        picture(np.broadcast_to(look.rgb, (*u.shape, 3)), size * UNIT),
        rough,
        bump=bump,
        height=1.0,
        **values,
    )
