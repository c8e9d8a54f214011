"""Decoration: vases, baskets, mirrors, clocks and plants."""

from __future__ import annotations

from collections.abc import Callable

import materials as m
import meshes as g
import numpy as np
import textures
from meshes import Mesh
from studio import Scene


def blade(length: float, width: float, arch: float, *, cup: float = 0.25, tip: float = 1.0) -> Mesh:
    """A leaf growing up from the origin, arching towards -y, cupped along its middle."""
    t, u = np.meshgrid(np.linspace(0, 1, 24), np.linspace(-1, 1, 9), indexing="ij")
    half = width / 2 * np.sin(np.pi * np.clip(0.12 + 0.88 * t, 0, 1) ** tip) ** 0.8
    angle = arch * t
    y, z = (
        -length * np.where(arch == 0, 0, (1 - np.cos(angle)) / max(arch, 1e-6)),
        length * np.sin(angle) / max(arch, 1e-6),
    )
    p = np.stack([u * half, y - cup * half * u**2, z], -1)
    return g.grid(p)


def dried_vase() -> Scene:
    """Rustic vase: unglazed terracotta amphora with dried pampas grass."""
    s = Scene(turn=0, elevation=10, fill=0.84)
    s.add(
        g.vessel(
            [(5.5, 0), (7.6, 2), (10.6, 9), (9.6, 17), (5.2, 22.4), (3.9, 25), (4.9, 28)],
            0.6,
            sides=120,
        ),
        m.terracotta(),
    )
    for sx in (-1, 1):
        s.add(
            g.tube(
                g.spline(
                    [
                        (sx * 4.1, 0, 25.2),
                        (sx * 8.2, 0, 25.4),
                        (sx * 9.9, 0, 21),
                        (sx * 8.2, 0, 18.6),
                    ],
                    40,
                ),
                0.85,
            ),
            m.terracotta(),
        )
    rng = np.random.default_rng(3)
    straw, plume = m.surface("#c9ae7c", 0.8), m.surface("#e3d0ab", 0.9, sheen=0.6)
    hairs = []
    for k in range(13):
        lean = np.radians(rng.uniform(3, 24))
        way = 2 * np.pi * (k / 13 + rng.uniform(-0.04, 0.04))
        reach = rng.uniform(44, 58)
        tip = np.array(
            [
                reach * np.sin(lean) * np.cos(way),
                0.5 * reach * np.sin(lean) * np.sin(way),
                reach * np.cos(lean) + 4,
            ]
        )
        path = g.spline([(0, 0, 4), tip * [0.35, 0.35, 0.5], tip, tip * [1.25, 1.2, 1.02]], 50)
        s.add(g.tube(path, (0.22, 0.12), sides=8), straw)
        for t in np.linspace(0.52, 1.0, 230):
            at = path[int(t * 49)] + rng.normal(0, 0.08, 3)
            forward = path[min(int(t * 49) + 1, 49)] - path[max(int(t * 49) - 1, 0)]
            forward /= np.linalg.norm(forward)
            off = rng.normal(0, 1, 3)
            off -= forward * (off @ forward)
            size = 4.2 * np.sin(np.pi * np.clip((t - 0.47) / 0.56, 0.05, 1)) ** 0.7
            end = (
                at + size * (0.8 * off / np.linalg.norm(off) + 0.9 * forward) + [0, 0, -0.3 * size]
            )
            hairs.append(
                g.tube([at, (at + end) / 2 + 0.25 * forward, end], (0.17, 0.15, 0.05), sides=5)
            )
    s.add(g.join(*hairs), plume)
    return s


def teal_vase() -> Scene:
    """Mid-century vase: teal glaze, pinched waist, carved bands."""
    s = Scene(turn=0, elevation=12, fill=0.82)
    teal, tan = (
        m.glaze("#17686b", speck="#0c3b3f", amount=0.04, tile=10, rough=0.16),
        m.surface("#b98a5a", 0.85),
    )
    out = g.spline(
        [(5.6, 0.6), (7.6, 5), (8.4, 11), (6.4, 18), (3.1, 24), (2.7, 28), (4.1, 32)], 300
    )
    carve = np.where(
        (out[:, 1] > 6) & (out[:, 1] < 15), 0.16 * np.cos((out[:, 1] - 6) / 9 * 2 * np.pi * 6), 0.0
    )
    out = out + np.stack([carve, np.zeros(len(out))], 1)
    s.add(g.vessel(out, 0.45, smooth=0, sides=120), teal)
    s.add(g.lathe([(0, 0), (5.2, 0), (5.5, 0.2), (5.62, 0.8)]), tan)
    return s


