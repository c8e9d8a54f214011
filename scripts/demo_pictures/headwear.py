"""Caps and hats, some as true 3D forms."""

from __future__ import annotations

import fabrics as fb
import knits as kn
import numpy as np
from bags import plate
from fabrics import ink
from meshes import grid, join, lathe, spline, sweep, tube
from outlines import Array, box, curve, mirrored, noise, smooth, xy
from relief import Fabric, Relief
from shoot import lay, swatch
from studio import Scene


def crown_point(a: Array, t: Array, wide: float, long: float, high: float, lean: float) -> Array:
    """Point of a cap's dome: angle a (0 right, -90 front), t from rim 0 to top 1."""
    k = np.cos(t * np.pi / 2) ** 0.75
    back = 0.5 + 0.5 * np.sin(a)
    x, y = wide * k * np.cos(a), long * k * np.sin(a)
    return np.stack(
        [x, y, high * np.sin(t * np.pi / 2) ** 0.9 * (1 - lean * (1 - back) * (1 - t))], -1
    )


def visor(
    reach: float, spread: float, wide: float, long: float, droop: float, z: float, tilt: float
) -> Array:
    """Top surface of a peak as a grid: angle across, distance outwards."""
    a = np.radians(np.linspace(-90 - spread, -90 + spread, 80))
    aa, tt = np.meshgrid(a, np.linspace(0, 1, 24), indexing="ij")
    out = (
        reach
        * np.clip(np.cos((aa + np.pi / 2) / np.radians(spread) * np.pi / 2), 0, 1) ** 0.55
        * tt
    )
    x, y = (wide - 0.3) * np.cos(aa) * (1 + 0.02 * out), (long - 0.3) * np.sin(aa) - out
    return np.stack([x, y, z - droop * x**2 - tilt * out - 0.006 * out**2], -1)


def thick(rows: Array, depth: float):
    """Upper and lower skin of a stiff sheet with a closed rim."""
    low = rows - np.array([0, 0, depth])
    rim = np.stack([rows[:, -1], low[:, -1]], 1)
    return join(grid(rows), grid(low[:, ::-1]), grid(rim))


def baseball_cap() -> Scene:
    """Sporty baseball cap, royal blue with a white front and a mountain patch."""
    out = Scene(turn=-34.0, elevation=17.0, fill=0.8)
    blue, white = (
        swatch(fb.canvas("#1d3f91", 1.6, 0.25, mottle=0.04)),
        swatch(fb.canvas("#f1f1ee", 1.6, 0.25, mottle=0.03)),
    )
    size = (8.6, 10.0, 11.0, 0.0)
    t = np.linspace(0, 1, 50)
    for k in range(6):
        a = np.radians(np.linspace(60 * k - 90, 60 * k - 30, 40))
        aa, tt = np.meshgrid(a, t)
        rows = crown_point(aa, tt, *size)
        puff = 1 + 0.018 * np.sin((aa - a[0]) / (a[-1] - a[0]) * np.pi) * (1 - tt)
        out.add(grid(rows * puff[..., None]), white if k in (0, 5) else blue)
        seam = crown_point(np.full(50, a[0]), t, *size)
        out.add(tube(seam[:-1] * 1.004, 0.1), white if k == 0 else blue)
        hole = crown_point(np.array([a.mean()] * 2), np.array([0.52, 0.52]), *size)[0] * 1.016
        if k not in (0, 5):
            out.add(
                lathe(xy("0.01,0.0 0.18,0.05 0.34,0.16 0.46,0.0"), sides=24)
                .turned(52, "y")
                .turned(np.degrees(a.mean()), "z")
                .moved(*hole),
                white,
            )
    out.add(thick(visor(7.6, 68, *size[:2], 0.022, 0.55, 0.06), 0.35), blue)
    for reach in (0.35, 0.5, 0.65, 0.8, 0.93):
        line = visor(7.6 * reach, 66, *size[:2], 0.022, 0.58, 0.06)[3:-3, -1]
        out.add(tube(line, 0.045), swatch(kn.rib("#dfe6f5", 3, 0.4)))
    badge = np.array(xy("-2.6,0.23 -1.0,0.43 -0.1,0.34 0.9,0.47 2.6,0.23"))
    xs = np.linspace(-2.6, 2.6, 60)
    top = np.interp(xs, badge[:, 0], badge[:, 1])
    lift = np.linspace(0, 1, 16)[:, None]
    tt = 0.2 + (top - 0.2) * lift
    angle = -np.pi / 2 + np.broadcast_to(xs / 9.0, tt.shape)
    out.add(grid(crown_point(angle, tt, *size) * 1.035), swatch(fb.canvas("#e4572e", 1.4, 0.3)))
    out.add(lathe(spline([(0.8, 10.95), (0.6, 11.4), (0.01, 11.5)], 12)), blue)
    return out


