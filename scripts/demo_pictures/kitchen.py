"""Kitchen tools."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
import textures
from studio import Scene


def cutting_board() -> Scene:
    """Rustic acacia serving board with a handle, leather loop and a chef's knife."""
    s = Scene(turn=-24, elevation=40, fill=0.8)
    t = np.linspace(0, np.pi / 2, 10)
    half = [
        (0, -19),
        (9.5, -19),
        *[(9.5 + 2.5 * np.sin(a), -16.5 - 2.5 * np.cos(a)) for a in t],
        (12, 8),
        (11.4, 12),
        (8.5, 15.2),
        (4.6, 17.2),
        (3.0, 19.6),
        (2.6, 24),
        (3.1, 28.5),
        (2.4, 31),
        (0, 32),
    ]
    right = g.spline(half[12:], 60)
    right = np.concatenate([half[:12], right])
    outline = np.concatenate([right, (right[1:-1] * [-1, 1])[::-1]])
    hole = g.circle(0.95, 40) + [0, 28.2]
    s.add(
        g.slab(outline, 2.0, holes=[hole], bevel=0.5).grain("y"), m.wood("acacia", tile=20, seed=3)
    )
    loop = [
        (0, 28.3, 1.9),
        (1.6, 31, 2.4),
        (3.6, 36, 0.5),
        (1.2, 40.5, 0.35),
        (-2.2, 39, 0.5),
        (-1.6, 33.5, 1.2),
        (-0.3, 29, 1.6),
        (0, 28.1, -0.1),
    ]
    s.add(
        g.sweep(g.circle(0.34, 12) * [1.4, 0.8], g.spline(loop, 80)),
        m.leather("#6b3a1e", tile=4, height=0.01),
    )
    blade = [(0, -0.2), (17, -0.2), (18.6, 0.3), (17.0, 2.2), (10, 3.6), (0, 3.9)]
    knife = np.concatenate([blade[:2], g.spline(blade[1:5], 24)[1:], [blade[5]]])
    s.add(g.slab(knife, 0.22, bevel=0.08).turned(68).moved(-3.4, -13, 2.05), m.steel(0.22))
    grip = g.box(11, 2.8, 1.7, 0.75).grain("x").moved(-5.3, 2.0, -0.72)
    s.add(grip.turned(68).moved(-3.4, -13, 2.75), m.wood("ebony", tile=10))
    for k in (-2.4, -5.4, -8.4):
        s.add(
            g.lathe([(0.36, 0), (0.36, 0.06), (0, 0.1)], sides=20)
            .moved(k, 2.0, 0.96)
            .turned(68)
            .moved(-3.4, -13, 2.75),
            m.brass(),
        )
    return s


