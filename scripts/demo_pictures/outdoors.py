"""Camping and outdoor gear."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
import textures
from PIL import Image, ImageDraw
from studio import Scene


def printed(
    ground: np.ndarray, shapes: list[np.ndarray], colour: str, size: tuple[float, float], at: float
) -> m.Material:
    """Shapes (centimetres) printed on a picture that wraps once around a turned wall.

    ``size`` is the wall's girth and height; ``at`` the angle of the print's middle.
    """
    high, wide = ground.shape[:2]
    mask = Image.new("L", (wide, high), 0)
    scale = np.array([wide / size[0], high / size[1]])
    for shape in shapes:
        place = (shape + [size[0] * at / 360, 0]) * scale
        ImageDraw.Draw(mask).polygon([tuple(p) for p in place], fill=255)
    share = np.asarray(mask, np.float32)[..., None] / 255
    return m.picture(
        ground * (1 - share) + np.asarray(textures.hexed(colour), np.float32) * share, size
    )


def camping_lantern() -> Scene:
    """Paraffin hurricane lantern: forest-green steel, glass globe, wire guard, lit wick."""
    s = Scene(turn=-8, elevation=10, fill=0.84, backdrop="#e4dfd6")
    green, steel = m.painted("#2f5540", 0.3, 0.3), m.steel(0.25)
    s.add(
        g.lathe(
            [
                (0, 0),
                (7.4, 0),
                (8, 0.5),
                (8.1, 1.6),
                (7.7, 2.2),
                (7.7, 3.8),
                (6.6, 5.4),
                (4.2, 6.2),
                (3.4, 6.6),
                (3.4, 7.4),
            ]
        ),
        green,
    )
    s.add(
        g.lathe([(1.0, 0), (1.0, 0.9), (0.8, 1.0), (0, 1.0)], sides=30).moved(-5.2, -2.6, 4.9),
        m.brass(),
    )
    s.add(
        g.lathe(
            [(3.4, 7.2), (4.6, 7.4), (4.7, 8.0), (4.3, 8.3), (2.0, 8.6), (1.2, 9.6), (0.6, 9.8)]
        ),
        m.brass(0.2),
    )
    s.add(
        g.lathe(g.spline([(3.6, 8.2), (5.0, 10.2), (5.5, 13), (4.6, 16.6), (3.5, 18.6)], 60)),
        m.thin_glass(),
    )
    s.add(
        g.lathe([(0, 9.8), (0.55, 10.2), (0.75, 11.0), (0.42, 12.4), (0.0, 13.6)], sides=30),
        m.glow("#ffb24d", 9),
    )
    s.add(
        g.lathe(
            [
                (3.4, 18.4),
                (4.6, 18.6),
                (4.7, 19.3),
                (3.6, 19.8),
                (3.5, 21.6),
                (5.2, 22.2),
                (5.2, 22.7),
                (3.4, 23.6),
                (3.1, 25.4),
                (1.6, 26.4),
                (0, 26.6),
            ]
        ),
        green,
    )
    for k in range(10):
        a = 2 * np.pi * k / 10
        s.add(
            g.lathe([(0.45, 0), (0.4, 0.1), (0, 0.12)], sides=16)
            .turned(90, "y")
            .moved(3.52, 0, 20.7)
            .turned(np.degrees(a)),
            m.painted("#141414", 0.8),
        )
    for sx in (-1, 1):
        arm = g.rounded(
            [(sx * 6.6, 0, 4.4), (sx * 9.0, 0, 7.4), (sx * 8.6, 0, 20.4), (sx * 4.2, 0, 22.6)],
            3.5,
            14,
        )
        s.add(g.tube(arm, 0.95, sides=24), green)
    for z, r in ((11.2, 5.9), (15.0, 5.6)):
        t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
        s.add(
            g.tube(
                np.stack([r * np.cos(t), r * np.sin(t), np.full_like(t, z)], 1),
                0.14,
                closed=True,
                sides=10,
            ),
            steel,
        )
    for a in np.radians([20, 160, 200, 340]):
        s.add(
            g.tube(
                g.spline(
                    [
                        (4.4 * np.cos(a), 4.4 * np.sin(a), 8),
                        (5.9 * np.cos(a), 5.9 * np.sin(a), 11.2),
                        (5.6 * np.cos(a), 5.6 * np.sin(a), 15),
                        (4.3 * np.cos(a), 4.3 * np.sin(a), 18.6),
                    ],
                    30,
                ),
                0.14,
                sides=10,
            ),
            steel,
        )
    t = np.linspace(0, np.pi, 50)
    bail = np.stack([9.8 * np.cos(t), -1.5 * np.sin(t), 19.6 + 13.5 * np.sin(t) ** 0.85], 1)
    s.add(g.tube(bail, 0.25), steel)
    s.add(g.tube(bail[20:31], 0.8), m.wood("pine", tile=6))
    return s


def enamel_mug() -> Scene:
    """Camping mug: chipped-blue enamel with white specks and a bare steel rim."""
    s = Scene(turn=-24, elevation=19, fill=0.72)
    blue = m.glaze("#1d4b7c", speck="#e8eef2", amount=0.035, tile=8, rough=0.1)
    s.add(g.lathe([(0, 0), (4.0, 0), (4.3, 0.25), (4.35, 0.8)], sides=128), blue)
    tree = np.array(
        [
            (0, 1.3),
            (1.1, -0.2),
            (0.5, -0.2),
            (1.5, -1.4),
            (0.22, -1.4),
            (0.22, -2.0),
            (-0.22, -2.0),
            (-0.22, -1.4),
            (-1.5, -1.4),
            (-0.5, -0.2),
            (-1.1, -0.2),
        ]
    )
    trees = [
        tree * size + [x, z] for x, z, size in ((-2.3, 3.3, 0.8), (0.0, 3.8, 1.1), (2.2, 3.2, 0.72))
    ]
    ground = textures.speckled(
        textures.hexed("#1d4b7c"), textures.hexed("#e8eef2"), 3, amount=0.035
    )
    ground = np.tile(ground, (1, 4, 1))
    art = printed(ground, trees, "#f4f2ea", (2 * np.pi * 4.45, 7.1), at=286)
    s.add(
        g.lathe([(4.35, 0.8), (4.45, 7.9)], sides=128),
        m.surface(art, 0.1, specular=0.55, clearcoat=0.3),
    )
    s.add(g.lathe([(4.45, 7.88), (4.75, 8.35)], sides=128), blue)
    s.add(
        g.lathe([(4.62, 8.3), (4.3, 7.9), (4.2, 0.9), (3.9, 0.5), (0, 0.5)], sides=128),
        m.glaze("#f2f1ec", rough=0.1),
    )
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    s.add(
        g.tube(
            np.stack([4.7 * np.cos(t), 4.7 * np.sin(t), np.full_like(t, 8.36)], 1),
            0.16,
            closed=True,
        ),
        m.steel(0.2),
    )
    path = g.spline(
        [(4.35, 0, 7.0), (6.4, 0, 7.3), (7.5, 0, 5.8), (7.0, 0, 3.6), (5.6, 0, 2.2), (4.3, 0, 1.8)],
        60,
    )
    s.add(
        g.sweep(
            g.rectangle(1.25, 0.34, 0.16),
            path,
            size=np.interp(np.linspace(0, 1, 60), [0, 0.1, 0.9, 1], [1.35, 1, 1, 1.3]),
        ),
        blue,
    )
    return s


def steel_bottle() -> Scene:
    """Hiking bottle: brushed steel, screw cap with a carry loop and a green paracord."""
    s = Scene(turn=-20, elevation=12, fill=0.84, flags=True)
    steel, black = m.steel(0.24), m.plastic("#1d1e20", 0.4)
    peaks = [
        np.array([(-2.6, 0), (-0.8, 2.9), (-0.1, 2.0), (0.7, 3.5), (2.8, 0)]) + [0, 6.2],
        g.circle(0.62, 30) + [-1.5, 10.4],
    ]
    ground = np.broadcast_to(np.asarray(textures.hexed("#b9502a"), np.float32), (1024, 1024, 3))
    coat = m.surface(
        printed(ground, peaks, "#f3efe6", (2 * np.pi * 3.82, 14.2), at=284), 0.45, specular=0.4
    )
    s.add(g.lathe([(0, 0), (3.5, 0), (3.75, 0.25), (3.75, 2.4)], sides=120), steel)
    s.add(g.lathe([(3.82, 2.35), (3.82, 16.6)], sides=120), coat)
    for z in (2.35, 16.6):
        s.add(
            g.lathe([(3.7, z - 0.1), (3.83, z), (3.7, z + 0.1)], sides=120),
            m.painted("#8e3c1f", 0.5),
        )
    s.add(
        g.lathe(
            g.spline([(3.74, 16.6), (3.72, 18), (3.2, 20), (2.35, 21.4), (2.25, 22.2)], 40),
            sides=120,
        ),
        steel,
    )
    t = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    knurl = 2.62 + 0.07 * np.cos(44 * t)
    rows = [
        np.stack([k * r * np.cos(t), k * r * np.sin(t), np.full_like(t, z)], 1)
        for k, r, z in (
            (0.9, knurl, 22),
            (1, knurl, 22.3),
            (1, knurl, 24.6),
            (0.93, knurl, 25.0),
            (0.0, knurl, 25.1),
        )
    ]
    s.add(g.grid(np.array(rows), around=True), black)
    arch = np.stack(
        [
            1.9 * np.cos(np.linspace(0, np.pi, 30)),
            np.zeros(30),
            24.9 + 2.9 * np.sin(np.linspace(0, np.pi, 30)) ** 0.7,
        ],
        1,
    )
    s.add(g.sweep(g.rectangle(1.3, 0.6, 0.25), arch), black)
    cord = g.spline(
        [
            (0.3, -0.2, 27.4),
            (1.6, -0.9, 26.6),
            (3.6, -1.6, 23.5),
            (4.4, -1.6, 18.5),
            (4.3, -1.2, 14.6),
            (4.9, 0.2, 14.2),
            (4.9, 0.4, 18.5),
            (4.0, 0.2, 23.8),
            (1.8, 0.6, 27.2),
            (0.3, 0.4, 27.5),
        ],
        120,
    )
    s.add(g.tube(cord, 0.27), m.linen("#47683f", "#c7c29b", tile=1.2, threads=4, height=0.03))
    return s


def camp_stool() -> Scene:
    """Folding camp stool: crossed ash legs and an olive canvas seat with leather straps."""
    s = Scene(turn=-30, elevation=20, fill=0.78)
    ash, canvas = (
        m.wood("oak", tile=12, seed=9),
        m.linen("#6b6c43", "#54562f", tile=4.5, threads=16, height=0.05),
    )
    hide, gold = m.leather("#7a4421", tile=4, height=0.02), m.brass(0.25)
    for sy in (-1, 1):
        y = sy * 15.0
        s.add(g.rod((-19, y, 1), (16.5, y, 39), 1.35), ash)
        s.add(g.rod((19, y - sy * 2.9, 1), (-16.5, y - sy * 2.9, 39), 1.35), ash)
        s.add(g.rod((-0.2, y + 1.9, 20.6), (-0.2, y - sy * 2.9 - 1.9, 20.6), 0.55), gold)
        s.add(
            g.lathe([(1.0, 0), (0.8, 0.5), (0, 0.65)], sides=24)
            .turned(90 if sy < 0 else -90, "x")
            .moved(-0.2, y + sy * 1.3, 20.6),
            gold,
        )
    for x, y in ((-16.5, 17.6), (16.5, 17.6)):
        s.add(g.rod((x, -y, 39), (x, y, 39), 1.4), ash)
    for x, y in ((-15.2, 14.6), (15.4, 16.6)):
        s.add(g.rod((x, -y, 5.0), (x, y, 5.0), 0.9), ash)
    u, v = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 30))
    sag = 40.6 - 4.2 * (1 - u**2) * (1 - 0.12 * v**2)
    top = np.stack([17.4 * u, 14.6 * v, sag], -1)
    s.add(g.grid(top), canvas)
    s.add(g.grid((top - [0, 0, 0.5])[:, ::-1]), canvas)
    for sx in (-1, 1):  # hems wrapped around the rails
        a = (
            np.radians(np.linspace(-30, 210, 24))
            if sx > 0
            else np.radians(np.linspace(210, -30, 24))
        )
        rows = [
            np.stack(
                [
                    sx * 16.5 + 1.68 * np.sin(a) * sx,
                    np.full(24, y),
                    39 + 1.68 * np.cos(a),
                ],
                1,
            )
            for y in np.linspace(-14.6, 14.6, 12)
        ]
        s.add(g.grid(np.array(rows)), canvas)
    for sy in (-1, 1):
        s.add(g.tube(top[0 if sy < 0 else -1] + [0, 0, -0.2], 0.45), canvas)
    for y in (-9.5, 9.5):
        rows = [
            np.stack(
                [
                    17.6 * uu * np.ones(10),
                    y + np.linspace(-1.5, 1.5, 10),
                    np.full(10, 40.95 - 4.2 * (1 - uu**2) * (1 - 0.12 * (y / 14.6) ** 2)),
                ],
                1,
            )
            for uu in np.linspace(-1, 1, 40)
        ]
        s.add(g.grid(np.array(rows)), hide)
        for uu in (-0.86, -0.78, 0.78, 0.86):
            s.add(
                g.lathe([(0.4, 0), (0.3, 0.2), (0, 0.26)], sides=16).moved(
                    17.6 * uu, y, 40.95 - 4.2 * (1 - uu**2)
                ),
                gold,
            )
    return s


def cool_box() -> Scene:
    """Cool box: retro mint steel with a silver lid, latch, opener and bail handles."""
    s = Scene(turn=-30, elevation=17, fill=0.78)
    mint, steel = m.painted("#2f7d78", 0.25, 0.3), m.steel(0.2)
    s.add(g.box(50, 32, 31, 2.4).moved(z=0.8), mint)
    s.add(g.box(50.6, 32.6, 1.6, 0.6).moved(z=30.4), steel)
    s.add(g.box(50, 32, 7.5, 2.4).moved(z=31.8), m.painted("#efe9da", 0.3, 0.2))
    for sx in (-1, 1):
        handle = g.rounded(
            [(sx * 25, -8, 27), (sx * 30, -8, 24), (sx * 30, 8, 24), (sx * 25, 8, 27)], 2.5, 10
        )
        s.add(g.tube(handle, 0.55), steel)
        s.add(g.rod((sx * 29.9, -5, 24), (sx * 29.9, 5, 24), 1.1), m.wood("oak", tile=8))
        for y in (-8, 8):
            s.add(g.box(1, 3.4, 4, 0.4).moved(sx * 25.2, y, 25.2), steel)
    s.add(g.box(5, 1.2, 8, 0.5).moved(0, -16.3, 26), steel)
    s.add(g.box(3.2, 1.2, 4, 0.4).moved(0, -17.0, 27), steel)
    s.add(g.box(50.3, 32.3, 4, 1.2).moved(z=13), m.painted("#efe9da", 0.3))
    s.add(
        g.lathe([(1.4, 0), (1.4, 1.2), (0.8, 1.6), (0, 1.6)], sides=30)
        .turned(90, "x")
        .moved(20, -16, 4),
        m.plastic("#222222"),
    )
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h42": camping_lantern,
    "h43": enamel_mug,
    "h44": steel_bottle,
    "h45": camp_stool,
    "h46": cool_box,
}
