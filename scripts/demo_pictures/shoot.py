"""Photograph a relief: lying on a pale table or standing on a pale floor."""

from __future__ import annotations

from dataclasses import dataclass

import mitsuba as mi
import numpy as np
from relief import HEIGHT, WIDTH, Array, Relief
from scipy import ndimage as ndi


@dataclass
class Pose:
    """How the picture is taken."""

    stand: bool = False
    tilt: float = 7.0  # camera above the horizon when standing, degrees
    turn: float = 0.0  # object turned about its upright axis, degrees
    back: float = 0.0  # mirrored back half's depth, as a share of the front's
    copies: tuple[tuple[float, float, float], ...] = ((0.0, 0.0, 0.0),)
    table: tuple[float, float, float] = (0.80, 0.79, 0.77)
    exposure: float = 1.0


def surface(relief: Relief, z: Array, flip: bool = False) -> mi.Mesh:
    """Triangle mesh of the covered part of the grid, its rim snapped to the outline."""
    sd = relief.distance(relief.alpha)
    gy, gx = np.gradient(ndi.gaussian_filter(sd, 1.0) * relief.s)
    norm = np.hypot(gx, gy) + 1e-6
    rim = (sd < 0) & (sd > -1.5 / relief.s)
    x = np.where(rim, relief.x - gx / norm * sd, relief.x)
    y = np.where(rim, relief.y - gy / norm * sd, relief.y)
    near = np.unravel_index(
        ndi.distance_transform_edt(sd <= 0, return_distances=False, return_indices=True).reshape(2, -1).astype(int)[0]
        * sd.shape[1]
        + ndi.distance_transform_edt(sd <= 0, return_distances=False, return_indices=True).reshape(2, -1)[1],
        sd.shape,
    )
    z = np.where(sd <= 0, np.minimum(z[near].reshape(sd.shape), 0.0), z)
    ok = sd > -1.5 / relief.s
    cell = ok[:-1, :-1] & ok[1:, :-1] & ok[:-1, 1:] & ok[1:, 1:]
    cell &= (sd[:-1, :-1] > 0) | (sd[1:, :-1] > 0) | (sd[:-1, 1:] > 0) | (sd[1:, 1:] > 0)
    h, w = sd.shape
    ids = np.arange(h * w).reshape(h, w)
    a, b, c, d = ids[:-1, :-1][cell], ids[:-1, 1:][cell], ids[1:, 1:][cell], ids[1:, :-1][cell]
    faces = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
    used, faces = np.unique(faces, return_inverse=True)
    faces = faces.reshape(-1, 3)
    if flip:
        faces = faces[:, ::-1]
    points = np.stack([x.ravel()[used], -y.ravel()[used], z.ravel()[used]], 1)
    uv = np.stack([(relief.x.ravel()[used] + WIDTH / 2) / WIDTH, 1 - (relief.y.ravel()[used] + HEIGHT / 2) / HEIGHT], 1)
    return mesh(points, faces, uv, look(relief, near))


def mesh(points: Array, faces: Array, uv: Array, bsdf: dict) -> mi.Mesh:
    """Mitsuba mesh with smooth normals."""
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(bsdf)
    m = mi.Mesh("relief", len(points), len(faces), has_vertex_normals=True, has_vertex_texcoords=True, props=props)
    params = mi.traverse(m)
    params["vertex_positions"] = np.ascontiguousarray(points, np.float32).ravel()
    params["vertex_texcoords"] = np.ascontiguousarray(uv, np.float32).ravel()
    params["faces"] = np.ascontiguousarray(faces, np.uint32).ravel()
    params["vertex_normals"] = normals(points, faces).ravel()
    params.update()
    return m


def normals(points: Array, faces: Array) -> Array:
    """Area-weighted vertex normals."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    n = np.cross(b - a, c - a)
    out = np.stack(
        [sum(np.bincount(faces[:, k], n[:, d], len(points)) for k in range(3)) for d in range(3)], 1
    )
    return np.ascontiguousarray(out / (np.linalg.norm(out, axis=1, keepdims=True) + 1e-9), np.float32)


def look(relief: Relief, near: tuple[Array, Array]) -> dict:
    """Principled material fed by the relief's maps, bled past the outline."""
    shape = relief.h.shape

    def tex(grid: Array) -> dict:
        grid = np.asarray(grid)[near].reshape(*shape, -1)
        bitmap = mi.Bitmap(np.ascontiguousarray(grid, np.float32))
        return {"type": "bitmap", "bitmap": bitmap, "raw": True, "wrap_mode": "clamp"}

    return {
        "type": "twosided",
        "bsdf": {
            "type": "principled",
            "base_color": tex(np.clip(relief.rgb, 0.002, 0.95)),
            "roughness": tex(np.clip(relief.maps["rough"], 0.08, 1)),
            "metallic": tex(relief.maps["metal"]),
            "sheen": tex(relief.maps["sheen"]),
            "clearcoat": tex(relief.maps["coat"]),
            "clearcoat_gloss": 0.85,
            "specular": 0.4,
        },
    }


