"""Footwear: side views standing on the floor, toes to the left, and pairs from above."""

from __future__ import annotations

from collections.abc import Sequence

import fabrics as fb
import numpy as np
import prints as pr
from fabrics import ink
from outlines import Array, Points, curve, ellipse, noise, smooth
from relief import Fabric, Relief, Shape
from scipy import ndimage as ndi
from shoot import lay, stand
from studio import Scene

PAIR = ((0, 0, 0), (26, 150, 0))  # the second shoe stands behind, a little ahead


def upper(
    r: Relief,
    points: Points,
    fabric: Fabric,
    depth: float,
    folds: Array | float = 0.0,
    power: float = 0.5,
) -> Shape:
    """Rounded body of a shoe."""
    part = r.shape(points)
    return r.put(part, fabric, 0.0, 2, folds=folds, base=r.balloon(part, depth, power))


def slab(
    r: Relief,
    points: Points,
    fabric: Fabric,
    depth: float,
    edge: float = 8.0,
    folds: Array | float = 0.0,
) -> Shape:
    """Sole or heel: flat faced with rounded rims."""
    return r.put(r.shape(points), fabric, depth, edge, folds=folds, base=np.zeros(r.h.shape))


def outsole(
    r: Relief,
    points: Points,
    fabric: Fabric,
    grow: float = 3.0,
    edge: float = 6.0,
    folds: Array | float = 0.0,
    tips: tuple[float, float] = (46, 28),
) -> Shape:
    """Sole as wide as the upper above it, rounded in plan at toe and heel."""
    part = r.shape(points)
    wide = ndi.gaussian_filter1d(ndi.maximum_filter1d(r.h.max(0), int(20 * r.s)), 8 * r.s)
    x = r.x[0]
    lo, hi = np.min([p[0] for p in points]), np.max([p[0] for p in points])
    for t in ((x - lo) / tips[0], (hi - x) / tips[1]):
        wide = wide * np.sqrt(np.clip(1 - (1 - np.clip(t, 0.0, 1)) ** 2, 0, 1))
    wide = np.broadcast_to(wide, r.h.shape)
    rim = np.sqrt(np.clip(1 - (1 - np.clip(part.sd / edge, 0, 1)) ** 2, 0, 1))
    return r.put(part, fabric, 0, 2, folds=folds, base=wide * (0.84 + 0.16 * rim) + grow * rim)


def patch(
    r: Relief,
    points: Points,
    fabric: Fabric,
    thick: float = 1.6,
    thread: str | None = None,
    soft: float = 0.8,
) -> Shape:
    """Panel sewn onto the upper, following its form; clipped to what is there."""
    part = r.shape(points)
    part.cov = part.cov * (r.alpha > 0.5)
    r.put(part, fabric, thick, 1.6, soft=soft)
    if thread:
        ring = curve(points)
        inner = ring + (ring.mean(0) - ring) * 0.0
        step = np.gradient(ring, axis=0)
        q = np.stack([-step[:, 1], step[:, 0]], 1) / (np.hypot(*step.T)[:, None] + 1e-9)
        turn = np.sign(
            np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1])
        )
        r.stitch(inner + q * turn * 2.4, ink(thread), 1.0, 3, 1.1, 0.3, 0.3)
    return part


def lining(r: Relief, points: Points, fabric: Fabric, depth: float = 8.0, dim: float = 0.4) -> None:
    """Far side of the opening, seen over the near rim."""
    part = slab(r, points, fabric, depth, 6)
    r.shade(part.cov, (0, 0, 0), dim)


def cord(
    r: Relief, points: Points, fabric: Fabric, wide: float, lift: float = 3.0, soft: float = 1.0
) -> None:
    """Lace or strap lying on the surface."""
    r.put(r.ribbon(curve(points, closed=False), wide), fabric, lift, wide / 2, soft=soft)


