"""Hats, scarves, belts, jewellery and other small things to wear or carry."""

from __future__ import annotations

import fabrics as fb
import numpy as np
import prints as pr
from bags import plate
from fabrics import ink
from footwear import cord, eyelet
from meshes import grid, rod, spline, sweep, tube
from outlines import Array, box, curve, ellipse, flip, noise, smooth
from relief import Fabric, Relief
from shoot import UNIT, lay, stand, swatch
from studio import Scene


def tartan_scarf() -> Scene:
    """Soft red tartan wool scarf, looped, with fringes."""
    r = Relief()
    sett = [
        ("#a31f2b", 16),
        ("#1f3b2d", 12),
        ("#a31f2b", 4),
        ("#f0e6c8", 2),
        ("#a31f2b", 4),
        ("#1b2747", 12),
        ("#a31f2b", 16),
        ("#e0b23c", 2),
    ]
    plaid = pr.tartan(sett, 1.0)
    tails = [([(52, -70), (44, 0), (60, 130)], 0), ([(-40, -80), (-50, 20), (-34, 150)], 1)]
    rear = r.ribbon(
        curve([(-70, -84), (-56, -142), (0, -166), (56, -142), (72, -84)], closed=False), 46
    )
    r.put(rear, plaid, 10, 8, folds=2.5 * noise(rear.u / 40, rear.v / 9, 1, 3))
    r.shade(rear.cov, (0, 0, 0), 0.3)
    for pts, k in tails:
        line = curve(pts, closed=False)
        part = r.ribbon(line, lambda t: 62 + 22 * t)
        end = np.array(line[-1])
        d = line[-1] - line[-5]
        d = d / np.hypot(*d)
        q = np.array([-d[1], d[0]])
        rng = np.random.default_rng(4 + k)
        for off in np.linspace(-40, 40, 19):
            start = end + q * off - d * 3
            tip = start + d * (34 + rng.uniform(-3, 3)) + q * rng.normal(0, 2)
            code = ("#8f1c27", "#1f3b2d", "#b02834", "#1b2747")[int(rng.integers(4))]
            cord(
                r,
                [tuple(start), tuple((start + tip) / 2 + q * rng.normal(0, 1)), tuple(tip)],
                fb.rib(code, 2, 0.6),
                3.2,
                3,
            )
        cut = part.cov * (((r.x - end[0]) * d[0] + (r.y - end[1]) * d[1]) < 0)
        body = r.as_shape(cut)
        body.u, body.v = part.u, part.v
        folds = 2.6 * noise(part.u / 90, part.v / 11, 1, 6 + k) + r.fan(
            tuple(pts[0]), 90, 40, 5, 120, 6, 3, 9 + k
        )
        r.put(body, plaid, 7, 6, 6, 20, folds)
    front = r.ribbon(
        curve([(-74, -122), (-66, -72), (0, -42), (66, -70), (76, -122)], closed=False),
        lambda t: 30 + 46 * np.sin(np.pi * t),
    )
    crush = 4.5 * noise(front.u / 70, front.v / 9, 1, 13) + 2 * noise(
        front.u / 20, front.v / 14, 1, 14
    )
    r.put(front, plaid, 14, 12, 6, 20, crush)
    return lay(r)


def wool_socks() -> Scene:
    """Pair of ragg wool socks, oatmeal with red heels, toes and stripes."""
    r = Relief()
    for dx, dy in ((44, -16), (-46, 14)):
        sock = [
            (2, -160, 1),
            (72, -160, 1),
            (72, -60),
            (74, 30),
            (70, 76),
            (44, 110),
            (-10, 130),
            (-70, 150),
            (-100, 148),
            (-112, 122),
            (-98, 98),
            (-50, 78),
            (-10, 54),
            (4, 10),
            (4, -60),
        ]
        pts = [(x + dx, y + dy, *rest) for x, y, *rest in sock]
        part = r.shape(pts)
        wool = fb.knit("#cfc4ae", 5.6, 4.6, 0.9)
        folds = r.fan((8 + dx, 50 + dy), 10, 120, 5, 60, 5, 2.4, 6) + 0.8 * noise(r.x, r.y, 22, 8)
        r.put(part, speckled(wool), 9, 7, 6, 24, folds)
        heel = (
            r.cover(
                curve(
                    [
                        (x + dx, y + dy)
                        for x, y in ((78, 30), (40, 54), (24, 92), (44, 116), (90, 100))
                    ]
                )
            )
            * part.cov
        )
        toe = (
            r.cover(
                curve(
                    [
                        (x + dx, y + dy)
                        for x, y in ((-66, 66), (-62, 110), (-72, 160), (-130, 160), (-130, 90))
                    ]
                )
            )
            * part.cov
        )
        for cov in (heel, toe):
            zone = r.as_shape(cov)
            zone.u, zone.v = r.x, r.y
            r.put(zone, fb.knit("#a8302c", 5, 4.2, 0.9), 0.3, 1, soft=0.6)
        for y0, y1, code in (
            (-160, -96, "#cfc4ae"),
            (-146, -138, "#a8302c"),
            (-130, -122, "#2f5148"),
            (-114, -106, "#a8302c"),
        ):
            zone = r.as_shape(
                part.cov
                * r.cover(
                    np.array(
                        [
                            (dx - 10, y0 + dy),
                            (dx + 90, y0 + dy),
                            (dx + 90, y1 + dy),
                            (dx - 10, y1 + dy),
                        ],
                        float,
                    )
                )
            )
            r.put(zone, fb.rib(code, 5.2, 1.6), 0.4, 1, soft=0.8)
    return lay(r)


