"""Upper garments: shirts, jackets, knitwear."""

from __future__ import annotations

import fabrics as fb
import knits as kn
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
)
from outlines import curve, ellipse, flip, mirrored, noise, xy
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
    r.put(r.shape(xy("-8,-100! 8,-104! 8,150! -8,150!")), poplin, 1.4, 1.2, soft=4)
    seam = ink("#d5d6da")
    for x in (-6, 6):
        r.stitch([(x, -100), (x, 148)], seam, 0.8, 3, 1.2, 0.2, 0.3)
    r.put(r.shape(xy("26,-74! 57,-74! 57,-42! 41,-34! 26,-42!")), poplin, 1.1, 1.0, soft=3)
    r.stitch([(27, -69, 1), (56, -69, 1)], seam, 0.8, 3, 1.2, 0.2, 0.3)
    both(r, xy("0,-103 16,-124 25,-147! 31,-155! 30,-138 14,-108 2,-97!"), poplin, 1.5, 1.5, soft=2)
    both(
        r, xy("1,-107! 20,-132 26,-156! 34,-154 44,-122 36,-86!"), poplin, 1.8, 1.2, 0.5, 10, soft=2
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


def hoodie() -> Scene:
    """Oversized street hoodie, marled grey with a bold chest print."""
    r, cut = (
        Relief(),
        Cut((28, -128), (90, -112), (86, -34), (84, 30), (80, 138), (146, 128), 32, 30),
    )
    jersey = fb.heather("#77797e", "#b9bbc0", 0.5)
    ribbed = kn.rib("#85878c", 4, 1.0)
    hood_back = xy("-50,-116! -58,-160 -36,-196 0,-204 36,-196 58,-160 50,-116! 0,-90")
    sleeves(r, cut, jersey, 4, 9, 2.8, 5)
    r.put(r.shape(mirrored(body_half(cut))), jersey, 5, 5, 9, 28, drape(r, cut, 2.2, 23))
    cuffs(r, cut, ribbed, 24, -2)
    hem_band(r, cut, ribbed, 22, -6)
    folds = r.fan((0, -200), 90, 120, 6, 80, 5, 2, 8)
    r.put(r.shape(hood_back), jersey, 6, 6, 10, 22, folds)
    inner = r.put(
        r.shape(xy("0,-92 -26,-118 -36,-150 -22,-178 0,-184 22,-178 36,-150 26,-118")),
        jersey,
        -11,
        6,
    )
    r.shade(inner.cov, (0, 0, 0), 0.42)
    r.put(r.shape(xy("-12,-170! 12,-170! 12,-160! -12,-160!")), fb.cloth("#e8482f"), 0.5, 0.6)
    both(r, xy("0,-90 26,-116 38,-150 46,-150 40,-112 4,-76!"), jersey, 3, 3, 1, 5, soft=3)
    pocket = xy("-30,40! 30,40! 54,92! 54,118! -54,118! -54,92!")
    r.put(r.shape(pocket), jersey, 3, 2.5, 2, 14, soft=4)
    seams(r, [[(28, 44), (51, 93, 1), (51, 116)]], "#5d5f64", 0, sink=0)
    for side in (-1, 1):
        cord = r.ribbon(
            curve([(side * 12, -92), (side * 17, -60), (side * 14, -14)], closed=False), 4
        )
        r.put(cord, kn.rib("#f2f2f0", 2, 0.6), 3, 2, soft=2)
        r.put(r.ribbon([(side * 14, -16), (side * 14, -8)], 4.6), fb.metal("#c9c9c4"), 3, 2, soft=2)
    _print(r)
    return lay(r)


def _print(r: Relief) -> None:
    """Screen print: a red disc behind a black lightning bolt."""
    disc = r.cover(ellipse(0, -4, 36, 36)) * (r.h > 0)
    grain = 0.92 + 0.06 * np.clip(noise(r.x, r.y, 2, 71), -1, 1)
    r.shade(disc * grain, ink("#e8482f"))
    bolt = np.array(xy("8,-44 -24,4 -3,4 -12,36 24,-14 3,-14"), float)
    r.shade(r.cover(bolt) * grain, ink("#17171a"))


def cable_sweater() -> Scene:
    """Thick cream cable-knit jumper."""
    r, cut = (
        Relief(),
        Cut((30, -146), (86, -126), (82, -46), (80, 20), (78, 124), (140, 120), 32, 26),
    )
    wool = kn.cables("#f0e6d2", (-46, 0, 46), 27, 48, 4.2)
    arm = kn.cables("#f0e6d2", (13,), 24, 44, 3.6)
    arm_left = kn.cables("#f0e6d2", (-13,), 24, 44, 3.6)
    ribbed = kn.rib("#f0e6d2", 5, 1.8)
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
    hood = xy("-46,-84! -58,-126 -40,-166 0,-178 40,-166 58,-126 46,-84! 0,-64")
    r.put(r.shape(hood), rubber, 7, 6, 12, 22, r.fan((0, -172), 90, 150, 5, 70, 5, 1.4, 12))
    stripes = pr.bands(fb.cloth("#ffffff", 0.05, 0.02), [("#f4f6f8", 7), ("#27457c", 7)])
    inner = r.put(
        r.shape(xy("0,-70 -28,-92 -38,-124 -24,-152 0,-158 24,-152 38,-124 28,-92")),
        stripes,
        -12,
        6,
    )
    r.shade(inner.cov, (0, 0, 0), 0.22)
    r.put(r.shape(xy("-10,-72! 10,-72! 10,142! -10,142!")), rubber, 3, 2, soft=4)
    both(r, xy("24,62! 70,62! 72,108 66,112 30,112 24,108"), rubber, 3, 2.5, 2, 10, soft=4)
    both(r, xy("21,54! 73,54! 75,70 48,76 21,70"), dark, 3, 2, soft=3)
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
    trim = kn.rib("#e05a4e", 3.2, 0.7)
    back_neck(r, cut, jersey, "#ffffff", dim=0.22)
    arm = xy("60,-104! 92,-94 112,-72 146,-22! 104,6! 84,-24! 60,-40!")
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
        r.put(band, kn.rib("#e05a4e", 3.2, 0.7), 2, 2, soft=2)
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
    body = xy(
        "-58,48 -40,28 -22,8 2,0 16,-8 22,-36 40,-42 56,-32 54,-20 38,-16 34,10 32,30 "
        "32,58! 16,58! 14,40 -6,40 -8,58! -24,58! -26,38 -42,46"
    )
    r.put(r.shape(body), felt, 3, 2, soft=3)
    button(r, 40, -31, 5, fb.gloss("#17171a"), False)
    r.stitch([(44, -23), (50, -24), (54, -27)], ink("#1d3b24"), 1.4, 30, 0)


PRODUCTS = {
    "s01": white_shirt,
    "s28": hoodie,
    "s32": cable_sweater,
    "s36": raincoat,
    "s41": kids_tee,
}
