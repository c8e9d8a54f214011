"""Bags: upright reliefs with real handles, and flat lays."""

from __future__ import annotations

import fabrics as fb
import numpy as np
from fabrics import ink
from footwear import cord, patch, slab, upper
from meshes import tube
from outlines import Points, box, curve, ellipse, flip, mirrored, noise
from relief import Relief
from scipy import ndimage as ndi
from shoot import UNIT, lay, stand, swatch
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
        fb.rib("#ededed", 2.6, 0.4),
    )
    shape = [
        (-172, 40),
        (-168, -20),
        (-140, -56),
        (-80, -66),
        (0, -68),
        (80, -66),
        (140, -56),
        (168, -20),
        (172, 40),
        (160, 88),
        (100, 98),
        (-100, 98),
        (-160, 88),
    ]
    folds = (
        r.fan((-150, 30), 0, 140, 6, 80, 6, 3, 4)
        + r.fan((150, 30), 180, 140, 6, 80, 6, 3, 5)
        + 1.2 * noise(r.x, r.y, 26, 6)
    )
    upper(r, shape, nylon, 84, folds)
    for side in (-1, 1):
        end = [(118, -70), (150, -56), (180, 0), (180, 60), (160, 100), (116, 104), (124, 20)]
        patch(r, end if side > 0 else flip(end), red, 1.5, "#f3b6b8")
        r.groove([(side * 120, -62), (side * 124, 20), (side * 118, 98)], 1.4, 1.4, 0.4)
    patch(
        r,
        [(-52, 6, 1), (52, 6, 1), (56, 80, 1), (-56, 80, 1)],
        fb.mesh("#33363d", "#0c0d0f", 4.6),
        3,
    )
    cord(r, [(-54, 8), (0, 8), (54, 8)], red, 7, 2)
    from garment import zipper

    zipper(r, [(-112, -44), (0, -52), (112, -44)], "#101114", "#d8d8d8", 9)
    for x in (-76, 76):
        strap = r.ribbon(curve([(x, -66), (x + np.sign(x) * 4, 20), (x, 98)], closed=False), 15)
        strap.cov = strap.cov * (r.alpha > 0.5)
        r.put(strap, web, 2.5, 1.5, soft=1)
        for y in (-34, 60):
            r.stitch([(x - 5, y, 1), (x + 6, y + 12, 1)], ink("#8a8a8a"), 1, 3, 1)
            r.stitch([(x + 6, y, 1), (x - 5, y + 12, 1)], ink("#8a8a8a"), 1, 3, 1)
    streak = [(-30, 64), (-4, 30), (-10, 46), (30, 22), (4, 56), (8, 42)]
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
        pocket = [(88, 20), (128, 26), (136, 70), (132, 128), (90, 138)]
        upper_side = r.shape(pocket if side > 0 else flip(pocket))
        r.put(
            upper_side,
            duck,
            0,
            2,
            base=r.balloon(upper_side, 34),
            folds=1.5 * noise(r.x, r.y, 18, 5),
        )
    body = [
        (0, -164),
        (58, -160),
        (92, -134),
        (104, -40),
        (112, 60),
        (110, 130),
        (92, 152),
        (0, 156),
    ]
    folds = r.fan((0, -60), 90, 170, 8, 120, 7, 2.6, 7) + 1.4 * noise(r.x, r.y, 24, 4)
    upper(r, mirrored(body), duck, 72, folds)
    patch(r, box(-74, 34, 74, 138, 14), duck, 9, "#c9bd8f", 3)
    patch(r, mirrored([(0, 26), (78, 24), (80, 60), (70, 76), (0, 80)]), duck, 4, "#c9bd8f", 2)
    flap = mirrored([(0, -168), (60, -164), (98, -138), (104, -60), (96, 0), (70, 16), (0, 20)])
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
    r.stitch(
        [(-20, -32, 1), (20, -32, 1), (20, -16, 1), (-20, -16, 1), (-20, -32, 1)],
        ink("#e3c48d"),
        1,
        3,
        1.4,
    )
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
    rear = slab(r, mirrored([(0, -66), (80, -70), (146, -58), (140, -30), (0, -20)]), weave, 6, 4)
    r.shade(rear.cov, (0.02, 0.01, 0.0), 0.55)
    body = mirrored(
        [(0, -42), (80, -48), (146, -58, 1), (136, 40), (108, 126), (90, 138), (0, 142)]
    )
    part = r.shape(body)
    part.v = part.v + 0.0009 * part.u**2
    r.put(part, weave, 0, 2, base=r.balloon(part, 66, 0.4), folds=2 * noise(r.x, r.y, 60, 3))
    edge = r.ribbon(
        curve([(-146, -56), (-80, -46), (0, -40), (80, -46), (146, -56)], closed=False), 9
    )
    r.put(edge, fb.braid("#cfa763", 11, 14, 2), 4, 3, soft=2)
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