def wicker_basket() -> Scene:
    """Farmhouse basket: woven willow with two handles and a linen liner folded over."""
    s = Scene(turn=-22, elevation=22, fill=0.78)
    rows, stakes, height = 22, 32, 26.0
    radius = lambda z: 15.5 + 3.2 * (z / height) ** 0.8  # noqa: E731
    t = np.linspace(0, 2 * np.pi, 384, endpoint=False)
    dark = m.surface("#a9783f", 0.6)
    weft_a, weft_b = [], []
    for i in range(rows):
        z = 0.8 + i * height / rows
        over = 0.62 * np.cos(stakes / 2 * t + np.pi * i)
        r = radius(z) + over
        loop = np.stack([r * np.cos(t), r * np.sin(t), np.full_like(t, z)], 1)
        (weft_b if i in (6, 7, 15, 16) else weft_a).append(
            g.sweep(g.circle(0.62, 10), loop, closed=True)
        )
    s.add(g.join(*weft_a), m.surface("#c79a5d", 0.55, specular=0.35))
    s.add(g.join(*weft_b), m.surface("#7c5128", 0.55, specular=0.35))
    up = []
    for k in range(stakes):
        a = 2 * np.pi * k / stakes
        path = [
            (radius(z) * np.cos(a), radius(z) * np.sin(a), z)
            for z in np.linspace(0, height + 0.5, 8)
        ]
        up.append(g.tube(path, 0.5, sides=10))
    s.add(g.join(*up), dark)
    for phase in (0, np.pi):  # a twisted rope of two strands for the rim
        twist = 40 * t + phase
        r, z = radius(height) + 0.6 * np.cos(twist), height + 0.6 + 0.6 * np.sin(twist)
        s.add(
            g.tube(np.stack([r * np.cos(t), r * np.sin(t), z], 1), 0.75, closed=True, sides=10),
            m.surface("#b98a4d", 0.55),
        )
    s.add(g.lathe([(0, 0.3), (15.2, 0.3), (15.4, 1)]), dark)
    for sx in (-1, 1):
        q = np.linspace(0, np.pi, 120)
        for phase in (0, 2.1, 4.2):
            tw = 16 * q + phase
            arch = np.stack(
                [
                    sx * (18.9 + 1.0 * np.sin(q) + 0.42 * np.cos(tw)),
                    7.2 * np.cos(q) * (1 + 0.06 * np.sin(tw)),
                    25.2 + 9 * np.sin(q) + 0.42 * np.sin(tw),
                ],
                1,
            )
            s.add(g.tube(arch, 0.62, sides=10), m.surface("#b98a4d", 0.55))
    liner = m.linen("#efe8d8", "#ddd2bb", tile=5, height=0.06)
    fold = 0.35 * np.sin(23 * t) + 0.3 * np.sin(37 * t + 1)
    prof = [
        (13.4, 6, 0),
        (15.8, 20, 0.3),
        (16.6, 26.0, 0.3),
        (18.2, 28.9, 0.3),
        (20.4, 28.3, 0.4),
        (21.0, 25.6, 0.8),
        (20.7, 22.6, 1.3),
    ]
    cloth = np.array(
        [
            np.stack(
                [
                    (r + w * fold) * np.cos(t),
                    (r + w * fold) * np.sin(t),
                    z + 0.6 * w * np.sin(5 * t),
                ],
                1,
            )
            for r, z, w in g.spline(prof, 30)
        ]
    )
    s.add(g.grid(cloth, around=True), liner)
    s.add(g.lathe([(0, 6), (14.2, 6)]), liner)
    return s


def sunburst_mirror() -> Scene:
    """Luxe round mirror in a brass sunburst frame."""
    s = Scene(turn=-16, elevation=4, fill=0.86, hang=0.05, flags=True)
    gold = m.brass(0.18)
    disc = g.lathe([(0, 0.6), (16, 0.6)], sides=120).turned(90, "x")
    s.add(disc, m.mirror())
    frame = g.lathe(
        [
            (18.4, -0.8),
            (18.8, 0),
            (18.4, 1.4),
            (17.2, 1.9),
            (16, 1.4),
            (15.7, 0.4),
            (16, -0.8),
            (18.4, -0.8),
        ],
        sides=140,
    )
    s.add(frame.turned(90, "x"), gold)
    rays = []
    for k in range(48):
        a = 2 * np.pi * k / 48
        d = np.array([np.cos(a), 0, np.sin(a)])
        far = 34 if k % 2 == 0 else 28
        rays.append(g.rod(d * 18, d * far, (0.75, 0.6, 0.28), sides=14))
        if k % 2:
            rays.append(
                g.lathe(
                    [(0, -0.9), (0.65, -0.65), (0.9, 0), (0.65, 0.65), (0, 0.9)], sides=20
                ).moved(*(d * (far + 0.6)))
            )
    s.add(g.join(*rays), gold)
    return s


