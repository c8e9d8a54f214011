"""Lamps, lanterns for the home, and candles."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
from studio import Scene


def ring(radius: float, z: float, thick: float) -> g.Mesh:
    """A horizontal wire ring."""
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    return g.tube(
        np.stack([radius * np.cos(t), radius * np.sin(t), np.full_like(t, z)], 1),
        thick,
        closed=True,
    )


def shell(profile: list[tuple[float, float]], wall: float, smooth: int = 50) -> g.Mesh:
    """A lamp shade: a turned sheet with thickness, open where the profile is open."""
    out = g.spline(profile, smooth) if smooth else np.asarray(profile, float)
    slope = np.gradient(out, axis=0)
    normal = np.stack([-slope[:, 1], slope[:, 0]], 1) / np.linalg.norm(slope, axis=1, keepdims=True)
    return g.lathe(np.concatenate([out, (out + wall * normal)[::-1], out[:1]]), sides=128)


def mushroom_lamp() -> Scene:
    """Mid-century table lamp: mustard enamel dome on a walnut and brass stem."""
    s = Scene(turn=-10, elevation=9, fill=0.8)
    enamel, gold, wood = m.painted("#cf8f1f", 0.22, 0.4), m.brass(0.15), m.wood("walnut", tile=9)
    s.add(
        g.lathe([(0, 0), (9.6, 0), (10, 0.4), (10, 1.4), (9.6, 1.9), (2.2, 2.2), (0, 2.2)]).grain(
            "x"
        ),
        wood,
    )
    s.add(g.lathe([(2.0, 2.1), (2.0, 2.6), (1.3, 3.2), (0.75, 3.6), (0.75, 12)]), gold)
    s.add(g.lathe([(0.75, 12), (1.6, 12.6), (2.1, 15), (1.7, 19), (1.0, 22), (0.75, 22.4)]), wood)
    s.add(g.lathe([(0.75, 22.3), (0.75, 31), (2.4, 31.2), (2.4, 33)]), gold)
    s.add(
        shell([(17, 26), (16.4, 29.5), (13.8, 33.6), (9, 36.4), (3.6, 37.8), (0.4, 38)], 0.25),
        enamel,
    )
    s.add(
        shell([(16.7, 26.1), (16.1, 29.4), (13.5, 33.4), (8.8, 36.1), (0.4, 37.7)], 0.05),
        m.painted("#f6efe0", 0.6),
    )
    s.add(ring(17.0, 26, 0.26), gold)
    s.add(g.lathe([(0.9, 37.9), (1.1, 38.4), (0.8, 39.2), (0, 39.5)]), gold)
    s.add(g.lathe([(0, 28.6), (2.4, 29.6), (3.0, 31.2), (2.0, 33)]), m.glow("#ffdcaa", 2.2))
    s.add(
        g.tube(
            g.spline(
                [(0, 9.8, 0.7), (2, 15, 0.35), (9, 19, 0.35), (16, 15, 0.35), (20, 18, 0.35)], 60
            ),
            0.28,
        ),
        m.painted("#2c2724", 0.6),
    )
    return s


def edison_pendant() -> Scene:
    """Industrial pendant: black steel dome, brass socket, Edison bulb, cloth cord."""
    s = Scene(turn=0, elevation=-4, fill=0.86, hang=0.25)
    black, gold = m.surface("#202123", 0.42, specular=0.5), m.brass(0.2)
    s.add(
        shell([(17, 0), (16.4, 2.6), (13.0, 8.2), (7.0, 12.2), (4.4, 13.6), (3.9, 15.4)], 0.3),
        black,
    )
    s.add(
        shell([(16.65, 0.1), (16.1, 2.6), (12.7, 8.0), (6.9, 11.9), (3.9, 13.4)], 0.06),
        m.painted("#efe9dc", 0.6),
    )
    s.add(ring(16.9, 0.05, 0.4), black)
    s.add(g.lathe([(4.2, 15.2), (4.2, 16.0), (2.8, 16.6), (2.6, 17.2)]), black)
    s.add(
        g.lathe(
            [
                (2.6, 17),
                (2.7, 17.6),
                (2.3, 18),
                (2.3, 21.2),
                (2.7, 21.6),
                (2.5, 22.2),
                (1.2, 23.2),
                (0.6, 24.2),
                (0, 24.3),
            ]
        ),
        gold,
    )
    s.add(
        g.rod((0, 0, 24), (0, 0, 52), 0.42),
        m.linen("#3a3230", "#171413", tile=2, threads=6, height=0.03),
    )
    bulb_z = -9.5
    bulb = g.spline([(0, -9.5), (2.4, -8.9), (4.0, -5.6), (3.9, -2.4), (2.5, 1.6), (1.7, 5.0)], 70)
    s.add(g.lathe(bulb, sides=120), m.thin_glass("#ffd592"))
    s.add(g.lathe([(1.7, 4.6), (1.8, 8.0), (2.2, 12.5)]), gold)
    t = np.linspace(0, 1, 240)
    zig = np.stack(
        [
            1.5 * np.cos(2 * np.pi * t),
            1.5 * np.sin(2 * np.pi * t),
            bulb_z + 6.0 + 4.2 * np.abs(((t * 7) % 1) * 2 - 1) - 2.1 + 1,
        ],
        1,
    )
    s.add(g.tube(zig, 0.16, sides=8), m.glow("#ff9a35", 14))
    s.add(g.rod((0, 0, bulb_z + 3.6), (0, 0, 4.6), (0.2, 0.3, 0.9)), m.thin_glass())
    return s


def deco_lamp() -> Scene:
    """Art-deco table lamp: stepped marble base, brass stem, pleated ivory shade with fringe."""
    s = Scene(turn=-10, elevation=10, fill=0.84)
    gold = m.brass(0.13)
    stone = m.marble("#23272b", "#b9b2a6", seed=5, tile=30)
    s.add(
        g.lathe(
            [
                (0, 0),
                (9, 0),
                (9.2, 0.2),
                (9.2, 2.0),
                (9.0, 2.2),
                (7.2, 2.2),
                (7.2, 4.0),
                (7.0, 4.2),
                (5.4, 4.2),
                (5.4, 5.8),
                (5.2, 6),
                (0, 6),
            ]
        )
        .moved(15, 15)
        .grain("x")
        .moved(-15, -15),
        stone,
    )
    for r, z in ((9.25, 2.1), (7.25, 4.1), (5.45, 5.9)):
        s.add(ring(r - 0.1, z, 0.16), gold)
    s.add(
        g.lathe(
            [
                (2.6, 6),
                (2.6, 6.6),
                (1.2, 7.6),
                (0.85, 9),
                (0.85, 18),
                (1.9, 18.6),
                (2.0, 20),
                (1.9, 21.4),
                (0.85, 22),
                (0.85, 33),
            ]
        ),
        gold,
    )
    s.add(g.lathe([(0, 19), (2.3, 19.1), (2.8, 20), (2.3, 20.9), (0, 21)]), stone)
    t = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    pleat = 1 + 0.022 * np.abs(((t / (2 * np.pi) * 64) % 1) * 2 - 1)
    profile = g.spline([(16, 27), (14.2, 31), (10.8, 37.5), (7.8, 45)], 16)
    rows = np.array(
        [
            np.stack([r * pleat * np.cos(t), r * pleat * np.sin(t), np.full_like(t, z)], 1)
            for r, z in profile
        ]
    )
    s.add(g.grid(rows, around=True), m.linen("#f1e2c4", "#e2cfa8", tile=5, height=0.02))
    for (r, z), w in ((profile[0], 0.38), (profile[-1], 0.3)):
        s.add(ring(r * 1.012, z, w), gold)
    tassels = [
        g.rod(
            (16.1 * np.cos(a), 16.1 * np.sin(a), 27),
            (16.1 * np.cos(a), 16.1 * np.sin(a), 24.2),
            (0.2, 0.26),
            sides=8,
        )
        for a in np.linspace(0, 2 * np.pi, 110, endpoint=False)
    ]
    s.add(g.join(*tassels), m.surface("#c79a4b", 0.6, sheen=0.5))
    s.add(g.lathe([(0.5, 45), (0.5, 46.2), (1.3, 47), (1.0, 48.4), (0, 49)]), gold)
    s.add(g.rod((-7.8, 0, 45), (7.8, 0, 45), 0.2), gold)
    s.add(g.lathe([(0, 33), (2.4, 34), (2.8, 36), (1.4, 39), (0, 39.4)]), m.glow("#ffd9a0", 3.0))
    return s


def tripod_lamp() -> Scene:
    """Scandinavian floor lamp: three light oak legs and a white linen drum shade."""
    s = Scene(turn=-12, elevation=8, fill=0.84)
    oak = m.wood("oak", tile=14)
    for a in np.radians([60, 180, 300]):
        d = np.array([np.cos(a), np.sin(a), 0])
        s.add(g.rod(4.0 * d + [0, 0, 107], 30 * d + [0, 0, 1], (1.9, 1.9, 1.5)), oak)
        s.add(
            g.lathe([(0.7, 0), (0.6, 0.5), (0, 0.6)], sides=24)
            .turned(90, "y")
            .turned(np.degrees(a))
            .moved(6.4 * d[0], 6.4 * d[1], 103.5),
            m.brass(),
        )
    s.add(
        g.lathe([(0, 97), (5.2, 97), (5.6, 97.5), (5.6, 100.5), (5.2, 101), (0, 101)]).grain("x"),
        oak,
    )
    s.add(g.lathe([(0, 106), (5.0, 106), (5.4, 107), (5.2, 109), (0, 110)]).grain("x"), oak)
    s.add(g.rod((0, 0, 109), (0, 0, 121), 0.7), m.painted("#f2f0ec"))
    s.add(
        g.lathe([(24, 112), (24.4, 112), (22.6, 142), (22.2, 142), (23.8, 112)], sides=160),
        m.linen("#f5f1e8", "#e9e1d2", tile=9, threads=14, height=0.05),
    )
    for r, z in ((24.2, 112.2), (22.4, 141.8)):
        s.add(ring(r, z, 0.45), m.painted("#f3efe6", 0.8))
    for a in np.radians([0, 120, 240]):
        s.add(
            g.rod((0, 0, 121), (22.3 * np.cos(a), 22.3 * np.sin(a), 139), 0.25),
            m.painted("#f2f0ec"),
        )
    s.add(g.lathe([(0, 130), (3, 128), (3.4, 126), (1.8, 122), (0, 121)]), m.glow("#fff0d8", 1.5))
    s.add(
        g.tube(
            g.spline(
                [(0, 4, 97), (3, 18, 50), (5, 30, 4), (14, 34, 0.6), (30, 30, 0.6), (44, 36, 0.6)],
                80,
            ),
            0.4,
        ),
        m.painted("#e9e6e0", 0.6),
    )
    return s


def candelabra() -> Scene:
    """Luxe five-arm brass candelabra with ivory taper candles."""
    s = Scene(turn=-14, elevation=11, fill=0.84, flags=True)
    gold, wax = m.brass(0.14), m.painted("#f4ecd9", 0.45)
    s.add(
        g.lathe(
            [
                (0, 0),
                (7.4, 0),
                (7.6, 0.4),
                (7.0, 1.2),
                (4.2, 1.9),
                (2.2, 2.8),
                (1.1, 4.4),
                (0.9, 6),
                (1.8, 7),
                (1.8, 8),
                (0.8, 9),
                (0.7, 14),
                (1.3, 15),
                (1.3, 16),
                (0.7, 17),
                (0.7, 23),
            ]
        ),
        gold,
    )
    holders = [(0.0, 23.0)]
    for sx in (-1, 1):
        s.add(
            g.tube(
                g.spline(
                    [(0, 0, 15.5), (sx * 4, 0, 13.2), (sx * 7.4, 0, 15.4), (sx * 7.4, 0, 20.2)], 40
                ),
                0.5,
            ),
            gold,
        )
        s.add(
            g.tube(
                g.spline(
                    [(0, 0, 11.5), (sx * 7, 0, 8.4), (sx * 13.8, 0, 12), (sx * 14.2, 0, 17.4)], 50
                ),
                0.5,
            ),
            gold,
        )
        holders += [(sx * 7.4, 20.2), (sx * 14.2, 17.4)]
    cup = g.lathe(
        [
            (0.5, -0.3),
            (1.2, 0),
            (2.5, 0.5),
            (2.6, 0.8),
            (1.5, 0.8),
            (1.35, 1.3),
            (1.3, 2.4),
            (1.6, 2.8),
            (1.15, 2.8),
            (1.1, 1),
        ],
        sides=60,
    )
    for x, z in holders:
        s.add(cup.moved(x, 0, z), gold)
        s.add(
            g.lathe([(1.08, 1), (1.02, 8), (0.86, 16), (0.7, 16.8), (0, 16.7)], sides=40).moved(
                x, 0, z
            ),
            wax,
        )
        s.add(
            g.tube(
                [(x, 0, z + 16.6), (x + 0.05, 0, z + 17.3), (x + 0.2, 0, z + 17.9)], 0.1, sides=8
            ),
            m.painted("#2d2622", 0.8),
        )
    return s


def opal_pendant() -> Scene:
    """Scandinavian pendant: opal white glass globe under a light oak cap."""
    s = Scene(turn=0, elevation=2, fill=0.86, hang=0.2, backdrop="#d8d2c8")
    s.add(
        g.lathe(
            g.spline([(0, 0), (8, 1.6), (13.5, 7.4), (14.4, 14), (11.6, 20.6), (6.4, 24.4)], 90),
            sides=140,
        ),
        m.surface("#f7f3ea", 0.15, specular=0.5, clearcoat=0.5),
    )
    s.add(
        g.lathe([(6.8, 23.6), (7.1, 24.4), (6.2, 28.4), (3.2, 33.2), (1.4, 35), (0, 35.2)]).grain(
            "z"
        ),
        m.wood("oak", tile=12),
    )
    s.add(g.rod((0, 0, 35), (0, 0, 66), 0.33), m.painted("#f0ede6", 0.7))
    s.add(
        g.lathe([(0, 70), (5.4, 70), (5.6, 69.6), (5.4, 66.4), (4.8, 65.8), (0, 65.8)][::-1]),
        m.painted("#f0ede6", 0.5),
    )
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h24": mushroom_lamp,
    "h25": edison_pendant,
    "h26": deco_lamp,
    "h27": tripod_lamp,
    "h28": candelabra,
    "h29": opal_pendant,
}
