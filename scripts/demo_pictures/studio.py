"""A small photo studio around the Mitsuba 3 path tracer.

A product is a :class:`Scene`: meshes with materials, and how the camera sees them.
:func:`render` sets it on a curved paper backdrop between softboxes, points the
camera so that the product fills the frame, and writes a JPEG.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LLVM = sorted(
    str(p) for p in Path("/usr/lib").glob("*/libLLVM*.so*") if re.search(r"(19|2\d)", p.name)
)
if _LLVM:  # older LLVM libraries cannot compile the kernels of this Mitsuba
    os.environ.setdefault("DRJIT_LIBLLVM_PATH", _LLVM[0])

import mitsuba as mi  # noqa: E402

mi.set_variant("llvm_ad_rgb" if "DRJIT_LIBLLVM_PATH" in os.environ else "scalar_rgb")

import mitsuba_oidn as oidn  # noqa: E402
import numpy as np  # noqa: E402
from meshes import Mesh, corner_normals, grid  # noqa: E402
from PIL import Image  # noqa: E402
from textures import hexed  # noqa: E402

Material = dict[str, Any]
WIDTH, HEIGHT = 384, 448  # pixels of a finished picture


@dataclass
class Scene:
    """One product before the camera.

    ``turn`` rotates the product (degrees, anticlockwise from above); ``elevation``
    is the height of the camera above the horizon, 90 looking straight down on a
    flat lay; ``fill`` is the share of the frame that the product takes up.
    """

    turn: float = -28.0
    elevation: float = 16.0
    fill: float = 0.78
    fov: float = 20.0  # upright field of view in degrees; small is a long lens
    backdrop: str = "#efece6"
    key: float = 1.0  # strength of the big softbox, relative to the usual
    flags: bool = False  # black cards beside the product, which draw dark edges on metal and glass
    hang: float = 0.0  # lift above the floor, in product heights (for pendants)
    seed: int = 1
    lamp: tuple[float, float, float] = (
        -2.1,
        -1.9,
        2.6,
    )  # place of the big softbox, in product sizes
    parts: list[tuple[Mesh, Material]] = field(default_factory=list)

    def add(self, mesh: Mesh, material: Material) -> Scene:
        """Put a mesh into the picture; returns the scene, to chain calls."""
        self.parts.append((mesh, material))
        return self


def _shape(mesh: Mesh, material: Material, sharp: float = 38.0) -> mi.Mesh:
    """A Mitsuba mesh with smooth shading and texture coordinates."""
    if hasattr(mesh, "shape"):  # a soft relief makes its own, see shoot.Skin
        return mesh.shape(material)
    normals = corner_normals(mesh, sharp).reshape(-1, 3)
    count = len(mesh.faces)
    props = mi.Properties()
    if material.get("type") == "glow":
        emitter = {"type": "area", "radiance": {"type": "rgb", "value": material["radiance"]}}
        props["emitter"] = mi.load_dict(emitter)
        material = {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}}
    props["bsdf"] = mi.load_dict(material)
    shape = mi.Mesh(
        "part", 3 * count, count, has_vertex_normals=True, has_vertex_texcoords=True, props=props
    )
    params = mi.traverse(shape)
    params["vertex_positions"] = mesh.points[mesh.faces].astype(np.float32).ravel()
    params["vertex_normals"] = normals.astype(np.float32).ravel()
    params["vertex_texcoords"] = mesh.uv.astype(np.float32).ravel()
    params["faces"] = np.arange(3 * count, dtype=np.uint32)
    params.update()
    return shape


def _placed(scene: Scene) -> list[tuple[Mesh, Material]]:
    """The parts turned, centred over the origin and standing on the floor."""
    parts = [(m.turned(scene.turn), mat) for m, mat in scene.parts]
    low = np.min([m.bounds[0] for m, _ in parts], axis=0)
    high = np.max([m.bounds[1] for m, _ in parts], axis=0)
    x, y = (low + high)[:2] / 2
    lift = scene.hang * (high[2] - low[2]) + 0.02
    return [(m.moved(-x, -y, lift - low[2]), mat) for m, mat in parts]


def _camera(points: np.ndarray, scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Camera place, target and up, so that the points fill and centre in the frame."""
    tilt = np.radians(min(scene.elevation, 89.9))
    back = np.array([0, -np.cos(tilt), np.sin(tilt)])
    right, up = np.array([1.0, 0, 0]), np.cross([1.0, 0, 0], -back)
    aim = (points.min(0) + points.max(0)) / 2
    half_h = np.tan(np.radians(scene.fov) / 2) * scene.fill
    half_w = np.tan(np.radians(scene.fov) / 2) * WIDTH / HEIGHT * min(0.92, scene.fill + 0.1)
    distance = 3.0 * np.ptp(points, axis=0).max()
    for _ in range(12):
        rel = points - (aim + back * distance)
        depth = -rel @ back
        x, y = rel @ right / depth, rel @ up / depth
        aim = aim + distance * (right * (x.min() + x.max()) / 2 + up * (y.min() + y.max()) / 2)
        distance *= max(np.ptp(x) / 2 / half_w, np.ptp(y) / 2 / half_h)
    return aim + back * distance, aim, up


def _backdrop(size: float, reach: float) -> Mesh:
    """Seamless paper: a floor that curves up into a wall behind the product."""
    t = np.linspace(0, np.pi / 2, 24)
    bend, wall = 2.2 * size, 1.3 * size
    y = np.concatenate([[-reach], wall + bend * np.sin(t), [wall + bend]])
    z = np.concatenate([[0], bend * (1 - np.cos(t)), [reach]])
    rows = np.stack([np.stack([np.full_like(y, x), y, z], 1) for x in (-reach, reach)], axis=1)
    return grid(rows)


