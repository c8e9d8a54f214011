"""Building blocks of shoes: uppers, soles, panels, laces, straps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fabrics import ink
from outlines import Array, Points, curve, ellipse, smooth, xy
from relief import Fabric, Relief, Shape
from scipy import ndimage as ndi

PAIR = ((0, 0, 0), (26, 150, 0))  # the second shoe stands behind, a little ahead


PAIR = ((0, 0, 0), (26, 150, 0))  # the second shoe stands behind, a little ahead


def upper(
    r: Relief,
    points: Points,
    fabric: Fabric,
    depth: float,
    folds: Array | float = 0.0,
    power: float = 0.5,
) -> Shape:
    """Rounded body of a shoe."""
    part = r.shape(points)
    return r.put(part, fabric, 0.0, 2, folds=folds, base=r.balloon(part, depth, power))


def slab(
    r: Relief,
    points: Points,
    fabric: Fabric,
    depth: float,
    edge: float = 8.0,
    folds: Array | float = 0.0,
) -> Shape:
    """Sole or heel: flat faced with rounded rims."""
    return r.put(r.shape(points), fabric, depth, edge, folds=folds, base=np.zeros(r.h.shape))


def outsole(
    r: Relief,
    points: Points,
    fabric: Fabric,
    grow: float = 3.0,
    edge: float = 6.0,
    folds: Array | float = 0.0,
    tips: tuple[float, float] = (46, 28),
) -> Shape:
    """Sole as wide as the upper above it, rounded in plan at toe and heel."""
    part = r.shape(points)
    wide = ndi.gaussian_filter1d(ndi.maximum_filter1d(r.h.max(0), int(20 * r.s)), 8 * r.s)
    x = r.x[0]
    lo, hi = np.min([p[0] for p in points]), np.max([p[0] for p in points])
    for t in ((x - lo) / tips[0], (hi - x) / tips[1]):
        wide = wide * np.sqrt(np.clip(1 - (1 - np.clip(t, 0.0, 1)) ** 2, 0, 1))
    wide = np.broadcast_to(wide, r.h.shape)
    rim = np.sqrt(np.clip(1 - (1 - np.clip(part.sd / edge, 0, 1)) ** 2, 0, 1))
    return r.put(part, fabric, 0, 2, folds=folds, base=wide * (0.84 + 0.16 * rim) + grow * rim)


def patch(
    r: Relief,
    points: Points,
    fabric: Fabric,
    thick: float = 1.6,
    thread: str | None = None,
    soft: float = 0.8,
) -> Shape:
    """Panel sewn onto the upper, following its form; clipped to what is there."""
    part = r.shape(points)
    part.cov = part.cov * (r.alpha > 0.5)
    r.put(part, fabric, thick, 1.6, soft=soft)
    if thread:
        ring = curve(points)
        inner = ring + (ring.mean(0) - ring) * 0.0
        step = np.gradient(ring, axis=0)
        q = np.stack([-step[:, 1], step[:, 0]], 1) / (np.hypot(*step.T)[:, None] + 1e-9)
        turn = np.sign(
            np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1])
        )
        r.stitch(inner + q * turn * 2.4, ink(thread), 1.0, 3, 1.1, 0.3, 0.3)
    return part


def lining(r: Relief, points: Points, fabric: Fabric, depth: float = 8.0, dim: float = 0.4) -> None:
    """Far side of the opening, seen over the near rim."""
    part = slab(r, points, fabric, depth, 6)
    r.shade(part.cov, (0, 0, 0), dim)


def cord(
    r: Relief, points: Points, fabric: Fabric, wide: float, lift: float = 3.0, soft: float = 1.0
) -> None:
    """Lace or strap lying on the surface."""
    r.put(r.ribbon(curve(points, closed=False), wide), fabric, lift, wide / 2, soft=soft)


def eyelet(r: Relief, x: float, y: float, size: float, fabric: Fabric) -> None:
    """Metal ring with a dark hole."""
    r.put(r.shape(ellipse(x, y, size, size)), fabric, 1.4, 1, soft=0.8)
    d = np.hypot(r.x - x, r.y - y)
    r.shade(1 - smooth(d, size * 0.4, size * 0.6), (0.01, 0.01, 0.01))


def laces(
    r: Relief,
    eyes: Sequence[tuple[float, float]],
    over: Sequence[tuple[float, float]],
    fabric: Fabric,
    wide: float = 6,
) -> None:
    """Laces from eyelets over the tongue's edge, crossing to the next eyelet up."""
    for k, ((x, y), (a, b)) in enumerate(zip(eyes, over, strict=True)):
        if k + 1 < len(over):
            c, d = over[k + 1]
            cord(
                r,
                [(x, y), ((a + c) / 2 + (x - a) * 0.2, (b + d) / 2 + (y - b) * 0.1), (c - 1, d)],
                fabric,
                wide,
                2,
            )
        cord(r, [(x, y), ((x + a) / 2 - 1, (y + b) / 2 - 3), (a, b)], fabric, wide, 3.5)


