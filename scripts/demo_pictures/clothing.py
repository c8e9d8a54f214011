"""Trousers, shorts, skirts and dresses."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
from fabrics import ink
from garment import button, seams
from outlines import Array, curve, flip, mirrored, noise, xy
from relief import Fabric, Relief
from shoot import lay
from studio import Scene


def leg(
    hip: float, hem_in: float, hem_out: float, top: float, crotch: float, low: float
) -> list[tuple[float, ...]]:
    """Outline of the right leg with its half of the seat."""
    return [
        (0, top, 1),
        (hip * 0.72, top, 1),
        (hip * 0.93, top + 40),
        (hip, crotch - 10),
        (hip * 0.5 + hem_out * 0.5 - 2, (crotch + low) / 2),
        (hem_out, low, 1),
        (hem_in, low + 2, 1),
        (hem_in * 0.45, (crotch + low) / 2),
        (4, crotch + 12),
        (0, crotch, 1),
    ]


def leg_folds(
    r: Relief, side: int, hip: float, crotch: float, low: float, amp: float, seed: int
) -> Array:
    """Whiskers at the crotch, knee creases, stacking at the hem."""
    folds = r.fan((side * 4, crotch + 2), 0 if side > 0 else 180, 90, 5, hip * 0.8, 4, amp, seed)
    r.fan((side * (hip - 6), crotch - 40), 90 + 20 * side, 60, 4, 80, 4.5, amp, seed + 2, folds)
    knee = (crotch + low) / 2 + 6
    r.fan(
        (side * hip * 0.3, knee),
        0 if side > 0 else 180,
        120,
        5,
        hip * 0.6,
        3.6,
        amp * 0.9,
        seed + 4,
        folds,
    )
    r.fan(
        (side * hip * 0.98, low - 30),
        180 if side > 0 else 0,
        100,
        4,
        hip * 0.5,
        3.4,
        amp * 0.9,
        seed + 6,
        folds,
    )
    return folds + amp * 0.35 * noise(r.x / 16, r.y / 60, 1, seed + 8)


def legs(
    r: Relief,
    outline: list[tuple[float, ...]],
    fabric: Fabric,
    hip: float,
    crotch: float,
    low: float,
    amp: float,
    seed: int,
) -> None:
    """Both trouser legs."""
    for side in (-1, 1):
        part = r.shape(outline if side > 0 else flip(outline), 4.0 * side)
        r.put(
            part,
            fabric,
            4.5,
            4,
            8,
            20,
            leg_folds(r, side, hip, crotch, low, amp, seed + 30 + 30 * side),
        )


def waistband(r: Relief, fabric: Fabric, wide: float, top: float, tall: float, inside: str) -> None:
    """Back of the waist seen from inside, then the front band."""
    rear = r.put(
        r.shape(mirrored([(0, top - 8), (wide - 3, top - 4, 1), (wide, top + 6, 1), (0, top + 8)])),
        fb.cloth(inside),
        1,
        2,
    )
    r.shade(rear.cov, (0, 0, 0), 0.25)
    r.put(
        r.shape(
            mirrored(
                [
                    (0, top + 3),
                    (wide, top - 3, 1),
                    (wide + 3, top + tall - 3, 1),
                    (0, top + tall + 3),
                ]
            )
        ),
        fabric,
        3,
        2,
        soft=4,
    )


def trousers() -> Scene:
    """Black tailored trousers with pressed creases."""
    r = Relief()
    wool = fb.cloth("#2a2a2f", 0.05, 0.1, 0.85, 0.5)
    legs(r, leg(84, 27, 78, -186, -62, 190), wool, 84, -62, 190, 1.1, 3)
    for side in (-1, 1):
        win, _, v = r.along(
            curve([(side * 40, -150), (side * 46, -40), (side * 53, 188)], closed=False), 9
        )
        r.h[win] += 3.2 * np.exp(-np.abs(v) / 2.2) * (r.alpha[win] > 0.5)
        r.groove([(side * 54, -168), (side * 77, -112)], 1.2, 1.6, 0.4)
        r.groove([(side * 31, -166), (side * 35, -120)], 1.0, 1.2, 0.3)
    waistband(r, wool, 62, -190, 18, "#d8d4ca")
    r.groove([(0, -176), (5, -120), (2, -66)], 1, 1.4, 0.4)
    for x in (-38, -20, 22, 40):
        r.put(
            r.shape(
                [(x - 2.5, -194, 1), (x + 2.5, -194, 1), (x + 2.5, -168, 1), (x - 2.5, -168, 1)]
            ),
            wool,
            2,
            1.5,
            soft=2,
        )
    r.put(r.shape(xy("-2,-188! 12,-188! 12,-172! -2,-172!")), wool, 1.5, 1.5, soft=2)
    button(r, 2, -179, 7, fb.gloss("#0d0d10", 0.2, 0.6))
    return lay(r, fill=0.84)


def jeans() -> Scene:
    """Straight blue jeans, faded thighs, orange topstitching."""
    r = Relief()
    blue, orange = fb.denim("#2f4c78", fade=0.3), "#d98b3a"
    legs(r, leg(88, 25, 82, -182, -62, 190), blue, 88, -62, 190, 2.2, 6)
    for side in (-1, 1):
        worn = np.exp(-(((r.x - side * 46) / 26) ** 2) - ((r.y - 0) / 80) ** 2) * (r.alpha > 0.5)
        r.shade(worn * (0.8 + 0.2 * noise(r.x, r.y / 3, 3, 5)), ink("#a9c0da"), 0.5)
        for k in range(4):
            line = [(side * 10, -66 + 6 * k), (side * 36, -76 + 9 * k), (side * 70, -92 + 13 * k)]
            win, _, v = r.along(curve(line, closed=False), 6)
            r.rgb[win] += (ink("#a9c0da") - r.rgb[win]) * (
                0.3 * np.exp(-((v / 2) ** 2)) * (r.alpha[win] > 0.5)
            )[..., None]
    seams(r, [xy("71,-172 83,-110 84,-40 80,40 78,188")], orange, 0, sink=0.8)
    r.groove([(0, -170), (0, -62)], 1.2, 1.4, 0.3)
    for off in (0, 3):
        r.stitch(
            [(14 - off, -168), (14 - off, -104), (8 - off, -86), (1, -76)],
            ink(orange),
            1.2,
            3.4,
            1.2,
        )
    for side in (-1, 1):
        pocket = [(side * 28, -172), (side * 34, -146), (side * 54, -134), (side * 79, -132)]
        r.groove(pocket, 1.6, 2.0, 0.35)
        for off in (3, 6):
            r.stitch(
                [(x - side * off * 0.6, y + off) for x, y in pocket], ink(orange), 1.1, 3.4, 1.2
            )
        for x, y in ((32, -160), (74, -131)):
            button(r, side * x, y, 4.5, fb.metal("#c07a4a"), False)
        r.stitch([(side * 27, 183), (side * 80, 181)], ink(orange), 1.2, 3.4, 1.2)
    waistband(r, blue, 65, -188, 20, "#8ba3bf")
    for y in (-181, -169):
        r.stitch([(-66, y - 5), (0, y), (66, y - 5)], ink(orange), 1.1, 3.4, 1.2)
    for x in (-52, -26, 28, 54):
        r.put(
            r.shape([(x - 3, -193, 1), (x + 3, -193, 1), (x + 3, -163, 1), (x - 3, -163, 1)]),
            blue,
            2.4,
            1.6,
            soft=2,
        )
        r.stitch([(x, -190), (x, -166)], ink(orange), 1, 3, 1)
    button(r, 2, -175, 10, fb.metal("#c07a4a", 0.3), False)
    return lay(r)


def running_shorts() -> Scene:
    """Light running shorts, black with coral side panels and drawcord."""
    r = Relief()
    shell = fb.satin("#23262e", 0.62)
    half = xy("0,-92! 92,-92! 112,-20 142,96! 96,116 20,108! 8,40 0,18!")
    for side in (-1, 1):
        folds = r.fan((side * 4, 18), 0 if side > 0 else 180, 120, 6, 90, 5, 2.6, 3 + side)
        r.fan((side * 60, -80), 90, 90, 6, 120, 5, 2.2, 8 + side, folds)
        folds += 0.9 * noise(r.x / 14, r.y / 60, 1, 4)
        r.put(r.shape(half if side > 0 else flip(half)), shell, 4, 4, 8, 22, folds)
    panel = xy("80,-80 112,-20! 143,97! 104,115! 104,60 92,-10")
    for side in (-1, 1):
        cov = r.cover(curve(panel if side > 0 else flip(panel))) * (r.alpha > 0.5)
        r.shade(cov, ink("#ff5a4a"))
        line = [(side * 80, -80), (side * 92, -10), (side * 104, 60), (side * 104, 115)]
        r.groove(line, 0.9, 1.0, 0.2)
        r.shade(r.ribbon(curve(line, closed=False), 2.6).cov, ink("#f2f4f6"))
    r.stitch([(22, 100), (96, 108), (140, 90)], ink("#6a6e78"), 0.9)
    r.stitch([(-22, 100), (-96, 108), (-140, 90)], ink("#6a6e78"), 0.9)
    gathers = kn.rib("#23262e", 5.5, 1.6)
    rear = r.put(r.shape(mirrored(xy("0,-118 88,-112! 92,-90! 0,-90"))), gathers, 1, 2)
    r.shade(rear.cov, (0, 0, 0), 0.3)
    r.put(r.shape(mirrored(xy("0,-106 92,-112! 95,-82! 0,-76"))), gathers, 4, 3, 1, 8, soft=4)
    for pts in (xy("-3,-92 -20,-64 -14,-20 -22,6"), xy("3,-92 14,-60 10,-28 18,-8")):
        r.put(r.ribbon(curve(pts, closed=False), 3.6), kn.rib("#ff5a4a", 2, 0.5), 3, 1.8, soft=2)
    return lay(r)


PRODUCTS = {
    "s03": trousers,
    "s12": jeans,
    "s21": running_shorts,
}