def eyelet(r: Relief, x: float, y: float, size: float, fabric: Fabric) -> None:
    """Metal ring with a dark hole."""
    r.put(r.shape(ellipse(x, y, size, size)), fabric, 1.4, 1, soft=0.8)
    d = np.hypot(r.x - x, r.y - y)
    r.shade(1 - smooth(d, size * 0.4, size * 0.6), (0.01, 0.01, 0.01))


def laces(
    r: Relief,
    eyes: Sequence[tuple[float, float]],
    over: Sequence[tuple[float, float]],
    fabric: Fabric,
    wide: float = 6,
) -> None:
    """Laces from eyelets over the tongue's edge, crossing to the next eyelet up."""
    for k, ((x, y), (a, b)) in enumerate(zip(eyes, over, strict=True)):
        if k + 1 < len(over):
            c, d = over[k + 1]
            cord(
                r,
                [(x, y), ((a + c) / 2 + (x - a) * 0.2, (b + d) / 2 + (y - b) * 0.1), (c - 1, d)],
                fabric,
                wide,
                2,
            )
        cord(r, [(x, y), ((x + a) / 2 - 1, (y + b) / 2 - 3), (a, b)], fabric, wide, 3.5)


def bow(r: Relief, x: float, y: float, size: float, fabric: Fabric, wide: float = 6) -> None:
    """Tied bow with two loops and two hanging ends."""
    s = size
    cord(r, [(x, y), (x + 0.5 * s, y + 0.5 * s), (x + 0.6 * s, y + 1.5 * s)], fabric, wide * 0.9, 4)
    cord(r, [(x, y), (x - 0.1 * s, y + 0.7 * s), (x + 0.1 * s, y + 1.3 * s)], fabric, wide * 0.9, 4)
    cord(
        r,
        [
            (x, y),
            (x + 0.6 * s, y - 0.45 * s),
            (x + 1.25 * s, y - 0.1 * s),
            (x + 0.9 * s, y + 0.35 * s),
            (x, y),
        ],
        fabric,
        wide,
        5,
    )
    cord(
        r,
        [
            (x, y),
            (x - 0.5 * s, y - 0.5 * s),
            (x - 1.0 * s, y - 0.15 * s),
            (x - 0.6 * s, y + 0.35 * s),
            (x, y),
        ],
        fabric,
        wide,
        5,
    )
    r.put(r.shape(ellipse(x, y, wide * 0.8, wide * 0.7)), fabric, 5, 3, soft=1)


def holes(r: Relief, points: Points, pitch: float = 4.2, size: float = 1.1) -> None:
    """Row of punched dots, as on brogues."""
    win, u, v = r.along(curve(points, closed=False), size * 3)
    d = np.hypot(np.mod(u, pitch) - pitch / 2, v)
    t = (1 - smooth(d, size * 0.6, size * 1.2)) * (r.alpha[win] > 0.5)
    r.h[win] -= 1.6 * t
    r.rgb[win] *= (1 - 0.85 * t)[..., None]