def moka_pot() -> Scene:
    """Stovetop espresso maker: faceted polished aluminium with a black handle."""
    s = Scene(turn=-32, elevation=13, fill=0.8, flags=True)
    alu, black = m.metal("#d3d4d5", 0.14), m.plastic("#18181a", 0.35)

    def facets(profile: list[tuple[float, float]]) -> g.Mesh:
        a = np.radians(np.arange(8) * 45 + 22.5)
        rows = [np.stack([r * np.cos(a), r * np.sin(a), np.full(8, z)], 1) for r, z in profile]
        return g.grid(np.array(rows), around=True)

    s.add(facets([(0, 0), (5.2, 0), (5.3, 0.2), (4.3, 7.6), (0, 7.6)]), alu)
    s.add(
        g.lathe(
            [(4.2, 7.4), (4.5, 7.5), (4.55, 8.2), (4.3, 8.5), (4.5, 8.8), (4.55, 9.4), (4.1, 9.6)],
            sides=100,
        ),
        alu,
    )
    s.add(facets([(0, 9.5), (3.9, 9.5), (4.0, 9.7), (5.2, 17.2), (5.3, 17.5), (0, 17.5)]), alu)
    lid = facets([(5.4, 17.5), (5.45, 17.9), (2.2, 19.4), (0, 19.5)])
    s.add(lid, alu)
    s.add(
        g.lathe(
            [(0.5, 19.3), (0.5, 19.8), (1.1, 20.2), (1.2, 21.4), (0.8, 21.9), (0, 22)], sides=40
        ),
        black,
    )
    rows = []
    for z, out, wide in ((12.0, 4.0, 0.2), (14.0, 5.0, 0.9), (16.0, 6.4, 1.6), (17.6, 7.6, 2.0)):
        rows.append([(-3.6, -wide * 1.3, z), (-out, 0, z), (-3.6, wide * 1.3, z)])
    s.add(g.grid(np.array(rows, float)[:, ::-1]), alu)
    s.add(g.grid(np.array(rows, float)), alu)
    path = g.rounded([(4.6, 0, 16.6), (10.6, 0, 17.6), (9.2, 0, 8.6), (8.8, 0, 7.6)], 2.2, 12)
    size = np.interp(np.linspace(0, 1, len(path)), [0, 0.3, 0.6, 1], [0.8, 1.0, 1.1, 0.75])
    s.add(g.sweep(g.rectangle(1.7, 1.3, 0.5), path, size=size), black)
    s.add(g.rod((5.3, -1.3, 17.7), (5.3, 1.3, 17.7), 0.45), alu)
    valve = (
        g.lathe([(0.9, 0), (0.9, 0.5), (0.5, 0.6), (0.5, 1.1), (0, 1.2)], sides=6)
        .turned(90, "x")
        .turned(-30)
    )
    s.add(valve.moved(-1.9, -4.0, 4.6), m.brass())
    return s


def copper_saucepan() -> Scene:
    """French copper saucepan with a long riveted brass handle."""
    s = Scene(turn=52, elevation=24, fill=0.8, flags=True)
    dents = textures.clouds((512, 512), 6, octaves=1, coarse=14)
    red = m.surface("#d98a60", 0.14, metallic=1.0, bump=m.picture(dents, 9.0), height=0.08)
    gold, tin = m.brass(0.2), m.metal("#cfcfce", 0.3)
    s.add(
        g.vessel(
            [(9.0, 0), (9.5, 0.2), (9.7, 0.8), (9.75, 8.8), (9.9, 9.4), (10.2, 9.6)],
            0.25,
            0.3,
            sides=140,
            smooth=0,
        ),
        red,
    )
    s.add(g.lathe([(0, 0.4), (9.3, 0.4), (9.42, 1.0), (9.45, 9.2)], sides=140).scaled(0.995), tin)
    path = g.spline(
        [(9.75, 0, 6.6), (11, 0, 7.2), (18, 0, 10.2), (26, 0, 12.2), (30.5, 0, 12.6)], 60
    )
    size = np.interp(np.linspace(0, 1, 60), [0, 0.12, 0.5, 0.85, 1], [1.5, 1.0, 0.85, 1.25, 1.0])
    s.add(g.sweep(g.rectangle(1.9, 0.75, 0.33), path, size=size), gold)
    ring = g.tube(
        g.circle(1.1, 40) @ np.array([[1, 0, 0], [0, 1, 0]]) + [31.7, 0, 12.6], 0.32, closed=True
    )
    s.add(ring, gold)
    s.add(
        g.slab(g.rectangle(4.4, 4.0, 1.4), 0.45, bevel=0.2).turned(90, "y").moved(9.65, 0, 6.2),
        gold,
    )
    for y, z in ((-1.3, 7.4), (1.3, 7.4), (0, 5.0)):
        s.add(
            g.lathe([(0.45, 0), (0.35, 0.25), (0, 0.34)], sides=24)
            .turned(90, "y")
            .moved(10.1, y, z),
            red,
        )
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h21": cutting_board,
    "h22": moka_pot,
    "h23": copper_saucepan,
}
