"""Relief modelling: 2D part shapes that become a height field with materials.

A product is drawn on a :class:`Relief` part by part, back to front.  Lengths
are in final-picture pixels, the origin is the picture's middle, x runs right
and y runs down.  Each part has an outline, a fabric (colour, fine bumps,
gloss) and a thickness; later parts lie on top of earlier ones, so collars,
pockets and straps catch light and throw small shadows once path-traced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from outlines import Array, Points, curve, smooth
from PIL import Image, ImageDraw
from scipy import ndimage as ndi
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

WIDTH, HEIGHT = 384, 448


@dataclass
class Shape:
    """A part's coverage, signed distance to its edge and own coordinates."""

    cov: Array
    sd: Array
    u: Array
    v: Array


@dataclass
class Look:
    """Surface look over the whole picture grid; scalars stand for constants."""

    rgb: Array
    bump: Array | float = 0.0
    rough: Array | float = 0.8
    sheen: float = 0.0
    metal: Array | float = 0.0
    coat: float = 0.0


Fabric = Callable[[Array, Array], Look]


@dataclass
class Relief:
    """Height field under construction: ``s`` samples per picture pixel."""

    s: float = 2.0
    x: Array = field(init=False)
    y: Array = field(init=False)

    def __post_init__(self) -> None:
        w, h = int(WIDTH * self.s), int(HEIGHT * self.s)
        self.x, self.y = np.meshgrid(
            (np.arange(w) + 0.5) / self.s - WIDTH / 2, (np.arange(h) + 0.5) / self.s - HEIGHT / 2
        )
        self.h = np.zeros((h, w))
        self.alpha = np.zeros((h, w))
        self.rgb = np.full((h, w, 3), 0.5)
        self.maps = {k: np.full((h, w), v) for k, v in DEFAULTS.items()}

    # shapes -----------------------------------------------------------------

    def pixels(self, path: Array) -> list[tuple[float, float]]:
        """Path in grid samples."""
        p = np.asarray(path, float)[:, :2]
        return [((a + WIDTH / 2) * self.s, (b + HEIGHT / 2) * self.s) for a, b in p]

    def cover(self, path: Array) -> Array:
        """Anti-aliased coverage of a closed path."""
        h, w = self.h.shape
        big = Image.new("L", (w * 3, h * 3))
        ImageDraw.Draw(big).polygon([(a * 3, b * 3) for a, b in self.pixels(path)], fill=255)
        return np.asarray(big.resize((w, h), Image.Resampling.BOX), float) / 255

    def shape(
        self, path: Array | Points, angle: float = 0.0, at: tuple[float, float] = (0, 0)
    ) -> Shape:
        """Shape from a closed path; own axes turned by angle degrees about a point."""
        cov = self.cover(path if isinstance(path, np.ndarray) else curve(path))
        return self.as_shape(cov, angle, at)

    def as_shape(self, cov: Array, angle: float = 0.0, at: tuple[float, float] = (0, 0)) -> Shape:
        """Shape from a coverage mask."""
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        dx, dy = self.x - at[0], self.y - at[1]
        return Shape(cov, self.distance(cov), c * dx + s * dy, -s * dx + c * dy)

    def distance(self, cov: Array) -> Array:
        """Signed distance to a mask's edge in picture pixels, positive inside."""
        inside = cov >= 0.5
        if not inside.any():
            return np.full(cov.shape, -999.0)
        seeds = ((cov > 0.02) & (cov < 0.98)) | (
            inside & ~ndi.binary_erosion(inside, border_value=1)
        )
        d, near = ndi.distance_transform_edt(~seeds, return_indices=True)
        shift = cov[tuple(near)] - 0.5
        d = np.where(inside, d + shift, shift - d)
        d = np.where(seeds, cov - 0.5, d)
        return ndi.gaussian_filter(d, 0.7) / self.s

    def along(self, path: Array, reach: float) -> tuple[tuple[slice, slice], Array, Array]:
        """Window around an open path, with arc length and signed offset from it."""
        p = np.asarray(path, float)
        lo, hi = p.min(0) - reach, p.max(0) + reach
        h, w = self.h.shape
        x0, x1 = np.clip(
            ((np.array([lo[0], hi[0]]) + WIDTH / 2) * self.s).astype(int) + [0, 1], 0, w
        )
        y0, y1 = np.clip(
            ((np.array([lo[1], hi[1]]) + HEIGHT / 2) * self.s).astype(int) + [0, 1], 0, h
        )
        win = (slice(y0, y1), slice(x0, x1))
        gx, gy = self.x[win], self.y[win]
        best = np.full(gx.shape, 1e9)
        u, v = np.zeros(gx.shape), np.zeros(gx.shape)
        run = 0.0
        for a, b in pairwise(p):
            e = b - a
            length = float(np.hypot(*e))
            if length < 1e-9:
                continue
            e = e / length
            t = (gx - a[0]) * e[0] + (gy - a[1]) * e[1]
            side = (gx - a[0]) * -e[1] + (gy - a[1]) * e[0]
            q = np.clip(t, 0, length)
            d = np.hypot(side, t - q)
            m = d < best
            best[m], u[m] = d[m], run + q[m]
            v[m] = np.where(side[m] < 0, -d[m], d[m])
            run += length
        return win, u, v

    def ribbon(self, path: Array | Points, width: float | Callable[[Array], Array]) -> Shape:
        """Strap-like shape along an open path: u runs along it, v across it."""
        line = path if isinstance(path, np.ndarray) else curve(path, closed=False)
        wide = width if callable(width) else (lambda t: np.full(np.shape(t), float(width)))
        total = float(np.hypot(*np.diff(line, axis=0).T).sum())
        reach = float(np.max(wide(np.linspace(0, 1, 50)))) / 2 + 3
        win, u, v = self.along(line, reach)
        sd = np.full(self.h.shape, -999.0)
        sd[win] = wide(u / total) / 2 - np.abs(v)
        full_u, full_v = np.zeros(self.h.shape), np.zeros(self.h.shape)
        full_u[win], full_v[win] = u, v
        return Shape(np.clip(sd * self.s + 0.5, 0, 1), sd, full_u, full_v)

    # painting ---------------------------------------------------------------

    def put(
        self,
        part: Shape,
        fabric: Fabric,
        thick: float = 2.0,
        edge: float = 2.0,
        puff: float = 0.0,
        puff_r: float = 30.0,
        folds: Array | float = 0.0,
        soft: float = 5.0,
        base: Array | None = None,
    ) -> Shape:
        """Lay a part on top: softened ground + rounded rim + pillow + folds + bumps."""
        look = fabric(part.u, part.v)
        on = part.cov > 0
        under = ndi.gaussian_filter(self.h, soft * self.s) if base is None else base
        rim = np.sqrt(np.clip(1 - (1 - np.clip(part.sd / edge, 0, 1)) ** 2, 0, 1))
        h = under + thick * rim + rim * (folds + look.bump)
        if puff:
            pillow = 1 - (1 - np.clip(part.sd / puff_r, 0, 1)) ** 2
            h = h + puff * ndi.gaussian_filter(pillow, puff_r * self.s / 6)
        c = part.cov
        self.h = np.where(on, self.h + (h - self.h) * smooth(c, 0.2, 0.8), self.h)
        self.rgb += (np.broadcast_to(look.rgb, self.rgb.shape) - self.rgb) * c[..., None]
        for key, grid in self.maps.items():
            grid += (getattr(look, key) - grid) * c
        self.alpha = np.maximum(self.alpha, c)
        return part

    def balloon(self, part: Shape, depth: float, power: float = 0.5, cell: float = 4.0) -> Array:
        """Inflated height of a shape (as if blown up), peaking at depth."""
        step = max(1, int(cell * self.s / 2))
        small = part.cov[::step, ::step] > 0.5
        n = int(small.sum())
        index = np.full(small.shape, -1)
        index[small] = np.arange(n)
        pad = np.pad(index, 1, constant_values=-1)
        rows, cols = [], []
        for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
            near = pad[dy : dy + small.shape[0], dx : dx + small.shape[1]]
            ok = small & (near >= 0)
            rows.append(index[ok])
            cols.append(near[ok])
        r, c = np.concatenate(rows), np.concatenate(cols)
        a = coo_matrix((-np.ones(len(r)), (r, c)), (n, n)).tocsr()
        a.setdiag(4.0)
        grid = np.zeros(small.shape)
        grid[small] = spsolve(a.tocsc(), np.ones(n))
        big = ndi.zoom(np.clip(grid, 0, None), step, order=1)
        big = np.pad(
            big,
            (
                (0, max(0, part.cov.shape[0] - big.shape[0])),
                (0, max(0, part.cov.shape[1] - big.shape[1])),
            ),
        )
        big = ndi.gaussian_filter(big[: part.cov.shape[0], : part.cov.shape[1]], step)
        big = np.minimum(big, 1e9) * (part.cov > 0)
        return depth * (big / big.max()) ** power

    def crease(
        self, path: Array | Points, width: float, amp: float, into: Array | None = None
    ) -> Array:
        """Add one tapered fold (ridge beside valley) along a path to a fold map."""
        line = path if isinstance(path, np.ndarray) else curve(path, closed=False, step=6)
        folds = np.zeros(self.h.shape) if into is None else into
        win, u, v = self.along(line, width * 3.5)
        total = float(np.hypot(*np.diff(line, axis=0).T).sum())
        t = u / total
        w = width * (0.45 + 0.75 * t)
        taper = np.sin(np.pi * np.clip(t, 0.02, 0.98) ** 0.7) ** 1.2
        end = np.hypot(v, 0)
        shape = np.exp(-((v / w) ** 2)) - 0.55 * np.exp(-(((v - 1.5 * w) / w) ** 2))
        folds[win] += amp * taper * shape * (end < width * 3.4)
        return folds

    def fan(
        self,
        at: tuple[float, float],
        angle: float,
        spread: float,
        count: int,
        length: float,
        width: float,
        amp: float,
        seed: int,
        into: Array | None = None,
    ) -> Array:
        """Folds radiating from a point of pull, such as an armpit or elbow."""
        rng = np.random.default_rng(seed)
        folds = np.zeros(self.h.shape) if into is None else into
        for k in range(count):
            a = np.radians(
                angle + spread * ((k + 0.5) / count - 0.5) + rng.normal(0, spread / count / 3)
            )
            n = length * rng.uniform(0.55, 1.1)
            bend = rng.normal(0, 0.16) * n
            d, q = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
            start = np.array(at) + q * rng.normal(0, width)
            pts = [tuple(start), tuple(start + d * n / 2 + q * bend), tuple(start + d * n)]
            self.crease(pts, width * rng.uniform(0.7, 1.3), amp * rng.uniform(0.6, 1.2), folds)
        return folds

    # line work --------------------------------------------------------------

    def groove(
        self, path: Array | Points, width: float = 1.2, depth: float = 1.0, dark: float = 0.25
    ) -> None:
        """Press a seam line into what is there."""
        line = path if isinstance(path, np.ndarray) else curve(path, closed=False)
        win, _, v = self.along(line, width * 4)
        cut = np.exp(-((v / width) ** 2))
        self.h[win] -= depth * cut * (self.alpha[win] > 0.5)
        self.rgb[win] *= (1 - dark * cut)[..., None]

    def stitch(
        self,
        path: Array | Points,
        rgb: Sequence[float],
        width: float = 1.3,
        dash: float = 4.0,
        gap: float = 1.6,
        lift: float = 0.5,
        sink: float = 0.5,
    ) -> None:
        """Sew a dashed thread line along a path."""
        line = path if isinstance(path, np.ndarray) else curve(path, closed=False)
        win, u, v = self.along(line, width * 4)
        on_it = self.alpha[win] > 0.5
        t = np.mod(u, dash + gap)
        run = smooth(t, 0, 0.5) * (1 - smooth(t, dash - 0.5, dash))
        thread = np.clip((width / 2 - np.abs(v)) * self.s + 0.5, 0, 1) * run * on_it
        self.h[win] -= sink * np.exp(-((v / (width * 1.3)) ** 2)) * on_it
        self.h[win] += (lift + sink) * thread
        self.rgb[win] += (np.asarray(rgb) - self.rgb[win]) * thread[..., None]

    def shade(self, mask: Array, rgb: Sequence[float] | Array, amount: float = 1.0) -> None:
        """Tint what is there toward a colour through a mask."""
        self.rgb += (np.asarray(rgb, float) - self.rgb) * (np.clip(mask, 0, 1) * amount)[..., None]


DEFAULTS = {"rough": 0.8, "sheen": 0.0, "metal": 0.0, "coat": 0.0}