def speckled(base: Fabric) -> Fabric:
    """Ragg yarn: grey flecks in a knit."""

    def look(u: Array, v: Array) -> fb.Look:
        out = base(u, v)
        fleck = smooth(noise(u / 1.6, v, 2.2, 31), 0.3, 1.2)
        out.rgb = out.rgb * (1 - 0.45 * fleck)[..., None]
        return out

    return look


def leather_belt() -> Scene:
    """Coiled brown leather belt with brass buckle."""
    out = Scene(turn=0.0, elevation=28.0, fill=0.82)
    hide = swatch(fb.leather("#6f3d1c", 0, 0.06, 0.35, 0.3, tone=0.35))
    t = np.linspace(0, 1, 400)
    a = 2.5 * 2 * np.pi * -t - 1.75
    rad = 9.2 - 4.6 * t
    path = np.stack([rad * np.cos(a) * 1.15, rad * np.sin(a), np.full_like(a, 1.8)], 1)
    flat = np.array([(x, y) for x, y in box(-0.16, -1.8, 0.16, 1.8, 0.12)])
    out.add(sweep(flat, path), hide)
    edge = np.array([(x, y) for x, y in box(-0.2, -0.05, 0.2, 0.05, 0.04)])
    for z in (-1.4, 1.4):
        stitch = path + np.array([0, 0, z])
        out.add(sweep(edge, stitch), swatch(fb.rib("#d9b377", 3, 0.5)))
    brass = swatch(fb.metal("#d1a84f", 0.2))
    end, d = path[0], path[0] - path[3]
    d = d / np.linalg.norm(d)
    up = np.array([0, 0, 1.0])
    frame = [end + d * x + up * z for x, z in ((0, -2.2), (3.6, -2.2), (3.6, 2.2), (0, 2.2))]
    ring = np.concatenate(
        [np.linspace(frame[k], frame[(k + 1) % 4], 12, endpoint=False) for k in range(4)]
    )
    out.add(tube(ring, 0.32, closed=True), brass)
    out.add(rod(tuple(end - d * 0.1), tuple(end + d * 3.8 + np.array([0, -0.3, 0])), 0.2), brass)
    return out


