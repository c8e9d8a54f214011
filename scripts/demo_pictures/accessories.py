"""Hats, scarves, belts, jewellery and other small things to wear or carry."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
import prints as pr
from meshes import grid, rod, spline, sweep, tube
from outlines import Array, box, curve, noise, smooth, xy
from relief import Fabric, Relief
from shoemaking import cord
from shoot import lay, swatch
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
    rear = r.ribbon(curve(xy("-70,-84 -56,-142 0,-166 56,-142 72,-84"), closed=False), 46)
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
                kn.rib(code, 2, 0.6),
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
        curve(xy("-74,-122 -66,-72 0,-42 66,-70 76,-122"), closed=False),
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
        sock = xy(
            "2,-160! 72,-160! 72,-60 74,30 70,76 44,110 -10,130 -70,150 -100,148 -112,122 "
            "-98,98 -50,78 -10,54 4,10 4,-60"
        )
        pts = [(x + dx, y + dy, *rest) for x, y, *rest in sock]
        part = r.shape(pts)
        wool = kn.knit("#cfc4ae", 5.6, 4.6, 0.9)
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
            r.put(zone, kn.knit("#a8302c", 5, 4.2, 0.9), 0.3, 1, soft=0.6)
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
            r.put(zone, kn.rib(code, 5.2, 1.6), 0.4, 1, soft=0.8)
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
        out.add(sweep(edge, stitch), swatch(kn.rib("#d9b377", 3, 0.5)))
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
    tail = r.shape(xy("6,-90 34,60 44,118! 26,146! 6,118!"), 38)
    r.put(tail, stripes, 4, 3)
    blade = xy("-19,-98! 19,-98! 34,0 54,142! 0,194! -54,142! -34,0")
    part = r.shape(blade, 38)
    folds = r.fan((0, -96), 90, 24, 3, 120, 5, 2.2, 4)
    r.put(part, stripes, 7, 5, 5, 18, folds, soft=3)
    knot = r.shape(xy("-34,-136 0,-140 34,-136 22,-90 0,-84 -22,-90"), -34)
    r.put(knot, stripes, 11, 8, 3, 10, r.fan((0, -88), -90, 60, 3, 40, 4, 1.2, 6), soft=3)
    return lay(r)


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


PRODUCTS = {
    "s04": tartan_scarf,
    "s09": wool_socks,
    "s13": leather_belt,
    "s18": silk_tie,
    "s33": umbrella,
}
