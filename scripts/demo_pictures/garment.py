"""Shared pattern pieces of upper garments: panels, sleeves, cuffs, zips, buttons."""

from __future__ import annotations

from dataclasses import dataclass

import fabrics as fb
import numpy as np
from fabrics import ink
from outlines import Array, Points, curve, ellipse, flip, mirrored, noise
from relief import Fabric, Relief, Shape


@dataclass(frozen=True)
class Cut:
    """Right half of an upper garment, in picture pixels (x from the middle)."""

    neck: tuple[float, float] = (27, -150)
    shoulder: tuple[float, float] = (80, -133)
    armpit: tuple[float, float] = (74, -58)
    waist: tuple[float, float] = (72, 30)
    hem: tuple[float, float] = (75, 128)
    cuff: tuple[float, float] = (133, 124)
    cuff_wide: float = 28
    drop: float = 34  # depth of the front neckline below the neck point
    sag: float = 4  # how far the hem's middle hangs lower


def body_half(cut: Cut) -> list[tuple[float, ...]]:
    """Right half of the front panel, neckline middle first."""
    (nx, ny), (sx, sy), (ax, ay) = cut.neck, cut.shoulder, cut.armpit
    neckline = [(0, ny + cut.drop), (nx * 0.72, ny + cut.drop * 0.74), (nx, ny, 1)]
    side = [(sx, sy, 1), (ax - 6, (sy + ay) / 2 + 6), (*cut.armpit, 1), cut.waist, (*cut.hem, 1)]
    return [*neckline, *side, (0, cut.hem[1] + cut.sag)]


def sleeve_half(cut: Cut) -> list[tuple[float, ...]]:
    """Right sleeve, tucked under the body at the armhole."""
    (sx, sy), (ax, ay), (cx, cy) = cut.shoulder, cut.armpit, cut.cuff
    d = np.array([cx - sx * 0.93, cy - sy])
    d = d / np.hypot(*d)
    q = np.array([d[1], -d[0]]) * cut.cuff_wide / 2
    out, inn = np.array([cx, cy]) + q, np.array([cx, cy]) - q
    high = (cy - sy) / 257  # shorter arms get proportionally shorter curves
    outer = [
        (sx - 24, sy - 6, 1),
        (sx + 1, sy + 3),
        (sx + 14, sy + 28 * high),
        (sx * 0.55 + out[0] * 0.45 + 6 * high, sy + (cy - sy) * 0.48),
    ]
    inner = [
        (ax * 0.55 + inn[0] * 0.45, ay * 0.5 + inn[1] * 0.5),
        (ax + 2, ay + 4, 1),
        (ax - 25, ay - 20, 1),
    ]
    return [*outer, (*out, 1), (*inn, 1), *inner]


def sleeve_angle(cut: Cut) -> float:
    """Turn of the right sleeve's own axes so that v runs along the arm."""
    return float(
        np.degrees(np.arctan2(cut.shoulder[0] - cut.cuff[0], cut.cuff[1] - cut.shoulder[1]))
    )


def at_cuff(cut: Cut, side: int, points: Points) -> list[tuple[float, ...]]:
    """Points given as (outward, down the arm) from the middle of the cuff edge."""
    a = np.radians(sleeve_angle(cut))
    c, s = np.cos(a), np.sin(a)
    spun = [
        (cut.cuff[0] + c * p[0] - s * p[1], cut.cuff[1] + s * p[0] + c * p[1], *p[2:])
        for p in points
    ]
    return spun if side > 0 else flip(spun)