def softbox(origin: tuple, target: tuple, w: float, h: float, power: float) -> dict:
    """Rectangular area light aimed at a point."""
    t = mi.ScalarTransform4f
    return {
        "type": "rectangle",
        "to_world": t().look_at(origin=list(origin), target=list(target), up=[0, 1, 0.01]) @ t().scale([w / 2, h / 2, 1]),
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": [power, power * 0.98, power * 0.95]}},
    }


def sensor(origin: tuple, target: tuple, up: tuple, spp: int, scale: float) -> dict:
    """Long-lens camera whose frame is the picture at the target's distance."""
    far = float(np.linalg.norm(np.subtract(origin, target)))
    return {
        "type": "perspective",
        "fov": float(np.degrees(2 * np.arctan(HEIGHT / 2 / far))),
        "fov_axis": "y",
        "to_world": mi.ScalarTransform4f().look_at(origin=list(origin), target=list(target), up=list(up)),
        "film": {
            "type": "hdrfilm",
            "width": int(WIDTH * scale),
            "height": int(HEIGHT * scale),
            "rfilter": {"type": "gaussian", "stddev": 0.42},
        },
        "sampler": {"type": "multijitter", "sample_count": spp, "seed": 1},
    }


def backdrop(pose: Pose, floor: float) -> dict:
    """Table plane, or floor sweeping up into a wall."""
    t = mi.ScalarTransform4f
    paint = {"type": "diffuse", "reflectance": {"type": "rgb", "value": list(pose.table)}}
    if not pose.stand:
        return {"type": "rectangle", "to_world": t().translate([0, 0, -0.4]) @ t().scale(3000), "bsdf": paint}
    a = np.linspace(0, np.pi / 2, 24)
    prof = [(floor, 1500.0)] + [(floor + 500 * (1 - np.cos(k)), -500 - 500 * np.sin(k)) for k in a] + [(3000.0, -1000.0)]
    pts = np.array([(x, y, z) for y, z in prof for x in (-3000.0, 3000.0)])
    faces = np.array([f for i in range(len(prof) - 1) for f in ((2 * i, 2 * i + 1, 2 * i + 3), (2 * i, 2 * i + 3, 2 * i + 2))])
    return mesh(pts, faces, np.zeros((len(pts), 2)), {"type": "twosided", "bsdf": paint})


def lights(pose: Pose) -> dict:
    """Key from upper left, weak fill from the right, soft surroundings."""
    if pose.stand:
        return {
            "key": softbox((-700, 800, 700), (0, 0, 0), 620, 620, 9.5),
            "top": softbox((150, 1100, 150), (0, 0, 0), 800, 600, 3.2),
            "fill": softbox((900, 250, 700), (0, 0, 0), 500, 800, 1.6),
            "sky": {"type": "constant", "radiance": {"type": "rgb", "value": [0.42, 0.43, 0.45]}},
        }
    return {
        "key": softbox((-950, 850, 720), (0, 0, 0), 560, 560, 17.0),
        "fill": softbox((900, -200, 900), (0, 0, 0), 600, 600, 1.4),
        "sky": {"type": "constant", "radiance": {"type": "rgb", "value": [0.40, 0.41, 0.43]}},
    }


def placed(m: mi.Mesh, turn: float, shift: tuple[float, float, float]) -> mi.Mesh:
    """Turn a mesh about the upright axis and move it."""
    params = mi.traverse(m)
    a = np.radians(turn)
    rot = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    p = np.array(params["vertex_positions"]).reshape(-1, 3) @ rot.T + np.array(shift)
    n = np.array(params["vertex_normals"]).reshape(-1, 3) @ rot.T
    params["vertex_positions"] = p.astype(np.float32).ravel()
    params["vertex_normals"] = n.astype(np.float32).ravel()
    params.update()
    return m


def scene(relief: Relief, pose: Pose, spp: int, scale: float) -> mi.Scene:
    """Whole set: backdrop, lights, camera and the object."""
    covered = relief.alpha > 0.5
    floor = -float(relief.y[covered].max())
    d = 1700.0
    if pose.stand:
        a = np.radians(pose.tilt)
        cam = sensor((0, d * np.sin(a), d * np.cos(a)), (0, 0, 0), (0, 1, 0), spp, scale)
    else:
        cam = sensor((0, 0, d), (0, 0, 0), (0, 1, 0), spp, scale)
    out = {"type": "scene", "integrator": {"type": "path", "max_depth": 5}, "cam": cam, "back": backdrop(pose, floor - 0.5)}
    out.update(lights(pose))
    for k, shift in enumerate(pose.copies):
        out[f"front{k}"] = placed(surface(relief, relief.h), pose.turn, shift)
        if pose.back:
            out[f"rear{k}"] = placed(surface(relief, -relief.h * pose.back, True), pose.turn, shift)
    return mi.load_dict(out)


def photograph(relief: Relief, pose: Pose, spp: int = 64, scale: float = 1.0) -> Array:
    """Render to an 8-bit sRGB picture."""
    linear = np.array(mi.render(scene(relief, pose, spp, scale), spp=spp))[..., :3] * pose.exposure
    x = np.clip(linear, 0, None)
    x = np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3)))
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return (np.clip(srgb, 0, 1) * 255 + 0.5).astype(np.uint8)