def running_shoe() -> Scene:
    """Light mesh running shoe, grey with neon yellow and a foamy sole."""
    r = Relief()
    knit, neon, dark = (
        fb.mesh("#4a515c", "#1d2127", 4.2),
        fb.rubber("#d4f51c", 0.5),
        fb.cloth("#1f2329", 0.1, 0.05),
    )
    lining(
        r,
        [(2, -76), (50, -66), (100, -76), (132, -92), (140, -60), (120, -20), (40, -20)],
        dark,
        10,
    )
    tongue = [(-62, -22), (-30, -56), (-8, -92), (8, -98), (18, -84), (14, -60), (-20, -10)]
    upper(r, tongue, fb.mesh("#2b3038", "#0e1013", 4), 26)
    shoe = [(-158, 66), (-150, 36), (-112, 8), (-66, -20), (-30, -48), (6, -80), (22, -78), (52, -46), (90, -42), (124, -74), (140, -92),
            (148, -78), (142, -30), (150, 20), (152, 70), (100, 92), (-100, 96), (-154, 88)]  # fmt: skip
    upper(r, shoe, knit, 58)
    patch(
        r,
        [(-160, 70), (-154, 40), (-128, 18), (-112, 40), (-92, 74), (-120, 96), (-160, 92)],
        fb.rubber("#2a2f37", 0.55),
    )
    patch(
        r,
        [(92, -8), (120, -46), (140, -60), (160, 0), (160, 90), (84, 90), (104, 40)],
        fb.rubber("#2a2f37", 0.55),
    )
    patch(r, [(132, -58), (138, -94), (152, -96), (152, -48), (146, -20)], neon, 2)
    stay = [(-72, -18), (-34, -50), (6, -84), (20, -78), (26, -64), (-6, -38), (-36, -8), (-62, 12)]
    patch(r, stay, fb.satin("#20242b", 0.5), 2, "#d4f51c")
    for x, code in ((-18, "#d4f51c"), (14, "#d4f51c"), (46, "#f3f4f1")):
        chevron = [
            (x, -6, 1),
            (x + 14, -8, 1),
            (x + 34, 34, 1),
            (x + 16, 76, 1),
            (x + 2, 76, 1),
            (x + 19, 34, 1),
        ]
        patch(r, chevron, fb.rubber(code, 0.5), 1.6)
    eyes = [(-56, -8), (-38, -22), (-20, -38), (-2, -54), (14, -68)]
    over = [(-74, -24), (-54, -40), (-36, -56), (-18, -73), (2, -90)]
    laces(r, eyes, over, fb.rib("#f2f4f0", 2.5, 0.5), 6.5)
    bow(r, 0, -86, 19, fb.rib("#f2f4f0", 2.5, 0.5), 5.5)
    foam = [
        (-164, 62),
        (-120, 72),
        (-60, 70),
        (10, 58),
        (80, 46),
        (150, 40),
        (164, 52),
        (162, 84),
        (148, 104),
        (40, 108),
        (-90, 108),
        (-140, 98),
        (-168, 78),
    ]
    grooves = -2.2 * np.exp(-(((r.y - 84 + 0.06 * r.x + 5 * np.sin(r.x / 15)) / 2.2) ** 2))
    outsole(r, foam, fb.rubber("#f3f4f1", 0.6), 5, 10, grooves)
    outsole(r, [(-166, 84), (-130, 99), (-90, 105), (0, 104), (60, 100), (150, 98), (146, 112), (-90, 114), (-142, 104)], neon, 0, 4,
            -3 * (np.mod(r.x, 15) < 3))  # fmt: skip
    return stand(r, spots=PAIR, tall=0.86)