def sleeves(
    r: Relief,
    cut: Cut,
    fabric: Fabric,
    thick: float = 3,
    puff: float = 6,
    wrinkle: float = 2.0,
    seed: int = 1,
    extra=None,
) -> list[Shape]:
    """Both sleeves with elbow folds; ``extra(part)`` adds more height, such as baffles."""
    out = []
    mid = ((cut.armpit[0] + cut.cuff[0]) / 2, (cut.armpit[1] + cut.cuff[1]) / 2)
    for side in (-1, 1):
        pts = sleeve_half(cut) if side > 0 else flip(sleeve_half(cut))
        part = r.shape(pts, sleeve_angle(cut) * side, (side * cut.shoulder[0], cut.shoulder[1]))
        folds = np.zeros(r.h.shape)
        toward = 0 if side > 0 else 180
        if cut.cuff[1] - cut.shoulder[1] > 130:
            r.fan(
                (side * (mid[0] - 8), mid[1] - 20),
                toward - 25 * side,
                120,
                5,
                42,
                3.6,
                wrinkle,
                seed + side,
                folds,
            )
            r.fan(
                (side * (cut.cuff[0] - 3), cut.cuff[1] - 22),
                -90 - 6 * side,
                100,
                4,
                38,
                3,
                wrinkle * 0.8,
                seed + 5 * side + 20,
                folds,
            )
        r.fan(
            (side * (cut.armpit[0] + 2), cut.armpit[1]),
            toward - 55 * side,
            70,
            4,
            60,
            4,
            wrinkle,
            seed + 3 * side + 9,
            folds,
        )
        folds += wrinkle * 0.3 * noise(part.u / 14, part.v / 30, 1, seed + 40 + side)
        out.append(r.put(part, fabric, thick, 4, puff, 14, folds + (extra(part) if extra else 0)))
    return out


def drape(r: Relief, cut: Cut, amount: float, seed: int) -> Array:
    """Folds of a front panel: pulls from the armpits, hem ripples, soft waves."""
    folds = np.zeros(r.h.shape)
    for side in (-1, 1):
        at = (side * (cut.armpit[0] - 4), cut.armpit[1] + 2)
        inward = 180 if side > 0 else 0
        r.fan(at, inward - 25 * side, 75, 4, 75, 4.5, amount, seed + side, folds)
        r.fan(at, 90 + 14 * side, 36, 3, 120, 5, amount * 0.9, seed + 7 + side, folds)
        r.fan(
            (side * cut.hem[0] * 0.75, cut.hem[1] - 4),
            -90 - 6 * side,
            60,
            4,
            95,
            5,
            amount * 0.8,
            seed + 17 + side,
            folds,
        )
    folds += amount * 0.45 * noise(r.x / 22, r.y / 90, 1, seed + 30)
    return folds + amount * 0.2 * noise(r.x / 9 + r.y / 50, r.y / 34, 1, seed + 31)


def both(r: Relief, points: Points, fabric: Fabric, *args: float, **more) -> None:
    """Put a part and its mirror image."""
    for pts in (points, flip(points)):
        r.put(r.shape(pts), fabric, *args, **more)


def back_neck(
    r: Relief,
    cut: Cut,
    fabric: Fabric,
    label: str | None = "#f4f1ea",
    low: float | None = None,
    dim: float = 0.3,
) -> None:
    """Inside of the back, seen through the neckline, with a woven label."""
    nx, ny = cut.neck
    low = ny + cut.drop + 12 if low is None else low
    half = [
        (0, ny - 1),
        (nx * 0.7, ny - 3),
        (nx + 5, ny - 1, 1),
        (nx + 14, (ny + low) / 2),
        (0, low),
    ]
    part = r.put(r.shape(mirrored(half)), fabric, 1.0, 2)
    r.shade(part.cov, (0, 0, 0), dim)
    if label:
        r.put(
            r.shape([(-9, ny + 7, 1), (9, ny + 7, 1), (9, ny + 14, 1), (-9, ny + 14, 1)]),
            fb.cloth(label),
            0.5,
            0.6,
        )


def cuffs(
    r: Relief, cut: Cut, fabric: Fabric, tall: float = 20, grow: float = 1.5, thick: float = 2.0
) -> None:
    """Bands around both wrists."""
    w = cut.cuff_wide / 2
    pts = [
        (-w - grow, -tall, 1),
        (w + grow, -tall, 1),
        (w + grow - 0.5, 3, 1),
        (-w - grow + 0.5, 3, 1),
    ]
    for side in (-1, 1):
        r.put(
            r.shape(at_cuff(cut, side, pts), sleeve_angle(cut) * side, cut.cuff),
            fabric,
            thick,
            2.5,
            soft=3,
        )