def digit(symbol: str, size: float) -> list[np.ndarray]:
    """Strokes of a Roman numeral, centred, as 2D segments."""
    wide = {"I": 0.28, "V": 0.62, "X": 0.62}
    x = -sum(wide[c] for c in symbol) / 2
    lines = []
    for c in symbol:
        w = wide[c]
        shapes = {
            "I": [((w / 2, -0.5), (w / 2, 0.5))],
            "V": [((0.04, 0.5), (w / 2, -0.5)), ((w - 0.04, 0.5), (w / 2, -0.5))],
            "X": [((0.04, 0.5), (w - 0.04, -0.5)), ((w - 0.04, 0.5), (0.04, -0.5))],
        }
        lines += [np.array([(x + a, b) for a, b in stroke]) * size for stroke in shapes[c]]
        x += w
    return lines


def _hand(angle: float, length: float, back: float, width: float, depth: float) -> Mesh:
    """A flat tapering clock hand; the angle runs clockwise from twelve."""
    outline = [
        (-width, -back),
        (width, -back),
        (width * 0.45, length),
        (0, length + width),
        (-width * 0.45, length),
    ]
    return g.slab(outline, 0.2, bevel=0.05).turned(-angle).moved(z=depth).turned(90, "x")


def station_clock() -> Scene:
    """Industrial wall clock: weathered metal ring, open face, Roman numerals."""
    s = Scene(turn=-14, elevation=4, fill=0.82, hang=0.05)
    iron = m.surface("#2b2a2a", 0.5, metallic=0.6)
    s.add(
        g.lathe([(0, 0), (27, 0)], sides=140).turned(90, "x"),
        m.wood("reclaimed", seed=5, tile=40, rough=0.6),
    )
    boards = []
    for i, x in enumerate(np.linspace(-22, 22, 5)):
        edge = np.linspace(-5.4, 5.4, 12) + x
        rise = np.sqrt(np.maximum(28.2**2 - edge**2, 0.5))
        plank = np.concatenate([np.stack([edge, -rise], 1), np.stack([edge[::-1], rise[::-1]], 1)])
        boards.append(g.slab(plank, 0.8, bevel=0.2).grain("y", 9.0 * i).turned(90, "x"))
    s.add(g.join(*boards), m.wood("reclaimed", seed=5, tile=26, rough=0.6))
    for r0, r1 in ((26.8, 29.6), (16.8, 17.8)):
        s.add(
            g.lathe(
                [(r1, -0.6), (r1, 1.4), (r1 - 0.3, 1.7), (r0 + 0.3, 1.7), (r0, 1.4), (r0, -0.6)],
                sides=160,
            ).turned(90, "x"),
            iron,
        )
    for i, numeral in enumerate(
        ("XII", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")
    ):
        a = np.radians(30 * i)
        for stroke in digit(numeral, 6.6):
            spin = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
            p = (stroke + [0, 22.3]) @ spin
            s.add(g.tube([(x, -1.7, z) for x, z in p], 0.42, sides=8), m.painted("#f0e9d8", 0.6))
    for i in range(60):
        a = np.radians(6 * i)
        d = np.array([np.sin(a), 0, np.cos(a)])
        s.add(
            g.rod(
                d * 26.9 + [0, -1.75, 0],
                d * (27.6 if i % 5 else 28.6) + [0, -1.75, 0],
                0.16 if i % 5 else 0.3,
                sides=8,
            ),
            m.painted("#f0e9d8", 0.6),
        )
    s.add(_hand(305, 11.5, 3.5, 0.9, 2.0), m.painted("#f0e9d8", 0.5))
    s.add(_hand(50, 17.5, 4.5, 0.7, 2.4), m.painted("#f0e9d8", 0.5))
    s.add(g.lathe([(1.5, 1.5), (1.4, 3.0), (0, 3.2)], sides=40).turned(90, "x"), iron)
    return s


def concrete_planter() -> Scene:
    """Industrial planter: faceted raw concrete pot with a snake plant."""
    s = Scene(turn=10, elevation=13, fill=0.84)
    a = np.radians(np.arange(6) * 60)
    b = a + np.radians(30)
    hexa = lambda r, z, t: np.stack([r * np.cos(t), r * np.sin(t), np.full(6, z)], 1)  # noqa: E731
    rows = [
        hexa(0.01, 0, a),
        hexa(9, 0, a),
        hexa(14, 10, b),
        hexa(12, 22, b + np.radians(30)),
        hexa(10.8, 22, b + np.radians(30)),
        hexa(11.2, 18.5, b + np.radians(30)),
    ]
    s.add(g.grid(np.array(rows), around=True).grain("z"), m.concrete(3, tile=26))
    s.add(
        g.lathe([(0, 19.6), (9.3, 19.2)], sides=60),
        m.surface(
            m.picture(textures.mottled((0.05, 0.03, 0.02), (0.02, 0.012, 0.008), 4), 6), 0.95
        ),
    )
    size = 256
    v, u = np.mgrid[0:size, 0:size] / size
    band = (
        np.sin(2 * np.pi * v * 9 + 5 * (textures.noise((size, size), (10, 20), 8) - 0.5)) * 0.5
        + 0.5
    )
    green = textures.blend(textures.hexed("#2f5a35"), textures.hexed("#7f9f6d"), band**2 * 0.8)
    edge = (np.abs(u - 0.5) > 0.40)[..., None]
    green = np.where(edge, np.asarray(textures.hexed("#cfc667"), np.float32), green)
    rng = np.random.default_rng(5)
    for k in range(15):
        way = 360 * k * 0.382
        out = 1.2 + 5.6 * (k / 15) ** 0.6
        tall = rng.uniform(34, 52) * (1.1 - 0.35 * k / 15)
        leaf = blade(tall, rng.uniform(4.8, 6.2), 0.12 + 0.35 * k / 15, cup=0.5, tip=1.25)
        uv = leaf.uv.copy()
        uv[..., 0] = uv[..., 0] / uv[..., 0].max()
        uv[..., 1] = uv[..., 1] / 40
        twist = rng.uniform(-30, 30)
        leaf = Mesh(leaf.points, leaf.faces, uv).turned(twist).moved(y=-out, z=19).turned(way)
        s.add(leaf, m.surface(m.picture(green, 1.0), 0.4, specular=0.4))
    return s


def teak_clock() -> Scene:
    """Scandinavian wall clock: white dial, light oak rim, bare black hands."""
    s = Scene(turn=-16, elevation=3, fill=0.74, hang=0.12)
    s.add(g.lathe([(0, 1.2), (13.2, 1.2)], sides=120).turned(90, "x"), m.painted("#f6f4ef", 0.5))
    rim = g.lathe(
        [
            (0, 0),
            (14.8, 0),
            (15, 0.3),
            (15, 3.2),
            (14.6, 3.6),
            (13.6, 3.6),
            (13.2, 3.2),
            (13.2, 1.1),
        ],
        sides=140,
    )
    s.add(rim.grain("y").turned(90, "x"), m.wood("oak", tile=16))
    black = m.painted("#222224", 0.5)
    for i in range(12):
        a = np.radians(30 * i)
        d = np.array([np.sin(a), 0, np.cos(a)])
        s.add(
            g.rod(
                d * (10.6 if i % 3 else 9.8) + [0, -1.3, 0],
                d * 12.2 + [0, -1.3, 0],
                0.2 if i % 3 else 0.3,
                sides=10,
            ),
            black,
        )
    s.add(_hand(304, 6.6, 1.6, 0.42, 1.7), black)
    s.add(_hand(50, 10.0, 2.0, 0.32, 2.1), black)
    s.add(g.rod((0, -2.5, 0), (-2.4, -2.5, -10.6), 0.1), m.painted("#c8502d", 0.5))
    s.add(g.lathe([(0.8, 1.2), (0.7, 2.7), (0, 2.9)], sides=30).turned(90, "x"), m.brass())
    return s


PRODUCTS: dict[str, Callable[[], Scene]] = {
    "h30": dried_vase,
    "h31": teal_vase,
    "h32": wicker_basket,
    "h33": sunburst_mirror,
    "h34": station_clock,
    "h35": concrete_planter,
    "h36": teak_clock,
}
