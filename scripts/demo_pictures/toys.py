"""Wooden toys and children's things in bright colours."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
from meshes import Mesh
from studio import Scene

RED, YELLOW, BLUE, GREEN, ORANGE = "#d8352a", "#f4b81c", "#2467b3", "#3d9a4a", "#ec7a23"


def paint(colour: str) -> m.Material:
    """Glossy toy-safe lacquer."""
    return m.painted(colour, 0.28, 0.25)


def wheel(radius: float, wide: float) -> Mesh:
    """A toy wheel with its axle along y."""
    w = wide / 2
    profile = [
        (0, -w),
        (radius * 0.45, -w),
        (radius * 0.55, -w * 0.7),
        (radius * 0.8, -w * 0.7),
        (radius * 0.9, -w),
        (radius, -w * 0.7),
    ]
    full = profile + [(r, -z) for r, z in profile[::-1]]
    return g.lathe(full, sides=64).turned(90, "x")


def kids_stool() -> Scene:
    """Playful children's stool: red round seat, yellow, blue and green legs."""
    s = Scene(turn=20, elevation=20)
    s.add(
        g.lathe(
            [
                (0, 24),
                (13, 24),
                (14.4, 24.6),
                (15, 25.6),
                (15, 26.8),
                (14.4, 27.8),
                (13, 28.3),
                (5, 27.9),
                (0, 27.8),
            ],
            sides=120,
        ),
        paint(RED),
    )
    for k, tone in enumerate((YELLOW, BLUE, GREEN, ORANGE)):
        a = np.radians(45 + 90 * k)
        d = np.array([np.cos(a), np.sin(a), 0])
        s.add(g.rod(9 * d + [0, 0, 25], 15.5 * d + [0, 0, 1.2], (2.0, 1.9, 1.35)), paint(tone))
        low = 9 * d * 0.5 + 15.5 * d * 0.5 + [0, 0, 13]
        e = np.array([np.cos(a + np.pi / 2), np.sin(a + np.pi / 2), 0])
        s.add(g.rod(low, 12.25 * e + [0, 0, 13], 0.9), m.wood("birch", tile=10))
    for k in range(5):  # a smiling face of inlaid dots
        a = np.radians(210 + 30 * k)
        s.add(
            g.lathe([(0.85, 0), (0.75, 0.25), (0, 0.32)], sides=24).moved(
                6.4 * np.cos(a), 6.4 * np.sin(a), 27.9
            ),
            paint("#fff6e4"),
        )
    for sx in (-1, 1):
        s.add(
            g.lathe([(1.5, 0), (1.3, 0.3), (0, 0.4)], sides=32).moved(sx * 4.0, 4.2, 27.85),
            paint("#fff6e4"),
        )
    return s


