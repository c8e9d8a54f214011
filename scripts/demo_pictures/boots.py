"""Boots, standing on the floor with toes to the left."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
import prints as pr
from fabrics import ink
from outlines import noise, smooth, xy
from relief import Relief
from shoemaking import (
    PAIR,
    bow,
    cord,
    eyelet,
    laces,
    lining,
    outsole,
    patch,
    upper,
)
from shoot import stand
from studio import Scene


def hiking_boot() -> Scene:
    """Brown leather hiking boot, red laces, lugged sole."""
    r = Relief()
    hide, dark = (
        fb.leather("#7a4a26", 2.6, 0.35, 0.6, 0.05, tone=0.3),
        fb.leather("#4a2c18", 2.6, 0.35, 0.55, 0.05, tone=0.25),
    )
    red, brass = kn.rib("#c9252b", 2.4, 0.7), fb.metal("#b08d4c", 0.3)
    lining(
        r,
        xy("14,-150 60,-146 112,-152 118,-110 60,-100 10,-120"),
        fb.cloth("#3a3430", 0.1, 0.1),
        10,
    )
    upper(
        r,
        xy("-38,-36 -14,-84 -8,-140 2,-166 22,-168 30,-140 20,-60"),
        fb.leather("#5f3a1f", 2.6, 0.3),
        30,
    )
    boot = xy(
        "-152,70 -152,34 -128,6 -86,-12 -40,-34 -12,-72 0,-140 16,-152 60,-136 "
        "112,-148 122,-138 118,-80 128,-10 136,40 136,80 0,96 -150,92"
    )
    upper(r, boot, hide, 62)
    patch(
        r,
        xy("-5,-146 14,-158 60,-140 116,-154 126,-138 121,-104 60,-100 2,-112"),
        fb.leather("#33261d", 2, 0.3, 0.7),
        4,
        "#c9a56a",
        1.5,
    )
    patch(r, xy("66,90 72,20 96,-30 122,-56 140,10 142,90"), dark, 2, "#c9a56a")
    patch(r, xy("-40,96 -36,50 -20,30 20,34 64,40 66,96"), dark, 2, "#c9a56a")
    r.stitch(xy("8,-30 40,-40 80,-50 118,-74"), ink("#c9a56a"), 1.0, 3, 1.1)
    r.stitch(xy("6,-26 40,-36 80,-46 118,-70"), ink("#c9a56a"), 1.0, 3, 1.1)
    patch(
        r,
        xy("-60,-22 -34,-40 -10,-74 2,-148 20,-148 16,-80 2,-50 -22,-14 -44,2"),
        dark,
        2.2,
        "#c9a56a",
    )
    patch(
        r, xy("-160,80 -160,40 -140,14 -116,6 -96,30 -92,94 -160,96"), fb.rubber("#26231f", 0.7), 3
    )
    eyes = xy("-42,-18 -26,-36 -12,-58 -2,-84 4,-110 8,-136")
    over = xy("-58,-34 -42,-50 -26,-74 -17,-98 -12,-124 -8,-148")
    laces(r, eyes, over, red, 6)
    for x, y in eyes[:3]:
        eyelet(r, x + 3, y + 3, 4.6, brass)
    for x, y in eyes[3:]:
        r.put(
            r.shape(
                [(x - 3, y - 4, 1), (x + 9, y - 4), (x + 11, y), (x + 9, y + 4), (x - 3, y + 4, 1)]
            ),
            brass,
            4,
            2.5,
            soft=1,
        )
    bow(r, -4, -146, 22, red, 5.5)
    patch(r, xy("108,-150 114,-170 124,-168 124,-120 116,-112"), kn.rib("#c9252b", 3, 0.6), 3)
    welt = xy("-162,70 -100,74 20,72 142,68 146,86 -100,92 -164,86")
    outsole(r, welt, fb.rubber("#5b4a3a", 0.7), 4, 4)
    r.stitch(xy("-158,77 -100,80 20,78 143,75"), ink("#e3c48d"), 1.6, 5, 2)
    teeth = [
        (142 - 0.5 * k * 22, 118 - (0 if k % 4 in (0, 1) else 9) - max(0, k - 23) * 3.0)
        for k in range(28)
    ]
    tread = [
        (-164, 82, 1),
        (144, 80, 1),
        (146, 104, 1),
        *[(x, y, 1) for x, y in teeth],
        (-166, 96, 1),
    ]
    outsole(
        r, tread, fb.rubber("#1d1c1b", 0.75), 2, 3, -3.5 * (np.mod(r.x + 3, 22) < 5) * (r.y > 96)
    )
    return stand(r, spots=PAIR)


def rain_boots() -> Scene:
    """Child's glossy rain boots, navy with white polka dots and red trims."""
    r = Relief()
    dots = np.stack(np.meshgrid(np.arange(256), np.arange(256)), -1)
    near = np.minimum(
        np.hypot(*(dots - 64).transpose(2, 0, 1)), np.hypot(*(dots - 192).transpose(2, 0, 1))
    )
    tile = (
        ink("#223a78") + (ink("#f4f5f7") - ink("#223a78")) * (1 - smooth(near, 31, 34))[..., None]
    )
    shell = pr.printed(tile, 46, fb.gloss("#ffffff", 0.14, 0.9))
    red = fb.gloss("#d0282e", 0.18, 0.8)
    lining(r, xy("-16,-134 30,-150 84,-134 84,-110 -16,-110"), fb.cloth("#e9dcc4"), 12, 0.3)
    boot = xy(
        "-122,92 -124,52 -100,22 -60,8 -30,-16 -18,-60 -24,-130 -18,-136 34,-128 "
        "88,-136 94,-128 86,-60 90,20 98,60 98,100 0,106 -116,106"
    )
    upper(r, boot, shell, 62, 0.5 * noise(r.x, r.y, 30, 3))
    cord(r, [(-27, -128), (32, -119), (95, -128)], red, 15, 3, 1.5)
    for side in (-8, 74):
        handle = [
            (side - 9, -122),
            (side - 10, -150),
            (side, -160),
            (side + 10, -150),
            (side + 9, -122),
        ]
        cord(r, handle, red, 7, 4)
    patch(r, xy("-130,104 -130,56 -108,26 -88,24 -80,60 -84,104"), red, 2.5, None, 1.2)
    patch(r, xy("70,104 74,40 88,14 102,40 106,104"), red, 2.5, None, 1.2)
    ribs = -2.5 * (np.mod(r.x, 10) < 2.6) * (r.y > 98)
    outsole(
        r,
        xy("-130,86 -60,90 40,88 102,86 106,114! 30,114! 26,108 6,108 0,114! -110,114 -132,102"),
        red,
        4,
        5,
        ribs,
    )
    return stand(r, spots=((0, 0, 0), (62, 150, 0)))


PRODUCTS = {
    "s08": hiking_boot,
    "s31": rain_boots,
}
