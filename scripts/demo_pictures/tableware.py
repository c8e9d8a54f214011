"""Things for the table: cups, pots, bowls, plates and glasses."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
import textures
from meshes import Mesh
from studio import Scene


def ear(x: float, high: float, low: float, reach: float, radius: float, flat: float = 1.0) -> Mesh:
    """A cup or jug handle on the +x side, between two heights."""
    path = g.spline(
        [
            (x - 0.35, 0, high),
            (x + reach * 0.62, 0, high + 0.1),
            (x + reach, 0, high * 0.58 + low * 0.42),
            (x + reach * 0.55, 0, low + 0.15),
            (x - 0.3, 0, low),
        ],
        48,
    )
    size = np.interp(np.linspace(0, 1, 48), [0, 0.12, 0.5, 0.88, 1], [1.35, 1.05, 0.95, 1.0, 1.3])
    return g.sweep(g.circle(radius, 24) * [flat, 1.0], path, size=size)


def speckled_mug() -> Scene:
    """Rustic stoneware mug: speckled oatmeal glaze dipped over bare brown clay."""
    s = Scene(turn=-20, elevation=20, fill=0.72)
    clay = m.surface(
        m.picture(textures.mottled(textures.hexed("#8d6144"), textures.hexed("#6f4a33"), 3), 8),
        0.85,
    )
    coat = m.glaze("#e2d8c6", speck="#59402f", amount=0.05, tile=6, rough=0.2)
    s.add(g.lathe([(0, 0), (3.5, 0), (3.9, 0.3), (4.25, 1.0), (4.35, 2.8)]), clay)
    s.add(
        g.vessel(
            [(4.36, 2.5), (4.46, 2.62), (4.5, 3.2), (4.45, 6.5), (4.5, 9.0), (4.62, 9.6)],
            0.42,
            floor=-1.9,
            smooth=90,
        ),
        coat,
    )
    s.add(ear(4.35, 8.1, 3.4, 3.1, 0.62, 1.35), coat)
    for z in (5.2, 6.6, 7.9):  # throwing rings
        s.add(
            g.tube(
                [
                    (4.47 * np.cos(t), 4.47 * np.sin(t), z + 0.12 * np.sin(2 * t))
                    for t in np.linspace(0, 2 * np.pi, 90, endpoint=False)
                ],
                0.07,
                closed=True,
                sides=10,
            ),
            coat,
        )
    s.add(g.lathe([(0, 7.9), (4.12, 7.9)]), m.surface("#1c0d07", 0.08, specular=0.2))
    return s


def porcelain_teapot() -> Scene:
    """Scandinavian teapot: matt white porcelain with a bent light-wood handle and knob."""
    s = Scene(turn=-24, elevation=17, fill=0.74)
    white, oak = m.glaze("#f3f1ec", rough=0.3), m.wood("oak", tile=7)
    body = g.spline([(5.2, 0), (7.4, 1.2), (8.6, 4.6), (7.7, 8.6), (4.6, 10.8)], 60)
    s.add(g.lathe([(0, 0), *body, (4.2, 10.9)], sides=128), white)
    s.add(
        g.lathe([(4.55, 10.75), (4.6, 11.0), (4.3, 11.35), (2.4, 12.0), (0, 12.2)], sides=96), white
    )
    s.add(
        g.lathe(
            [(0.55, 12.0), (0.55, 12.5), (1.25, 13.1), (1.4, 13.8), (1.1, 14.3), (0, 14.45)],
            sides=48,
        ).grain("z"),
        oak,
    )
    spout = g.spline([(7.2, 0, 4.0), (9.8, 0, 5.0), (11.2, 0, 7.8), (13.0, 0, 10.3)], 40)
    s.add(
        g.tube(
            spout,
            np.interp(np.linspace(0, 1, 12), [0, 0.3, 0.75, 1], [2.3, 1.75, 1.05, 0.85]),
            sides=36,
        ),
        white,
    )
    s.add(
        g.lathe([(0, 0), (0.62, 0), (0.62, 0.05), (0, 0.05)], sides=24)
        .turned(38, "y")
        .moved(13.45, 0, 10.98),
        m.painted("#2c2a28", 0.6),
    )
    for sx in (-1, 1):
        s.add(
            g.tube(
                g.circle(1.15, 32) @ np.array([[1, 0, 0], [0, 0, 1]]) + [sx * 6.2, 0, 10.6],
                0.4,
                closed=True,
            ),
            white,
        )
    t = np.linspace(0, np.pi, 48)
    arch = np.stack([6.4 * np.cos(t), np.zeros(48), 11.4 + 8.2 * np.sin(t) ** 0.8], 1)
    s.add(
        g.sweep(
            g.rectangle(1.5, 0.85, 0.35),
            arch,
            size=np.interp(t, [0, 0.3, 2.8, np.pi], [0.7, 1, 1, 0.7]),
        ),
        oak,
    )
    return s


def gilded_teacup() -> Scene:
    """Luxe porcelain cup and saucer: thin white china, gold rims and a navy band."""
    s = Scene(turn=-26, elevation=24, fill=0.76, flags=True)
    china, gold, navy = (
        m.glaze("#f8f6f1", rough=0.06),
        m.metal("#e0b25c", 0.1),
        m.glaze("#1c2f57", rough=0.08),
    )
    s.add(
        g.vessel(
            [(3.2, 0), (3.5, 0.25), (5.6, 0.9), (7.4, 1.9), (7.9, 2.35)], 0.28, 0.2, sides=128
        ),
        china,
    )
    s.add(
        g.tube(
            [
                (7.85 * np.cos(t), 7.85 * np.sin(t), 2.42)
                for t in np.linspace(0, 2 * np.pi, 120, endpoint=False)
            ],
            0.17,
            closed=True,
        ),
        gold,
    )
    s.add(g.lathe([(5.9, 1.42), (6.9, 2.02)], sides=120), navy)
    s.add(g.lathe([(5.75, 1.34), (5.9, 1.43)], sides=120), gold)
    up = 0.7
    wall = [(2.0, 0), (2.25, 0.2), (2.1, 0.8), (3.1, 1.6), (4.3, 3.2), (4.8, 5.2), (5.35, 6.6)]
    s.add(g.vessel(wall, 0.2, 0.9, sides=128, smooth=90).moved(z=up), china)
    curve = g.spline(wall, 200)
    ring = lambda z: (float(np.interp(z, curve[60:, 1], curve[60:, 0])), z + up)  # noqa: E731
    band = np.array([ring(z) for z in np.linspace(4.4, 6.1, 14)])
    s.add(g.lathe(band + [0.03, 0], sides=128), navy)
    for z in (4.35, 6.15):
        r, h = ring(z)
        s.add(
            g.tube(
                [
                    (r * np.cos(t), r * np.sin(t), h)
                    for t in np.linspace(0, 2 * np.pi, 100, endpoint=False)
                ],
                0.07,
                closed=True,
            ),
            gold,
        )
    s.add(
        g.tube(
            [
                (5.27 * np.cos(t), 5.27 * np.sin(t), 6.62 + up)
                for t in np.linspace(0, 2 * np.pi, 100, endpoint=False)
            ],
            0.14,
            closed=True,
        ),
        gold,
    )
    s.add(g.lathe([(2.28, 0.75), (2.4, 0.95), (2.28, 1.1)], sides=90), gold)
    handle = g.spline(
        [(4.75, 0, 6.1), (6.2, 0, 6.9), (7.5, 0, 6.1), (7.0, 0, 4.3), (5.6, 0, 3.2), (4.2, 0, 3.5)],
        60,
    )
    s.add(g.tube(handle, 0.34, sides=20), gold)
    s.add(g.lathe([(0, 5.3 + up), (4.72, 5.3 + up)]), m.surface("#7d3209", 0.06, specular=0.2))
    return s


def reactive_bowl() -> Scene:
    """Handmade bowl: deep-blue glaze breaking to rust at the rim, bare stoneware foot."""
    s = Scene(turn=0, elevation=26, fill=0.76)
    size = 512
    v = np.mgrid[0:size, 0:size][0] / size
    edge = np.exp(
        -((((v - 0.5) + 0.03 * (textures.noise((size, size), (10, 24), 4) - 0.5)) / 0.035) ** 2)
    )
    run = textures.noise((size, size), (36, 3), 5)
    blue = textures.blend(textures.hexed("#14304f"), textures.hexed("#3f7d9a"), 0.15 + 0.85 * run)
    rust = np.asarray(textures.hexed("#9a6335"))
    pixels = blue * (1 - edge[..., None]) + rust * edge[..., None]
    clay = m.surface(
        m.picture(textures.mottled(textures.hexed("#b48a64"), textures.hexed("#8d6a4a"), 3), 8),
        0.85,
    )
    out = [(4.6, 1.5), (6.2, 2.3), (8.4, 4.6), (9.6, 7.4), (9.9, 8.8)]
    bowl = g.vessel(out, 0.55, 0.6, sides=160, smooth=80)
    v_all = bowl.uv[..., 1]
    rim_v = v_all[np.argmax(bowl.points[bowl.faces][..., 2].mean(1))].mean()
    span = 2 * max(rim_v, v_all.max() - rim_v)
    uv = bowl.uv.copy()
    uv[..., 1] = (uv[..., 1] - rim_v) / span + 0.5
    s.add(
        Mesh(bowl.points, bowl.faces, uv),
        m.surface(m.picture(pixels, (40, 1.0)), 0.1, specular=0.6, clearcoat=0.5),
    )
    s.add(g.lathe([(0, 0), (4.0, 0), (4.3, 0.2), (4.4, 1.1), (4.75, 1.7)]), clay)
    return s


def terracotta_pitcher() -> Scene:
    """Rustic pitcher: terracotta with a cream glaze dipped over the shoulder."""
    s = Scene(turn=-24, elevation=15, fill=0.8)
    clay, cream = (
        m.terracotta(),
        m.glaze("#eadfc6", rough=0.16, speck="#a97c50", amount=0.02, tile=10),
    )
    out = g.spline(
        [(5.4, 0), (6.6, 2), (8.2, 7.5), (7.4, 13.5), (4.9, 18), (4.6, 20.5), (5.7, 23.5)], 110
    )

    def lip(p: np.ndarray) -> np.ndarray:
        high = np.clip((p[:, 2] - 18.5) / 5, 0, 1) ** 1.6
        facing = np.exp(-((np.arctan2(p[:, 1], -p[:, 0]) / 0.5) ** 2)) * (
            np.hypot(p[:, 0], p[:, 1]) > 0.1
        )
        p[:, 0] -= 2.3 * high * facing
        p[:, 2] += 0.9 * high * facing
        return p

    s.add(g.vessel(out, 0.55, smooth=0, sides=140).bent(lip), clay)
    top = out[out[:, 1] > 12.6]
    shell = np.concatenate(
        [
            [top[0] - [0.02, 0.05]],
            top + [0.1, 0],
            [top[-1] + [-0.2, 0.35]],
            [top[-1] + [-0.55, 0.2]],
            (top + [-0.62, 0])[::-1][:16],
        ]
    )
    s.add(g.lathe(shell, sides=140).bent(lip), cream)
    s.add(
        g.tube(
            [
                (
                    *(np.interp(12.65, out[:, 1], out[:, 0]) + 0.05)
                    * np.array([np.cos(t), np.sin(t)]),
                    12.65 + 0.22 * np.sin(3 * t) + 0.1 * np.sin(7 * t),
                )
                for t in np.linspace(0, 2 * np.pi, 140, endpoint=False)
            ],
            0.2,
            closed=True,
        ),
        cream,
    )
    path = g.spline(
        [(4.7, 0, 21.5), (8.0, 0, 23.0), (11.2, 0, 19.5), (10.9, 0, 14.0), (7.7, 0, 10.0)], 60
    )
    s.add(
        g.sweep(
            g.circle(1.0, 24) * [1.25, 0.75],
            path,
            size=np.interp(np.linspace(0, 1, 60), [0, 0.1, 0.85, 1], [1.3, 1, 1, 1.5]),
        ),
        clay,
    )
    return s


def wine_glasses() -> Scene:
    """Pair of crystal red-wine glasses with gold rims, one poured."""
    s = Scene(turn=12, elevation=12, fill=0.82, backdrop="#e3ddd4", flags=True)
    crystal, gold = m.glass(), m.metal("#e0b25c", 0.1)
    outer = g.spline(
        [(0.42, 9.4), (1.6, 10.4), (4.2, 13.4), (4.75, 16.5), (4.0, 20.5), (3.55, 22.5)], 70
    )
    foot = [
        (0, 0),
        (3.9, 0),
        (4.0, 0.12),
        (3.9, 0.26),
        (1.6, 0.6),
        (0.55, 1.4),
        (0.4, 3),
        (0.36, 6),
        (0.38, 9),
    ]
    inner = g.spline(
        [(3.43, 22.5), (3.86, 20.5), (4.6, 16.5), (4.02, 13.4), (1.5, 10.7), (0.0, 10.3)], 70
    )
    glass = g.lathe([*foot, *outer, *inner], sides=128)
    for x, y, poured in ((-5.2, 0, True), (5.2, 3, False)):
        s.add(glass.moved(x, y), crystal)
        s.add(
            g.tube(
                [
                    (3.5 * np.cos(t) + x, 3.5 * np.sin(t) + y, 22.52)
                    for t in np.linspace(0, 2 * np.pi, 90, endpoint=False)
                ],
                0.13,
                closed=True,
            ),
            gold,
        )
        if poured:
            level = inner[::-1][inner[::-1][:, 1] < 14.6]
            wine = [(max(r - 0.03, 0), z + 0.02) for r, z in level]
            s.add(
                g.lathe([*wine, (level[-1][0] - 0.05, 14.6), (0, 14.6)], sides=120).moved(x, y),
                m.surface("#6e0a22", 0.6, specular=0.0),
            )
    return s


def iron_teapot() -> Scene:
    """Black cast-iron teapot with a hobnail pattern and an arched handle."""
    s = Scene(turn=-24, elevation=17, fill=0.76)
    iron = m.surface("#232426", 0.42, specular=0.5, metallic=0.35)
    body = g.spline([(4.6, 0.4), (7.6, 1.6), (9.4, 5.0), (8.2, 8.2), (4.4, 9.8)], 80)
    s.add(g.lathe([(0, 0), (4.6, 0), *body, (4.0, 9.8)], sides=128), iron)
    s.add(g.lathe([(4.5, 9.7), (4.6, 10.1), (4.2, 10.35), (2.2, 10.9), (0, 11.0)], sides=90), iron)
    s.add(
        g.lathe(
            [(0.5, 10.9), (0.5, 11.4), (1.0, 11.8), (1.1, 12.3), (0.7, 12.7), (0, 12.8)], sides=40
        ),
        m.brass(0.25),
    )
    bump = g.lathe([(0.34, -0.1), (0.3, 0.12), (0.16, 0.27), (0, 0.31)], sides=14)
    studs = []
    for row, z in enumerate(np.linspace(2.0, 8.2, 9)):
        k = int(np.argmin(np.abs(body[:, 1] - z)))
        slope = body[k + 1] - body[k - 1]
        r, lean = body[k, 0], 90 - np.degrees(np.arctan2(-slope[0], slope[1]))
        count = 46
        for i in range(count):
            a = 360 / count * (i + 0.5 * (row % 2))
            studs.append(bump.turned(lean, "y").moved(x=r, z=z).turned(a))
    s.add(g.join(*studs), iron)
    spout = g.spline([(8.2, 0, 4.2), (10.6, 0, 5.2), (12.0, 0, 7.6), (13.6, 0, 9.3)], 40)
    s.add(
        g.tube(
            spout,
            np.interp(np.linspace(0, 1, 12), [0, 0.3, 0.75, 1], [2.2, 1.7, 1.1, 0.95]),
            sides=36,
        ),
        iron,
    )
    t = np.linspace(0, np.pi, 48)
    arch = np.stack([6.6 * np.cos(t), np.zeros(48), 9.4 + 9.0 * np.sin(t) ** 0.75], 1)
    s.add(g.tube(arch, 0.5), iron)
    for sx in (-1, 1):
        s.add(g.rod((sx * 6.6, 0, 7.6), (sx * 6.6, 0, 10), 0.95), iron)
    return s


def dinner_plates() -> Scene:
    """Stack of rustic plates and a bowl in sage reactive glaze with brown rims."""
    s = Scene(turn=0, elevation=24, fill=0.76)
    sage = m.glaze("#a9b39a", speck="#5d4a38", amount=0.035, tile=12, rough=0.18)
    rim = m.glaze("#7a5535", rough=0.25)

    def stacked(z: float, outline: list, wall: float, ring: tuple[float, float]) -> None:
        s.add(g.vessel(outline, wall, 0.5, sides=140).moved(z=z), sage)
        s.add(
            g.tube(
                [
                    (ring[0] * np.cos(t), ring[0] * np.sin(t), z + ring[1])
                    for t in np.linspace(0, 2 * np.pi, 140, endpoint=False)
                ],
                0.27,
                closed=True,
            ),
            rim,
        )

    plate = [(8, 0), (9.2, 0.3), (12.6, 1.0), (13.8, 2.2), (14.0, 2.7)]
    small = [(6, 0), (7.0, 0.3), (9.6, 0.9), (10.6, 2.0), (10.8, 2.5)]
    bowl = [(3.6, 0), (4.4, 0.3), (6.9, 2.6), (8.0, 5.2), (8.2, 6.2)]
    for z in (0, 1.25):
        stacked(z, plate, 0.5, (13.75, 2.75))
    for z in (2.6, 3.8):
        stacked(z, small, 0.5, (10.55, 2.55))
    stacked(5.3, bowl, 0.5, (7.95, 6.25))
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h13": speckled_mug,
    "h14": porcelain_teapot,
    "h15": gilded_teacup,
    "h16": reactive_bowl,
    "h17": terracotta_pitcher,
    "h18": wine_glasses,
    "h19": iron_teapot,
    "h20": dinner_plates,
}