def toy_train() -> Scene:
    """Wooden toy train: red and blue engine with a yellow and green wagon."""
    s = Scene(turn=-32, elevation=19)
    birch = m.wood("birch", tile=12)
    s.add(g.box(25, 8.4, 2.2, 0.6).moved(0, 0, 3.0).grain("x"), birch)
    boiler = (
        g.lathe([(0, 0), (3.4, 0), (3.8, 0.4), (3.8, 12.6), (3.4, 13), (0, 13)], sides=80)
        .turned(-90, "y")
        .moved(0.8, 0, 9.0)
    )
    s.add(boiler, paint(BLUE))
    s.add(
        g.lathe([(0, 0), (2.9, 0), (2.9, 0.5), (0, 0.7)], sides=60)
        .turned(-90, "y")
        .moved(-12.1, 0, 9.0),
        paint(YELLOW),
    )
    for x in (-9.2, -3.4):
        s.add(
            g.lathe([(3.7, -0.5), (4.0, -0.4), (4.0, 0.4), (3.7, 0.5)], sides=80)
            .turned(-90, "y")
            .moved(x, 0, 9.0),
            paint(YELLOW),
        )
    s.add(
        g.lathe(
            [
                (0, 0),
                (1.3, 0),
                (1.2, 2.6),
                (1.9, 4.6),
                (2.0, 5.0),
                (1.4, 5.0),
                (1.0, 3.6),
                (0, 3.6),
            ],
            sides=60,
        ).moved(-8.8, 0, 12.2),
        paint(RED),
    )
    s.add(
        g.lathe([(0, 0), (1.5, 0), (1.5, 1.0), (0.9, 1.9), (0, 2.1)], sides=50).moved(
            -3.0, 0, 12.4
        ),
        m.brass(0.25),
    )
    for sy in (-1, 1):
        hole = g.rectangle(4.4, 4.6, 0.8) + [0, 3.0]
        s.add(
            g.slab(g.rectangle(9.0, 13.0, 0.7), 0.9, holes=[hole], bevel=0.2)
            .turned(90, "x")
            .moved(6.6, sy * 3.5 + 0.45, 11.6),
            paint(RED),
        )
    s.add(g.box(0.9, 7.6, 8, 0.2).moved(2.6, 0, 5.2), paint(RED))
    s.add(g.box(11.4, 9.6, 1.2, 0.55).moved(6.6, 0, 18), paint(GREEN))
    for x, r in ((-8.6, 2.7), (-2.0, 2.7), (6.8, 3.5)):
        for sy in (-1, 1):
            s.add(wheel(r, 1.5).moved(x, sy * 5.1, r), paint(YELLOW if r < 3 else GREEN))
            s.add(
                g.lathe([(0.75, 0), (0.6, 0.5), (0, 0.6)], sides=24)
                .turned(90 if sy < 0 else -90, "x")
                .moved(x, sy * 5.9, r),
                paint(RED),
            )
    s.add(g.rod((12.4, 0, 4.0), (17.6, 0, 4.0), 0.5), birch)
    s.add(g.box(17, 8.4, 2.2, 0.6).moved(25.4, 0, 3.0).grain("x"), birch)
    for sy in (-1, 1):
        s.add(g.box(17, 1, 5, 0.4).moved(25.4, sy * 3.8, 5.2), paint(YELLOW))
    for x in (17.4, 33.4):
        s.add(g.box(1, 8.4, 5, 0.4).moved(x, 0, 5.2), paint(YELLOW))
    for x, y, tone in ((21, 0, RED), (26, -1.2, BLUE), (30.4, 0.8, GREEN)):
        s.add(
            g.lathe([(0, 0), (1.7, 0), (1.9, 0.3), (1.9, 5.2), (1.7, 5.5), (0, 5.5)], sides=40)
            .turned(9, "y")
            .moved(x, y, 6.0),
            paint(tone),
        )
    for x in (20.4, 30.4):
        for sy in (-1, 1):
            s.add(wheel(2.7, 1.5).moved(x, sy * 5.1, 2.7), paint(BLUE))
            s.add(
                g.lathe([(0.75, 0), (0.6, 0.5), (0, 0.6)], sides=24)
                .turned(90 if sy < 0 else -90, "x")
                .moved(x, sy * 5.9, 2.7),
                paint(RED),
            )
    return s


def stacking_rings() -> Scene:
    """Toddler stacking tower: five coloured rings on a wooden post with a ball on top."""
    s = Scene(turn=0, elevation=17, fill=0.8)
    birch = m.wood("birch", tile=12)
    s.add(g.lathe([(0, 0), (8.2, 0), (8.8, 0.5), (8.8, 1.5), (8.2, 2), (0, 2)]).grain("x"), birch)
    z = 2.0
    for radius, thick, tone in (
        (8.4, 2.0, RED),
        (7.5, 1.9, ORANGE),
        (6.6, 1.8, YELLOW),
        (5.7, 1.7, GREEN),
        (4.8, 1.6, BLUE),
    ):
        t = np.linspace(0, 2 * np.pi, 100, endpoint=False)
        r = radius - thick
        s.add(
            g.tube(
                np.stack([r * np.cos(t), r * np.sin(t), np.full_like(t, z + thick)], 1),
                thick,
                closed=True,
                sides=36,
            ),
            paint(tone),
        )
        s.add(g.lathe([(0, z + 0.2), (max(r - thick * 0.6, 1.2), z + 0.2)]), paint(tone))
        z += 2 * thick * 0.97
    s.add(g.rod((0, 0, 2), (0, 0, z + 1), 1.25), birch)
    q = np.linspace(-np.pi / 2 * 0.9, np.pi / 2, 40)
    s.add(g.lathe(np.stack([2.7 * np.cos(q), 2.7 * np.sin(q) + z + 2.2], 1)), paint(RED))
    return s