def silk_tie() -> Scene:
    """Knotted silk tie, burgundy with navy and gold club stripes."""
    r = Relief()
    stripes = pr.bands(
        fb.satin("#ffffff", 0.4),
        [("#6d1426", 22), ("#16234a", 10), ("#d3a84c", 3), ("#16234a", 10)],
    )
    for side in (-1, 1):
        loop = r.ribbon(
            curve(
                [(0, -108), (side * 52, -140), (side * 64, -170), (side * 36, -196), (0, -202)],
                closed=False,
            ),
            27,
        )
        loop.v = 0.75 * loop.u + 0.6 * side * loop.v
        r.put(loop, stripes, 6, 5, folds=0.8 * noise(r.x, r.y, 20, 3))
    tail = r.shape([(6, -90), (34, 60), (44, 118, 1), (26, 146, 1), (6, 118, 1)], 38)
    r.put(tail, stripes, 4, 3)
    blade = [
        (-19, -98, 1),
        (19, -98, 1),
        (34, 0),
        (54, 142, 1),
        (0, 194, 1),
        (-54, 142, 1),
        (-34, 0),
    ]
    part = r.shape(blade, 38)
    folds = r.fan((0, -96), 90, 24, 3, 120, 5, 2.2, 4)
    r.put(part, stripes, 7, 5, 5, 18, folds, soft=3)
    knot = r.shape([(-34, -136), (0, -140), (34, -136), (22, -90), (0, -84), (-22, -90)], -34)
    r.put(knot, stripes, 11, 8, 3, 10, r.fan((0, -88), -90, 60, 3, 40, 4, 1.2, 6), soft=3)
    return lay(r)


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
        r.ribbon(
            np.array([(-32, -186), (32, -186), (32, -206), (-32, -206), (-32, -186)], float), 5
        ),
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
    right = [
        (14, -40),
        (50, -54),
        (110, -56),
        (158, -44),
        (162, -22),
        (150, 20),
        (118, 52),
        (74, 54),
        (36, 34),
        (18, 0),
    ]
    bridge = [(-30, -34), (0, -34), (30, -34), (26, -12), (0, -20), (-26, -12)]
    for pts in (right, flip(right), bridge):
        part = r.shape(pts)
        r.put(part, shell, 6, 4, base=np.broadcast_to(bow_curve, r.h.shape))
    lens = [
        (28, -30),
        (56, -42),
        (106, -44),
        (144, -34),
        (144, -16),
        (132, 16),
        (110, 40),
        (78, 42),
        (46, 26),
        (30, 0),
    ]
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


def tinted(u: Array, v: Array) -> fb.Look:
    """Dark graded lens."""
    t = smooth(v, -45, 45)
    return fb.Look(fb.mix(ink("#0e1714"), ink("#4a5a48"), t), 0.0, 0.06, 0.0, 0.0, 1.0)


def umbrella() -> Scene:
    """Open red rain umbrella with a wooden crook handle, resting on the floor."""
    out = Scene(turn=0.0, elevation=6.0, fill=0.84)
    ribs, big = 8, 26.0
    a, t = np.linspace(0, 2 * np.pi, 8 * 24 + 1), np.linspace(0.0, 1, 50)
    aa, tt = np.meshgrid(a, t)
    wave = 0.5 - 0.5 * np.cos(ribs * aa)
    reach = big * tt * (1 - 0.09 * wave * tt**2)
    height = 13 * np.cos(tt * np.pi / 2 * 0.96) - 1.2 * wave * tt * (1 - tt)
    dome = grid(np.stack([reach * np.cos(aa), reach * np.sin(aa), height], -1))
    parts = [(dome, swatch(fb.satin("#c31f2e", 0.5)))]
    steel, wood = (
        swatch(fb.metal("#bfc1c4", 0.25)),
        swatch(fb.leather("#7a4a24", 0, 0.05, 0.3, 0.5)),
    )
    for k in range(ribs):
        c, s = np.cos(2 * np.pi * k / ribs), np.sin(2 * np.pi * k / ribs)
        z = 13 * np.cos(t * np.pi / 2 * 0.96) - 0.3
        parts.append((tube(np.stack([big * t * c, big * t * s, z], 1)[1:-1], 0.16), steel))
        parts.append((rod((0, 0, 2), (13 * c, 13 * s, 9.0), 0.14), steel))
        parts.append(
            (
                rod(
                    (big * c * 0.99, big * s * 0.99, 0.6),
                    (big * c * 1.03, big * s * 1.03, -0.3),
                    0.3,
                ),
                steel,
            )
        )
    parts.append((rod((0, 0, 12.5), (0, 0, -22), 0.42), steel))
    hook = spline(
        [(0, 0, -20), (0, 0, -29), (-1, 0, -32), (-4, 0, -33.6), (-7, 0, -32), (-7.6, 0, -29.5)], 60
    )
    parts.append((tube(hook, 1.0), wood))
    parts.append((rod((0, 0, 12.6), (0, 0, 17.5), [0.6, 0.5, 0.25]), wood))
    for mesh, material in parts:
        out.add(mesh.turned(12, "z").turned(-24, "y").turned(14, "x"), material)
    return out


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


def pearl(u: Array, v: Array) -> fb.Look:
    """Lustrous nacre."""
    return fb.Look(np.broadcast_to(ink("#f3e9e0"), u.shape + (3,)), 0.0, 0.28, 0.3, 0.0, 0.8)


PRODUCTS = {
    "s04": tartan_scarf, "s09": wool_socks, "s13": leather_belt, "s18": silk_tie, "s23": wristwatch, "s27": sunglasses,
    "s33": umbrella, "s38": pearls,
}  # fmt: skip
