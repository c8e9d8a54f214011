"""Triangle meshes for the demo pictures, all measured in centimetres.

A mesh carries texture coordinates in centimetres too: ``u`` runs around a form
and ``v`` along it (along the grain, for wood), so a material looks the same size
on every product. The z axis points up; fronts face the camera along -y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mapbox_earcut
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

Points = np.ndarray | Sequence[Sequence[float]]


@dataclass(frozen=True)
class Mesh:
    """Corner points, triangles, and one texture coordinate per triangle corner."""

    points: np.ndarray  # (n, 3)
    faces: np.ndarray  # (m, 3) indices into points
    uv: np.ndarray  # (m, 3, 2) centimetres

    def moved(self, x: float = 0, y: float = 0, z: float = 0) -> Mesh:
        """The mesh shifted."""
        return replace(self, points=self.points + np.array([x, y, z], float))

    def turned(self, angle: float, axis: str | Sequence[float] = "z") -> Mesh:
        """The mesh rotated about an axis through the origin, in degrees."""
        vector = (
            {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}[axis]
            if isinstance(axis, str)
            else axis
        )
        unit = np.asarray(vector, float) / np.linalg.norm(vector)
        spin = Rotation.from_rotvec(np.radians(angle) * unit)
        return replace(self, points=spin.apply(self.points))

    def scaled(self, x: float, y: float | None = None, z: float | None = None) -> Mesh:
        """The mesh stretched; one number stretches all axes alike."""
        y, z = (x if y is None else y), (x if z is None else z)
        faces, uv = self.faces, self.uv
        if x * y * z < 0:  # a mirror image turns triangles inside out; turn them back
            faces, uv = faces[:, ::-1], uv[:, ::-1]
        return Mesh(self.points * np.array([x, y, z], float), faces, uv * abs(x * y * z) ** (1 / 3))

    def bent(self, change) -> Mesh:
        """The mesh with every point moved by ``change((n, 3) points) -> (n, 3)``."""
        return replace(self, points=np.asarray(change(self.points.copy()), float))

    def grain(self, axis: str = "z", shift: float = 0.0) -> Mesh:
        """Project texture straight onto each side, with ``v`` along the given axis.

        ``shift`` slides the texture so that two boards do not look alike.
        """
        corners = self.points[self.faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        long = "xyz".index(axis)
        others = [i for i in range(3) if i != long]
        side = np.argmax(np.abs(normal), axis=1)
        uv = np.empty((len(self.faces), 3, 2))
        for facing in range(3):
            pick = side == facing
            if facing == long:  # end grain
                u, v = others
            else:
                u, v = next(i for i in others if i != facing), long
            uv[pick] = corners[pick][:, :, [u, v]]
        return replace(self, uv=uv + np.array([shift * 1.7, shift]))

    def swapped(self) -> Mesh:
        """The mesh with u and v exchanged."""
        return replace(self, uv=self.uv[:, :, ::-1])

    @property
    def bounds(self) -> np.ndarray:
        """Lowest and highest corner, (2, 3)."""
        return np.array([self.points.min(0), self.points.max(0)])


def join(*meshes: Mesh) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0] + [len(m.points) for m in meshes[:-1]])
    return Mesh(
        np.concatenate([m.points for m in meshes]),
        np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=True)]),
        np.concatenate([m.uv for m in meshes]),
    )


def grid(rows: np.ndarray, *, around: bool = False, along: bool = False) -> Mesh:
    """A skin over points (along, around, 3); the flags close either direction."""
    rows = np.asarray(rows, float)
    if around:
        rows = np.concatenate([rows, rows[:, :1]], axis=1)
    if along:
        rows = np.concatenate([rows, rows[:1]], axis=0)
    na, nb = rows.shape[:2]
    gap_u = np.linalg.norm(np.diff(rows, axis=1), axis=2).max(0)
    gap_v = np.linalg.norm(np.diff(rows, axis=0), axis=2).mean(1)
    u, v = np.concatenate([[0], np.cumsum(gap_u)]), np.concatenate([[0], np.cumsum(gap_v)])
    uv = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1).reshape(-1, 2)
    a, b = np.meshgrid(np.arange(na - 1), np.arange(nb - 1), indexing="ij")
    i = (a * nb + b).ravel()
    faces = np.concatenate(
        [np.stack([i, i + 1, i + nb + 1], 1), np.stack([i, i + nb + 1, i + nb], 1)]
    )
    return Mesh(rows.reshape(-1, 3), faces, uv[faces])


def spline(points: Points, count: int = 64, *, closed: bool = False) -> np.ndarray:
    """A smooth curve through the given points (2D or 3D)."""
    p = np.asarray(points, float)
    if closed:
        p = np.concatenate([p, p[:1]])
    t = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1) ** 0.5)])
    curve = CubicSpline(t, p, bc_type="periodic" if closed else "natural")
    return curve(np.linspace(0, t[-1], count, endpoint=not closed))


def rounded(points: Points, radius: float, steps: int = 6) -> np.ndarray:
    """A polyline with its inner corners rounded off."""
    p = np.asarray(points, float)
    out = [p[0]]
    for before, corner, after in zip(p[:-2], p[1:-1], p[2:], strict=True):
        a, b = before - corner, after - corner
        r = min(radius, np.linalg.norm(a) * 0.49, np.linalg.norm(b) * 0.49)
        a, b = corner + a / np.linalg.norm(a) * r, corner + b / np.linalg.norm(b) * r
        t = np.linspace(0, 1, steps)[:, None]
        out.extend((1 - t) ** 2 * a + 2 * t * (1 - t) * corner + t**2 * b)
    return np.array([*out, p[-1]])


def lathe(profile: Points, *, sides: int = 96, sweep: float = 360.0) -> Mesh:
    """A surface of revolution about z from (radius, height) points.

    Run the profile from the bottom of the outside upwards (and back down inside).
    """
    p = np.asarray(profile, float)
    whole = sweep >= 360
    angle = np.radians(np.linspace(0, sweep, sides, endpoint=not whole))
    r, z = p[:, 0][:, None], p[:, 1][:, None]
    rows = np.stack(np.broadcast_arrays(r * np.cos(angle), r * np.sin(angle), z), axis=-1)
    return grid(rows, around=whole)


def vessel(
    outside: Points, wall: float, floor: float = 0.6, *, sides: int = 96, smooth: int = 60
) -> Mesh:
    """A hollow turned form: the outside curve, a rounded rim, and an inside."""
    out = spline(outside, smooth) if smooth else np.asarray(outside, float)
    slope = np.gradient(out, axis=0)
    normal = np.stack([-slope[:, 1], slope[:, 0]], 1)
    inner = out + wall * normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    inner = inner[(inner[:, 1] > out[0, 1] + floor) & (inner[:, 0] > 0.05)][::-1]
    rim_t = np.linspace(0, np.pi, 7)[1:-1]
    mid, half = (out[-1] + inner[0]) / 2, (out[-1] - inner[0]) / 2
    up = np.array([-half[1], half[0]])
    up = up if up[1] > 0 else -up
    rim = mid + np.cos(rim_t)[:, None] * half + np.sin(rim_t)[:, None] * up
    base = [[0, out[0, 1]]] if out[0, 0] > 0 else []
    return lathe(
        np.concatenate([np.reshape(base, (-1, 2)), out, rim, inner, [[0, inner[-1, 1]]]]),
        sides=sides,
    )


def _frames(path: np.ndarray, closed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Two directions across a path at each point, twisting as little as possible."""
    ends = np.concatenate([path[-1:], path, path[:1]]) if closed else path
    tangent = np.gradient(ends, axis=0)[1:-1] if closed else np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.empty_like(path)
    start = np.array([0, 0, 1.0]) if abs(tangent[0, 2]) < 0.9 else np.array([0, 1.0, 0])
    for i, t in enumerate(tangent):
        start = start - t * (start @ t)
        start /= np.linalg.norm(start)
        side[i] = start
    return np.cross(side, tangent), side


