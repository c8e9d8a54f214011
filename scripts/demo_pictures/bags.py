"""Bags: upright reliefs with real handles, and flat lays."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
from fabrics import ink
from garment import zipper
from meshes import tube
from outlines import Points, box, curve, ellipse, flip, mirrored, noise, xy
from relief import Relief
from shoemaking import cord, patch, slab, upper
from shoot import UNIT, stand, swatch
from studio import Scene


def handle(scene: Scene, points: Points, radius: float, fabric: fb.Fabric) -> None:
    """Round handle through points (right, away, up), all in picture pixels."""
    scene.add(tube(np.array(points, float) * UNIT, radius * UNIT, smooth=90), swatch(fabric))


def plate(
    r: Relief, points: Points, fabric: fb.Fabric, thick: float = 2.0, edge: float = 1.5
) -> None:
    """Hardware or tab lying on the surface."""
    r.put(r.shape(points), fabric, thick, edge, soft=1)


def leather_tote() -> Scene:
    """Structured black leather work tote with gold hardware."""
    r = Relief()
    hide, gold = fb.leather("#1c1b1e", 2.6, 0.35, 0.42, 0.2, tone=0.1), fb.metal("#d9b45a", 0.22)
    slab(r, box(-128, -64, 128, 142, 7), hide, 42, 9, 2.2 * noise(r.x, r.y, 70, 3))
    for y in (-52, 128):
        r.stitch([(-108, y), (108, y)], ink("#4a484d"), 1.1, 4, 1.6)
    r.groove([(-112, -34), (0, -30), (112, -34)], 1.2, 1.2, 0.4)
    for x in (-62, 62):
        plate(
            r, [(x - 11, -66, 1), (x + 11, -66, 1), (x + 11, -20), (x, -8), (x - 11, -20)], hide, 3
        )
        r.stitch(
            [(x - 8, -58), (x - 8, -22), (x, -13), (x + 8, -22), (x + 8, -58)],
            ink("#55535a"),
            1,
            3,
            1.2,
        )
        r.put(r.shape(ellipse(x, -22, 4.5, 4.5)), gold, 3, 3, soft=1)
        ring = r.ribbon(np.concatenate([ellipse(x, -62, 10, 9), ellipse(x, -62, 10, 9)[:1]]), 4)
        r.put(ring, gold, 4, 2, soft=1)
    plate(r, box(-24, -2, 24, 12, 2), gold, 1.6)
    r.shade(r.ribbon([(-15, 5), (15, 5)], 2.4).cov, ink("#7d6226"), 0.8)
    out = stand(r, turn=-24.0, elevation=12.0)
    for away in (-44, 38):
        handle(
            out,
            [
                (-62, away, 62),
                (-58, away - 2, 110),
                (-36, away - 4, 160),
                (0, away - 5, 176),
                (36, away - 4, 160),
                (58, away - 2, 110),
                (62, away, 62),
            ],
            6,
            hide,
        )
    return out


def duffel() -> Scene:
    """Gym duffel: black and red nylon with webbing straps and a mesh pocket."""
    r = Relief()
    nylon, red, web = (
        fb.canvas("#24262b", 1.7, 0.2, mottle=0.05),
        fb.canvas("#d3222a", 1.7, 0.2, mottle=0.05),
        kn.rib("#ededed", 2.6, 0.4),
    )
    shape = xy(
        "-172,40 -168,-20 -140,-56 -80,-66 0,-68 80,-66 140,-56 168,-20 172,40 160,88 "
        "100,98 -100,98 -160,88"
    )
    folds = (
        r.fan((-150, 30), 0, 140, 6, 80, 6, 3, 4)
        + r.fan((150, 30), 180, 140, 6, 80, 6, 3, 5)
        + 1.2 * noise(r.x, r.y, 26, 6)
    )
    upper(r, shape, nylon, 84, folds)
    for side in (-1, 1):
        end = xy("118,-70 150,-56 180,0 180,60 160,100 116,104 124,20")
        patch(r, end if side > 0 else flip(end), red, 1.5, "#f3b6b8")
        r.groove([(side * 120, -62), (side * 124, 20), (side * 118, 98)], 1.4, 1.4, 0.4)
    patch(r, xy("-52,6! 52,6! 56,80! -56,80!"), fb.mesh("#33363d", "#0c0d0f", 4.6), 3)
    cord(r, [(-54, 8), (0, 8), (54, 8)], red, 7, 2)
    zipper(r, [(-112, -44), (0, -52), (112, -44)], "#101114", "#d8d8d8", 9)
    for x in (-76, 76):
        strap = r.ribbon(curve([(x, -66), (x + np.sign(x) * 4, 20), (x, 98)], closed=False), 15)
        strap.cov = strap.cov * (r.alpha > 0.5)
        r.put(strap, web, 2.5, 1.5, soft=1)
        for y in (-34, 60):
            r.stitch([(x - 5, y, 1), (x + 6, y + 12, 1)], ink("#8a8a8a"), 1, 3, 1)
            r.stitch([(x + 6, y, 1), (x - 5, y + 12, 1)], ink("#8a8a8a"), 1, 3, 1)
    streak = xy("-30,64 -4,30 -10,46 30,22 4,56 8,42")
    r.shade(r.cover(np.array(streak, float)), ink("#f2f2f2"))
    out = stand(r, turn=-14.0, elevation=14.0)
    for away in (-52, 46):
        path = [
            (-76, away, 60),
            (-70, away * 0.8, 96),
            (-40, away * 0.45, 122),
            (0, away * 0.3, 128),
            (40, away * 0.45, 122),
            (70, away * 0.8, 96),
            (76, away, 60),
        ]
        handle(out, path, 5.5, web)
    handle(out, [(-22, -14, 127), (0, -14, 129), (22, -14, 127)], 11, red)
    return out


def backpack() -> Scene:
    """Olive canvas rucksack with flap, leather straps and brass buckles."""
    r = Relief()
    duck, hide, brass = (
        fb.canvas("#5f6540", 2.3, 0.35),
        fb.leather("#8a5529", 0, 0.1, 0.45, 0.1, tone=0.3),
        fb.metal("#c9a24e", 0.28),
    )
    for side in (-1, 1):
        cord(
            r,
            [
                (side * 60, -150),
                (side * 112, -120),
                (side * 132, -30),
                (side * 118, 70),
                (side * 96, 120),
            ],
            hide,
            17,
            14,
        )
        pocket = xy("88,20 128,26 136,70 132,128 90,138")
        upper_side = r.shape(pocket if side > 0 else flip(pocket))
        r.put(
            upper_side,
            duck,
            0,
            2,
            base=r.balloon(upper_side, 34),
            folds=1.5 * noise(r.x, r.y, 18, 5),
        )
    body = xy("0,-164 58,-160 92,-134 104,-40 112,60 110,130 92,152 0,156")
    folds = r.fan((0, -60), 90, 170, 8, 120, 7, 2.6, 7) + 1.4 * noise(r.x, r.y, 24, 4)
    upper(r, mirrored(body), duck, 72, folds)
    patch(r, box(-74, 34, 74, 138, 14), duck, 9, "#c9bd8f", 3)
    patch(r, mirrored(xy("0,26 78,24 80,60 70,76 0,80")), duck, 4, "#c9bd8f", 2)
    flap = mirrored(xy("0,-168 60,-164 98,-138 104,-60 96,0 70,16 0,20"))
    patch(r, flap, duck, 8, "#c9bd8f", 2)
    for x in (-46, 46):
        cord(r, [(x, -60), (x, 0), (x, 50), (x, 118)], hide, 14, 4, 2)
        r.stitch([(x - 5, -56), (x - 5, 116)], ink("#e3c48d"), 1, 3, 1.4)
        r.stitch([(x + 5, -56), (x + 5, 116)], ink("#e3c48d"), 1, 3, 1.4)
        for y in (30, 92):
            frame = [
                (x - 11, y - 9, 1),
                (x + 11, y - 9, 1),
                (x + 11, y + 9, 1),
                (x - 11, y + 9, 1),
                (x - 11, y - 9, 1),
            ]
            r.put(r.ribbon(frame, 3.6), brass, 4, 1.8, soft=1.2)
            r.put(r.ribbon([(x, y - 9), (x, y + 8)], 2.6), brass, 4, 1.3, soft=1.2)
    plate(r, box(-24, -36, 24, -12, 3), hide, 2)
    r.stitch(xy("-20,-32! 20,-32! 20,-16! -20,-16! -20,-32!"), ink("#e3c48d"), 1, 3, 1.4)
    out = stand(r, back=0.6, elevation=8.0)
    handle(out, [(-22, 6, 158), (-18, 6, 182), (0, 6, 192), (18, 6, 182), (22, 6, 158)], 6, hide)
    return out


def straw_tote() -> Scene:
    """Summer straw basket bag with leather handles and pompoms."""
    r = Relief()
    weave, hide = (
        fb.straw("#e0bd7c", "#8a6330", 8, 6, 2.0),
        fb.leather("#9a5e2e", 0, 0.1, 0.45, 0.1, tone=0.3),
    )
    rear = slab(r, mirrored(xy("0,-66 80,-70 146,-58 140,-30 0,-20")), weave, 6, 4)
    r.shade(rear.cov, (0.02, 0.01, 0.0), 0.55)
    body = mirrored(xy("0,-42 80,-48 146,-58! 136,40 108,126 90,138 0,142"))
    part = r.shape(body)
    part.v = part.v + 0.0009 * part.u**2
    r.put(part, weave, 0, 2, base=r.balloon(part, 66, 0.4), folds=2 * noise(r.x, r.y, 60, 3))
    edge = r.ribbon(curve(xy("-146,-56 -80,-46 0,-40 80,-46 146,-56"), closed=False), 9)
    r.put(edge, kn.braid("#cfa763", 11, 14, 2), 4, 3, soft=2)
    for k, (x, code) in enumerate(
        [(-96, "#e4572e"), (-48, "#f3b61f"), (0, "#2a9d8f"), (48, "#d64b8a"), (96, "#3d6fb6")]
    ):
        y = -6 + 6 * (1 - (x / 96) ** 2)
        d = np.hypot(r.x - x, r.y - y)
        lump = r.as_shape(np.clip((15 + 1.2 * noise(r.x, r.y, 3, k) - d) * r.s, 0, 1))
        r.put(
            lump,
            fb.pile(code, 3.2, 1.4, contrast=0.35),
            2,
            3,
            folds=13 * np.sqrt(np.clip(1 - (d / 16) ** 2, 0, 1)),
            soft=4,
        )
    for x in (-58, 58):
        plate(r, [(x - 9, -46, 1), (x + 9, -46, 1), (x + 8, -18), (x, -10), (x - 8, -18)], hide, 3)
        r.put(r.shape(ellipse(x, -26, 3.4, 3.4)), fb.metal("#c9a24e"), 2, 2, soft=1)
    out = stand(r, back=0.9, elevation=10.0)
    for away in (-42, 40):
        handle(
            out,
            [
                (-58, away, 42),
                (-54, away * 0.9, 96),
                (-34, away * 0.8, 150),
                (0, away * 0.75, 168),
                (34, away * 0.8, 150),
                (54, away * 0.9, 96),
                (58, away, 42),
            ],
            5.5,
            hide,
        )
    return out


PRODUCTS = {
    "s05": leather_tote,
    "s10": duffel,
    "s17": backpack,
    "s22": straw_tote,
}
