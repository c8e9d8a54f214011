"""Procedural fabrics and leathers: colour, fine relief and gloss per material.

Every function returns a fabric: a callable taking a part's own coordinates
(in picture pixels) and giving its :class:`relief.Look`.  Colours are linear
RGB, made from hex strings by :func:`ink`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from outlines import Array, noise, smooth
from relief import Fabric, Look
from scipy.spatial import cKDTree

TAU = 2 * np.pi


def ink(code: str) -> Array:
    """Linear RGB of a hex colour such as ``#aa3322``."""
    c = np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def tint(rgb: Array, by: Array) -> Array:
    """Colour scaled by a factor per sample."""
    return np.clip(rgb * by[..., None], 0, 1)


def mix(a: Array, b: Array, t: Array) -> Array:
    """Blend two colours by a factor per sample."""
    return a + (b - a) * np.clip(t, 0, 1)[..., None]


def cloth(
    code: str,
    weave: float = 0.12,
    mottle: float = 0.04,
    rough: float = 0.85,
    sheen: float = 0.2,
    seed: int = 1,
) -> Fabric:
    """Plain fine fabric: cotton, jersey, wool suiting."""

    def look(u: Array, v: Array) -> Look:
        grain = noise(u, v, 1.3, seed)
        wide = noise(u, v, 30, seed + 1)
        return Look(tint(ink(code), 1 + mottle * (grain + 0.6 * wide)), weave * grain, rough, sheen)

    return look


def heather(code: str, other: str, amount: float = 0.35, seed: int = 5) -> Fabric:
    """Marled jersey: short fibres of a second colour along the cloth."""

    def look(u: Array, v: Array) -> Look:
        fibres = noise(u / 3.2, v, 0.9, seed) + 0.5 * noise(u, v, 1.5, seed + 1)
        return Look(
            mix(ink(code), ink(other), amount * (0.5 + 0.5 * fibres)), 0.15 * fibres, 0.9, 0.3
        )

    return look


def denim(code: str, pale: str = "#9fb4cc", fade: float = 0.25, seed: int = 9) -> Fabric:
    """Twill with diagonal lines, vertical slub and washed patches."""

    def look(u: Array, v: Array) -> Look:
        twill = np.sin(TAU * (u + v * 1.15) / 2.6 + 0.8 * noise(u, v, 5, seed))
        slub = noise(u, v / 12, 1.0, seed + 1)
        wash = noise(u, v, 26, seed + 2)
        t = fade * (0.5 + 0.2 * slub + 0.3 * twill + 0.3 * wash)
        return Look(mix(ink(code), ink(pale), t), 0.12 * twill + 0.05 * slub, 0.9, 0.1)

    return look


def tweed(
    one: str, two: str, size: float = 7.0, flecks: Sequence[str] = ("#b5652b", "#d8c9a0", "#40566b")
) -> Fabric:
    """Herringbone tweed with coloured flecks."""

    def look(u: Array, v: Array) -> Look:
        col = np.floor(u / size)
        slant = np.where(np.mod(col, 2) == 0, u, -u)
        line = smooth(np.sin(TAU * (v + slant) / 4.0 + 0.6 * noise(u, v, 4, 2)), -0.3, 0.3)
        rgb = mix(ink(one), ink(two), line) * (1 + 0.16 * noise(u, v, 1.2, 3))[..., None]
        for k, code in enumerate(flecks):
            spot = smooth(noise(u, v, 2.0, 20 + k), 2.3, 2.7)
            rgb = rgb + (ink(code) - rgb) * (spot * 0.8)[..., None]
        return Look(np.clip(rgb, 0, 1), 0.3 * line + 0.25 * noise(u, v, 1.3, 6), 0.95, 0.5)

    return look


def satin(code: str, rough: float = 0.3, seed: int = 2) -> Fabric:
    """Smooth lustrous cloth: satin, silk, coated nylon."""

    def look(u: Array, v: Array) -> Look:
        grain = noise(u / 4, v, 1.2, seed)
        return Look(tint(ink(code), 1 + 0.02 * grain), 0.03 * grain, rough, 0.15)

    return look


def pile(
    code: str, size: float = 5.0, depth: float = 2.0, seed: int = 12, contrast: float = 0.3
) -> Fabric:
    """Clumpy fleece or shearling."""

    def look(u: Array, v: Array) -> Look:
        uu, vv = (
            u + 0.3 * size * noise(u, v, size, seed),
            v + 0.3 * size * noise(u, v, size, seed + 1),
        )
        tuft = 0.6 * pebbles(uu, vv, size, seed) + 0.4 * pebbles(vv, -uu, size * 0.6, seed + 2)
        fuzz = noise(u, v, 1.0, seed + 3)
        return Look(
            tint(ink(code), 1 - contrast + contrast * 1.2 * tuft + 0.03 * fuzz),
            depth * tuft + 0.12 * fuzz,
            0.95,
            0.6,
        )

    return look


def leather(
    code: str,
    grain: float = 3.0,
    depth: float = 0.35,
    rough: float = 0.45,
    coat: float = 0.15,
    seed: int = 7,
    tone: float = 0.1,
) -> Fabric:
    """Pebbled leather; grain 0 gives smooth calf."""

    def look(u: Array, v: Array) -> Look:
        wide = noise(u, v, 24, seed)
        fine = 0.5 + 0.25 * noise(u, v, 1.6, seed + 1)
        cell = pebbles(u, v, grain, seed) if grain else fine
        shade = 1 + tone * 0.6 * wide + tone * (cell - 0.5)
        return Look(tint(ink(code), shade), depth * cell, rough, 0.0, 0.0, coat)

    return look