def beanie() -> Scene:
    """Chunky rust ribbed beanie with a pompom."""
    r = Relief()
    wool = "#b4532a"
    crown = mirrored(xy("0,-112 50,-104 98,-62 118,0 122,80! 0,90"))
    part = r.shape(crown)
    squeeze = 1 - 0.55 * smooth(-r.y, -20, 118)
    part.u, part.v = r.x / squeeze, r.y
    r.put(part, big_rib(wool), 8, 8, 22, 50, r.fan((0, -112), 90, 150, 7, 90, 6, 2.0, 3))
    cuff = r.shape(mirrored(xy("0,62 100,58 127,52 132,96 126,134 0,146")))
    r.put(cuff, big_rib(wool), 12, 9, 4, 20, 1.2 * noise(r.x, r.y, 50, 4))
    plate(r, box(38, 88, 82, 114, 3), fb.leather("#6d4526", 0, 0.1, 0.5), 2)
    r.stitch(xy("42,92! 78,92! 78,110! 42,110! 42,92!"), ink("#e3c48d"), 1.0, 3, 1.3)
    peak = xy("50,107! 58,97! 62,101! 66,96! 73,107!")
    r.shade(r.cover(curve(peak)), ink("#e3c48d"), 0.9)
    d = np.hypot(r.x, r.y + 138)
    angle = np.arctan2(r.y + 138, r.x)
    ball = r.as_shape(np.clip((50 + 3 * noise(angle * 12, d / 30, 1, 5) - d) * r.s, 0, 1))
    ball.u, ball.v = angle * 30, d * 0.45
    r.put(
        ball,
        fb.pile("#efe3cf", 3.4, 3.2, contrast=0.4),
        4,
        5,
        folds=34 * np.sqrt(np.clip(1 - (d / 54) ** 2, 0, 1)),
    )
    return lay(r)


def big_rib(code: str) -> Fabric:
    """Fisherman's rib: wide ridges of plump stitches."""

    def look(u: Array, v: Array) -> fb.Look:
        ridge = np.sqrt(np.abs(np.sin(np.pi * u / 11)))
        plump = kn.stitches(u, v, 5.5, 6.5)
        shade = 0.45 + 0.38 * ridge + 0.22 * plump + 0.03 * noise(u, v, 1.5, 2)
        return fb.Look(fb.tint(ink(code), shade), 3.2 * ridge + 0.9 * plump, 0.95, 0.4)

    return look


def sun_hat() -> Scene:
    """Wide-brimmed straw sun hat with a terracotta ribbon."""
    profile = np.concatenate(
        [
            spline(xy("20.5,1.6 17,0.5 13,0.2 10.4,0.5 9.6,1.6"), 60),
            spline(xy("9.5,1.8 9.1,5 8.6,8 7.4,9.8 5,10.6 2.4,10.2 0.01,9.9"), 60),
        ]
    )
    out = Scene(turn=0.0, elevation=30.0, fill=0.84)

    def wavy(p: Array) -> Array:
        a, d = np.arctan2(p[:, 1], p[:, 0]), np.hypot(p[:, 0], p[:, 1])
        lift = np.clip((d - 10) / 10, 0, 1) ** 1.6
        p[:, 2] += lift * (
            1.0 * np.sin(2 * a + 0.6) + 0.5 * np.sin(3 * a + 2) + 0.15 * np.sin(11 * a)
        )
        pinch = np.exp(-((p[:, 0] / 3.0) ** 2)) * np.clip((p[:, 2] - 7) / 3, 0, 1)
        p[:, 2] -= 1.3 * pinch * np.clip(1 - np.abs(p[:, 1]) / 11, 0, 1)
        p[:, 0] *= 0.93
        return p

    straw = swatch(fb.straw("#e6c88c", "#9c7338", 5.2, 4.2, 1.1), 104, sheen=0.0)
    out.add(lathe(profile, sides=240).bent(wavy), straw)
    band = lathe(spline([(9.85, 1.6), (9.78, 2.6), (9.6, 4.6)], 20), sides=200).bent(wavy)
    out.add(band, swatch(kn.rib("#b5482f", 2.2, 0.25, 0.7)))
    for tip in ((7.2, -8.6, 1.0), (10.2, -9.6, 1.4)):
        path = spline([(7.2, -6.9, 3.2), (8.4, -8.2, 3.0), tip], 20)
        out.add(
            sweep(np.array(xy("-0.9,-0.06 0.9,-0.06 0.9,0.06 -0.9,0.06")), path),
            swatch(kn.rib("#b5482f", 2.2, 0.25, 0.7)),
        )
    return out


def flat_cap() -> Scene:
    """Herringbone tweed flat cap."""
    out = Scene(turn=-38.0, elevation=20.0, fill=0.82)
    tweed = swatch(fb.tweed("#5f5140", "#a8977a", 9), 126)
    a = np.linspace(0, 2 * np.pi, 181)
    aa, tt = np.meshgrid(a, np.linspace(0, 1, 80))
    s = np.sin(tt * np.pi)
    rows = crown_point(aa, tt, 9.4, 11.6, 7.4, 0.0)
    front = 0.5 - 0.5 * np.sin(aa)
    rows[..., :2] *= (1 + 0.16 * s * (1 - 0.3 * front))[..., None]
    rows[..., 1] -= 2.6 * np.sin(tt * np.pi / 2) * (1 - 0.2 * front)
    rows[..., 2] *= 1 - 0.42 * front * (1 - 0.55 * tt)
    fold = noise(np.cos(aa) * 6, np.sin(aa) * 6 + 3 * tt, 2.4, 5) * s * 0.22
    rows[..., 2] += fold
    rows[..., 0] += 0.6 * fold
    out.add(grid(rows), tweed)
    out.add(thick(visor(4.6, 66, 9.5, 12.4, 0.012, 0.9, 0.12), 0.5), tweed)
    seam = rows[:, 45 * 3]
    for k in (45, 135):
        seam = rows[:, k]
        out.add(tube(seam[4:-2] + np.array([0, 0, 0.03]), 0.09), swatch(kn.rib("#4a3d2e", 3, 0.3)))
    top = rows[-1, 0]
    out.add(lathe(spline([(0.9, -0.1), (0.75, 0.35), (0.01, 0.5)], 12)).moved(*top), tweed)
    return out


PRODUCTS = {"s07": baseball_cap, "s15": beanie, "s29": sun_hat, "s40": flat_cap}
