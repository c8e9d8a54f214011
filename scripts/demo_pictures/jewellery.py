"""Watch, pearls and sunglasses."""

from __future__ import annotations

import fabrics as fb
import numpy as np
from bags import plate
from fabrics import ink
from meshes import tube
from outlines import Array, box, ellipse, flip, noise, smooth, xy
from relief import Relief
from shoemaking import eyelet
from shoot import UNIT, lay, stand, swatch
from studio import Scene


def wristwatch() -> Scene:
    """Classic wristwatch: steel case, white dial, brown leather strap."""
    r = Relief()
    hide, steel = fb.leather("#5d3218", 2.4, 0.25, 0.4, 0.15, tone=0.25), fb.metal("#cfd0d2", 0.18)
    for side in (-1, 1):
        strap = [
            (-31, side * 60, 1),
            (31, side * 60, 1),
            (26, side * 140),
            (24, side * 196),
            (0, side * 204 if side > 0 else side * 198),
            (-24, side * 196),
            (-26, side * 140),
        ]
        r.put(r.shape(strap if side > 0 else strap[::-1]), hide, 7, 4, 3, 14)
        line = [(-26, side * 76), (-21, side * 140), (-19, side * 190)]
        for pts in (line, [(-x, y) for x, y in line]):
            r.stitch(pts, ink("#e3c48d"), 1.2, 4, 2)
        for x in (-31, 31):
            r.put(
                r.shape(
                    [
                        (x - 7, side * 44, 1),
                        (x + 7, side * 44, 1),
                        (x + 5, side * 82),
                        (x - 5, side * 82),
                    ]
                ),
                steel,
                6,
                4,
                soft=2,
            )
    for y in (110, 128, 146, 164):
        eyelet(r, 0, y, 2.4, hide)
    r.put(
        r.ribbon(np.array(xy("-32,-186 32,-186 32,-206 -32,-206 -32,-186"), float), 5),
        steel,
        6,
        2.4,
        soft=2,
    )
    r.put(r.ribbon([(0, -204), (0, -178)], 4), steel, 5, 2, soft=2)
    plate(r, box(68, -8, 84, 8, 3), steel, 12, 4)
    r.put(r.shape(ellipse(0, 0, 76, 76)), steel, 18, 5, soft=2)
    r.put(r.shape(ellipse(0, 0, 66, 66)), steel, 5, 3, soft=1)
    r.put(r.shape(ellipse(0, 0, 60, 60)), fb.gloss("#f4f2ea", 0.35, 0.3), -6, 2, soft=0.5)
    dial_marks(r)
    return lay(r, backdrop="#dfe2e4")


def dial_marks(r: Relief) -> None:
    """Hour batons, minute dots, hands at ten past ten, and a small seconds dial."""
    dark, gold = fb.gloss("#1b2238", 0.3), fb.metal("#b98a3a", 0.25)
    for k in range(60):
        a = np.radians(6 * k)
        d = np.array([np.sin(a), -np.cos(a)])
        inner, wide = (44, 3.4) if k % 5 == 0 else (55, 0.9)
        r.put(
            r.ribbon(np.array([d * inner, d * 57]), wide),
            gold if k % 5 == 0 else dark,
            1.2 if k % 5 == 0 else 0.2,
            1,
            soft=0.4,
        )
    r.put(
        r.ribbon(np.concatenate([ellipse(0, 26, 13, 13), ellipse(0, 26, 13, 13)[:1]]), 1.4),
        dark,
        0.3,
        0.5,
        soft=0.4,
    )
    r.put(r.ribbon(np.array([(0, 26), (7, 18)], float), 1.4), dark, 0.6, 0.5, soft=0.4)
    for deg, n, w in ((304, 34, 5.4), (60, 50, 4.0)):
        a = np.radians(deg)
        d = np.array([np.sin(a), -np.cos(a)])
        r.put(
            r.ribbon(np.array([-d * 9, d * n]), lambda t, w=w: w * (1 - 0.6 * t)),
            dark,
            3,
            1.5,
            soft=0.5,
        )
    r.put(r.shape(ellipse(0, 0, 4, 4)), gold, 4, 2, soft=0.5)