LETTERS = {
    "A": [[(-1.1, -1.4), (0, 1.4), (1.1, -1.4)], [(-0.65, -0.4), (0.65, -0.4)]],
    "B": [
        [(-0.8, -1.4), (-0.8, 1.4), (0.3, 1.35), (0.75, 0.75), (0.3, 0.08), (-0.8, 0.05)],
        [(0.3, 0.05), (0.9, -0.65), (0.35, -1.35), (-0.8, -1.4)],
    ],
    "C": [
        [
            (1.0, 0.85),
            (0.4, 1.4),
            (-0.5, 1.25),
            (-1.0, 0.3),
            (-0.95, -0.6),
            (-0.4, -1.3),
            (0.4, -1.4),
            (1.0, -0.85),
        ]
    ],
}


def building_blocks() -> Scene:
    """Wooden alphabet blocks and shapes: A, B, C cubes, an arch, a cylinder and a roof."""
    s = Scene(turn=-24, elevation=18, fill=0.78)
    birch = m.wood("birch", tile=9)

    def cube(x: float, y: float, z: float, letter: str, tone: str, spin: float) -> None:
        parts = [(g.box(5, 5, 5, 0.35).grain("z", x * 3), birch)]
        for face in range(4):
            frame = g.slab(
                g.rectangle(4.3, 4.3, 0.3), 0.12, holes=[g.rectangle(3.6, 3.6, 0.2)], bevel=0.04
            )
            strokes = [
                g.tube([(a, b, 0.05) for a, b in line], 0.3, sides=12)
                for line in LETTERS[letter if face != 3 else "ABC"[("ABC".index(letter) + 1) % 3]]
            ]
            decor = (
                g.join(frame, *[k.scaled(0.9, 0.9, 0.4) for k in strokes])
                .turned(90, "x")
                .moved(0, -2.5, 2.5)
                .turned(90 * face)
            )
            parts.append((decor, paint(tone)))
        top = g.slab(
            g.rectangle(4.3, 4.3, 0.3), 0.12, holes=[g.rectangle(3.6, 3.6, 0.2)], bevel=0.04
        ).moved(z=4.96)
        parts.append((top, paint(tone)))
        for mesh, material in parts:
            s.add(mesh.turned(spin).moved(x, y, z), material)

    cube(-5.2, 0, 0, "A", RED, 6)
    cube(0.6, 0.4, 0, "B", BLUE, -5)
    cube(-2.4, 0.2, 5, "C", GREEN, 8)
    t = np.linspace(0, np.pi, 30)
    arch = np.concatenate(
        [[(5, 0), (5, 5), (-5, 5), (-5, 0)], np.stack([-2.6 * np.cos(t), 2.9 * np.sin(t)], 1)]
    )
    s.add(g.slab(arch, 4, bevel=0.25).turned(90, "x").moved(9.4, 2.4, 0), paint(YELLOW))
    s.add(
        g.slab([(-5, 0), (5, 0), (0, 4.4)], 4, bevel=0.25).turned(90, "x").moved(9.4, 2.4, 5.0),
        paint(RED),
    )
    s.add(
        g.lathe([(0, 0), (2.2, 0), (2.5, 0.3), (2.5, 4.7), (2.2, 5), (0, 5)], sides=60).moved(
            -9.4, -5.2, 0
        ),
        paint(BLUE),
    )
    s.add(g.box(10, 2.6, 2.5, 0.3).turned(20).moved(5.4, -6.4, 0), paint(GREEN))
    s.add(
        g.slab([(-2.6, 0), (2.6, 0), (0, 4.2)], 3.4, bevel=0.25)
        .turned(90, "x")
        .turned(-12)
        .moved(-2.2, 1.8, 10),
        paint(YELLOW),
    )
    return s


