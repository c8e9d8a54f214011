"""Upper garments: shirts, jackets, knitwear."""

from __future__ import annotations

import fabrics as fb
import numpy as np
import prints as pr
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
    neck_band,
    seams,
    sleeve_angle,
    sleeve_half,
    sleeves,
    stand_collar,
    zipper,
)
from outlines import Array, curve, ellipse, flip, mirrored, noise, smooth
from relief import Fabric, Relief
from shoot import lay
from studio import Scene


def white_shirt() -> Scene:
    """Crisp white poplin business shirt."""
    r, cut = Relief(), Cut()
    poplin, pearl = fb.cloth("#f4f4f5", 0.05, 0.01, 0.75), fb.gloss("#cfcac0", 0.2, 0.5)
    back_neck(r, cut, poplin, "#3b4a66", dim=0.15)
    sleeves(r, cut, poplin, wrinkle=2.4, seed=3)
    cuffs(r, cut, poplin, 24, 1.5, 1.6)
    half = [(0, -98), (14, -122), *body_half(cut)[2:-2], (72, 116), (64, 134), (36, 146), (0, 150)]
    r.put(r.shape(mirrored(half)), poplin, 4, 4, 7, 26, drape(r, cut, 2.2, 5))
    for side in (-1, 1):
        r.groove([(side * 34, -143), (side * 77, -127)], 0.8, 0.5, 0.12)
        r.stitch(at_cuff(cut, side, [(-14, -20), (14, -20)]), ink("#d5d6da"), 0.8, 3, 1)
        button(r, *at_cuff(cut, side, [(-7, -10)])[0], 5, pearl)
    r.put(
        r.shape([(-8, -100, 1), (8, -104, 1), (8, 150, 1), (-8, 150, 1)]), poplin, 1.4, 1.2, soft=4
    )
    seam = ink("#d5d6da")
    for x in (-6, 6):
        r.stitch([(x, -100), (x, 148)], seam, 0.8, 3, 1.2, 0.2, 0.3)
    r.put(
        r.shape([(26, -74, 1), (57, -74, 1), (57, -42, 1), (41, -34, 1), (26, -42, 1)]),
        poplin,
        1.1,
        1.0,
        soft=3,
    )
    r.stitch([(27, -69, 1), (56, -69, 1)], seam, 0.8, 3, 1.2, 0.2, 0.3)
    both(
        r,
        [(0, -103), (16, -124), (25, -147, 1), (31, -155, 1), (30, -138), (14, -108), (2, -97, 1)],
        poplin,
        1.5,
        1.5,
        soft=2,
    )
    both(
        r,
        [(1, -107, 1), (20, -132), (26, -156, 1), (34, -154), (44, -122), (36, -86, 1)],
        poplin,
        1.8,
        1.2,
        0.5,
        10,
        soft=2,
    )
    for side in (-1, 1):
        r.stitch(
            [(32 * side, -150), (41.5 * side, -121), (34.5 * side, -91, 1), (5 * side, -108)],
            seam,
            0.8,
            3,
            1.2,
            0.2,
            0.3,
        )
    for k in range(8):
        button(r, 0, (-103 if k == 0 else -121 + k * 33), 5.6, pearl)
    return lay(r, backdrop="#cfd4d9")


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
    both(
        r,
        [(24, -154, 1), (33, -151), (44, -118), (46, -108, 1), (30, -101, 1), (24, -112)],
        wool,
        2.6,
        2,
        soft=2,
    )
    lapel = [
        (22, -118, 1),
        (34, -101, 1),
        (56, -106, 1),
        (54, -84),
        (34, -28),
        (-5, 27, 1),
        (6, -30),
    ]
    both(r, lapel, wool, 3, 2, 0.8, 8, soft=2)
    both(r, [(36, 62, 1), (68, 57, 1), (68, 72, 1), (36, 77, 1)], wool, 2.2, 1.6, soft=2)
    r.put(r.shape([(38, -66, 1), (62, -70, 1), (62, -62, 1), (38, -58, 1)]), wool, 2, 1.2, soft=2)
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
    shell, white = fb.satin("#1656c9", 0.42), fb.satin("#f2f4f6", 0.45)
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
    yoke = r.shape(mirrored([(0, -126), (27, -152, 1), (81, -134, 1), (70, -98, 1), (0, -66)]))
    r.shade(yoke.cov * (r.alpha > 0.5), ink("#f2f4f6"), 0.97)
    for side in (-1, 1):
        line = curve([(0, -66), (side * 70, -98)], closed=False)
        r.shade(r.ribbon(line, 3).cov, ink("#c8f51e"))
        r.groove(line, 0.8, 0.6, 0.2)
        zipper(r, [(side * 44, 30), (side * 56, 78)], "#0e3c91", "#c8f51e", 4)
    hem_band(r, cut, fb.rib("#123f97", 4), 18, -3)
    cuffs(r, cut, fb.rib("#123f97", 4), 18, 0)
    stand_collar(r, shell, fb.mesh("#1c2430", "#05070a"))
    zipper(r, [(0, -136), (0, 122)], "#0b2f70", "#c8f51e", 7)
    return lay(r)