def sunglasses() -> Scene:
    """Tortoiseshell sunglasses with dark green lenses."""
    r = Relief()

    def shell(u: Array, v: Array) -> fb.Look:
        t = smooth(noise(u, v, 15, 3) + 0.4 * noise(u, v, 6, 4), -0.1, 0.7)
        return fb.Look(fb.mix(ink("#b06a24"), ink("#1e0f08"), t), 0.0, 0.12, 0.0, 0.0, 1.0)

    bow_curve = 16 - 0.0011 * r.x**2
    right = xy("14,-40 50,-54 110,-56 158,-44 162,-22 150,20 118,52 74,54 36,34 18,0")
    bridge = xy("-30,-34 0,-34 30,-34 26,-12 0,-20 -26,-12")
    for pts in (right, flip(right), bridge):
        part = r.shape(pts)
        r.put(part, shell, 6, 4, base=np.broadcast_to(bow_curve, r.h.shape))
    lens = xy("28,-30 56,-42 106,-44 144,-34 144,-16 132,16 110,40 78,42 46,26 30,0")
    for pts in (lens, flip(lens)):
        part = r.shape(pts)
        r.put(part, tinted, -4, 1.5, base=np.broadcast_to(bow_curve + 6, r.h.shape))
    for side in (-1, 1):
        for y in (-36, -30):
            r.put(r.shape(ellipse(side * 152, y, 2, 2)), fb.metal("#d9b45a"), 1.5, 1, soft=0.5)
    out = stand(r, back=0.0001, elevation=20.0, turn=-20.0)
    material = swatch(shell)
    for side in (-1, 1):
        path = [
            (side * 156, 18, 34),
            (side * 157, 60, 33),
            (side * 152, 200, 24),
            (side * 148, 260, 4),
            (side * 144, 300, -34),
        ]
        out.add(
            tube(np.array(path, float) * UNIT, np.array([0.62, 0.5, 0.42, 0.5, 0.55]), smooth=60),
            material,
        )
    return out


def tinted(_u: Array, v: Array) -> fb.Look:
    """Dark graded lens."""
    t = smooth(v, -45, 45)
    return fb.Look(fb.mix(ink("#0e1714"), ink("#4a5a48"), t), 0.0, 0.06, 0.0, 0.0, 1.0)


def pearls() -> Scene:
    """Pearl necklace with a gold clasp on dusky velvet paper."""
    r = Relief()
    a = np.linspace(0, 2 * np.pi, 700)
    loop = np.stack(
        [(118 + 8 * np.cos(2 * a)) * np.sin(a), -150 * np.cos(a) * (0.92 + 0.08 * np.cos(a)) + 6], 1
    )
    inner = np.stack([92 * np.sin(a), -104 * np.cos(a) - 34], 1)
    for line, base_size in ((loop, 9.5), (inner, 7.5)):
        run = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        s = 2 * base_size
        while s < run[-1] - 1.6 * base_size:
            k = s / run[-1]
            size = base_size * (0.8 + 0.42 * np.sin(np.pi * k) ** 2)
            x, y = np.interp(s, run, line[:, 0]), np.interp(s, run, line[:, 1])
            part = r.shape(ellipse(x, y, size, size))
            d = np.hypot(r.x - x, r.y - y)
            ball = size + np.sqrt(np.clip(size**2 - d**2, 0, None))
            r.put(part, pearl, 0.0, 1, base=ball)
            s += 2.04 * size
        x, y = line[0]
        r.put(
            r.shape(box(x - 10, y - 6, x + 10, y + 6, 5)), fb.metal("#d9b45a", 0.18), 9, 5, soft=1
        )
    return lay(r, backdrop="#6f5f68")


def pearl(u: Array, _v: Array) -> fb.Look:
    """Lustrous nacre."""
    return fb.Look(np.broadcast_to(ink("#f3e9e0"), u.shape + (3,)), 0.0, 0.28, 0.3, 0.0, 0.8)


PRODUCTS = {
    "s23": wristwatch,
    "s27": sunglasses,
    "s38": pearls,
}