def fringe_bag() -> Scene:
    """Boho suede shoulder bag with long fringe and beads."""
    r = Relief()
    hide = fb.suede("#a5622f")
    cord(
        r,
        [(-78, -56), (-84, -120), (-60, -178), (0, -200), (60, -178), (84, -120), (78, -56)],
        fb.braid("#8c5226", 13, 17),
        13,
        5,
    )
    body = mirrored([(0, -70), (78, -70, 1), (92, 0), (86, 48), (50, 70), (0, 76)])
    r.put(r.shape(body), hide, 6, 5, 16, 40, 2 * noise(r.x, r.y, 40, 4))
    rng = np.random.default_rng(8)
    for row, (y0, length, spread) in enumerate(((44, 128, 82), (2, 92, 86))):
        xs = np.linspace(-spread, spread, 27 - row)
        for x in rng.permutation(xs):
            top = y0 + 22 * (1 - (x / 96) ** 2) - (12 if row else 0)
            sway, n = (
                rng.normal(0, 4),
                length * (1 - 0.22 * (x / 96) ** 2) * rng.uniform(0.93, 1.05),
            )
            line = [(x, top), (x * 1.02 + sway * 0.4, top + n * 0.5), (x * 1.05 + sway, top + n)]
            cord(
                r,
                line,
                fb.suede("#a5622f", int(rng.integers(99))),
                5.4,
                2.2 + rng.uniform(0, 1.6),
                2,
            )
    flap = mirrored([(0, -84), (74, -82), (90, -66), (92, -12), (60, 26), (0, 46)])
    r.put(r.shape(flap), hide, 4, 3, 5, 20, 1.6 * noise(r.x, r.y, 36, 9))
    line = curve(
        [(-89, -60), (-86, -14), (-57, 20), (0, 39), (57, 20), (86, -14), (89, -60)], closed=False
    )
    r.stitch(line, ink("#f0d3a6"), 2.2, 6, 4, 1, 0.8)
    for k in range(-3, 4):
        x, y = k * 17, -6 + 18 * (1 - (k / 3.2) ** 2)
        r.put(
            r.shape([(x, y - 7, 1), (x + 5, y, 1), (x, y + 7, 1), (x - 5, y, 1)]),
            fb.gloss("#1f8a8a" if k % 2 else "#d9b45a", 0.25),
            2.5,
            2,
            soft=1,
        )
    r.put(r.shape(ellipse(0, -36, 13, 13)), fb.metal("#b9b2a2", 0.3), 4, 4, soft=1)
    r.put(r.shape(ellipse(0, -36, 8, 8)), fb.gloss("#1f9a9a", 0.2), 4, 5, soft=1)
    return lay(r)


def clutch() -> Scene:
    """Gold evening clutch, envelope flap and chain."""
    r = Relief()
    gold = fb.leather("#ecc873", 2.2, 0.25, 0.36, 0.0, tone=0.08)

    def foil(u, v):
        look = gold(u, v)
        look.metal = 0.6
        return look

    chain(
        r, [(-132, -30), (-150, -100), (-96, -150), (0, -128), (80, -152), (150, -104), (132, -30)]
    )
    r.put(r.shape(box(-146, -66, 146, 84, 8)), foil, 16, 6, 6, 40, 0.8 * noise(r.x, r.y, 60, 2))
    flap = [(-147, -67, 1), (147, -67, 1), (146, -50), (12, 38), (0, 42), (-12, 38), (-146, -50)]
    r.put(r.shape(flap), foil, 5, 3, 2, 30, soft=3)
    r.stitch([(-140, -50, 1), (0, 36, 1), (140, -50, 1)], ink("#a87c2c"), 1.2, 4, 1.8)
    r.stitch([(-139, 78, 1), (139, 78, 1)], ink("#a87c2c"), 1.2, 4, 1.8)
    r.put(r.shape(ellipse(0, 28, 15, 15)), fb.metal("#e8c56c", 0.15), 5, 4, soft=1)
    for k in range(9):
        a = k * 2 * np.pi / 8
        x, y = (10 * np.cos(a), 28 + 10 * np.sin(a)) if k else (0, 28)
        r.put(r.shape(ellipse(x, y, 3.2, 3.2)), fb.gloss("#f4f6ff", 0.08), 4, 3, soft=1)
    return lay(r, backdrop="#e2d9d6")


