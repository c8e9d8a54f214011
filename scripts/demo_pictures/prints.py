"""Stripes, checks and printed patterns laid over a fabric."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from fabrics import TAU, ink
from outlines import Array, noise
from PIL import Image, ImageDraw
from relief import Fabric, Look
from scipy import ndimage as ndi


def bands(fabric: Fabric, codes: Sequence[tuple[str, float]], across: bool = True) -> Fabric:
    """Recolour a fabric in repeating stripes of (colour, width); keeps its bumps."""
    edges = np.cumsum([w for _, w in codes])

    def look(u: Array, v: Array) -> Look:
        base = fabric(u, v)
        t = np.mod(v if across else u, edges[-1])
        rgb = np.zeros(u.shape + (3,))
        for k, (code, _) in enumerate(codes):
            lo = edges[k - 1] if k else 0
            rgb[(t >= lo) & (t < edges[k])] = ink(code)
        grain = base.rgb.mean(-1, keepdims=True) / max(1e-6, float(np.mean(base.rgb)))
        rgb = ndi.gaussian_filter(rgb, (0.6, 0.6, 0)) * np.clip(grain, 0.6, 1.4)
        return Look(np.clip(rgb, 0, 1), base.bump, base.rough, base.sheen, base.metal, base.coat)

    return look


def tartan(sett: Sequence[tuple[str, float]], scale: float = 1.0, depth: float = 0.3) -> Fabric:
    """Woven check: the same stripes both ways, mixed by a twill."""
    edges = np.cumsum([w * scale for _, w in sett])

    def stripe(t: Array) -> Array:
        t = np.mod(t, edges[-1])
        rgb = np.zeros(t.shape + (3,))
        for k, (code, _) in enumerate(sett):
            lo = edges[k - 1] if k else 0
            rgb[(t >= lo) & (t < edges[k])] = ink(code)
        return rgb

    def look(u: Array, v: Array) -> Look:
        twill = np.sin(TAU * (u + v) / 3.2)
        rgb = mix_each(stripe(u), stripe(v), 0.5 + 0.22 * twill)
        rgb = rgb * (1 + 0.1 * noise(u, v, 1.3, 5))[..., None]
        return Look(np.clip(rgb, 0, 1), depth * twill + 0.2 * noise(u, v, 1.4, 6), 0.95, 0.5)

    return look


def mix_each(a: Array, b: Array, t: Array) -> Array:
    """Blend two colour grids."""
    return a + (b - a) * t[..., None]


def printed(tile: Array, size: float, base: Fabric) -> Fabric:
    """Repeat a picture tile (linear RGB) over a fabric, size pixels wide."""

    def look(u: Array, v: Array) -> Look:
        plain = base(u, v)
        k = tile.shape[0] / size
        at = [np.mod(v * k, tile.shape[0]), np.mod(u * k, tile.shape[1])]
        rgb = np.stack(
            [ndi.map_coordinates(tile[..., c], at, order=1, mode="grid-wrap") for c in range(3)], -1
        )
        grain = plain.rgb.mean(-1, keepdims=True) / max(1e-6, float(np.mean(plain.rgb)))
        return Look(
            np.clip(rgb * grain, 0, 1),
            plain.bump,
            plain.rough,
            plain.sheen,
            plain.metal,
            plain.coat,
        )

    return look


def flower_tile(
    ground: str,
    petals: Sequence[str],
    leaf: str = "#4f6b45",
    count: int = 15,
    seed: int = 61,
    big: float = 1.0,
) -> Array:
    """Repeating tile of loose painted flowers and leaves."""
    n = 512
    tile = Image.new("RGB", (n * 3, n * 3), ground)
    draw = ImageDraw.Draw(tile)
    rng = np.random.default_rng(seed)
    spots: list[tuple[float, float, float]] = []
    tries = 0
    while len(spots) < count and tries < 4000:
        tries += 1
        x, y, r = (
            rng.uniform(0, n),
            rng.uniform(0, n),
            big * rng.uniform(34, 62) * (0.45 if len(spots) > count * 0.55 else 1),
        )
        gaps = [
            math.hypot((x - a + n / 2) % n - n / 2, (y - b + n / 2) % n - n / 2) - r - c
            for a, b, c in spots
        ]
        if not gaps or min(gaps) > 6:
            spots.append((x, y, r))
    for x, y, r in spots:
        turn, code = rng.uniform(0, TAU), petals[rng.integers(len(petals))]
        for ox in (0, n, 2 * n):
            for oy in (0, n, 2 * n):
                _flower(draw, x + ox, y + oy, r, turn, code, leaf)
    return srgb_to_linear(np.asarray(tile.crop((n, n, 2 * n, 2 * n)), float) / 255)


def _flower(
    draw: ImageDraw.ImageDraw, x: float, y: float, r: float, turn: float, code: str, leaf: str
) -> None:
    """Paint one flower with two leaves."""
    for a in (turn + 0.5, turn + 3.4):
        _petal(draw, x, y, r * 1.45, r * 0.3, a, leaf)
    pale = "#" + "".join(
        f"{min(255, int(int(code[i : i + 2], 16) * 0.72 + 70)):02x}" for i in (1, 3, 5)
    )
    for k in range(5):
        _petal(draw, x, y, r, r * 0.42, turn + k * TAU / 5, code)
        _petal(draw, x, y, r * 0.62, r * 0.2, turn + k * TAU / 5, pale)
    draw.ellipse((x - r * 0.2, y - r * 0.2, x + r * 0.2, y + r * 0.2), fill="#e9b84a")


def _petal(
    draw: ImageDraw.ImageDraw, x: float, y: float, r: float, w: float, a: float, code: str
) -> None:
    """Paint a drop-shaped petal from a centre outwards."""
    t = np.linspace(0, TAU, 40)
    along, across = r * (0.5 - 0.5 * np.cos(t)), w * np.sin(t) * (0.6 - 0.4 * np.cos(t))
    px = x + along * np.cos(a) - across * np.sin(a)
    py = y + along * np.sin(a) + across * np.cos(a)
    draw.polygon(list(zip(px.tolist(), py.tolist())), fill=code)


def srgb_to_linear(c: Array) -> Array:
    """Screen colours to linear light."""
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