def hiking_boot() -> Scene:
    """Brown leather hiking boot, red laces, lugged sole."""
    r = Relief()
    hide, dark = (
        fb.leather("#7a4a26", 2.6, 0.35, 0.6, 0.05, tone=0.3),
        fb.leather("#4a2c18", 2.6, 0.35, 0.55, 0.05, tone=0.25),
    )
    red, brass = fb.rib("#c9252b", 2.4, 0.7), fb.metal("#b08d4c", 0.3)
    lining(
        r,
        [(14, -150), (60, -146), (112, -152), (118, -110), (60, -100), (10, -120)],
        fb.cloth("#3a3430", 0.1, 0.1),
        10,
    )
    upper(
        r,
        [(-38, -36), (-14, -84), (-8, -140), (2, -166), (22, -168), (30, -140), (20, -60)],
        fb.leather("#5f3a1f", 2.6, 0.3),
        30,
    )
    boot = [(-152, 70), (-152, 34), (-128, 6), (-86, -12), (-40, -34), (-12, -72), (0, -140), (16, -152), (60, -136), (112, -148), (122, -138),
            (118, -80), (128, -10), (136, 40), (136, 80), (0, 96), (-150, 92)]  # fmt: skip
    upper(r, boot, hide, 62)
    patch(
        r,
        [
            (-5, -146),
            (14, -158),
            (60, -140),
            (116, -154),
            (126, -138),
            (121, -104),
            (60, -100),
            (2, -112),
        ],
        fb.leather("#33261d", 2, 0.3, 0.7),
        4,
        "#c9a56a",
        1.5,
    )
    patch(r, [(66, 90), (72, 20), (96, -30), (122, -56), (140, 10), (142, 90)], dark, 2, "#c9a56a")
    patch(r, [(-40, 96), (-36, 50), (-20, 30), (20, 34), (64, 40), (66, 96)], dark, 2, "#c9a56a")
    r.stitch([(8, -30), (40, -40), (80, -50), (118, -74)], ink("#c9a56a"), 1.0, 3, 1.1)
    r.stitch([(6, -26), (40, -36), (80, -46), (118, -70)], ink("#c9a56a"), 1.0, 3, 1.1)
    patch(
        r,
        [
            (-60, -22),
            (-34, -40),
            (-10, -74),
            (2, -148),
            (20, -148),
            (16, -80),
            (2, -50),
            (-22, -14),
            (-44, 2),
        ],
        dark,
        2.2,
        "#c9a56a",
    )
    patch(
        r,
        [(-160, 80), (-160, 40), (-140, 14), (-116, 6), (-96, 30), (-92, 94), (-160, 96)],
        fb.rubber("#26231f", 0.7),
        3,
    )
    eyes = [(-42, -18), (-26, -36), (-12, -58), (-2, -84), (4, -110), (8, -136)]
    over = [(-58, -34), (-42, -50), (-26, -74), (-17, -98), (-12, -124), (-8, -148)]
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
    patch(
        r,
        [(108, -150), (114, -170), (124, -168), (124, -120), (116, -112)],
        fb.rib("#c9252b", 3, 0.6),
        3,
    )
    welt = [(-162, 70), (-100, 74), (20, 72), (142, 68), (146, 86), (-100, 92), (-164, 86)]
    outsole(r, welt, fb.rubber("#5b4a3a", 0.7), 4, 4)
    r.stitch([(-158, 77), (-100, 80), (20, 78), (143, 75)], ink("#e3c48d"), 1.6, 5, 2)
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