def pebbles(u: Array, v: Array, size: float, seed: int) -> Array:
    """Rounded cell pattern (0..1) like leather grain."""
    lo, hi = np.array([u.min(), v.min()]) - size, np.array([u.max(), v.max()]) + size
    nx, ny = ((hi - lo) / size).astype(int) + 1
    gx, gy = np.meshgrid(np.arange(nx), np.arange(ny))
    jitter = np.random.default_rng(seed).uniform(-0.42, 0.42, (2, ny, nx))
    pts = np.stack([lo[0] + (gx + jitter[0]) * size, lo[1] + (gy + jitter[1]) * size], -1).reshape(
        -1, 2
    )
    d, _ = cKDTree(pts).query(np.stack([u.ravel(), v.ravel()], 1), k=2)
    return smooth((d[:, 1] - d[:, 0]).reshape(u.shape) / size, 0.0, 0.5)


def suede(code: str, seed: int = 15, nap: float = 0.12) -> Fabric:
    """Matt brushed leather."""

    def look(u: Array, v: Array) -> Look:
        brush = noise(u + 0.5 * v, v / 2, 7, seed)
        fine = noise(u, v, 1.1, seed + 1)
        return Look(tint(ink(code), 1 + nap * brush + 0.07 * fine), 0.15 * fine, 0.95, 0.7)

    return look


def gloss(code: str, rough: float = 0.12, coat: float = 1.0) -> Fabric:
    """Shiny smooth surface: patent leather, rubber, plastic, enamel."""
    return lambda u, _v: Look(
        np.broadcast_to(ink(code), u.shape + (3,)), 0.0, rough, 0.0, 0.0, coat
    )


def rubber(code: str, rough: float = 0.5) -> Fabric:
    """Plain sole rubber."""
    return lambda u, v: Look(
        np.broadcast_to(ink(code), u.shape + (3,)), 0.05 * noise(u, v, 1.3, 1), rough, 0.0, 0.0, 0.1
    )


def metal(code: str = "#d9b45a", rough: float = 0.25) -> Fabric:
    """Buckles, zips, rivets."""
    return lambda u, _v: Look(np.broadcast_to(ink(code), u.shape + (3,)), 0.0, rough, 0.0, 1.0, 0.0)


def canvas(
    code: str, pitch: float = 2.2, depth: float = 0.35, seed: int = 31, mottle: float = 0.1
) -> Fabric:
    """Plain weave with visible threads."""

    def look(u: Array, v: Array) -> Look:
        a, b = np.sin(np.pi * u / pitch), np.sin(np.pi * v / pitch)
        over = np.sin(np.pi * u / pitch) * np.sin(np.pi * v / pitch) > 0
        thread = np.where(over, np.abs(a), np.abs(b))
        slub = noise(u, v / 6, 1.5, seed) + noise(u / 6, v, 1.5, seed + 1)
        shade = 0.86 + 0.2 * thread + mottle * 0.5 * slub + mottle * 0.6 * noise(u, v, 22, seed + 2)
        return Look(tint(ink(code), shade), depth * thread, 0.92, 0.15)

    return look


def mesh(code: str, hole: str, pitch: float = 4.0) -> Fabric:
    """Sports mesh with rows of small holes."""

    def look(u: Array, v: Array) -> Look:
        row = np.round(v / (pitch * 0.86))
        du = np.mod(u + row * pitch / 2, pitch) - pitch / 2
        dv = v - row * pitch * 0.86
        t = 1 - smooth(np.hypot(du, dv * 1.2) / pitch, 0.18, 0.36)
        return Look(mix(ink(code), ink(hole), t), -0.8 * t, 0.8, 0.2)

    return look


def straw(
    code: str, dark: str, pitch: float = 7.0, tall: float = 5.0, depth: float = 1.6, seed: int = 44
) -> Fabric:
    """Basket weave of flat straw strips, uneven in tone."""

    def look(u: Array, v: Array) -> Look:
        u = u + 0.5 * noise(u, v, 14, seed)
        v = v + 0.6 * noise(u, v, 16, seed + 1)
        row, col = np.floor(v / tall), np.floor(u / pitch)
        odd = np.mod(row + col, 2)
        fu, fv = np.mod(u / pitch, 1), np.mod(v / tall, 1)
        arch = np.where(odd == 0, np.sin(np.pi * fu), np.sin(np.pi * fv))
        rim = np.where(odd == 0, np.sin(np.pi * fv), np.sin(np.pi * fu)) ** 0.5
        tone = cell_value(row, col, seed)
        fibre = np.where(odd == 0, noise(u / 8, v, 0.9, seed + 2), noise(u, v / 8, 0.9, seed + 3))
        up = 0.35 + 0.65 * arch * rim
        rgb = mix(ink(dark), ink(code), 0.25 + 0.6 * up + 0.45 * (tone - 0.5) + 0.08 * fibre)
        return Look(np.clip(rgb, 0, 1), depth * up, 0.75, 0.1)

    return look


def cell_value(a: Array, b: Array, seed: int) -> Array:
    """Repeatable random value in 0..1 for pairs of whole numbers."""
    table = np.random.default_rng(seed).uniform(0, 1, (251, 241))
    return table[np.mod(a, 251).astype(int), np.mod(b, 241).astype(int)]
