"""Surfaces for the demo pictures: each function returns a Mitsuba material.

Colours are sRGB hex codes, as a designer would write them; tiles are centimetres.
"""

from __future__ import annotations

from typing import Any

import mitsuba as mi
import numpy as np
import textures
from textures import hexed

Material = dict[str, Any]


def picture(
    pixels: np.ndarray,
    tile: float | tuple[float, float],
    *,
    wrap: str = "mirror",
    raw: bool = True,
) -> Material:
    """A texture map ``tile`` centimetres wide (or (wide, high)) from an array.

    Values are heights or linear light, unless ``raw`` is off: then they are sRGB.
    """
    wide, high = (tile, tile) if np.isscalar(tile) else tile
    pixels = np.ascontiguousarray(pixels, np.float32)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    scale = mi.ScalarTransform4f().scale([1 / wide, 1 / high, 1])
    return {
        "type": "bitmap",
        "bitmap": mi.Bitmap(pixels),
        "raw": raw,
        "wrap_mode": wrap,
        "to_uv": scale,
    }


def _colour(value: str | np.ndarray | Material) -> Material:
    if isinstance(value, str):
        return {"type": "rgb", "value": list(hexed(value))}
    return value


def surface(
    colour: str | Material,
    rough: float = 0.5,
    *,
    bump: Material | None = None,
    height: float = 0.0,
    **more: float,
) -> Material:
    """Any opaque surface; ``bump`` is a height map and ``height`` its depth in centimetres.

    Further values go to the principled model: metallic, specular, clearcoat,
    clearcoat_gloss, sheen, sheen_tint, anisotropic, flatness.
    """
    base: Material = {
        "type": "principled",
        "base_color": _colour(colour),
        "roughness": rough,
        **more,
    }
    if bump is not None:
        base = {"type": "bumpmap", "arbitrary": bump, "scale": height, "bsdf": base}
    return {"type": "twosided", "bsdf": base}


WOODS = {
    "oak": ("#dcbf93", "#b98f5c", 9, 0.0),
    "birch": ("#ecd9b8", "#d3b283", 7, 0.0),
    "pine": ("#e6c48b", "#bf8746", 11, 0.0),
    "walnut": ("#8f5d34", "#452811", 8, 0.0),
    "reclaimed": ("#7d5b3e", "#38251a", 8, 0.8),
    "acacia": ("#b9793f", "#6a3b1b", 10, 0.15),
    "ebony": ("#2b211c", "#120d0b", 8, 0.0),
}


def wood(
    kind: str = "oak", *, seed: int = 1, tile: float = 28.0, rough: float = 0.42, coat: float = 0.0
) -> Material:
    """Timber by name (see WOODS); ``coat`` adds a lacquer shine."""
    light, dark, rings, worn = WOODS[kind]
    pixels = textures.wood(hexed(light), hexed(dark), seed, rings=rings, worn=worn)
    return surface(
        picture(pixels, (tile, tile * 3)), rough, specular=0.45, clearcoat=coat, clearcoat_gloss=0.8
    )


def painted(colour: str, rough: float = 0.4, coat: float = 0.0) -> Material:
    """Smooth paint, lacquer, enamel or plastic."""
    return surface(colour, rough, specular=0.5, clearcoat=coat, clearcoat_gloss=0.95)


def plastic(colour: str, rough: float = 0.3) -> Material:
    """Moulded plastic."""
    return painted(colour, rough)


def metal(colour: str = "#c9c9c7", rough: float = 0.18, brushed: float = 0.0) -> Material:
    """Polished or brushed metal."""
    return surface(colour, rough, metallic=1.0, anisotropic=brushed)


def brass(rough: float = 0.16) -> Material:
    """Warm yellow metal."""
    return metal("#dcb978", rough)


def copper(rough: float = 0.18) -> Material:
    """Reddish metal."""
    return metal("#d98a60", rough)


def steel(rough: float = 0.25) -> Material:
    """Brushed stainless steel."""
    return metal("#cfd0d0", rough, 0.6)


def black_steel(rough: float = 0.38) -> Material:
    """Powder-coated black steel."""
    return surface("#1d1d1f", rough, specular=0.5)