def high_top() -> Scene:
    """Red canvas high-top sneaker with white toe cap, laces and sole."""
    r = Relief()
    duck, white = fb.canvas("#b3202c", 2.2, 0.3), fb.rubber("#f1efe8", 0.45)
    lining(
        r, [(16, -150), (60, -148), (112, -150), (112, -100), (20, -100)], fb.canvas("#e6ddc9"), 10
    )
    upper(r, [(-50, -20), (-20, -80), (-4, -150), (6, -170), (24, -166), (24, -60)], duck, 26)
    shoe = [(-154, 74), (-150, 42), (-124, 18), (-80, 2), (-44, -24), (-16, -70), (2, -144), (16, -152), (64, -146), (114, -152), (120, -140),
            (116, -60), (124, 10), (132, 60), (132, 84), (0, 96), (-150, 92)]  # fmt: skip
    folds = r.fan((10, -40), 20, 90, 5, 90, 5, 2.2, 4)
    r.fan((-50, 20), 60, 100, 4, 60, 5, 1.8, 6, folds)
    upper(r, shoe, duck, 54, folds)
    stay = [
        (-64, -6),
        (-40, -28),
        (-14, -72),
        (4, -146),
        (24, -150),
        (22, -100),
        (10, -54),
        (-14, -8),
        (-46, 14),
    ]
    patch(r, stay, duck, 1.8, "#f5ead8")
    patch(
        r,
        [(104, -154), (124, -154), (124, -40), (140, 84), (112, 84), (106, 0)],
        duck,
        1.8,
        "#f5ead8",
    )
    r.stitch([(14, -145), (64, -140), (110, -146)], ink("#f5ead8"), 1.1, 3, 1.2)
    r.stitch([(-10, 4), (40, 14), (104, 4)], ink("#f5ead8"), 1.1, 3, 1.2)
    patch(
        r,
        [(-162, 84), (-160, 42), (-136, 16), (-104, 8), (-86, 30), (-82, 90)],
        white,
        4,
        None,
        1.5,
    )
    eyes = [(-44, -2), (-28, -22), (-14, -46), (-5, -72), (2, -98), (7, -122), (12, -142)]
    over = [(-62, -16), (-46, -34), (-31, -60), (-21, -88), (-14, -114), (-9, -136), (-3, -158)]
    laces(r, eyes, over, fb.rib("#fbfaf6", 2.4, 0.4), 6)
    for x, y in eyes:
        eyelet(r, x + 4, y + 2, 3.6, fb.metal("#d0d0cc", 0.25))
    bow(r, 0, -152, 20, fb.rib("#fbfaf6", 2.4, 0.4), 5)
    for x in (34, 52):
        eyelet(r, x, 44, 4, fb.metal("#d0d0cc", 0.25))
    sole = [
        (-164, 60),
        (-150, 66),
        (-60, 62),
        (60, 60),
        (138, 58),
        (142, 70),
        (140, 100),
        (60, 102),
        (-120, 102),
        (-156, 95),
        (-168, 76),
    ]
    outsole(r, sole, white, 5, 6)
    for y, code, wide in ((72, "#b3202c", 3.4), (93, "#1f2a4d", 2.6)):
        line = r.ribbon(
            curve([(-166, y + 2), (-60, y), (60, y - 2), (142, y - 4)], closed=False), wide
        )
        line.cov = line.cov * (r.alpha > 0.5)
        r.put(line, fb.rubber(code), 0.8, 1, soft=0.8)
    return stand(r, spots=PAIR)


def stiletto() -> Scene:
    """Pointed black patent pumps with a thin high heel."""
    r = Relief()
    patent = fb.gloss("#121114", 0.14, 1.0)
    lining(
        r,
        [(-78, 52), (-40, 18), (30, -42), (84, -92), (116, -104), (122, -80), (60, 0), (-20, 60)],
        fb.leather("#c99f78", 0),
        8,
        0.15,
    )
    shoe = [(-170, 106), (-148, 90), (-112, 68), (-84, 58), (-62, 58), (-24, 46), (30, 4), (76, -52), (106, -98), (122, -104), (132, -84),
            (132, -40), (120, -4), (110, 6), (92, 6), (58, 30), (10, 84), (-20, 110), (-90, 116), (-160, 114)]  # fmt: skip
    upper(r, shoe, patent, 46)
    heel = [
        (84, 2),
        (126, -20),
        (126, 0),
        (116, 40),
        (112, 112, 1),
        (103, 112, 1),
        (104, 50),
        (96, 22),
    ]
    upper(r, heel, patent, 22)
    sole = r.ribbon(
        curve([(-168, 112), (-90, 117), (-24, 111), (12, 84), (60, 32), (96, 10)], closed=False), 5
    )
    r.put(sole, fb.leather("#2a1c16", 0, 0.1, 0.6), 3, 2, soft=1)
    slab(
        r, [(101, 108, 1), (114, 108, 1), (114, 117, 1), (101, 117, 1)], fb.rubber("#1a1a1a"), 8, 2
    )
    return stand(r, spots=((0, 0, 0), (60, 260, 0)))