def quilted(r: Relief, v: Array, u: Array, pitch: float, depth: float, seed: int) -> Array:
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
    sleeves(r, cut, shell, 4, 12, 0.8, 4, extra=lambda p: quilted(r, p.v, p.u, 23, 7, 3))
    body = r.shape(mirrored(body_half(cut)))
    r.put(body, shell, 5, 5, 12, 26, quilted(r, r.y + 140, r.x, 29, 8, 8))
    yoke = r.shape(mirrored([(0, -118), (26, -142, 1), (86, -126, 1), (80, -82, 1), (0, -82)]))
    for side in (-1, 1):
        arm = r.shape(sleeve_half(cut) if side > 0 else flip(sleeve_half(cut)))
        r.shade(arm.cov * (r.y < -78) * (1 - body.cov), ink("#2b2f36"))
        zipper(r, [(side * 50, 24), (side * 60, 76)], "#2b2f36", "#2b2f36", 4)
    r.shade(yoke.cov * (r.alpha > 0.5), ink("#2b2f36"))
    hem_band(r, cut, fb.satin("#2b2f36", 0.45), 9, -2)
    cuffs(r, cut, fb.satin("#2b2f36", 0.45), 10, -2)
    hood = [
        (-44, -132, 1),
        (-47, -164),
        (-28, -188),
        (0, -193),
        (28, -188),
        (47, -164),
        (44, -132, 1),
        (22, -116),
        (0, -112),
        (-22, -116),
    ]
    r.put(r.shape(hood), shell, 4, 6, 12, 20, quilted(r, r.y + 190, r.x, 27, 5, 5))
    inner = r.put(
        r.shape([(-25, -134), (-28, -158), (0, -178), (28, -158), (25, -134), (0, -118)]),
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
    r.put(r.shape([(-7, -140, 1), (7, -140, 1), (7, -38, 1), (-7, -38, 1)]), trim, 1.5, 1, soft=3)
    zipper(r, [(0, -136), (0, -42)], "#1f4a42", "#e0b04a", 5)
    r.put(r.shape([(22, -72, 1), (62, -72, 1), (62, -24, 1), (22, -24, 1)]), trim, 2.2, 1.6, soft=3)
    r.put(r.shape([(20, -75, 1), (64, -75, 1), (64, -58, 1), (20, -58, 1)]), trim, 2, 1.6, soft=2)
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
    both(
        r,
        [(21, -74, 1), (58, -75, 1), (58, -56, 1), (39, -44, 1), (21, -55, 1)],
        blue,
        2,
        1.5,
        soft=2,
    )
    seams(r, [[(23, -58), (39, -47, 1), (56, -59)]], orange, 0, sink=0)
    hem_band(r, cut, blue, 19, 1.5)
    seams(r, [[(0, 81), (66, 78)], [(0, 97), (66, 94)]], orange, 0, sink=0.2)
    both(
        r,
        [(2, -122, 1), (20, -136), (28, -155, 1), (37, -152), (46, -120), (38, -92, 1)],
        blue,
        2.6,
        1.6,
        1,
        8,
        soft=2,
    )
    seams(r, [[(34, -149), (43, -120), (37, -96, 1), (6, -121)]], orange, 0, sink=0)
    for k in range(6):
        button(r, 2, -100 + k * 37.5, 8, copper, False)
    for side in (-1, 1):
        button(r, side * 39.5, -54, 7, copper, False)
        for y in (-18, 2):
            r.stitch(at_cuff(cut, side, [(-13, y), (13, y)]), ink(orange), 1.1, 3.4, 1.2)
        button(r, *at_cuff(cut, side, [(-8, -8)])[0], 7, copper, False)
    return lay(r)


def hoodie() -> Scene:
    """Oversized street hoodie, marled grey with a bold chest print."""
    r, cut = (
        Relief(),
        Cut((28, -128), (90, -112), (86, -34), (84, 30), (80, 138), (146, 128), 32, 30),
    )
    jersey = fb.heather("#77797e", "#b9bbc0", 0.5)
    ribbed = fb.rib("#85878c", 4, 1.0)
    hood_back = [
        (-50, -116, 1),
        (-58, -160),
        (-36, -196),
        (0, -204),
        (36, -196),
        (58, -160),
        (50, -116, 1),
        (0, -90),
    ]
    sleeves(r, cut, jersey, 4, 9, 2.8, 5)
    r.put(r.shape(mirrored(body_half(cut))), jersey, 5, 5, 9, 28, drape(r, cut, 2.2, 23))
    cuffs(r, cut, ribbed, 24, -2)
    hem_band(r, cut, ribbed, 22, -6)
    folds = r.fan((0, -200), 90, 120, 6, 80, 5, 2, 8)
    r.put(r.shape(hood_back), jersey, 6, 6, 10, 22, folds)
    inner = r.put(
        r.shape(
            [
                (0, -92),
                (-26, -118),
                (-36, -150),
                (-22, -178),
                (0, -184),
                (22, -178),
                (36, -150),
                (26, -118),
            ]
        ),
        jersey,
        -11,
        6,
    )
    r.shade(inner.cov, (0, 0, 0), 0.42)
    r.put(
        r.shape([(-12, -170, 1), (12, -170, 1), (12, -160, 1), (-12, -160, 1)]),
        fb.cloth("#e8482f"),
        0.5,
        0.6,
    )
    both(
        r,
        [(0, -90), (26, -116), (38, -150), (46, -150), (40, -112), (4, -76, 1)],
        jersey,
        3,
        3,
        1,
        5,
        soft=3,
    )
    pocket = [(-30, 40, 1), (30, 40, 1), (54, 92, 1), (54, 118, 1), (-54, 118, 1), (-54, 92, 1)]
    r.put(r.shape(pocket), jersey, 3, 2.5, 2, 14, soft=4)
    seams(r, [[(28, 44), (51, 93, 1), (51, 116)]], "#5d5f64", 0, sink=0)
    for side in (-1, 1):
        cord = r.ribbon(
            curve([(side * 12, -92), (side * 17, -60), (side * 14, -14)], closed=False), 4
        )
        r.put(cord, fb.rib("#f2f2f0", 2, 0.6), 3, 2, soft=2)
        r.put(r.ribbon([(side * 14, -16), (side * 14, -8)], 4.6), fb.metal("#c9c9c4"), 3, 2, soft=2)
    _print(r)
    return lay(r)


def _print(r: Relief) -> None:
    """Screen print: a red disc behind a black lightning bolt."""
    disc = r.cover(ellipse(0, -4, 36, 36)) * (r.h > 0)
    grain = 0.92 + 0.06 * np.clip(noise(r.x, r.y, 2, 71), -1, 1)
    r.shade(disc * grain, ink("#e8482f"))
    bolt = np.array([(8, -44), (-24, 4), (-3, 4), (-12, 36), (24, -14), (3, -14)], float)
    r.shade(r.cover(bolt) * grain, ink("#17171a"))


def cable_sweater() -> Scene:
    """Thick cream cable-knit jumper."""
    r, cut = (
        Relief(),
        Cut((30, -146), (86, -126), (82, -46), (80, 20), (78, 124), (140, 120), 32, 26),
    )
    wool = fb.cables("#f0e6d2", (-46, 0, 46), 27, 48, 4.2)
    arm = fb.cables("#f0e6d2", (13,), 24, 44, 3.6)
    arm_left = fb.cables("#f0e6d2", (-13,), 24, 44, 3.6)
    ribbed = fb.rib("#f0e6d2", 5, 1.8)
    back_neck(r, cut, ribbed, "#b9a27c", dim=0.2)
    for fabric, side in ((arm_left, -1), (arm, 1)):
        _one_sleeve(r, cut, fabric, side)
    r.put(r.shape(mirrored(body_half(cut))), wool, 6, 5, 9, 26, drape(r, cut, 1.0, 33))
    cuffs(r, cut, ribbed, 28, 0, 2)
    hem_band(r, cut, ribbed, 26, -3, 2)
    neck_band(r, cut, ribbed, 15, 4)
    return lay(r, backdrop="#d8d3cb")


def _one_sleeve(r: Relief, cut: Cut, fabric: Fabric, side: int) -> None:
    """A knitted sleeve with its own cable."""
    pts = sleeve_half(cut) if side > 0 else flip(sleeve_half(cut))
    part = r.shape(pts, sleeve_angle(cut) * side, (side * cut.shoulder[0], cut.shoulder[1]))
    folds = r.fan(
        (side * cut.armpit[0], cut.armpit[1]), 0 if side > 0 else 180, 60, 3, 50, 5, 1.6, 3
    )
    r.put(part, fabric, 5, 4, 8, 15, folds)


def raincoat() -> Scene:
    """Child's yellow rubber raincoat with a hood."""
    r, cut = (
        Relief(),
        Cut((24, -96), (72, -82), (74, -22), (80, 50), (92, 138), (126, 84), 40, 22, 6),
    )
    rubber, dark = fb.gloss("#f6b90f", 0.33, 0.35), fb.gloss("#d99a06", 0.35, 0.3)
    sleeves(r, cut, rubber, 5, 9, 2.2, 5)
    cuffs(r, cut, dark, 9, 1)
    r.put(r.shape(mirrored(body_half(cut))), rubber, 5, 5, 9, 26, drape(r, cut, 2.0, 43))
    hood = [
        (-46, -84, 1),
        (-58, -126),
        (-40, -166),
        (0, -178),
        (40, -166),
        (58, -126),
        (46, -84, 1),
        (0, -64),
    ]
    r.put(r.shape(hood), rubber, 7, 6, 12, 22, r.fan((0, -172), 90, 150, 5, 70, 5, 1.4, 12))
    stripes = pr.bands(fb.cloth("#ffffff", 0.05, 0.02), [("#f4f6f8", 7), ("#27457c", 7)])
    inner = r.put(
        r.shape(
            [
                (0, -70),
                (-28, -92),
                (-38, -124),
                (-24, -152),
                (0, -158),
                (24, -152),
                (38, -124),
                (28, -92),
            ]
        ),
        stripes,
        -12,
        6,
    )
    r.shade(inner.cov, (0, 0, 0), 0.22)
    r.put(r.shape([(-10, -72, 1), (10, -72, 1), (10, 142, 1), (-10, 142, 1)]), rubber, 3, 2, soft=4)
    both(
        r,
        [(24, 62, 1), (70, 62, 1), (72, 108), (66, 112), (30, 112), (24, 108)],
        rubber,
        3,
        2.5,
        2,
        10,
        soft=4,
    )
    both(r, [(21, 54, 1), (73, 54, 1), (75, 70), (48, 76), (21, 70)], dark, 3, 2, soft=3)
    for y in (-56, -16, 24, 64, 104):
        button(r, 0, y, 10, fb.gloss("#27457c", 0.2), False)
    for side in (-1, 1):
        button(r, side * 48, 66, 8, fb.gloss("#27457c", 0.2), False)
    return lay(r)


def kids_tee() -> Scene:
    """Toddler's striped T-shirt with an appliqued dinosaur."""
    r, cut = (
        Relief(),
        Cut((34, -112), (92, -92), (84, -26), (86, 40), (90, 122), (128, -18), 50, 30),
    )
    jersey = pr.bands(fb.cloth("#ffffff", 0.05, 0.03), [("#f7f3ea", 13), ("#e05a4e", 13)])
    trim = fb.rib("#e05a4e", 3.2, 0.7)
    back_neck(r, cut, jersey, "#ffffff", dim=0.22)
    arm = [
        (60, -104, 1),
        (92, -94),
        (112, -72),
        (146, -22, 1),
        (104, 6, 1),
        (84, -24, 1),
        (60, -40, 1),
    ]
    for side in (-1, 1):
        part = r.shape(arm if side > 0 else flip(arm), -40 * side, (side * 92, -92))
        r.put(
            part,
            jersey,
            4,
            4,
            7,
            14,
            r.fan((side * 86, -26), -40 if side > 0 else 220, 80, 4, 50, 4, 2, 5 + side),
        )
        band = r.ribbon(curve([(side * 147, -23), (side * 104, 5)], closed=False), 8)
        band.u, band.v = band.v, band.u
        r.put(band, fb.rib("#e05a4e", 3.2, 0.7), 2, 2, soft=2)
    r.put(r.shape(mirrored(body_half(cut))), jersey, 4.5, 4, 8, 26, drape(r, cut, 2.0, 53))
    hem_band(r, cut, trim, 5, 0, 1)
    neck_band(r, cut, trim, 10)
    _dinosaur(r)
    return lay(r)


def _dinosaur(r: Relief) -> None:
    """Green felt dinosaur with yellow back plates."""
    felt = fb.pile("#4f9a5b", 2.2, 0.5, contrast=0.12)
    for x, y, a in ((-36, 24, -60), (-24, 6, -40), (-6, -6, -15), (14, -14, -5)):
        c, s = np.cos(np.radians(a)), np.sin(np.radians(a))
        tri = [
            (x + c * px - s * py, y + s * px + c * py, 1) for px, py in ((-9, 8), (0, -12), (9, 8))
        ]
        r.put(r.shape(tri), fb.pile("#f2bf3c", 2.2, 0.5, contrast=0.12), 2, 1.5, soft=2)
    body = [(-58, 48), (-40, 28), (-22, 8), (2, 0), (16, -8), (22, -36), (40, -42), (56, -32), (54, -20), (38, -16), (34, 10), (32, 30),
            (32, 58, 1), (16, 58, 1), (14, 40), (-6, 40), (-8, 58, 1), (-24, 58, 1), (-26, 38), (-42, 46)]  # fmt: skip
    r.put(r.shape(body), felt, 3, 2, soft=3)
    button(r, 40, -31, 5, fb.gloss("#17171a"), False)
    r.stitch([(44, -23), (50, -24), (54, -27)], ink("#1d3b24"), 1.4, 30, 0)


PRODUCTS = {
    "s01": white_shirt, "s06": blazer, "s11": track_jacket, "s16": puffer, "s20": fleece, "s24": denim_jacket, "s28": hoodie,
    "s32": cable_sweater, "s36": raincoat, "s41": kids_tee,
}  # fmt: skip
