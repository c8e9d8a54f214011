"""Knitted and plaited surfaces: stocking stitch, ribs, cables, braids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fabrics import TAU, ink, tint
from outlines import Array, noise
from relief import Fabric, Look


def knit(
    code: str,
    wide: float = 5.0,
    tall: float = 4.0,
    depth: float = 0.7,
    seed: int = 3,
    bands: dict[tuple[float, float], str] | None = None,
) -> Fabric:
    """Stocking stitch: columns of little V shapes; bands recolour ranges of v."""

    def look(u: Array, v: Array) -> Look:
        bump = stitches(u, v, wide, tall)
        rgb = np.broadcast_to(ink(code), u.shape + (3,)).copy()
        for (lo, hi), other in (bands or {}).items():
            rgb[(v >= lo) & (v < hi)] = ink(other)
        rgb = rgb * (0.72 + 0.3 * bump + 0.05 * noise(u, v, 1.5, seed))[..., None]
        return Look(np.clip(rgb, 0, 1), depth * bump, 0.95, 0.4)

    return look


def stitches(u: Array, v: Array, wide: float, tall: float) -> Array:
    """Height pattern (0..1) of stocking stitch."""
    fu = np.mod(u / wide, 1) - 0.5
    leg = np.sqrt(np.clip(1 - ((np.abs(fu) - 0.25) / 0.27) ** 2, 0, 1))
    fv = np.mod(v / tall + np.abs(fu) * 1.5, 1)
    return leg * (0.35 + 0.65 * np.sqrt(np.clip(np.sin(np.pi * fv), 0, 1)))


def cables(
    code: str, centres: Sequence[float], wide: float = 26, pitch: float = 46, depth: float = 4.0
) -> Fabric:
    """Cable knit: braided three-strand ropes on a stocking-stitch ground."""

    def look(u: Array, v: Array) -> Look:
        ground = stitches(u, v, 4.6, 4.2)
        bump, shade = 0.7 * ground, 0.74 + 0.28 * ground
        for c in centres:
            rope, inside = _braid(u - c, v, wide, pitch)
            rope_bump = depth * rope + 0.5 * stitches((u - c) + 3 * rope, v, 4.6, 4.2) * rope
            bump = np.where(inside, rope_bump, bump)
            shade = np.where(inside, 0.55 + 0.5 * rope, shade)
            for side in (-1, 1):
                rib = np.exp(-(((u - c - side * (wide / 2 + 4)) / 1.8) ** 2))
                bump, shade = bump + 1.4 * rib, shade * (1 - 0.12 * rib) + 0.12 * rib
        return Look(tint(ink(code), shade), bump, 0.95, 0.4)

    return look


def _braid(u: Array, v: Array, wide: float, pitch: float) -> tuple[Array, Array]:
    """Height (0..1) of a three-strand plait and whether a sample lies in it."""
    best = np.full(u.shape, -9.0)
    rope = np.zeros(u.shape)
    r = wide * 0.2
    for k in range(3):
        phase = TAU * (v / pitch + k / 3)
        d = (u - wide * 0.31 * np.sin(phase)) / r
        level = np.cos(2 * phase) * 0.5
        up = np.sqrt(np.clip(1 - d * d, 0, 1))
        over = (np.abs(d) < 1) & (level + up > best)
        best[over] = (level + up)[over]
        rope[over] = (up * (0.72 + 0.28 * np.cos(2 * phase)))[over]
    return rope, np.abs(u) < wide / 2


def braid(code: str, wide: float, pitch: float, depth: float = 3.0) -> Fabric:
    """Plaited strap: u runs along it, v across."""

    def look(u: Array, v: Array) -> Look:
        rope, _ = _braid(v, u, wide, pitch)
        return Look(
            tint(ink(code), 0.35 + 0.75 * rope + 0.04 * noise(u, v, 1.5, 3)),
            depth * rope,
            0.5,
            0.0,
            0.0,
            0.1,
        )

    return look


def rib(
    code: str, pitch: float = 5.0, depth: float = 1.2, rough: float = 0.95, seed: int = 4
) -> Fabric:
    """Vertical ribbing: cuffs and hems."""

    def look(u: Array, v: Array) -> Look:
        ridge = np.sqrt(np.abs(np.sin(np.pi * u / pitch)))
        row = 0.12 * np.sin(TAU * v / 2.4)
        return Look(
            tint(ink(code), 0.6 + 0.42 * ridge + 0.04 * noise(u, v, 1.4, seed)),
            depth * ridge + row,
            rough,
            0.3,
        )

    return look