def hem_band(
    r: Relief, cut: Cut, fabric: Fabric, tall: float = 20, grow: float = 0.0, thick: float = 2.0
) -> None:
    """Band around the bottom edge."""
    x, y = cut.hem
    half = [
        (0, y - tall + cut.sag),
        (x + grow, y - tall, 1),
        (x + grow - 2, y + 3, 1),
        (0, y + 3 + cut.sag),
    ]
    r.put(r.shape(mirrored(half)), fabric, thick, 3, soft=4)


def neck_band(r: Relief, cut: Cut, fabric: Fabric, wide: float = 9, thick: float = 2.5) -> None:
    """Ribbed band along a round front neckline."""
    nx, ny = cut.neck
    line = [
        (-nx + 1, ny - 1),
        (-nx * 0.72, ny + cut.drop * 0.74),
        (0, ny + cut.drop),
        (nx * 0.72, ny + cut.drop * 0.74),
        (nx - 1, ny - 1),
    ]
    band = r.ribbon(curve(line, closed=False), wide)
    band.u, band.v = band.u, band.v
    r.put(band, fabric, thick, 3, soft=2)


def stand_collar(
    r: Relief, fabric: Fabric, inside: Fabric, tall: float = 16, wide: float = 31, low: float = -113
) -> None:
    """Upright collar: its dimmed back first, then the two front halves."""
    top = -151 - tall
    rear = [(0, top - 2), (wide * 0.8, top), (wide, -148, 1), (0, -128)]
    part = r.put(r.shape(mirrored(rear)), inside, 1, 2)
    r.shade(part.cov, (0, 0, 0), 0.25)
    front = [
        (0, low - 16),
        (wide * 0.5, -151 - tall * 0.3),
        (wide * 0.86, top, 1),
        (wide, -149, 1),
        (wide * 0.86, low - 16),
        (0, low),
    ]
    r.put(r.shape(mirrored(front)), fabric, 3.5, 3, 1.5, 8, soft=3)


def zipper(
    r: Relief, path: Points, tape: str, teeth: str = "#c9c9c4", wide: float = 6, pull: bool = True
) -> None:
    """Zip fastener: tape, teeth and pull tab at the path's start."""
    line = curve(path, closed=False)
    r.put(r.ribbon(line, wide), fb.cloth(tape), 0.4, 1, soft=2)
    part = r.ribbon(line, 2.8)
    gate = np.mod(part.u, 2.4) < 1.5
    part.cov = part.cov * np.where(gate, 1.0, 0.25)
    r.put(part, fb.metal(teeth, 0.35), 1.0, 0.8, soft=1)
    if pull:
        x, y = line[0]
        r.put(
            r.shape(
                [(x - 2.5, y, 1), (x + 2.5, y, 1), (x + 2, y + 12), (x, y + 14), (x - 2, y + 12)]
            ),
            fb.metal(teeth, 0.25),
            1.8,
            1,
            soft=1,
        )


def button(r: Relief, x: float, y: float, size: float, fabric: Fabric, holes: bool = True) -> None:
    """A round button with four holes, or a plain snap."""
    r.put(r.shape(ellipse(x, y, size / 2, size / 2)), fabric, 1.6, 1.2, soft=1)
    for dx in (-1, 1) if holes else ():
        for dy in (-1, 1):
            d = np.hypot(r.x - x - dx * size * 0.14, r.y - y - dy * size * 0.14)
            r.shade(1 - np.clip((d - size * 0.07) * 2, 0, 1), (0.03, 0.03, 0.03), 0.8)


def seams(
    r: Relief,
    lines: list[Points],
    thread: str,
    gap: float = 0.0,
    width: float = 1.1,
    dash: float = 3.4,
    sink: float = 0.9,
) -> None:
    """Seam grooves on both halves, each with one or two lines of topstitching."""
    for pts in lines:
        for version in (pts, flip(pts)):
            line = curve(version, closed=False)
            if gap == 0 or sink > 0:
                r.groove(line, 0.9, sink, 0.25)
            step = np.gradient(line, axis=0)
            q = np.stack([-step[:, 1], step[:, 0]], 1) / (np.hypot(*step.T)[:, None] + 1e-9)
            for k in (-1, 1) if gap else (0,):
                r.stitch(line + q * gap * k, ink(thread), width, dash, 1.2, 0.4, 0.3)
