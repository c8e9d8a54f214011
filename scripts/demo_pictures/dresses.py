"""Dresses."""

from __future__ import annotations

import fabrics as fb
import numpy as np
import prints as pr
from fabrics import ink
from outlines import Array, curve, ellipse, mirrored, noise, smooth, xy
from relief import Relief
from shoot import lay
from studio import Scene


def pleats(r: Relief, u: Array, count: int, amp: Array, seed: int) -> Array:
    """Hanging folds over u in -1..1, each a little different."""
    rng = np.random.default_rng(seed)
    out = np.zeros(u.shape)
    wander = 0.03 * noise(u, r.y / 70, 1, seed)
    for k in range(count):
        c = -1 + 2 * (k + rng.uniform(0.2, 0.8)) / count
        w = rng.uniform(0.45, 0.9) / count
        out += rng.uniform(0.5, 1.1) * np.exp(-(((u + wander - c) / w) ** 2))
    return amp * out


def maxi_dress() -> Scene:
    """Tiered floral summer maxi dress with tie straps."""
    r = Relief()
    tile = pr.flower_tile(
        "#f3e3cf", ["#c8503f", "#d98a3d", "#8d3b52", "#e3a0a0"], count=26, big=0.85
    )
    print_ = pr.printed(tile, 82, fb.cloth("#ffffff", 0.05, 0.02))
    tiers = [(-66, 34, 58, 30), (-2, 62, 82, 40), (76, 86, 112, 46)]
    for top, w0, w1, _ in reversed(tiers):
        low = top + (84 if top < 60 else 116)
        wave = [(w1 * x, low + 3 * np.sin(9 * x + top)) for x in np.linspace(1, -1, 25)]
        pts = [(-w0, top, 1), (w0, top, 1), (w1, low - 2, 1), *wave[1:-1], (-w1, low - 2, 1)]
        part = r.shape(pts)
        t = np.clip((r.y - top) / (low - top), 0, 1)
        u = r.x / (w0 + (w1 - w0) * t)
        gather = pleats(r, u, 22, 1.6 * (1 - smooth(t, 0, 0.35)), 4) + pleats(
            r, u, 9, 5.5 * smooth(t, 0, 0.5), int(top) + 90
        )
        part.u = r.x * (1 - 0.12 * t)
        r.put(part, print_, 3, 3, 3, 20, gather, soft=3)
    bodice = xy("0,-112 22,-126 33,-142! 40,-136! 43,-112 36,-66! 0,-62")
    folds = r.fan((0, -70), -90, 130, 7, 50, 4, 1.8, 3)
    both_rows = 1.1 * np.sin(2 * np.pi * r.y / 5) * smooth(r.y, -82, -78)
    rear = r.put(r.shape(mirrored(xy("0,-118 30,-118 40,-124! 40,-80! 0,-80"))), print_, 1, 2)
    r.shade(rear.cov, (0, 0, 0), 0.35)
    r.put(r.shape(mirrored(bodice)), print_, 4, 3, 6, 16, folds + both_rows)
    for side in (-1, 1):
        r.groove([(side * 0, -111), (side * 20, -124), (side * 33, -141)], 1, 0.6, 0.15)
        strap = curve([(side * 35, -136), (side * 33, -160), (side * 26, -186)], closed=False)
        r.put(r.ribbon(strap, 6), print_, 3, 2, soft=2)
        for dx, dy in ((10, -4), (-8, -9)):
            bow = curve(
                [
                    (side * 26, -186),
                    (side * (26 + dx), -192 + dy),
                    (side * (30 + dx), -180 + dy),
                    (side * 26, -185),
                ],
                closed=False,
            )
            r.put(r.ribbon(bow, 4), print_, 2.5, 1.6, soft=1)
        r.put(
            r.ribbon(
                curve([(side * 26, -186), (side * 34, -170), (side * 40, -158)], closed=False), 4
            ),
            print_,
            2.5,
            1.6,
            soft=1,
        )
    return lay(r)


def slip_dress() -> Scene:
    """Emerald satin evening slip dress with cowl neck and side slit."""
    r = Relief()
    silk = fb.satin("#0f6b50", 0.36)
    rear = r.put(r.shape(mirrored(xy("0,-104 24,-112 38,-116! 40,-60! 0,-60"))), silk, 1, 2)
    r.shade(rear.cov, (0, 0, 0), 0.45)
    right = xy("36,-140! 44,-112 45,-88 37,-38 55,20 62,90 72,196!")
    left = xy("-66,196! -60,90 -55,20 -37,-38 -45,-88 -44,-112 -36,-140!")
    pts = [
        (0, -96),
        (18, -112),
        *right,
        (50, 199),
        (20, 195),
        (-20, 199),
        (-40, 194),
        *left,
        (-18, -112),
    ]
    t = smooth(r.y, -20, 180)
    u = r.x / (44 + 26 * t)
    folds = pleats(r, u, 7, 9.5 * t, 5) + 1.0 * noise(r.x / 10 + r.y / 40, r.y / 60, 1, 3)
    for k in range(5):
        sag = [
            (-34, -134 + 5 * k),
            (-18, -104 + 9 * k),
            (0, -92 + 11 * k),
            (18, -104 + 9 * k),
            (34, -134 + 5 * k),
        ]
        r.crease(sag, 4.2 - 0.2 * k, 3.6 - 0.45 * k, folds)
    r.fan((-38, -38), 20, 90, 4, 60, 4, 2.4, 8, folds)
    r.fan((38, -38), 160, 90, 4, 60, 4, 2.4, 9, folds)
    r.put(r.shape(pts), silk, 4, 4, 9, 24, folds)
    slit = xy("40,84 46,130 58,200 34,200 38,140")
    cut = r.shape(slit)
    r.shade(cut.cov * (r.alpha > 0.5), ink("#06251c"), 0.85)
    r.h -= 7 * smooth(cut.sd, -2, 5) * (r.alpha > 0.5)
    for side in (-1, 1):
        r.put(
            r.ribbon(
                curve([(side * 36, -138), (side * 31, -168), (side * 20, -202)], closed=False), 2.6
            ),
            silk,
            2.5,
            1.3,
            soft=1,
        )
        r.put(r.shape(ellipse(side * 32.6, -158, 3, 3.6)), fb.metal("#d9b45a"), 2, 1.4, soft=1)
    return lay(r, backdrop="#e6e0dc")


PRODUCTS = {
    "s30": maxi_dress,
    "s37": slip_dress,
}