def chain(r: Relief, points: Points) -> None:
    """Links along a path, alternately flat and on edge."""
    line = curve(points, closed=False, step=1)
    run = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    for k, s in enumerate(np.arange(5, run[-1], 8.5)):
        x, y = np.interp(s, run, line[:, 0]), np.interp(s, run, line[:, 1])
        dx, dy = np.interp(s + 2, run, line[:, 0]) - x, np.interp(s + 2, run, line[:, 1]) - y
        turn = float(np.degrees(np.arctan2(dy, dx)))
        ring = ellipse(x, y, 6.5, 4.4 if k % 2 else 1.6, turn)
        r.put(
            r.ribbon(np.concatenate([ring, ring[:1]]), 2.6),
            fb.metal("#e0bb62", 0.2),
            3 + k % 2,
            1.3,
            soft=0.6,
        )


def fox_backpack() -> Scene:
    """Child's little backpack with a fox face."""
    r = Relief()
    fur, cream, dark = (
        fb.pile("#e0762c", 2.6, 0.6, contrast=0.14),
        fb.pile("#fbf3e4", 2.6, 0.6, contrast=0.1),
        fb.gloss("#1c1a1a", 0.15),
    )
    for side in (-1, 1):
        cord(
            r,
            [(side * 50, -110), (side * 124, -80), (side * 140, 20), (side * 110, 110)],
            fb.canvas("#31577d", 2),
            18,
            16,
        )
        ear = [(34, -110), (60, -172), (82, -182), (98, -160), (104, -84), (60, -70)]
        part = r.shape(ear if side > 0 else flip(ear))
        r.put(part, fur, 0, 2, base=r.balloon(part, 26))
        inner = [(58, -112), (72, -152), (82, -158), (90, -140), (92, -100)]
        patch(r, inner if side > 0 else flip(inner), cream, 1.5)
    body = mirrored([(0, -128), (60, -120), (108, -76), (124, 10), (120, 90), (96, 134), (0, 144)])
    upper(r, body, fur, 70, 1.2 * noise(r.x, r.y, 40, 3))
    mask = mirrored(
        [(0, 20), (26, -8), (60, -26), (104, -20), (130, 10), (126, 90), (98, 140), (0, 150)]
    )
    patch(r, mask, cream, 2.5, "#e9cfa5", 1.2)
    from garment import zipper

    zipper(
        r, [(100, -78), (58, -112), (0, -119), (-58, -112), (-100, -78)], "#8a3f12", "#f2f2ee", 8
    )
    patch(r, box(-66, 78, 66, 136, 22), fur, 8, "#8a3f12", 2.5)
    for side in (-1, 1):
        r.put(r.shape(ellipse(side * 52, 8, 12, 14)), dark, 5, 6, soft=1.5)
        r.put(
            r.shape(ellipse(side * 52 + 4, 3, 3.6, 3.6)), fb.gloss("#ffffff", 0.2), 1, 1, soft=0.5
        )
        r.shade(
            ndi.gaussian_filter(r.cover(ellipse(side * 82, 42, 17, 12)), 3 * r.s),
            ink("#f08a7a"),
            0.7,
        )
    r.put(r.shape([(-15, 30), (0, 26), (15, 30), (9, 44), (0, 48), (-9, 44)]), dark, 9, 8, soft=1.5)
    for side in (-1, 1):
        r.stitch(
            [(0, 48), (side * 6, 60), (side * 20, 60), (side * 26, 52)], ink("#3a2318"), 2.4, 99, 0
        )
    out = stand(r, back=0.6, elevation=8.0)
    handle(
        out,
        [(-18, 6, 120), (-15, 6, 150), (0, 6, 160), (15, 6, 150), (18, 6, 120)],
        6,
        fb.canvas("#31577d", 2),
    )
    return out


PRODUCTS = {
    "s05": leather_tote,
    "s10": duffel,
    "s17": backpack,
    "s22": straw_tote,
    "s26": fringe_bag,
    "s34": clutch,
    "s39": fox_backpack,
}