def rocking_horse() -> Scene:
    """Wooden rocking horse on curved runners with a red saddle and yarn mane."""
    s = Scene(turn=-28, elevation=12, fill=0.84)
    pine = m.wood("pine", tile=22)
    for sy in (-1, 1):
        a = np.radians(np.linspace(-40, 40, 60))
        bow = np.stack([62 * np.sin(a), np.full_like(a, sy * 15.0), 62 - 60 * np.cos(a)], 1)
        s.add(g.sweep(g.rectangle(2.6, 4.4, 0.9), bow), paint(RED))
    for x, z in ((-26, 7.8), (26, 7.8), (-10, 3.6), (10, 3.6)):
        s.add(g.box(5, 32, 1.8, 0.5).moved(x, 0, z + 1.6).grain("y"), pine)
    outline = g.spline(
        [
            (-21, 33),
            (-23, 42),
            (-18, 47.5),
            (-6, 46.5),
            (6, 46),
            (13, 50),
            (17, 60),
            (18.5, 68),
            (22, 74.5),
            (24.5, 73),
            (27.5, 67.5),
            (33.5, 59.5),
            (34.5, 55.5),
            (31.5, 53.2),
            (26.5, 56.5),
            (24.2, 53),
            (24.4, 45),
            (21.5, 35),
            (14, 31),
            (-6, 30.5),
            (-15, 30.2),
        ],
        220,
        closed=True,
    )
    body = g.slab(outline, 9, bevel=2.4).turned(90, "x").moved(0, 4.5, 0)

    def slim(p: np.ndarray) -> np.ndarray:
        p[:, 1] *= np.interp(p[:, 2], [28, 36, 48, 60, 75], [1.25, 1.5, 1.2, 0.85, 0.7])
        return p

    s.add(body.bent(slim).grain("x"), pine)
    for x0, x1 in ((-15, -24), (15.5, 24)):
        for sy in (-1, 1):
            s.add(
                g.rod((x0, sy * 5.2, 36), (x1, sy * 13.4, 9), (3.4, 3.0, 2.2)),
                m.wood("pine", seed=4, tile=14),
            )
    saddle = g.spline([(-13, 47.6), (-8, 46.2), (3, 46), (8, 48.2)], 30)
    rows = []
    for x, z in saddle:
        q = np.linspace(-1, 1, 24)
        rows.append(
            np.stack([np.full(24, x), 7.4 * np.sin(q * 1.45), z + 2.0 - 7.0 * np.abs(q) ** 2.6], 1)
        )
    top = np.array(rows)
    s.add(g.grid(top), paint("#b3261e"))
    s.add(g.grid(top[:, ::-1] - [0, 0, 0.5]), paint("#b3261e"))
    for row in (0, -1):
        s.add(g.tube(top[row], 0.75), m.surface("#f0c14a", 0.6))
    s.add(g.rod((19.5, -13, 60), (19.5, 13, 60), (1.3, 1.3)), paint(RED))
    for sy in (-1, 1):
        s.add(
            g.lathe([(0, -1.1), (0.8, -0.9), (1.15, 0), (0.8, 0.9), (0, 1.1)], sides=30).moved(
                27.2, sy * 3.5, 64.6
            ),
            m.painted("#1c1512", 0.1),
        )
        s.add(g.rod((22.4, sy * 2.2, 71), (22.2, sy * 3.4, 77.2), (1.7, 1.3, 0.4)), pine)
        s.add(
            g.tube(
                g.spline(
                    [(31.0, sy * 3.3, 61.5), (24.5, sy * 4.6, 57.5), (19.6, sy * 7, 59.4)], 20
                ),
                0.35,
            ),
            m.leather("#6b3a1e"),
        )
    ring = g.spline(
        [
            (31.6, 0, 63.2),
            (30.4, 3.9, 61),
            (28.6, 3.9, 57.2),
            (28, 0, 55),
            (28.6, -3.9, 57.2),
            (30.4, -3.9, 61),
        ],
        60,
        closed=True,
    )
    s.add(g.tube(ring, 0.45, closed=True), m.leather("#6b3a1e"))
    rng = np.random.default_rng(2)
    yarn = []
    crest = g.spline([(23.6, 76.0), (19.6, 72), (16.8, 64), (14.4, 55), (9.5, 49)], 60)
    for x, z in crest:
        for side in (-1, 1, rng.choice([-1, 1])):
            fall = rng.uniform(5, 9)
            yarn.append(
                g.tube(
                    g.spline(
                        [
                            (x, 0, z),
                            (x - 1.4, side * 2.6, z + 0.8),
                            (x - 2.6 + rng.normal(0, 0.5), side * (4.6 + rng.random()), z - fall),
                        ],
                        10,
                    ),
                    0.42,
                    sides=7,
                )
            )
    for k in range(46):
        side, reach = rng.normal(0, 1.6), rng.uniform(0.8, 1.1)
        yarn.append(
            g.tube(
                g.spline(
                    [
                        (-21.5, side * 0.4, 44),
                        (-28 * reach, side, 42),
                        (-31.5 * reach, side * 1.4, 30),
                        (-30 * reach, side * 1.7, 21),
                    ],
                    16,
                ),
                0.42,
                sides=7,
            )
        )
    s.add(g.join(*yarn), m.surface("#5a3620", 0.85, sheen=0.4))
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h37": kids_stool,
    "h38": toy_train,
    "h39": stacking_rings,
    "h40": building_blocks,
    "h41": rocking_horse,
}
