"""Outlines of parts, in picture pixels, and smooth noise to vary them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage as ndi

Points = Sequence[tuple[float, ...]]
Array = np.ndarray


def xy(text: str) -> list[tuple[float, ...]]:
    """Points from text such as ``"0,4 10,-3.5! 7,9"``; an exclamation mark makes a corner."""
    points = []
    for word in text.split():
        x, y = word.rstrip("!").split(",")
        points.append((float(x), float(y), 1.0) if word.endswith("!") else (float(x), float(y)))
    return points


def curve(points: Points, closed: bool = True, step: float = 2.0) -> Array:
    """Sample a smooth path; a point with a third value (any) is a corner."""
    pts = np.array([p[:2] for p in points], float)
    corner = [len(p) > 2 for p in points]
    n = len(pts)
    out = []
    for i in range(n if closed else n - 1):
        j = (i + 1) % n
        a, b = pts[i], pts[j]
        before = pts[i - 1] if (i > 0 or closed) else a
        after = pts[(j + 1) % n] if (j + 1 < n or closed) else b
        span = np.hypot(*(b - a))
        pull_a, pull_b = (min(span, 2.2 * np.hypot(*(q - p))) for p, q in ((before, a), (b, after)))
        ta = (b - a) if corner[i] else _tangent(before, a, b) * (pull_a or span)
        tb = (b - a) if corner[j] else _tangent(a, b, after) * (pull_b or span)
        k = max(2, int(span / step))
        t = np.linspace(0, 1, k, endpoint=False)[:, None]
        out.append(
            (2 * t**3 - 3 * t**2 + 1) * a
            + (t**3 - 2 * t**2 + t) * ta
            + (3 * t**2 - 2 * t**3) * b
            + (t**3 - t**2) * tb
        )
    if not closed:
        out.append(pts[-1:])
    return np.concatenate(out)


def _tangent(a: Array, b: Array, c: Array) -> Array:
    """Unit-speed direction at b for neighbours a and c (chord-length weighted)."""
    ab, bc = np.hypot(*(b - a)) + 1e-6, np.hypot(*(c - b)) + 1e-6
    d = (b - a) / ab * bc + (c - b) / bc * ab
    return d / (ab + bc)


def flip(points: Points) -> list[tuple[float, ...]]:
    """Mirror points left to right, in reverse order."""
    return [(-p[0], *p[1:]) for p in reversed(points)]


def mirrored(half: Points) -> list[tuple[float, ...]]:
    """Close a right-half outline (top to bottom) with its mirror image."""
    return list(half) + [p for p in flip(half) if abs(p[0]) > 1e-6]


def ellipse(cx: float, cy: float, rx: float, ry: float, turn: float = 0.0) -> Array:
    """Points of an ellipse, turned by degrees."""
    a = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    x, y = rx * np.cos(a), ry * np.sin(a)
    return np.stack([cx + c * x - s * y, cy + s * x + c * y], 1)


def box(x0: float, y0: float, x1: float, y1: float, r: float = 3.0) -> Array:
    """Points of a rectangle with rounded corners."""
    r = min(r, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    a = np.linspace(0, np.pi / 2, 7)
    out = []
    for k, (cx, cy) in enumerate(
        [(x1 - r, y1 - r), (x0 + r, y1 - r), (x0 + r, y0 + r), (x1 - r, y0 + r)]
    ):
        b = a + k * np.pi / 2
        out.append(np.stack([cx + r * np.cos(b), cy + r * np.sin(b)], 1))
    return np.concatenate(out)


def noise(x: Array, y: Array, size: float, seed: int) -> Array:
    """Smooth noise of about unit spread with features of the given size."""
    lattice = np.random.default_rng(seed).standard_normal((128, 128))
    at = [np.mod(y / size + 37.3, 128), np.mod(x / size + 11.7, 128)]
    return ndi.map_coordinates(lattice, at, order=3, mode="grid-wrap") * 1.3


def smooth(t: Array | float, lo: float, hi: float) -> Array:
    """Smooth step from 0 at lo to 1 at hi."""
    t = np.clip((np.asarray(t, float) - lo) / (hi - lo), 0, 1)
    return t * t * (3 - 2 * t)
