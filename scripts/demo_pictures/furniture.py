"""Furniture: seats, tables and storage."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
from meshes import Mesh
from studio import Scene


def leg(
    scene: Scene,
    top: tuple,
    foot: tuple,
    radii: tuple,
    material: m.Material,
    tip: m.Material | None = None,
    tip_share: float = 0.16,
) -> None:
    """A tapered round leg, with an optional metal ferrule at its foot."""
    top, foot = np.asarray(top, float), np.asarray(foot, float)
    scene.add(g.rod(top, foot, radii), material)
    if tip is not None:
        start = foot + (top - foot) * tip_share
        wide = radii[-1] + (radii[0] - radii[-1]) * tip_share
        scene.add(g.rod(start, foot, (wide + 0.12, radii[-1] + 0.12)), tip)


def stuffed(width: float, depth: float, height: float, radius: float, puff: float) -> Mesh:
    """An upholstered block whose faces bulge, lying on z = 0."""
    block = g.box(width, depth, height, radius, cells=18)

    def bulge(p: np.ndarray) -> np.ndarray:
        x, y, z = (
            p[:, 0] / (width / 2),
            p[:, 1] / (depth / 2),
            (p[:, 2] - height / 2) / (height / 2),
        )
        swell = np.stack(
            [x * (1 - y**4) * (1 - z**4), y * (1 - x**4) * (1 - z**4), z * (1 - x**4) * (1 - y**4)],
            1,
        )
        return p + puff * swell

    return block.bent(bulge)


def dimpled(
    mesh: Mesh,
    spots: list[tuple[float, float]],
    axes: tuple[int, int],
    push: int,
    depth: float,
    spread: float,
) -> Mesh:
    """Buttons pulled into an upholstered face: ``push`` is the axis they sink along (towards +)."""

    def sink(p: np.ndarray) -> np.ndarray:
        near = p[:, push] < p[:, push].mean()
        for spot in spots:
            r2 = sum((p[:, a] - s) ** 2 for a, s in zip(axes, spot, strict=True))
            p[:, push] += near * depth * np.exp(-np.sqrt(r2 + 0.3) / spread)
        return p

    return mesh.bent(sink)


def stitches(
    scene: Scene,
    path: np.ndarray,
    material: m.Material,
    length: float = 0.9,
    gap: float = 0.6,
    radius: float = 0.12,
) -> None:
    """A row of thread stitches along a path."""
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = lambda s: np.array([np.interp(s, steps, path[:, k]) for k in range(3)])  # noqa: E731
    starts = np.arange(0, steps[-1] - length, length + gap)
    scene.add(
        g.join(
            *[g.tube([at(s), at(s + length / 2), at(s + length)], radius, sides=8) for s in starts]
        ),
        material,
    )


def spindle_chair() -> Scene:
    """Scandinavian spindle-back dining chair in light oak."""
    s = Scene(turn=-32, elevation=14)
    oak, oak2 = m.wood("oak", tile=24), m.wood("oak", seed=4, tile=12)
    angle = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    power = lambda t, r: r * np.sign(t) * np.abs(t) ** 0.72  # noqa: E731
    outline = np.stack([power(np.cos(angle), 22), power(np.sin(angle), 20.5)], 1)
    seat = g.slab(outline, 3.4, bevel=1.3)
    s.add(seat.grain("y").moved(z=43), oak)
    feet = {(sx, sy): np.array([sx * 21.0, sy * 19.5, 0.5]) for sx in (-1, 1) for sy in (-1, 1)}
    tops = {k: np.array([k[0] * 15.0, k[1] * 13.5, 44.0]) for k in feet}
    for k in feet:
        s.add(g.rod(tops[k], feet[k], (1.5, 1.9, 1.9, 1.7, 1.2)), oak2)
    at = lambda k, t: tops[k] * (1 - t) + feet[k] * t  # noqa: E731
    for sx in (-1, 1):
        s.add(g.rod(at((sx, -1), 0.58), at((sx, 1), 0.58), (0.8, 1.1, 0.8)), oak2)
    mids = [(at((sx, -1), 0.58) + at((sx, 1), 0.58)) / 2 for sx in (-1, 1)]
    s.add(g.rod(mids[0], mids[1], (0.8, 1.1, 0.8)), oak2)
    spread = np.radians(np.linspace(-46, 46, 9))
    for a in spread:
        low = [19.0 * np.sin(a) * 1.18, 17.5 * np.cos(a) * 0.98, 45]
        high = [27 * np.sin(a) * 1.05, 10 + 15.5 * np.cos(a), 81]
        s.add(g.rod(low, high, (0.75, 0.95, 0.8, 0.6)), oak2)
    t = np.radians(np.linspace(-56, 56, 40))
    crest = np.stack([27 * np.sin(t) * 1.05, 10 + 15.5 * np.cos(t), np.full_like(t, 82.0)], 1)
    s.add(
        g.sweep(
            g.rectangle(2.2, 6.0, 1.0),
            crest,
            size=np.interp(np.abs(t), [0, 0.8, 0.98], [1, 0.92, 0.7]),
        ),
        m.wood("oak", seed=7, tile=30),
    )
    return s


def cantilever_chair() -> Scene:
    """Bauhaus lounge chair: chromed steel tube and cognac leather slings."""
    s = Scene(turn=-38, elevation=13, flags=True)
    chrome, hide, thread = (
        m.metal("#d8d9da", 0.07),
        m.leather("#9a5a2e", height=0.03),
        m.surface("#e8d2b0", 0.8),
    )
    side = [(30, 1.4), (-30, 1.4), (-30, 42), (24, 36), (40, 84)]
    x = 28.0
    loop = [(x, y, z) for y, z in side] + [(-x, y, z) for y, z in side[::-1]]
    start = [(0, *side[0])]
    s.add(g.tube(g.rounded([*start, *loop, *start], 11, 12), 1.35), chrome)
    for sx in (-1, 1):
        arm = g.rounded([(sx * x, 33.5, 66), (sx * x, -20, 64), (sx * x, -20, 41.0)], 14, 14)
        s.add(g.tube(arm, 1.35), chrome)
        pad = g.rounded([(sx * x, 22, 65.6), (sx * x, -6, 64.6)], 14, 14)
        s.add(g.tube(np.linspace(pad[0], pad[-1], 10), 2.1), hide)

    def sling(a: tuple, b: tuple, sag: float) -> None:
        a, b = np.array([0, *a], float), np.array([0, *b], float)
        along = (b - a) / np.linalg.norm(b - a)
        out = np.cross([1.0, 0, 0], along)
        u, v = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(0, 1, 40))
        wrap = 1.7
        skins = []
        for lift in (0.45, -0.45):
            dip = -sag * (1 - u**2) * (1 - (2 * v - 1) ** 4)
            p = (
                a
                + v[..., None] * (b - a)
                + u[..., None] * np.array([x, 0, 0])
                + (dip + lift)[..., None] * out
            )
            skins.append(g.grid(p if lift > 0 else p[:, ::-1]))
        edge = [
            np.array([[sx * x, *(a + t * (b - a))[1:]] for t in np.linspace(0, 1, 12)])
            for sx in (-1, 1)
        ]
        s.add(g.join(*skins, *[g.tube(e, wrap) for e in edge]), hide)

        def seam(t: float, w: float) -> np.ndarray:
            dip = 0.55 - sag * (1 - w**2) * (1 - (2 * t - 1) ** 4)
            return a + t * (b - a) + np.array([w * x, 0, 0]) + dip * out

        for w in (-0.88, 0.88):
            row = np.array([seam(t, w) for t in np.linspace(0.02, 0.98, 40)])
            stitches(s, row, thread, 1.3, 0.9, 0.16)
        for t in (0.05, 0.95):
            row = np.array([seam(t, w) for w in np.linspace(-0.86, 0.86, 40)])
            stitches(s, row, thread, 1.3, 0.9, 0.16)

    sling((-24, 41.3), (20, 36.6), 2.0)
    sling((27.4, 46.0), (38.6, 80.0), -2.0)
    return s


def club_chair() -> Scene:
    """Art-deco tub chair: channel-tufted emerald velvet on brass legs."""
    s = Scene(turn=-30, elevation=15, backdrop="#efebe6")
    plush, gold = m.velvet("#0d5b46"), m.brass(0.14)
    n = 17
    for a in np.radians(np.linspace(-118, 118, n)):
        x, y = 33 * np.sin(a), 30 * np.cos(a)
        top = 78 - 19 * (abs(a) / np.radians(118)) ** 2.2
        lean = np.array([np.sin(a), np.cos(a), 0]) * 3.0
        path = (
            np.linspace([x, y, 22], [x, y, top - 5], 14)
            + np.linspace(0, 1, 14)[:, None] ** 2 * lean
        )
        s.add(g.tube(path, 4.75 + 1.5 * np.linspace(0, 1, 14), sides=28), plush)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    seat = np.stack(
        [
            29.5 * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8,
            -3 + 28 * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.8,
        ],
        1,
    )
    s.add(g.slab(seat, 13, bevel=4.5).moved(z=32), plush)
    s.add(g.slab(seat * 1.02, 14, bevel=3).moved(z=18), plush)
    s.add(g.tube([(*p, 32.2) for p in seat * 1.008], 0.55, closed=True), plush)
    band = np.stack([31 * np.cos(angle), -1 + 29 * np.sin(angle)], 1)
    s.add(g.slab(band, 2.2, bevel=0.4).moved(z=16.4), gold)
    for x, y in ((-21, -19), (21, -19), (-21, 19), (21, 19)):
        s.add(g.rod((x, y, 17), (x * 1.12, y * 1.12, 0.8), (1.9, 1.0)), gold)
    return s


def oak_side_table() -> Scene:
    """Scandinavian side table: round oak tray top on three legs, white shelf below."""
    s = Scene(turn=-15, elevation=18)
    s.add(
        g.lathe(
            [
                (0, 45),
                (21, 45),
                (22.6, 45.6),
                (23, 46.6),
                (23, 49.4),
                (22.4, 50),
                (21.8, 49.4),
                (21.4, 47),
                (20.8, 46.6),
                (0, 46.6),
            ]
        ).grain("x"),
        m.wood("oak", tile=26),
    )
    for a in np.radians([90, 210, 330]):
        d = np.array([np.cos(a), np.sin(a), 0])
        s.add(
            g.rod(14.5 * d + [0, 0, 45.4], 21 * d + [0, 0, 0.8], (1.5, 1.9, 1.7, 1.1)),
            m.wood("oak", seed=5, tile=12),
        )
    s.add(
        g.lathe([(0, 17.6), (15.6, 17.6), (16.2, 18.2), (15.6, 18.8), (0, 18.8)]),
        m.painted("#f4f2ee", 0.45),
    )
    return s


def steel_coffee_table() -> Scene:
    """Industrial coffee table: reclaimed planks on a black steel frame with castors."""
    s = Scene(turn=-32, elevation=20)
    iron = m.black_steel()
    for z, wood_seed in ((40, 2), (13, 9)):
        for i in range(5):
            board = g.box(100, 11.6, 4.6 if z == 40 else 2.6, 0.45).moved(y=(i - 2) * 12, z=z)
            s.add(
                board.grain("x", shift=13.0 * i + wood_seed),
                m.wood("reclaimed", seed=wood_seed + i, tile=24, rough=0.6),
            )
    for sx in (-1, 1):
        for sy in (-1, 1):
            s.add(g.box(4, 4, 34, 0.3).moved(sx * 48, sy * 28, 7), iron)
            wheel = g.lathe(
                [
                    (0, -1.4),
                    (2.2, -1.4),
                    (2.4, -1.0),
                    (3.2, -1.1),
                    (3.5, -0.6),
                    (3.5, 0.6),
                    (3.2, 1.1),
                    (2.4, 1.0),
                    (2.2, 1.4),
                    (0, 1.4),
                ],
                sides=48,
            )
            s.add(
                wheel.turned(90, "y").moved(sx * 48, sy * 28, 3.5),
                m.surface("#3a3836", 0.4, metallic=0.7),
            )
            for z in (42.4, 14.4):
                bolt = g.lathe([(0, 0.6), (0.5, 0.55), (0.9, 0.2), (1.0, 0)][::-1], sides=24)
                for dx in (-1.0, 1.0):
                    s.add(bolt.turned(90, "x").moved(sx * 48 + dx, -30.2, z - 5.2), m.steel(0.3))
    for z in (37.5, 11):
        for sy in (-1, 1):
            s.add(g.box(96, 4, 3, 0.3).moved(y=sy * 28, z=z), iron)
        for sx in (-1, 1):
            s.add(g.box(4, 56, 3, 0.3).moved(x=sx * 48, z=z), iron)
    for sx in (-1, 1):
        for a, b in ((-1, 1), (1, -1)):
            s.add(g.rod((sx * 48, a * 26, 15), (sx * 48, b * 26, 37), 0.9), iron)
    return s


def marble_bistro_table() -> Scene:
    """Luxe bistro table: white marble top with a brass edge on a fluted brass column."""
    s = Scene(turn=0, elevation=17, flags=True)
    stone, gold = m.marble(tile=80, seed=3), m.brass(0.15)
    s.add(
        g.lathe([(0, 70), (33.6, 70), (34, 70.4), (34, 72.6), (33.6, 73), (0, 73)], sides=160)
        .moved(40, 40)
        .grain("x")
        .moved(-40, -40),
        stone,
    )
    s.add(
        g.lathe(
            [(33.9, 70.3), (34.7, 70.3), (34.9, 70.6), (34.9, 72.2), (34.7, 72.5), (33.9, 72.5)],
            sides=160,
        ),
        gold,
    )
    t = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    flute = 4.2 + 0.35 * np.abs(np.sin(9 * t)) - 0.2
    heights = np.linspace(6, 66, 8)
    s.add(
        g.grid(
            np.array(
                [
                    np.stack([flute * np.cos(t), flute * np.sin(t), np.full_like(t, z)], 1)
                    for z in heights
                ]
            ),
            around=True,
        ),
        gold,
    )
    s.add(
        g.lathe(
            [(16, 70), (16, 69.2), (6, 67.5), (5.4, 66.6), (5.6, 65.4), (4.8, 64.6), (3, 64.6)][
                ::-1
            ]
        ),
        gold,
    )
    s.add(
        g.lathe(
            [
                (0, 0),
                (22.5, 0),
                (23, 0.5),
                (23, 1.6),
                (22.4, 2.2),
                (14, 3.0),
                (8, 4.4),
                (6, 6.2),
                (5.8, 7.6),
                (4.2, 8.0),
            ]
        ),
        gold,
    )
    return s


def walnut_nightstand() -> Scene:
    """Mid-century nightstand: walnut box with a drawer, tapered legs with brass tips."""
    s = Scene(turn=-30, elevation=15)
    wood = m.wood("walnut", tile=26, coat=0.2)
    w, d, h, z0, t = 50.0, 38.0, 30.0, 25.0, 2.0
    s.add(g.box(w, d, t, 0.4).moved(z=z0).grain("x"), wood)
    s.add(g.box(w, d, t, 0.4).moved(z=z0 + h - t).grain("x", 7), wood)
    for sx in (-1, 1):
        s.add(g.box(t, d, h, 0.4).moved(sx * (w - t) / 2, 0, z0).grain("z", 3 * sx), wood)
    s.add(
        g.box(w - 2, 1, h - 2, 0.1).moved(0, d / 2 - 1.2, z0 + 1).grain("x", 11),
        m.wood("walnut", seed=6, tile=26),
    )
    s.add(g.box(w - 4, d - 4, 1.6, 0.2).moved(0, 0, z0 + 13).grain("x", 5), wood)
    s.add(
        g.box(w - 4.8, 1.8, 12.6, 0.3).moved(0, -d / 2 + 1.6, z0 + 15).grain("x", 21),
        m.wood("walnut", seed=12, tile=26, coat=0.2),
    )
    knob = g.lathe([(0.5, 0), (0.5, 1.2), (1.5, 1.8), (1.6, 2.4), (1.2, 2.8), (0, 2.9)], sides=40)
    for sx in (-1, 1):
        s.add(knob.turned(90, "x").moved(sx * 10, -d / 2 + 0.8, z0 + 21.3), m.brass())
        for sy in (-1, 1):
            leg(
                s,
                (sx * 19, sy * 13.5, z0),
                (sx * 23, sy * 17, 0.8),
                (1.9, 0.95),
                wood,
                m.brass(),
                0.2,
            )
    for x, tone, thick in ((-6, "#c8862b", 3.4), (-5, "#2f6b6b", 2.6)):  # books in the open bay
        s.add(
            g.box(24, 17, thick, 0.25).moved(x, -3, z0 + t + (0 if x == -6 else 3.4)),
            m.painted(tone, 0.6),
        )
    return s


def mustard_sofa() -> Scene:
    """Mid-century sofa: buttoned mustard wool, slim arms, tapered walnut legs."""
    s = Scene(turn=-26, elevation=14)
    wool = m.linen("#c88f23", "#a8711a", tile=16, threads=22, height=0.1)
    wood = m.wood("walnut", tile=16)
    s.add(g.box(186, 78, 5, 1).moved(z=19).grain("x"), m.wood("walnut", tile=30))
    s.add(stuffed(184, 76, 10, 2.5, 0.5).moved(z=24), wool)
    for i in (-1, 0, 1):
        seat = stuffed(56, 66, 15, 4, 1.6).moved(i * 56.5, -6, 32)
        s.add(seat, wool)
        rest = stuffed(55.5, 15, 42, 4.5, 1.6)
        spots = [(dx, z) for dx in (-14, 14) for z in (15, 29)]
        rest = dimpled(rest, spots, (0, 2), 1, 4.5, 3.0)
        rest = rest.turned(-10, "x").moved(i * 56.5, 22, 43)
        s.add(rest, wool)
        button = g.lathe([(0, 0.8), (0.9, 0.6), (1.3, 0)][::-1], sides=24).turned(90, "x")
        for dx, z in spots:
            s.add(button.moved(dx, -4.6, z).turned(-10, "x").moved(i * 56.5, 22, 43), wool)
    s.add(stuffed(184, 10, 52, 4, 0.5).turned(-8, "x").moved(0, 32, 26), wool)
    for sx in (-1, 1):
        s.add(stuffed(9, 76, 38, 4, 0.4).moved(sx * 90, 0, 24), wool)
        for sy in (-1, 1):
            leg(
                s,
                (sx * 78, sy * 29, 20),
                (sx * 84, sy * 34, 0.8),
                (2.6, 1.3),
                wood,
                m.brass(),
                0.22,
            )
    bolster = g.cushion(40, 40, 15).turned(76, "x").moved(0, 0, 0)
    s.add(
        bolster.turned(-14).moved(-62, 4, 64),
        m.linen("#1f6f6b", "#15504e", tile=12, threads=20, height=0.08),
    )
    return s


def steel_shelf() -> Scene:
    """Industrial shelf: black steel uprights, dark reclaimed boards, cross brace."""
    s = Scene(turn=-30, elevation=11, fill=0.84)
    iron = m.black_steel()
    w, d, h = 84.0, 34.0, 170.0
    for sx in (-1, 1):
        for sy in (-1, 1):
            s.add(g.box(3, 3, h, 0.3).moved(sx * w / 2, sy * d / 2), iron)
        for z in (8, 62, 116, 166):
            s.add(g.box(2.4, d, 2.4, 0.2).moved(sx * w / 2, 0, z), iron)
    for i, z in enumerate((10, 49, 88, 127, 164)):
        s.add(
            g.box(w + 1, d + 2, 4, 0.5).moved(z=z).grain("x", 17.0 * i),
            m.wood("reclaimed", seed=3 + i, tile=30, rough=0.6),
        )
    s.add(g.rod((-w / 2, d / 2, 12), (w / 2, d / 2, 164), 0.7), iron)
    s.add(g.rod((w / 2, d / 2, 12), (-w / 2, d / 2, 164), 0.7), iron)
    x = -34.0
    for tone, wide, tall in (
        ("#7c2f27", 4, 24),
        ("#2e3b47", 5, 27),
        ("#c9b48a", 3.4, 22),
        ("#3f4a3a", 4.6, 26),
        ("#8d8a83", 3.8, 23),
        ("#23262a", 5, 25),
    ):
        s.add(g.box(wide, 18, tall, 0.4).moved(x + wide / 2, -2, 92), m.painted(tone, 0.6))
        x += wide + 0.25
    s.add(
        g.vessel([(6, 0), (8.5, 1), (9, 8), (9, 15)], 1.4, smooth=30).moved(20, -2, 131),
        m.concrete(2),
    )
    s.add(g.box(26, 22, 15, 0.5).moved(22, -2, 53), m.surface("#4b4f52", 0.4, metallic=0.8))
    s.add(g.box(34, 20, 5, 0.4).moved(-12, -2, 14), m.painted("#2a2927", 0.6))
    s.add(g.box(30, 19, 4, 0.4).turned(6).moved(-12, -2, 19), m.painted("#8a6b3f", 0.6))
    return s


def walnut_coffee_table() -> Scene:
    """Mid-century coffee table: surfboard walnut top, brass-tipped tapered legs, lower rack."""
    s = Scene(turn=-24, elevation=19)
    wood = m.wood("walnut", tile=34, coat=0.25)
    a = np.linspace(0, 2 * np.pi, 140, endpoint=False)
    top = np.stack(
        [
            58 * np.sign(np.cos(a)) * np.abs(np.cos(a)) ** 0.75,
            27 * np.sign(np.sin(a)) * np.abs(np.sin(a)) ** 0.85,
        ],
        1,
    )
    s.add(g.slab(top, 2.8, bevel=1.2).moved(z=39).grain("x"), wood)
    for sx in (-1, 1):
        for sy in (-1, 1):
            leg(
                s,
                (sx * 38, sy * 12.5, 39),
                (sx * 48, sy * 20, 0.8),
                (2.1, 0.95),
                m.wood("walnut", seed=4, tile=12),
                m.brass(),
                0.2,
            )
        s.add(
            g.rod((sx * 41.6, -15, 25), (sx * 41.6, 15, 25), 1.0), m.wood("walnut", seed=8, tile=12)
        )
    for y in np.linspace(-12, 12, 7):
        s.add(g.rod((-43, y, 26), (43, y, 26), 0.65), m.wood("walnut", seed=8, tile=12))
    return s


def farmhouse_bench() -> Scene:
    """Farmhouse bench: thick waxed pine plank, trestle ends, folded linen throw."""
    s = Scene(turn=-30, elevation=18)
    pine = m.wood("pine", tile=26, rough=0.55)
    s.add(g.box(112, 34, 5, 0.9).moved(z=41).grain("x"), pine)
    for sx in (-1, 1):
        for sy in (-1, 1):
            post = g.box(8, 8, 42, 0.8).grain("z", 9 * sx + 4 * sy)
            s.add(post.moved(sx * 42, sy * 11), m.wood("pine", seed=3, tile=22, rough=0.55))
        s.add(g.box(7, 16, 7, 0.6).moved(sx * 42, 0, 8).grain("y"), pine)
        s.add(g.box(8, 32, 5, 0.6).moved(sx * 42, 0, 36.4).grain("y"), pine)
    s.add(g.box(98, 4, 7, 0.6).moved(z=8).grain("x", 31), pine)
    return s


def oak_bed() -> Scene:
    """Scandinavian bed: light oak frame and headboard, white linen, grey blanket."""
    s = Scene(turn=-34, elevation=20)
    oak = m.wood("oak", tile=34)
    white, grey = (
        m.linen("#f4f1ea", "#e6e0d4", tile=14, height=0.05),
        m.linen("#9aa3a5", "#7f8a8d", tile=14, threads=10, height=0.3),
    )
    s.add(g.box(150, 4, 62, 1.5).moved(0, 102, 28).grain("x"), oak)
    for i in range(9):
        s.add(
            g.box(3, 2, 40, 0.6).moved(-60 + 15 * i, 99.5, 44).grain("z", i),
            m.wood("oak", seed=2, tile=14),
        )
    for sx in (-1, 1):
        s.add(g.box(4, 204, 14, 1.2).moved(sx * 73, 0, 22).grain("y"), oak)
        s.add(
            g.rod((sx * 66, -94, 22), (sx * 70, -98, 0.9), (2.8, 1.7)),
            m.wood("oak", seed=5, tile=14),
        )
        s.add(g.box(5, 4, 92, 1.2).moved(sx * 73, 102, 0).grain("z"), oak)
    s.add(g.box(150, 4, 14, 1.2).moved(0, -102, 22).grain("x"), oak)
    s.add(stuffed(142, 198, 20, 6, 0.8).moved(z=28), white)
    duvet = stuffed(156, 140, 12, 5.5, 2.2)

    def waves(p: np.ndarray) -> np.ndarray:  # soft folds, and sides that hang down
        p[:, 2] += 0.8 * np.sin(p[:, 0] / 9 + 0.5 * np.sin(p[:, 1] / 13)) * np.sin(p[:, 1] / 17)
        p[:, 2] -= 1.75 * np.maximum(np.abs(p[:, 0]) - 70, 0)
        return p

    s.add(duvet.bent(waves).moved(0, -28, 44), white)
    s.add(stuffed(160, 46, 3.4, 1.6, 0.4).bent(waves).moved(0, -62, 57), grey)
    for sx in (-1, 1):
        s.add(g.cushion(64, 44, 20).turned(38, "x").moved(sx * 34, 78, 42), white)
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h01": spindle_chair,
    "h02": cantilever_chair,
    "h03": club_chair,
    "h04": oak_side_table,
    "h05": steel_coffee_table,
    "h06": marble_bistro_table,
    "h07": walnut_nightstand,
    "h08": mustard_sofa,
    "h09": steel_shelf,
    "h10": walnut_coffee_table,
    "h11": farmhouse_bench,
    "h12": oak_bed,
}
