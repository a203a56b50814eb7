"""Curves over steps as one PNG, for places that run no JavaScript: a model card, an e-mail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

from gan_core.figures import imaging

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1200, 560, 110, 30, 60, 60  # px
COLORS = ("#0f766e", "#c2410c", "#1d63b8", "#9d2f8f", "#8a6100", "#5b5f97")
GREY, INK = "#d3d8dc", "#0f1317"
MAX_POINTS = 1000  # a curve
Points = Sequence[tuple[float, float]]


def curves_png(curves: Mapping[str, Points], title: str) -> bytes:
    """A chart of up to six curves, name -> (step, value) in order; what is not finite is left out.

    Raises:
        ValueError: there is no finite point.
    """
    sound = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in curves.items()}
    sound = {name: points[:: len(points) // MAX_POINTS + 1] for name, points in sound.items() if points}
    shown = dict(list(sound.items())[: len(COLORS)])
    if not shown:
        raise ValueError("There is nothing to draw: no curve has a finite value.")
    xs = [x for points in shown.values() for x, _y in points]
    ys = [y for points in shown.values() for _x, y in points]
    (x0, x1), (y0, y1) = _span(xs), _span(ys)
    canvas = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(20)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM),
        )

    pen.text((LEFT, 16), title, INK, font)
    for part in range(5):
        x, y = x0 + (x1 - x0) * part / 4, y0 + (y1 - y0) * part / 4
        pen.line([at(x0, y), at(x1, y)], GREY)
        pen.text((LEFT - 12, at(x0, y)[1]), f"{y:,.0f}" if abs(y) >= 1000 else f"{y:.3g}", INK, font, anchor="rm")
        pen.text((at(x, y0)[0], HEIGHT - BOTTOM + 12), f"{x:,.0f}", INK, font, anchor="mt")
    pen.text((WIDTH - RIGHT, HEIGHT - 8), "step", INK, font, anchor="rb")
    left = float(WIDTH - RIGHT)
    for (name, points), color in zip(reversed(shown.items()), COLORS[len(shown) - 1 :: -1], strict=False):
        pen.line([at(x, y) for x, y in points], color, 2)
        pen.text((left, 16), name, color, font, anchor="ra")
        left -= pen.textlength(name, font) + 24
    return imaging.png_bytes(canvas)


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
