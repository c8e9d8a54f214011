"""Jackets: tailored, sporty, outdoor and denim."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
from fabrics import ink
from garment import (
    Cut,
    at_cuff,
    back_neck,
    body_half,
    both,
    button,
    cuffs,
    drape,
    hem_band,
    seams,
    sleeve_half,
    sleeves,
    stand_collar,
    zipper,
)
from outlines import Array, curve, flip, mirrored, noise, smooth, xy
from relief import Relief
from shoot import lay
from studio import Scene


def blazer() -> Scene:
    """Navy tailored blazer, single breasted, notch lapels."""
    r, cut = Relief(), Cut(cuff=(130, 128), cuff_wide=31, drop=160, waist=(66, 15), hem=(74, 136))
    wool, lining = fb.cloth("#26355c", 0.05, 0.07, 0.9, 0.5), fb.satin("#8c94ab", 0.35)
    back_neck(r, cut, lining, "#efe9dc", low=60, dim=0.25)
    sleeves(r, cut, wool, 4, 7, 1.6, 4)
    right = [
        (-7, 26, 1),
        (26, -150, 1),
        *body_half(cut)[3:7],
        (74, 130, 1),
        (66, 137),
        (34, 140),
        (12, 116),
        (-7, 60),
    ]
    for k, pts in enumerate((flip(right), right)):
        r.put(r.shape(pts), wool, 3.5, 4, 6, 26, drape(r, cut, 1.2, 6 + k), soft=6)
    for side in (-1, 1):
        r.groove([(side * 44, -40), (side * 40, 20), (side * 44, 70)], 1, 0.8, 0.25)
    both(r, xy("24,-154! 33,-151 44,-118 46,-108! 30,-101! 24,-112"), wool, 2.6, 2, soft=2)
    lapel = xy("22,-118! 34,-101! 56,-106! 54,-84 34,-28 -5,27! 6,-30")
    both(r, lapel, wool, 3, 2, 0.8, 8, soft=2)
    both(r, xy("36,62! 68,57! 68,72! 36,77!"), wool, 2.2, 1.6, soft=2)
    r.put(r.shape(xy("38,-66! 62,-70! 62,-62! 38,-58!")), wool, 2, 1.2, soft=2)
    horn = fb.gloss("#14141c", 0.25, 0.6)
    for y in (32, 66):
        button(r, 0, y, 9, horn)
    for side in (-1, 1):
        for k in range(3):
            button(r, *at_cuff(cut, side, [(-9, -12 - 8 * k)])[0], 5.5, horn)
    return lay(r)


def track_jacket() -> Scene:
    """Sporty zip jacket, cobalt with white sleeve stripes and a neon trim."""
    r, cut = Relief(), Cut(drop=26, hem=(74, 114), cuff=(136, 118), cuff_wide=24)
    shell = fb.satin("#1656c9", 0.42)
    back_neck(r, cut, fb.mesh("#1c2430", "#05070a"), "#d8ff3a")
    sleeves(r, cut, shell, 4, 8, 2.6, 14)
    for side in (-1, 1):
        for off in (0, 8):
            pts = [
                (side * (74 - off), -138 + off * 0.3),
                (side * (97 - off), -92),
                (side * (118 - off), 0),
                (side * (138 - off), 106),
            ]
            stripe = r.ribbon(curve(pts, closed=False), 4.4)
            stripe.cov = stripe.cov * (r.alpha > 0.5)
            r.shade(stripe.cov, ink("#f2f4f6"))
    folds = drape(r, cut, 2.4, 21)
    r.put(r.shape(mirrored(body_half(cut))), shell, 4, 4, 8, 26, folds)
    yoke = r.shape(mirrored(xy("0,-126 27,-152! 81,-134! 70,-98! 0,-66")))
    r.shade(yoke.cov * (r.alpha > 0.5), ink("#f2f4f6"), 0.97)
    for side in (-1, 1):
        line = curve([(0, -66), (side * 70, -98)], closed=False)
        r.shade(r.ribbon(line, 3).cov, ink("#c8f51e"))
        r.groove(line, 0.8, 0.6, 0.2)
        zipper(r, [(side * 44, 30), (side * 56, 78)], "#0e3c91", "#c8f51e", 4)
    hem_band(r, cut, kn.rib("#123f97", 4), 18, -3)
    cuffs(r, cut, kn.rib("#123f97", 4), 18, 0)
    stand_collar(r, shell, fb.mesh("#1c2430", "#05070a"))
    zipper(r, [(0, -136), (0, 122)], "#0b2f70", "#c8f51e", 7)
    return lay(r)


def quilted(v: Array, u: Array, pitch: float, depth: float, seed: int) -> Array:
    """Down baffles across v with puckers at the seams."""
    t = np.abs(np.sin(np.pi * v / pitch))
    pucker = (
        noise(u / 4.5, v / 16, 1, seed) * (1 - t) * 1.3
        + noise(u / 13, v / 10, 1, seed + 1) * 0.9 * t
    )
    return depth * np.sqrt(t) + pucker


def puffer() -> Scene:
    """Down jacket for the mountains, orange with a charcoal yoke."""
    r, cut = (
        Relief(),
        Cut((26, -140), (84, -124), (84, -48), (82, 30), (80, 118), (142, 108), 36, 20),
    )
    shell = fb.satin("#e8641b", 0.38)
    back_neck(r, cut, fb.satin("#30343a", 0.4), "#e8641b")
    sleeves(r, cut, shell, 4, 12, 0.8, 4, extra=lambda p: quilted(p.v, p.u, 23, 7, 3))
    body = r.shape(mirrored(body_half(cut)))
    r.put(body, shell, 5, 5, 12, 26, quilted(r.y + 140, r.x, 29, 8, 8))
    yoke = r.shape(mirrored(xy("0,-118 26,-142! 86,-126! 80,-82! 0,-82")))
    for side in (-1, 1):
        arm = r.shape(sleeve_half(cut) if side > 0 else flip(sleeve_half(cut)))
        r.shade(arm.cov * (r.y < -78) * (1 - body.cov), ink("#2b2f36"))
        zipper(r, [(side * 50, 24), (side * 60, 76)], "#2b2f36", "#2b2f36", 4)
    r.shade(yoke.cov * (r.alpha > 0.5), ink("#2b2f36"))
    hem_band(r, cut, fb.satin("#2b2f36", 0.45), 9, -2)
    cuffs(r, cut, fb.satin("#2b2f36", 0.45), 10, -2)
    hood = xy("-44,-132! -47,-164 -28,-188 0,-193 28,-188 47,-164 44,-132! 22,-116 0,-112 -22,-116")
    r.put(r.shape(hood), shell, 4, 6, 12, 20, quilted(r.y + 190, r.x, 27, 5, 5))
    inner = r.put(
        r.shape(xy("-25,-134 -28,-158 0,-178 28,-158 25,-134 0,-118")),
        fb.satin("#2b2f36", 0.45),
        -9,
        5,
    )
    r.shade(inner.cov, (0, 0, 0), 0.35)
    zipper(r, [(0, -116), (0, 122)], "#2b2f36", "#d8d8d4", 8)
    return lay(r)


def fleece() -> Scene:
    """Outdoor pile fleece, oatmeal with a pine green chest pocket and trims."""
    r, cut = Relief(), Cut(drop=26, hem=(76, 118), cuff_wide=31, cuff=(135, 116))
    fluff, trim = fb.pile("#e6dac3", 4.4, 1.1, contrast=0.16), fb.cloth("#1f4a42", 0.06, 0.06)
    back_neck(r, cut, fluff, "#1f4a42")
    sleeves(r, cut, fluff, 5, 9, 1.5, 8)
    r.put(r.shape(mirrored(body_half(cut))), fluff, 5, 5, 10, 26, drape(r, cut, 1.4, 9))
    hem_band(r, cut, trim, 8, -2)
    cuffs(r, cut, trim, 7, -1)
    stand_collar(r, fluff, fluff, 19, 33, -108)
    r.put(r.shape(xy("-7,-140! 7,-140! 7,-38! -7,-38!")), trim, 1.5, 1, soft=3)
    zipper(r, [(0, -136), (0, -42)], "#1f4a42", "#e0b04a", 5)
    r.put(r.shape(xy("22,-72! 62,-72! 62,-24! 22,-24!")), trim, 2.2, 1.6, soft=3)
    r.put(r.shape(xy("20,-75! 64,-75! 64,-58! 20,-58!")), trim, 2, 1.6, soft=2)
    r.stitch([(22, -61), (62, -61)], ink("#7aa096"), 0.9)
    button(r, 42, -64, 6, fb.gloss("#e0b04a", 0.3), False)
    return lay(r)


def denim_jacket() -> Scene:
    """Blue denim trucker jacket with orange topstitching."""
    r, cut = Relief(), Cut(drop=22, waist=(69, 20), hem=(66, 96), cuff=(136, 116), cuff_wide=29)
    blue, orange, copper = fb.denim("#3d5c86", fade=0.32), "#d98b3a", fb.metal("#c07a4a", 0.3)
    back_neck(r, cut, fb.denim("#8ba3bf"), "#8a4a23")
    sleeves(r, cut, blue, 4, 7, 2.6, 5)
    cuffs(r, cut, blue, 20, 1, 2)
    r.put(r.shape(mirrored(body_half(cut))), blue, 4.5, 3.5, 7, 24, drape(r, cut, 1.9, 13))
    wear = smooth(noise(r.x, r.y, 30, 4), 0.4, 2.4) * (r.alpha > 0.5)
    r.shade(wear, ink("#a9bfd6"), 0.4)
    seams(
        r,
        [
            [(4, -66), (74, -70)],
            [(20, -64), (29, 10), (19, 76)],
            [(50, -64), (46, 10), (39, 76)],
            [(12, -126), (12, 76)],
        ],
        orange,
        1.6,
    )
    seams(r, [[(36, -147), (77, -128)], [(80, -130), (71, -96), (72, -60)]], orange, 1.4)
    both(r, xy("21,-74! 58,-75! 58,-56! 39,-44! 21,-55!"), blue, 2, 1.5, soft=2)
    seams(r, [[(23, -58), (39, -47, 1), (56, -59)]], orange, 0, sink=0)
    hem_band(r, cut, blue, 19, 1.5)
    seams(r, [[(0, 81), (66, 78)], [(0, 97), (66, 94)]], orange, 0, sink=0.2)
    both(r, xy("2,-122! 20,-136 28,-155! 37,-152 46,-120 38,-92!"), blue, 2.6, 1.6, 1, 8, soft=2)
    seams(r, [xy("34,-149 43,-120 37,-96! 6,-121")], orange, 0, sink=0)
    for k in range(6):
        button(r, 2, -100 + k * 37.5, 8, copper, False)
    for side in (-1, 1):
        button(r, side * 39.5, -54, 7, copper, False)
        for y in (-18, 2):
            r.stitch(at_cuff(cut, side, [(-13, y), (13, y)]), ink(orange), 1.1, 3.4, 1.2)
        button(r, *at_cuff(cut, side, [(-8, -8)])[0], 7, copper, False)
    return lay(r)


PRODUCTS = {
    "s06": blazer,
    "s11": track_jacket,
    "s16": puffer,
    "s20": fleece,
    "s24": denim_jacket,
}
