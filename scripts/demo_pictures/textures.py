"""Procedural pictures (numpy arrays, values 0..1) that materials wrap around forms.

Every function is fixed by its seed. Arrays are indexed [v, u]; wood grain runs along v.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom

Colour = tuple[float, float, float]


def hexed(code: str) -> Colour:
    """A linear-light colour from an sRGB hex code such as '#c8a878'."""
    s = np.array([int(code.lstrip("#")[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return tuple(float(c) for c in linear)


def noise(shape: tuple[int, int], blur: tuple[float, float] | float, seed: int) -> np.ndarray:
    """Smooth tileable noise, spread over 0..1."""
    blurs = (blur, blur) if np.isscalar(blur) else blur
    steps = [
        max(k for k in (1, 2, 4, 8, 16) if k == 1 or (k * 3 <= b and n % k == 0))
        for b, n in zip(blurs, shape, strict=True)
    ]
    coarse = np.random.default_rng(seed).standard_normal(
        [n // k for n, k in zip(shape, steps, strict=True)]
    )
    field = gaussian_filter(coarse, [b / k for b, k in zip(blurs, steps, strict=True)], mode="wrap")
    if max(steps) > 1:  # broad noise is made small and enlarged
        field = zoom(field, steps, order=3, mode="grid-wrap", grid_mode=True)
    low, high = np.percentile(field, [1, 99])
    return np.clip((field - low) / (high - low), 0, 1)


def clouds(shape: tuple[int, int], seed: int, octaves: int = 5, coarse: float = 64) -> np.ndarray:
    """Noise over several sizes, spread over 0..1."""
    total = sum(noise(shape, coarse / 2**k, seed + k) / 1.6**k for k in range(octaves))
    low, high = total.min(), total.max()
    return (total - low) / (high - low)


def blend(low: Colour, high: Colour, amount: np.ndarray) -> np.ndarray:
    """A colour picture running from one colour to another."""
    a = np.clip(amount, 0, 1)[..., None]
    return (np.asarray(low) * (1 - a) + np.asarray(high) * a).astype(np.float32)


def wood(
    light: Colour,
    dark: Colour,
    seed: int = 1,
    *,
    rings: float = 9,
    worn: float = 0.0,
    size: int = 768,
) -> np.ndarray:
    """Flat-sawn timber: arched growth rings, fine pores, and (if worn) stains."""
    v, u = np.mgrid[0:size, 0:size] / size
    warp = noise((size, size), (110, 24), seed) - 0.5
    wander = noise((size, size), (140, 140), seed + 5) - 0.5
    heart = np.sqrt(((u - 0.42 + wander * 0.25) * 2.2) ** 2 + ((v - 0.5) * 0.55) ** 2)
    phase = heart * rings + warp * 1.6
    ring = (phase % 1.0) ** 2.2  # late wood darkens towards each ring's edge
    ring = gaussian_filter(ring, (3, 1.2))
    pores = noise((size, size), (26, 0.8), seed + 2)
    streak = noise((size, size), (200, 7), seed + 3)
    amount = 0.50 * ring + 0.28 * pores + 0.32 * streak - 0.08
    picture = blend(light, dark, amount)
    if worn:
        stain = clouds((size, size), seed + 9, coarse=90)[..., None]
        scratch = (noise((size, size), (60, 0.7), seed + 11) > 0.93)[..., None] * 0.5
        picture = picture * (1 - worn * (0.65 * stain + scratch)) * (1 + 0.25 * worn)
    return np.clip(picture, 0, 1).astype(np.float32)


def weave(size: int = 512, threads: int = 16, seed: int = 1) -> np.ndarray:
    """Heights of a plain weave: each thread passes over and under in turn."""
    v, u = np.mgrid[0:size, 0:size] / size * threads
    wobble = (noise((size, size), 12, seed) - 0.5) * 0.35
    u, v = u + wobble, v + wobble.T
    over = (np.floor(u) + np.floor(v)) % 2
    warp = np.abs(np.sin(np.pi * u)) ** 0.7 * (
        0.55 + 0.45 * np.sin(np.pi * (v % 1)) * np.where(over > 0, 1, -1)
    )
    weft = np.abs(np.sin(np.pi * v)) ** 0.7 * (
        0.55 + 0.45 * np.sin(np.pi * (u % 1)) * np.where(over > 0, -1, 1)
    )
    slub = noise((size, size), (40, 2), seed + 1) + noise((size, size), (2, 40), seed + 2)
    return np.clip(np.maximum(warp, weft) * (0.75 + 0.25 * slub), 0, 1).astype(np.float32)


def cloth(
    colour: Colour, thread: Colour, seed: int = 1, threads: int = 16, size: int = 512
) -> np.ndarray:
    """Colours of a plain weave with slubby, slightly uneven yarn."""
    height = weave(size, threads, seed)
    slub = 0.5 * noise((size, size), (50, 1.5), seed + 3) + 0.5 * noise(
        (size, size), (1.5, 50), seed + 4
    )
    return blend(colour, thread, 0.55 * slub + 0.3 * (1 - height)) * (
        0.72 + 0.28 * height[..., None]
    )


def leather(size: int = 512, seed: int = 1, pebble: float = 5) -> np.ndarray:
    """Heights of leather grain: small cells divided by creases."""
    rng = np.random.default_rng(seed)
    cells = gaussian_filter(rng.standard_normal((size, size)), pebble, mode="wrap")
    cells = np.abs(cells) / np.abs(cells).max()
    return (np.clip(cells * 3, 0, 1) ** 0.6 * 0.8 + 0.2 * clouds((size, size), seed + 1)).astype(
        np.float32
    )


def marble(base: Colour, vein: Colour, seed: int = 1, size: int = 768) -> np.ndarray:
    """Polished stone with soft clouds and a few thin, wandering veins."""
    v, u = np.mgrid[0:size, 0:size] / size
    w1, w2 = clouds((size, size), seed, 3, 90) - 0.5, clouds((size, size), seed + 20, 3, 70) - 0.5
    amount = 0.28 * clouds((size, size), seed + 40, coarse=80)
    for slope, count, width, weight in (
        (0.6, 2.2, 0.035, 0.85),
        (-0.9, 1.6, 0.02, 0.6),
        (1.7, 3.1, 0.012, 0.5),
    ):
        line = np.abs(((u + slope * v + 0.9 * w1 + 0.5 * w2) * count) % 1 - 0.5)
        strength = np.clip(noise((size, size), 60, seed + int(count * 100)) * 1.4 - 0.2, 0, 1)
        amount = amount + weight * strength * np.exp(-line / width)
    return blend(base, vein, amount)


def speckled(
    base: Colour, speck: Colour, seed: int = 1, *, amount: float = 0.02, size: int = 512
) -> np.ndarray:
    """Stoneware glaze: iron specks of two sizes over a slightly clouded ground."""
    ground = blend(base, tuple(0.86 * c for c in base), clouds((size, size), seed))
    rng = np.random.default_rng(seed)
    mask = np.zeros((size, size))
    for blur, share in ((1.1, amount), (2.2, amount * 0.7)):
        dots = gaussian_filter(
            (rng.random((size, size)) < share / (blur**2 * 6)).astype(float), blur, mode="wrap"
        )
        mask = np.maximum(mask, np.clip(dots * blur**2 * 9, 0, 1))
    return (
        ground * (1 - 0.85 * mask[..., None]) + np.asarray(speck) * 0.85 * mask[..., None]
    ).astype(np.float32)


def mottled(
    base: Colour, other: Colour, seed: int = 1, *, pits: float = 0.0, size: int = 512
) -> np.ndarray:
    """Concrete, terracotta or patina: clouds, fine grit and (optionally) dark pits."""
    grit = np.random.default_rng(seed).random((size, size)) - 0.5
    picture = blend(base, other, clouds((size, size), seed + 1) + 0.18 * grit)
    if pits:
        dots = gaussian_filter(
            (np.random.default_rng(seed + 7).random((size, size)) < pits).astype(float),
            1.3,
            mode="wrap",
        )
        picture = picture * (1 - 0.55 * np.clip(dots * 14, 0, 1)[..., None])
    return picture.astype(np.float32)


def stripes(colours: list[Colour], widths: list[float], size: int = 512) -> np.ndarray:
    """Bands across v, in the given order and relative widths."""
    edges = np.cumsum(widths) / np.sum(widths)
    band = np.searchsorted(edges, (np.arange(size) + 0.5) / size)
    return np.asarray(colours, np.float32)[band][:, None].repeat(size, 1)


def warped(picture: np.ndarray, strength: float, seed: int = 1) -> np.ndarray:
    """A picture with its lines made slightly unsteady."""
    size = picture.shape[:2]
    dv, du = ((noise(size, 14, seed + i) - 0.5) * strength for i in range(2))
    v, u = np.mgrid[0 : size[0], 0 : size[1]].astype(float)
    layers = [
        map_coordinates(layer, [v + dv, u + du], order=1, mode="wrap")
        for layer in np.atleast_3d(picture).transpose(2, 0, 1)
    ]
    return np.squeeze(np.stack(layers, -1)).astype(np.float32)