def bow(r: Relief, x: float, y: float, size: float, fabric: Fabric, wide: float = 6) -> None:
    """Tied bow with two loops and two hanging ends."""
    s = size
    cord(r, [(x, y), (x + 0.5 * s, y + 0.5 * s), (x + 0.6 * s, y + 1.5 * s)], fabric, wide * 0.9, 4)
    cord(r, [(x, y), (x - 0.1 * s, y + 0.7 * s), (x + 0.1 * s, y + 1.3 * s)], fabric, wide * 0.9, 4)
    cord(
        r,
        [
            (x, y),
            (x + 0.6 * s, y - 0.45 * s),
            (x + 1.25 * s, y - 0.1 * s),
            (x + 0.9 * s, y + 0.35 * s),
            (x, y),
        ],
        fabric,
        wide,
        5,
    )
    cord(
        r,
        [
            (x, y),
            (x - 0.5 * s, y - 0.5 * s),
            (x - 1.0 * s, y - 0.15 * s),
            (x - 0.6 * s, y + 0.35 * s),
            (x, y),
        ],
        fabric,
        wide,
        5,
    )
    r.put(r.shape(ellipse(x, y, wide * 0.8, wide * 0.7)), fabric, 5, 3, soft=1)


def holes(r: Relief, points: Points, pitch: float = 4.2, size: float = 1.1) -> None:
    """Row of punched dots, as on brogues."""
    win, u, v = r.along(curve(points, closed=False), size * 3)
    d = np.hypot(np.mod(u, pitch) - pitch / 2, v)
    t = (1 - smooth(d, size * 0.6, size * 1.2)) * (r.alpha[win] > 0.5)
    r.h[win] -= 1.6 * t
    r.rgb[win] *= (1 - 0.85 * t)[..., None]


def foot_plan(side: int, grow: float = 0.0, cx: float = 76) -> list[tuple[float, ...]]:
    """Sole outline from above; side +1 is the right foot."""
    half = xy(
        "-14,-172 16,-164 38,-128 40,-76 28,-6 27,70 29,124 18,160 -2,172 -22,160 "
        "-31,122 -28,60 -36,-10 -46,-84 -42,-140"
    )
    return [(side * (cx + x * (1 + grow / 40)), y * (1 + grow / 172)) for x, y in half]


def arched(r: Relief, points: Points, wide: float, fabric: Fabric, rise: float) -> None:
    """Strap that bridges the foot."""
    line = curve(points, closed=False)
    total = float(np.hypot(*np.diff(line, axis=0).T).sum())
    part = r.ribbon(line, wide)
    arch = rise * np.clip(np.sin(np.pi * np.clip(part.u / total, 0, 1)), 0, 1) ** 0.6
    r.put(
        part,
        fabric,
        3,
        2.5,
        folds=arch,
        base=np.maximum(ndi.gaussian_filter(r.h, 5 * r.s), 6) * 1.0,
    )
