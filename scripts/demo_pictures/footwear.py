"""Footwear: side views standing on the floor, toes to the left, and pairs from above."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
from fabrics import ink
from outlines import curve, ellipse, noise, smooth, xy
from relief import Relief
from scipy import ndimage as ndi
from shoemaking import (
    PAIR,
    arched,
    bow,
    eyelet,
    foot_plan,
    holes,
    laces,
    lining,
    outsole,
    patch,
    slab,
    upper,
)
from shoot import lay, stand
from studio import Scene


def running_shoe() -> Scene:
    """Light mesh running shoe, grey with neon yellow and a foamy sole."""
    r = Relief()
    knit, neon, dark = (
        fb.mesh("#4a515c", "#1d2127", 4.2),
        fb.rubber("#d4f51c", 0.5),
        fb.cloth("#1f2329", 0.1, 0.05),
    )
    lining(r, xy("2,-76 50,-66 100,-76 132,-92 140,-60 120,-20 40,-20"), dark, 10)
    tongue = xy("-62,-22 -30,-56 -8,-92 8,-98 18,-84 14,-60 -20,-10")
    upper(r, tongue, fb.mesh("#2b3038", "#0e1013", 4), 26)
    shoe = xy(
        "-158,66 -150,36 -112,8 -66,-20 -30,-48 6,-80 22,-78 52,-46 90,-42 124,-74 "
        "140,-92 148,-78 142,-30 150,20 152,70 100,92 -100,96 -154,88"
    )
    upper(r, shoe, knit, 58)
    patch(
        r, xy("-160,70 -154,40 -128,18 -112,40 -92,74 -120,96 -160,92"), fb.rubber("#2a2f37", 0.55)
    )
    patch(r, xy("92,-8 120,-46 140,-60 160,0 160,90 84,90 104,40"), fb.rubber("#2a2f37", 0.55))
    patch(r, xy("132,-58 138,-94 152,-96 152,-48 146,-20"), neon, 2)
    stay = xy("-72,-18 -34,-50 6,-84 20,-78 26,-64 -6,-38 -36,-8 -62,12")
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
    eyes = xy("-56,-8 -38,-22 -20,-38 -2,-54 14,-68")
    over = xy("-74,-24 -54,-40 -36,-56 -18,-73 2,-90")
    laces(r, eyes, over, kn.rib("#f2f4f0", 2.5, 0.5), 6.5)
    bow(r, 0, -86, 19, kn.rib("#f2f4f0", 2.5, 0.5), 5.5)
    foam = xy(
        "-164,62 -120,72 -60,70 10,58 80,46 150,40 164,52 162,84 148,104 40,108 "
        "-90,108 -140,98 -168,78"
    )
    grooves = -2.2 * np.exp(-(((r.y - 84 + 0.06 * r.x + 5 * np.sin(r.x / 15)) / 2.2) ** 2))
    outsole(r, foam, fb.rubber("#f3f4f1", 0.6), 5, 10, grooves)
    outsole(
        r,
        xy("-166,84 -130,99 -90,105 0,104 60,100 150,98 146,112 -90,114 -142,104"),
        neon,
        0,
        4,
        -3 * (np.mod(r.x, 15) < 3),
    )
    return stand(r, spots=PAIR, tall=0.86)


def high_top() -> Scene:
    """Red canvas high-top sneaker with white toe cap, laces and sole."""
    r = Relief()
    duck, white = fb.canvas("#b3202c", 2.2, 0.3), fb.rubber("#f1efe8", 0.45)
    lining(r, xy("16,-150 60,-148 112,-150 112,-100 20,-100"), fb.canvas("#e6ddc9"), 10)
    upper(r, xy("-50,-20 -20,-80 -4,-150 6,-170 24,-166 24,-60"), duck, 26)
    shoe = xy(
        "-154,74 -150,42 -124,18 -80,2 -44,-24 -16,-70 2,-144 16,-152 64,-146 "
        "114,-152 120,-140 116,-60 124,10 132,60 132,84 0,96 -150,92"
    )
    folds = r.fan((10, -40), 20, 90, 5, 90, 5, 2.2, 4)
    r.fan((-50, 20), 60, 100, 4, 60, 5, 1.8, 6, folds)
    upper(r, shoe, duck, 54, folds)
    stay = xy("-64,-6 -40,-28 -14,-72 4,-146 24,-150 22,-100 10,-54 -14,-8 -46,14")
    patch(r, stay, duck, 1.8, "#f5ead8")
    patch(r, xy("104,-154 124,-154 124,-40 140,84 112,84 106,0"), duck, 1.8, "#f5ead8")
    r.stitch([(14, -145), (64, -140), (110, -146)], ink("#f5ead8"), 1.1, 3, 1.2)
    r.stitch([(-10, 4), (40, 14), (104, 4)], ink("#f5ead8"), 1.1, 3, 1.2)
    patch(r, xy("-162,84 -160,42 -136,16 -104,8 -86,30 -82,90"), white, 4, None, 1.5)
    eyes = xy("-44,-2 -28,-22 -14,-46 -5,-72 2,-98 7,-122 12,-142")
    over = xy("-62,-16 -46,-34 -31,-60 -21,-88 -14,-114 -9,-136 -3,-158")
    laces(r, eyes, over, kn.rib("#fbfaf6", 2.4, 0.4), 6)
    for x, y in eyes:
        eyelet(r, x + 4, y + 2, 3.6, fb.metal("#d0d0cc", 0.25))
    bow(r, 0, -152, 20, kn.rib("#fbfaf6", 2.4, 0.4), 5)
    for x in (34, 52):
        eyelet(r, x, 44, 4, fb.metal("#d0d0cc", 0.25))
    sole = xy("-164,60 -150,66 -60,62 60,60 138,58 142,70 140,100 60,102 -120,102 -156,95 -168,76")
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
        xy("-78,52 -40,18 30,-42 84,-92 116,-104 122,-80 60,0 -20,60"),
        fb.leather("#c99f78", 0),
        8,
        0.15,
    )
    shoe = xy(
        "-170,106 -148,90 -112,68 -84,58 -62,58 -24,46 30,4 76,-52 106,-98 122,-104 "
        "132,-84 132,-40 120,-4 110,6 92,6 58,30 10,84 -20,110 -90,116 -160,114"
    )
    upper(r, shoe, patent, 46)
    heel = xy("84,2 126,-20 126,0 116,40 112,112! 103,112! 104,50 96,22")
    upper(r, heel, patent, 22)
    sole = r.ribbon(curve(xy("-168,112 -90,117 -24,111 12,84 60,32 96,10"), closed=False), 5)
    r.put(sole, fb.leather("#2a1c16", 0, 0.1, 0.6), 3, 2, soft=1)
    slab(r, xy("101,108! 114,108! 114,117! 101,117!"), fb.rubber("#1a1a1a"), 8, 2)
    return stand(r, spots=((0, 0, 0), (60, 260, 0)))


def brogue() -> Scene:
    """Classic brown leather wingtip brogue."""
    r = Relief()
    calf = fb.leather("#8a4b22", 0, 0.08, 0.3, 0.5, tone=0.22)
    dark = fb.leather("#6b3617", 0, 0.08, 0.28, 0.55, tone=0.22)
    lining(r, xy("6,-48 60,-34 112,-46 128,-40 110,0 20,0"), fb.leather("#c49a68", 0), 8, 0.3)
    shoe = xy(
        "-168,62 -158,36 -128,22 -84,8 -42,-22 -8,-58 8,-62 30,-36 70,-16 110,-34 "
        "130,-52 140,-46 138,-10 146,30 146,76 40,86 -150,86"
    )
    folds = r.fan((-66, 6), 100, 50, 4, 46, 4, 1.2, 5)
    upper(r, shoe, calf, 56, folds)
    burnish = smooth(-r.x, 96, 165) + smooth(r.x, 96, 150)
    patch(
        r,
        xy("-60,90 -44,40 -64,4 -40,-26 -4,-64 14,-62 30,-36 24,-6 10,40 44,90"),
        dark,
        1.6,
        "#d9a566",
    )
    patch(
        r,
        xy("-176,90 -172,40 -140,18 -100,6 -82,22 -110,38 -80,56 -30,66 10,90"),
        dark,
        1.8,
        "#d9a566",
    )
    patch(r, xy("84,90 80,40 96,-6 124,-44 148,-50 156,90"), dark, 1.8, "#d9a566")
    holes(r, xy("-104,14 -90,24 -114,38 -84,60 -30,72 4,88"))
    holes(r, xy("-98,20 -100,30 -120,38 -90,66 -36,78"), 4.2, 0.8)
    holes(r, xy("90,88 87,40 102,-4 126,-36"))
    holes(r, xy("-52,84 -36,42 -56,8 -34,-22"))
    for k, (x, y) in enumerate(
        xy("-150,44 -140,36 -130,44 -140,52 -140,44 -150,56 -128,56 -150,34 -128,32")
    ):
        d = np.hypot(r.x - x, r.y - y)
        r.shade(1 - smooth(d, 1.0, 2.0 if k != 4 else 2.8), (0.02, 0.01, 0.005), 0.9)
    r.shade(np.clip(burnish, 0, 1) * (r.alpha > 0.5), ink("#2f170a"), 0.5)
    eyes = xy("-38,-4 -26,-16 -14,-28 -2,-40 10,-50")
    over = xy("-52,-18 -40,-30 -28,-42 -16,-54 -4,-64")
    lace = kn.rib("#3a1f10", 2, 0.5)
    laces(r, eyes, over, lace, 4.2)
    for x, y in eyes:
        eyelet(r, x + 2, y + 2, 2.6, fb.metal("#8c6b3a"))
    bow(r, -2, -58, 18, lace, 3.6)
    outsole(
        r,
        xy("-178,68 -100,80 0,80 152,74 154,84 0,92 -110,92 -180,80"),
        fb.leather("#57331a", 0, 0.1, 0.5),
        5,
        4,
    )
    r.stitch(xy("-174,73 -100,84 0,84 150,78"), ink("#e0b982"), 1.3, 3.4, 1.6)
    outsole(
        r,
        xy("70,86! 154,83! 152,108! 74,108!"),
        fb.leather("#3b2212", 0, 0.1, 0.45),
        -2,
        3,
        -0.8 * (np.mod(r.y, 7) < 1),
        (4, 24),
    )
    return stand(r, spots=PAIR)


def sandals() -> Scene:
    """Boho sandals: tan footbeds with braided leather straps."""
    r = Relief()
    bed = fb.leather("#c79a66", 2.4, 0.2, 0.6, 0.0, tone=0.15)
    for side in (-1, 1):
        r.put(r.shape(foot_plan(side, 2)), fb.leather("#6b4020", 0, 0.1, 0.5), 8, 4)
        r.put(r.shape(foot_plan(side, -1.5)), bed, 5, 6, folds=0.8 * noise(r.x, r.y, 40, 3))
        worn = r.cover(ellipse(side * 74, -110, 30, 36)) + r.cover(ellipse(side * 75, 120, 20, 30))
        r.shade(ndi.gaussian_filter(worn, 14), ink("#8a5c33"), 0.45)
        c = side * 76
        straps = [
            xy("-52,-96 -20,-116 20,-74 34,-30"),
            xy("46,-96 18,-116 -18,-74 -40,-30"),
            [(-44, -40), (0, -26), (38, -36)],
        ]
        for pts in straps:
            arched(r, [(c + side * x, y) for x, y in pts], 19, kn.braid("#8c5226", 19, 24), 24)
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


def slippers() -> Scene:
    """Cosy tan suede slippers lined with cream shearling."""
    r = Relief()
    hide, wool = fb.suede("#b0733f"), fb.pile("#f4ead8", 4.6, 1.5, contrast=0.16)
    plan = xy(
        "-10,-178 22,-168 44,-128 46,-76 42,-6 40,60 42,120 30,160 -2,174 -34,160 "
        "-45,122 -44,60 -46,-10 -52,-84 -46,-142"
    )
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
        toe = xy(
            "-50,22 -62,-40 -60,-110 -46,-160 -16,-184 20,-178 48,-140 55,-80 50,-20 "
            "46,24 20,-10 -4,-18 -28,-6"
        )
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
    "s02": running_shoe,
    "s14": high_top,
    "s19": stiletto,
    "s25": brogue,
    "s35": sandals,
    "s42": slippers,
}