def glaze(
    colour: str,
    rough: float = 0.12,
    *,
    speck: str | None = None,
    amount: float = 0.02,
    tile: float = 9.0,
    seed: int = 1,
) -> Material:
    """Ceramic glaze, plain or with stoneware specks."""
    base = (
        picture(textures.speckled(hexed(colour), hexed(speck), seed, amount=amount), tile)
        if speck
        else colour
    )
    return surface(base, rough, specular=0.55, clearcoat=0.3, clearcoat_gloss=0.9)


def terracotta(seed: int = 1, tile: float = 14.0) -> Material:
    """Unglazed fired clay."""
    pixels = textures.mottled(hexed("#b9714c"), hexed("#9c5836"), seed)
    return surface(picture(pixels, tile), 0.85, specular=0.2)


def concrete(seed: int = 1, tile: float = 30.0) -> Material:
    """Raw cast concrete with pin holes."""
    pixels = textures.mottled(hexed("#b3b1ac"), hexed("#86847f"), seed, pits=0.0012)
    return surface(picture(pixels, tile), 0.8, specular=0.2)


def marble(
    base: str = "#f1efec", vein: str = "#7d7b7c", *, seed: int = 1, tile: float = 45.0
) -> Material:
    """Polished marble."""
    pixels = textures.marble(hexed(base), hexed(vein), seed)
    return surface(picture(pixels, tile), 0.12, specular=0.5, clearcoat=0.5, clearcoat_gloss=0.95)


def linen(
    colour: str = "#e4dccb",
    thread: str = "#c9bda4",
    *,
    tile: float = 6.0,
    threads: int = 16,
    height: float = 0.06,
    seed: int = 1,
) -> Material:
    """Woven cloth with visible threads (``threads`` to a tile)."""
    pixels = textures.cloth(hexed(colour), hexed(thread), seed, threads)
    bump = picture(textures.weave(threads=threads, seed=seed), tile, wrap="repeat")
    return surface(
        picture(pixels, tile, wrap="repeat"), 0.9, bump=bump, height=height, specular=0.1, sheen=0.3
    )


def velvet(colour: str, seed: int = 1) -> Material:
    """Short-pile velvet: dark face-on, bright at grazing angles, softly brushed."""
    shade = textures.clouds((256, 256), seed, coarse=40)
    base = hexed(colour)
    pixels = textures.blend(
        tuple(0.75 * c for c in base), tuple(min(1.0, 1.25 * c) for c in base), shade
    )
    return surface(picture(pixels, 30.0), 0.75, specular=0.2, sheen=1.0, sheen_tint=0.7)


def leather(
    colour: str = "#8a4f2a",
    *,
    seed: int = 1,
    tile: float = 8.0,
    height: float = 0.05,
    rough: float = 0.42,
) -> Material:
    """Grained leather, slightly darker where it is worn."""
    grain = textures.leather(seed=seed)
    base = hexed(colour)
    pixels = textures.blend(
        tuple(0.62 * c for c in base),
        tuple(min(1.0, 1.12 * c) for c in base),
        0.4 + 0.6 * textures.clouds((512, 512), seed + 3),
    )
    bump = picture(grain, tile)
    return surface(picture(pixels, 26.0), rough, bump=bump, height=height, specular=0.45)


def glass(tint: str | None = None, ior: float = 1.5) -> Material:
    """Clear glass; give closed forms with real wall thickness."""
    more = {"specular_transmittance": _colour(tint)} if tint else {}
    return {"type": "dielectric", "int_ior": ior, "ext_ior": 1.0, **more}


def thin_glass(tint: str | None = None) -> Material:
    """A single pane or bulb wall, without bending the light."""
    more = {"specular_transmittance": _colour(tint)} if tint else {}
    return {"type": "thindielectric", "int_ior": 1.5, **more}


def frosted(colour: str = "#f7f2e8") -> Material:
    """Milky opal glass, paper or parchment that lets light through (for shades)."""
    return {
        "type": "blendbsdf",
        "weight": 0.35,
        "first": {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": _colour(colour)}},
        "second": {"type": "thindielectric"},
    }


def mirror() -> Material:
    """A silvered looking-glass."""
    return metal("#eef0f0", 0.02)


def leaf(colour: str = "#4d7a3c") -> Material:
    """A plant leaf with a waxy sheen."""
    return surface(colour, 0.45, specular=0.4)


def glow(colour: str = "#ffd9a0", power: float = 6.0) -> Material:
    """Something that shines: a filament, a flame or a lit lamp shade."""
    return {"type": "glow", "radiance": [power * c for c in hexed(colour)]}