def _softbox(place: np.ndarray, aim: np.ndarray, half: float, power: float) -> Material:
    """A square diffused lamp facing the product."""
    frame = mi.ScalarTransform4f().look_at(origin=place.tolist(), target=aim.tolist(), up=[0, 0, 1])
    light = {
        "type": "area",
        "radiance": {"type": "rgb", "value": [power * c for c in (1.0, 0.985, 0.96)]},
    }
    return {
        "type": "rectangle",
        "to_world": frame @ mi.ScalarTransform4f().scale([half, half, 1]),
        "emitter": light,
    }


def _stage(scene: Scene, wide: int, high: int) -> mi.Scene:
    """Product, backdrop, lights and camera, ready to render."""
    parts = _placed(scene)
    points = np.concatenate([m.points for m, _ in parts])
    eye, aim, up = _camera(points, scene)
    size = float(max(np.ptp(points, axis=0)))
    centre = np.array([0, 0, points[:, 2].mean()])
    paper = {
        "type": "twosided",
        "bsdf": {
            "type": "diffuse",
            "reflectance": {"type": "rgb", "value": list(hexed(scene.backdrop))},
        },
    }
    stage: Material = {
        "type": "scene",
        "integrator": {
            "type": "aov",
            "aovs": "albedo:albedo,nn:sh_normal",
            "img": {"type": "path", "max_depth": 14, "rr_depth": 8},
        },
        "sensor": {
            "type": "perspective",
            "fov": scene.fov,
            "fov_axis": "y",
            "to_world": mi.ScalarTransform4f().look_at(
                origin=eye.tolist(), target=aim.tolist(), up=up.tolist()
            ),
            "film": {
                "type": "hdrfilm",
                "width": wide,
                "height": high,
                "rfilter": {"type": "box"},
                "pixel_format": "rgb",
            },
            "sampler": {"type": "independent"},
        },
        "key": _softbox(
            centre + size * np.array(scene.lamp), centre, 1.15 * size, 13.0 * scene.key
        ),
        "fill": _softbox(centre + size * np.array([3.0, -1.2, 1.3]), centre, 1.1 * size, 2.8),
        "rim": _softbox(centre + size * np.array([1.4, 1.2, 3.4]), centre, 0.8 * size, 5.0),
        "room": {"type": "constant", "radiance": {"type": "rgb", "value": 0.3}},
        "paper": _shape(_backdrop(size, 40 * size), paper),
    }
    if scene.flags:
        card = {
            "type": "twosided",
            "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.01}},
        }
        for i, (x, wide) in enumerate(((-1.5, 0.34), (1.25, 0.28))):
            place = mi.ScalarTransform4f().look_at(
                origin=[x * size, -0.9 * size, 0.75 * size],
                target=[0, 0, 0.75 * size],
                up=[0, 0, 1],
            )
            stage[f"flag{i}"] = {
                "type": "rectangle",
                "to_world": place @ mi.ScalarTransform4f().scale([wide * size, 0.75 * size, 1]),
                "bsdf": card,
            }
    for i, (mesh, material) in enumerate(parts):
        stage[f"part{i}"] = _shape(mesh, material)
    return mi.load_dict(stage)


def _develop(light: np.ndarray, backdrop: str) -> Image.Image:
    """Expose so that the paper keeps its tone, roll off highlights, encode as sRGB."""
    h, w = light.shape[:2]
    border = np.concatenate(
        [
            light[: h // 12].reshape(-1, 3),
            light[:, : w // 20].reshape(-1, 3),
            light[:, -w // 20 :].reshape(-1, 3),
        ]
    )
    paper = np.median(border @ [0.2126, 0.7152, 0.0722])
    target = 0.87 * float(np.dot(hexed(backdrop), [0.2126, 0.7152, 0.0722]))
    x = np.maximum(light * target / max(paper, 1e-6), 0)
    knee = 0.62
    x = np.where(x > knee, knee + (1 - knee) * (1 - np.exp(-(x - knee) / (1 - knee))), x)
    s = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    return Image.fromarray((np.clip(s, 0, 1) * 255 + 0.5).astype(np.uint8))


def render(scene: Scene, path: Path | str, *, draft: bool = False, limit: int = 21_500) -> Path:
    """Photograph a scene into a JPEG of at most ``limit`` bytes; a draft is coarse but quick."""
    zoom, samples = (1, 16) if draft else (2, 18)
    wide, high = WIDTH * zoom, HEIGHT * zoom
    layers = np.array(
        mi.render(_stage(scene, wide, high), spp=samples, seed=scene.seed), dtype=np.float32
    )
    light, albedo, normal = (np.ascontiguousarray(layers[..., i : i + 3]) for i in (0, 3, 6))
    clean = np.array(oidn.denoise(np.minimum(light, 30.0), np.clip(albedo, 0, 1), normal, hdr=True))
    if not draft:  # a trace of film grain
        clean = 0.96 * clean + 0.04 * np.minimum(light, 2 * clean)
    image = _develop(clean, scene.backdrop).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 60, -3):
        image.save(
            path,
            quality=quality,
            optimize=True,
            progressive=True,
            subsampling=0 if quality > 80 else 2,
        )
        if path.stat().st_size <= limit:
            break
    return path