def brogue() -> Scene:
    """Classic brown leather wingtip brogue."""
    r = Relief()
    calf = fb.leather("#8a4b22", 0, 0.08, 0.3, 0.5, tone=0.22)
    dark = fb.leather("#6b3617", 0, 0.08, 0.28, 0.55, tone=0.22)
    lining(
        r,
        [(6, -48), (60, -34), (112, -46), (128, -40), (110, 0), (20, 0)],
        fb.leather("#c49a68", 0),
        8,
        0.3,
    )
    shoe = [(-168, 62), (-158, 36), (-128, 22), (-84, 8), (-42, -22), (-8, -58), (8, -62), (30, -36), (70, -16), (110, -34), (130, -52), (140, -46),
            (138, -10), (146, 30), (146, 76), (40, 86), (-150, 86)]  # fmt: skip
    folds = r.fan((-66, 6), 100, 50, 4, 46, 4, 1.2, 5)
    upper(r, shoe, calf, 56, folds)
    burnish = smooth(-r.x, 96, 165) + smooth(r.x, 96, 150)
    patch(
        r,
        [
            (-60, 90),
            (-44, 40),
            (-64, 4),
            (-40, -26),
            (-4, -64),
            (14, -62),
            (30, -36),
            (24, -6),
            (10, 40),
            (44, 90),
        ],
        dark,
        1.6,
        "#d9a566",
    )
    patch(
        r,
        [
            (-176, 90),
            (-172, 40),
            (-140, 18),
            (-100, 6),
            (-82, 22),
            (-110, 38),
            (-80, 56),
            (-30, 66),
            (10, 90),
        ],
        dark,
        1.8,
        "#d9a566",
    )
    patch(
        r, [(84, 90), (80, 40), (96, -6), (124, -44), (148, -50), (156, 90)], dark, 1.8, "#d9a566"
    )
    holes(r, [(-104, 14), (-90, 24), (-114, 38), (-84, 60), (-30, 72), (4, 88)])
    holes(r, [(-98, 20), (-100, 30), (-120, 38), (-90, 66), (-36, 78)], 4.2, 0.8)
    holes(r, [(90, 88), (87, 40), (102, -4), (126, -36)])
    holes(r, [(-52, 84), (-36, 42), (-56, 8), (-34, -22)])
    for k, (x, y) in enumerate(
        [
            (-150, 44),
            (-140, 36),
            (-130, 44),
            (-140, 52),
            (-140, 44),
            (-150, 56),
            (-128, 56),
            (-150, 34),
            (-128, 32),
        ]
    ):
        d = np.hypot(r.x - x, r.y - y)
        r.shade(1 - smooth(d, 1.0, 2.0 if k != 4 else 2.8), (0.02, 0.01, 0.005), 0.9)
    r.shade(np.clip(burnish, 0, 1) * (r.alpha > 0.5), ink("#2f170a"), 0.5)
    eyes = [(-38, -4), (-26, -16), (-14, -28), (-2, -40), (10, -50)]
    over = [(-52, -18), (-40, -30), (-28, -42), (-16, -54), (-4, -64)]
    lace = fb.rib("#3a1f10", 2, 0.5)
    laces(r, eyes, over, lace, 4.2)
    for x, y in eyes:
        eyelet(r, x + 2, y + 2, 2.6, fb.metal("#8c6b3a"))
    bow(r, -2, -58, 18, lace, 3.6)
    outsole(
        r,
        [(-178, 68), (-100, 80), (0, 80), (152, 74), (154, 84), (0, 92), (-110, 92), (-180, 80)],
        fb.leather("#57331a", 0, 0.1, 0.5),
        5,
        4,
    )
    r.stitch([(-174, 73), (-100, 84), (0, 84), (150, 78)], ink("#e0b982"), 1.3, 3.4, 1.6)
    outsole(
        r,
        [(70, 86, 1), (154, 83, 1), (152, 108, 1), (74, 108, 1)],
        fb.leather("#3b2212", 0, 0.1, 0.45),
        -2,
        3,
        -0.8 * (np.mod(r.y, 7) < 1),
        (4, 24),
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
    lining(
        r,
        [(-16, -134), (30, -150), (84, -134), (84, -110), (-16, -110)],
        fb.cloth("#e9dcc4"),
        12,
        0.3,
    )
    boot = [(-122, 92), (-124, 52), (-100, 22), (-60, 8), (-30, -16), (-18, -60), (-24, -130), (-18, -136), (34, -128), (88, -136), (94, -128),
            (86, -60), (90, 20), (98, 60), (98, 100), (0, 106), (-116, 106)]  # fmt: skip
    upper(r, boot, shell, 62, 0.5 * noise(r.x, r.y, 30, 3))
    for pts, w in (([(-27, -128), (32, -119), (95, -128)], 15),):
        cord(r, pts, red, w, 3, 1.5)
    for side in (-8, 74):
        handle = [
            (side - 9, -122),
            (side - 10, -150),
            (side, -160),
            (side + 10, -150),
            (side + 9, -122),
        ]
        cord(r, handle, red, 7, 4)
    patch(
        r,
        [(-130, 104), (-130, 56), (-108, 26), (-88, 24), (-80, 60), (-84, 104)],
        red,
        2.5,
        None,
        1.2,
    )
    patch(r, [(70, 104), (74, 40), (88, 14), (102, 40), (106, 104)], red, 2.5, None, 1.2)
    ribs = -2.5 * (np.mod(r.x, 10) < 2.6) * (r.y > 98)
    outsole(
        r,
        [
            (-130, 86),
            (-60, 90),
            (40, 88),
            (102, 86),
            (106, 114, 1),
            (30, 114, 1),
            (26, 108),
            (6, 108),
            (0, 114, 1),
            (-110, 114),
            (-132, 102),
        ],
        red,
        4,
        5,
        ribs,
    )
    return stand(r, spots=((0, 0, 0), (62, 150, 0)))


def foot_plan(side: int, grow: float = 0.0, cx: float = 76) -> list[tuple[float, ...]]:
    """Sole outline from above; side +1 is the right foot."""
    half = [
        (-14, -172),
        (16, -164),
        (38, -128),
        (40, -76),
        (28, -6),
        (27, 70),
        (29, 124),
        (18, 160),
        (-2, 172),
        (-22, 160),
        (-31, 122),
        (-28, 60),
        (-36, -10),
        (-46, -84),
        (-42, -140),
    ]
    return [(side * (cx + x * (1 + grow / 40)), y * (1 + grow / 172)) for x, y in half]


def sandals() -> Scene:
    """Boho sandals: tan footbeds with braided leather straps."""
    r = Relief()
    hide, bed = fb.braid("#8c5226", 17, 22), fb.leather("#c79a66", 2.4, 0.2, 0.6, 0.0, tone=0.15)
    for side in (-1, 1):
        r.put(r.shape(foot_plan(side, 2)), fb.leather("#6b4020", 0, 0.1, 0.5), 8, 4)
        r.put(r.shape(foot_plan(side, -1.5)), bed, 5, 6, folds=0.8 * noise(r.x, r.y, 40, 3))
        worn = r.cover(ellipse(side * 74, -110, 30, 36)) + r.cover(ellipse(side * 75, 120, 20, 30))
        r.shade(ndi.gaussian_filter(worn, 14), ink("#8a5c33"), 0.45)
        c = side * 76
        straps = [
            [(-52, -96), (-20, -116), (20, -74), (34, -30)],
            [(46, -96), (18, -116), (-18, -74), (-40, -30)],
            [(-44, -40), (0, -26), (38, -36)],
        ]
        for pts in straps:
            arched(r, [(c + side * x, y) for x, y in pts], 19, fb.braid("#8c5226", 19, 24), 24)
        arched(
            r,
            [(c - side * 38, 10), (c - side * 8, -10), (c + side * 34, 18)],
            11,
            fb.leather("#8c5226", 0, 0.1, 0.45),
            30,
        )
        arched(
            r,
            [
                (c - side * 37, 12),
                (c - side * 38, 70),
                (c - side * 26, 134),
                (c, 156),
                (c + side * 26, 134),
                (c + side * 38, 70),
                (c + side * 35, 16),
            ],
            11,
            fb.leather("#8c5226", 0, 0.1, 0.45),
            26,
        )
        buckle = r.ribbon(
            curve(
                [
                    (x, y, 1)
                    for x, y in (
                        (c + side * 28, 24),
                        (c + side * 44, 24),
                        (c + side * 44, 40),
                        (c + side * 28, 40),
                        (c + side * 28, 24),
                    )
                ],
                closed=False,
            ),
            3,
        )
        r.put(buckle, fb.metal("#c9a24e"), 3, 1.5, soft=1)
        r.put(r.shape(ellipse(c, -94, 9, 9)), fb.gloss("#2a8f8f", 0.2), 8, 6, soft=2)
    return lay(r)


def arched(r: Relief, points: Points, wide: float, fabric: Fabric, rise: float) -> None:
    """Strap that bridges the foot."""
    line = curve(points, closed=False)
    total = float(np.hypot(*np.diff(line, axis=0).T).sum())
    part = r.ribbon(line, wide)
    arch = rise * np.clip(np.sin(np.pi * np.clip(part.u / total, 0, 1)), 0, 1) ** 0.6
    r.put(
        part,
        fabric,
        3,
        2.5,
        folds=arch,
        base=np.maximum(ndi.gaussian_filter(r.h, 5 * r.s), 6) * 1.0,
    )


def slippers() -> Scene:
    """Cosy tan suede slippers lined with cream shearling."""
    r = Relief()
    hide, wool = fb.suede("#b0733f"), fb.pile("#f4ead8", 4.6, 1.5, contrast=0.16)
    plan = [
        (-10, -178),
        (22, -168),
        (44, -128),
        (46, -76),
        (42, -6),
        (40, 60),
        (42, 120),
        (30, 160),
        (-2, 174),
        (-34, 160),
        (-45, 122),
        (-44, 60),
        (-46, -10),
        (-52, -84),
        (-46, -142),
    ]
    for side in (-1, 1):
        c = side * 78
        r.put(
            r.shape([(c + side * x * 1.1, y * 1.04) for x, y in plan]),
            fb.rubber("#5d4026", 0.7),
            8,
            4,
        )
        r.put(r.shape([(c + side * x * 1.05, y * 1.02) for x, y in plan]), hide, 14, 9)
        r.put(
            r.shape([(c + side * x * 0.84, y * 0.94) for x, y in plan]),
            wool,
            2,
            8,
            folds=2 * noise(r.x, r.y, 30, 4),
        )
        toe = [
            (-50, 22),
            (-62, -40),
            (-60, -110),
            (-46, -160),
            (-16, -184),
            (20, -178),
            (48, -140),
            (55, -80),
            (50, -20),
            (46, 24),
            (20, -10),
            (-4, -18),
            (-28, -6),
        ]
        part = r.shape([(c + side * x, y) for x, y in toe])
        r.put(part, hide, 4, 4, folds=0.8 * noise(r.x, r.y, 24, 8), base=10 + r.balloon(part, 46))
        seam = [
            (c + side * x, y)
            for x, y in ((-52, -30), (-42, -100), (-14, -146), (22, -138), (42, -90), (46, -24))
        ]
        r.groove(seam, 1.8, 2.2, 0.2)
        r.stitch([(x * 0.97 + c * 0.03, y + 3) for x, y in seam], ink("#e9cfa5"), 1.6, 5, 3)
        cuff = [(c + side * x, y) for x, y in ((-44, 14), (-26, -4), (-4, -14), (18, -8), (39, 16))]
        arched(r, cuff, 24, wool, 24)
    return lay(r)


PRODUCTS = {
    "s02": running_shoe, "s08": hiking_boot, "s14": high_top, "s19": stiletto, "s25": brogue, "s31": rain_boots, "s35": sandals, "s42": slippers,
}  # fmt: skip