def sweep(
    outline: Points,
    path: Points,
    *,
    size: float | np.ndarray = 1.0,
    closed: bool = False,
    caps: bool = True,
) -> Mesh:
    """Carry a closed 2D outline along a 3D path, scaled by ``size`` at each point."""
    path, outline = np.asarray(path, float), np.asarray(outline, float)
    across, up = _frames(path, closed)
    size = np.broadcast_to(size, len(path))[:, None, None]
    rows = path[:, None] + size * (
        outline[:, 0][None, :, None] * across[:, None] + outline[:, 1][None, :, None] * up[:, None]
    )
    if caps and not closed:
        rows = np.concatenate(
            [path[:1, None].repeat(len(outline), 1), rows, path[-1:, None].repeat(len(outline), 1)]
        )
    return grid(rows, around=True, along=closed)


def circle(radius: float = 1.0, count: int = 20) -> np.ndarray:
    """Points on a circle."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return radius * np.stack([np.cos(t), np.sin(t)], 1)


def tube(
    points: Points,
    radius: float | Sequence[float],
    *,
    smooth: int = 0,
    closed: bool = False,
    sides: int = 18,
) -> Mesh:
    """A round rod or wire with rounded ends, through points or a spline of them."""
    path = spline(points, smooth, closed=closed) if smooth else np.asarray(points, float)
    r = np.asarray(radius, float)
    r = (
        np.full(len(path), r)
        if r.ndim == 0
        else np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(r)), r)
    )
    if not closed:  # round the ends
        t = np.linspace(0, np.pi / 2, 6)[:-1]
        first, last = path[0] - path[1], path[-1] - path[-2]
        first, last = first / np.linalg.norm(first), last / np.linalg.norm(last)
        path = np.concatenate(
            [
                path[0] + np.outer(np.cos(t), first) * r[0],
                path,
                path[-1] + np.outer(np.cos(t[::-1]), last) * r[-1],
            ]
        )
        r = np.concatenate([np.sin(t) * r[0], r, np.sin(t[::-1]) * r[-1]])
    return sweep(circle(1.0, sides), path, size=r, closed=closed, caps=False)


def rod(
    start: Sequence[float], end: Sequence[float], radius: float | Sequence[float], sides: int = 24
) -> Mesh:
    """A straight round stick, possibly tapered or turned."""
    n = 2 if np.ndim(radius) == 0 else max(2, len(radius))
    return tube(np.linspace(start, end, max(n, 8)), radius, sides=sides)


def box(width: float, depth: float, height: float, radius: float = 0.3, *, cells: int = 1) -> Mesh:
    """A box with rounded edges, standing centred on z = 0.

    ``cells`` > 1 divides the flat sides so that ``bent`` can shape them.
    """
    half = np.array([width, depth, height], float) / 2
    radius = min(radius, half.min() * 0.98)
    steps = []
    for h in half:
        arc = radius * (1 - np.cos(np.linspace(0, np.pi / 2, 5)))[:-1]
        flat = np.linspace(-h + radius, h - radius, cells + 1)
        steps.append(np.concatenate([-h + arc, flat, (h - arc)[::-1]]))
    sides = []
    for axis in range(3):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1, 1):
            p = np.empty((len(steps[b]), len(steps[a]), 3))
            p[..., a], p[..., b], p[..., axis] = (
                steps[a][None, :],
                steps[b][:, None],
                sign * half[axis],
            )
            sides.append(grid(p if sign > 0 else p[:, ::-1]))
    cube = join(*sides)
    core = np.clip(cube.points, -(half - radius), half - radius)
    out = cube.points - core
    points = core + radius * out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    return replace(cube, points=points + np.array([0, 0, half[2]])).grain(
        "xyz"[int(np.argmax(half))]
    )


def cushion(
    width: float,
    depth: float,
    thick: float,
    *,
    corner: float = 0.25,
    puff: float = 0.6,
    cells: int = 40,
) -> Mesh:
    """A stuffed pillow lying centred on z = 0, thin at its edge seam."""
    t = np.linspace(-1, 1, cells)
    t = np.sin(t * np.pi / 2)
    x, y = np.meshgrid(t, t)
    shape = (np.clip(1 - np.abs(x) ** 2.6, 0, 1) * np.clip(1 - np.abs(y) ** 2.6, 0, 1)) ** (
        puff * 0.5
    )
    pull = 1 - corner * 0.25 * (np.abs(x * y) ** 3)  # ears: the edges draw in between corners
    draw_x, draw_y = 1 - 0.05 * (1 - y**2), 1 - 0.05 * (1 - x**2)
    skins = []
    for sign in (1, -1):
        p = np.stack(
            [
                x * draw_x * pull * width / 2,
                y * draw_y * pull * depth / 2,
                sign * shape * thick / 2,
            ],
            -1,
        )
        skins.append(grid(p if sign > 0 else p[:, ::-1]))
    return join(*skins).moved(z=thick / 2)


def slab(
    outline: Points, thick: float, *, holes: Sequence[Points] = (), bevel: float = 0.15
) -> Mesh:
    """A flat 2D outline (x, y) given thickness upwards from z = 0, edges softened."""
    rings = [np.asarray(r, float) for r in (outline, *holes)]
    rings = [r[::-1] if (_area(r) < 0) == (i == 0) else r for i, r in enumerate(rings)]
    bevel = min(bevel, thick / 2.001)
    t = np.linspace(0, np.pi / 2, 5)
    inset = np.concatenate([bevel * (1 - np.sin(t)), bevel * (1 - np.cos(t))])
    height = np.concatenate([bevel * (1 - np.cos(t)), thick - bevel * (1 - np.sin(t))])
    parts, caps = [], []
    for ring in rings:
        normal = _outward(ring)
        rows = [
            np.column_stack([ring - normal * d, np.full(len(ring), z)])
            for d, z in zip(inset, height, strict=True)
        ]
        parts.append(grid(np.array(rows), around=True))
        caps.append(ring - normal * bevel)
    flat = np.concatenate(caps)
    faces = mapbox_earcut.triangulate_float64(
        flat, np.cumsum([len(c) for c in caps]).astype(np.uint32)
    )
    faces = faces.reshape(-1, 3).astype(int)
    a, b, c = flat[faces[:, 0]], flat[faces[:, 1]], flat[faces[:, 2]]
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) < 0
    faces[turn] = faces[turn][:, ::-1]
    for z, f in ((thick, faces), (0.0, faces[:, ::-1])):
        parts.append(Mesh(np.column_stack([flat, np.full(len(flat), z)]), f, flat[f]))
    return join(*parts)


def _area(ring: np.ndarray) -> float:
    x, y = ring.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def _outward(ring: np.ndarray) -> np.ndarray:
    """Unit normals of a closed ring, away from its material, mitred at corners."""
    edge = np.roll(ring, -1, axis=0) - ring
    edge /= np.maximum(np.linalg.norm(edge, axis=1, keepdims=True), 1e-9)
    normal = np.stack([edge[:, 1], -edge[:, 0]], 1)
    both = normal + np.roll(normal, 1, axis=0)
    return both / np.maximum((both**2).sum(1, keepdims=True) / 2, 0.5)


def rectangle(width: float, depth: float, radius: float = 0.0, steps: int = 8) -> np.ndarray:
    """Outline of a rectangle with rounded corners, centred, for ``slab`` or ``sweep``."""
    if radius <= 0:
        return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, depth / 2]
    t = np.radians(np.linspace(0, 90, steps))
    arc = radius * np.stack([np.cos(t), np.sin(t)], 1)
    a, b = width / 2 - radius, depth / 2 - radius
    turn = lambda p, k: p @ np.linalg.matrix_power(np.array([[0, 1], [-1, 0]]), k)  # noqa: E731
    return np.concatenate(
        [turn(arc, k) + c for k, c in enumerate(([a, b], [-a, b], [-a, -b], [a, -b]))]
    )


def corner_normals(mesh: Mesh, sharp: float = 38.0) -> np.ndarray:
    """Shading normals per triangle corner: smooth, but broken at sharp edges."""
    _, weld = np.unique(np.round(mesh.points, 5), axis=0, return_inverse=True)
    corners = weld.reshape(-1)[mesh.faces].ravel()
    tri = mesh.points[mesh.faces]
    weighted = np.cross(tri[:, 1] - tri[:, 0], tri[:, 2] - tri[:, 0])
    unit = weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-12)
    order = np.argsort(corners, kind="stable")
    _, start, count = np.unique(corners[order], return_index=True, return_counts=True)
    total = np.zeros((len(corners), 3))
    for k in np.unique(count):  # all points that the same number of triangles share
        rows = order[start[count == k][:, None] + np.arange(k)]  # (points, k) corners
        face = rows // 3
        if k > 60:  # the pole of a turned form
            total[rows] = unit[face].mean(1, keepdims=True)
            continue
        near = np.einsum("pik,pjk->pij", unit[face], unit[face]) > np.cos(np.radians(sharp))
        total[rows] = np.einsum("pij,pjk->pik", near.astype(float), weighted[face])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    flat = np.repeat(unit, 3, axis=0)
    return np.where(length > 1e-12, total / np.maximum(length, 1e-12), flat).reshape(-1, 3, 3)
