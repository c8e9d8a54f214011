"""Small bags: evening, boho and for children."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
from bags import handle
from fabrics import ink
from garment import zipper
from outlines import Points, box, curve, ellipse, flip, mirrored, noise, xy
from relief import Relief
from scipy import ndimage as ndi
from shoemaking import cord, patch, upper
from shoot import lay, stand
from studio import Scene


def fringe_bag() -> Scene:
    """Boho suede shoulder bag with long fringe and beads."""
    r = Relief()
    hide = fb.suede("#a5622f")
    cord(
        r,
        xy("-78,-56 -84,-120 -60,-178 0,-200 60,-178 84,-120 78,-56"),
        kn.braid("#8c5226", 13, 17),
        13,
        5,
    )
    body = mirrored(xy("0,-70 78,-70! 92,0 86,48 50,70 0,76"))
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
    flap = mirrored(xy("0,-84 74,-82 90,-66 92,-12 60,26 0,46"))
    r.put(r.shape(flap), hide, 4, 3, 5, 20, 1.6 * noise(r.x, r.y, 36, 9))
    line = curve(xy("-89,-60 -86,-14 -57,20 0,39 57,20 86,-14 89,-60"), closed=False)
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

    chain(r, xy("-132,-30 -150,-100 -96,-150 0,-128 80,-152 150,-104 132,-30"))
    r.put(r.shape(box(-146, -66, 146, 84, 8)), foil, 16, 6, 6, 40, 0.8 * noise(r.x, r.y, 60, 2))
    flap = xy("-147,-67! 147,-67! 146,-50 12,38 0,42 -12,38 -146,-50")
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
        ear = xy("34,-110 60,-172 82,-182 98,-160 104,-84 60,-70")
        part = r.shape(ear if side > 0 else flip(ear))
        r.put(part, fur, 0, 2, base=r.balloon(part, 26))
        inner = xy("58,-112 72,-152 82,-158 90,-140 92,-100")
        patch(r, inner if side > 0 else flip(inner), cream, 1.5)
    body = mirrored(xy("0,-128 60,-120 108,-76 124,10 120,90 96,134 0,144"))
    upper(r, body, fur, 70, 1.2 * noise(r.x, r.y, 40, 3))
    mask = mirrored(xy("0,20 26,-8 60,-26 104,-20 130,10 126,90 98,140 0,150"))
    patch(r, mask, cream, 2.5, "#e9cfa5", 1.2)
    zipper(r, xy("100,-78 58,-112 0,-119 -58,-112 -100,-78"), "#8a3f12", "#f2f2ee", 8)
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
    r.put(r.shape(xy("-15,30 0,26 15,30 9,44 0,48 -9,44")), dark, 9, 8, soft=1.5)
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
    "s26": fringe_bag,
    "s34": clutch,
    "s39": fox_backpack,
}
