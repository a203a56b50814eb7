"""A Plotly figure of curves or points as a still SVG: for paper, and for pages that run no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gan_core.figures.style import GREY, Column

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, BOTTOM, LINE_PX = 62, 12, 40, 18
LETTER_PX = 6.4  # of 12 px text, about: for the places of the legend
INK, FAINT = "#1c1e22", "#e3e6e9"
MOST_TICKS = 6


def svg(fig: go.Figure, title: str = "") -> str:
    """The figure's scatter traces, axes, legend and vertical lines, as an SVG document that scales with its place.

    Axes that show no tick labels are left out, and one unit is then as long in both directions.
    """
    traces = [(trace, *_points(trace)) for trace in fig.data]
    traces = [(trace, x, y) for trace, x, y in traces if len(x)]
    log = fig.layout.yaxis.type == "log"
    if log:
        traces = [(trace, x[y > 0], np.log10(y[y > 0])) for trace, x, y in traces]
    legend, top = _legend(traces)
    bare = fig.layout.xaxis.showticklabels is False
    height = HEIGHT * 2 if bare else HEIGHT
    box = (LEFT, top, WIDTH - RIGHT, height - BOTTOM)
    spans = _spans(traces, fig, log=log, equal=(box[2] - box[0]) / (box[3] - box[1]) if bare else 0.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *legend,
        *([] if bare else _axes(box, spans, str(fig.layout.xaxis.title.text or ""), log=log)),
        *(_vertical(shape.x0, box, spans) for shape in fig.layout.shapes if shape.x0 == shape.x1),
    ]
    for trace, x, y in traces:
        parts += _trace(trace, *_placed(x, y, box, spans))
    return "\n".join([*parts, "</svg>"])


Span = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
Traces = Sequence[tuple[Any, Column, Column]]


def _points(trace: Any) -> tuple[Column, Column]:
    if trace.type != "scatter" or trace.x is None or trace.y is None:
        return np.empty(0), np.empty(0)
    x, y = np.asarray(trace.x, np.float64), np.asarray(trace.y, np.float64)
    there = np.isfinite(x) & np.isfinite(y)
    return x[there], y[there]


def _spans(traces: Traces, fig: go.Figure, *, log: bool, equal: float) -> tuple[Span, Span]:
    """What the axes show: all points, or the figure's own vertical range."""
    across = _span(np.concatenate([np.zeros(0), *(x for _trace, x, _y in traces)]), 0.0)
    given = fig.layout.yaxis.range
    up = (
        (float(given[0]), float(given[1]))
        if given is not None and not log
        else _span(np.concatenate([np.zeros(0), *(y for _trace, _x, y in traces)]), 0.04)
    )
    if equal:
        half = max((across[1] - across[0]) / equal, up[1] - up[0]) * 0.53
        middles = (across[0] + across[1]) / 2, (up[0] + up[1]) / 2
        return (middles[0] - half * equal, middles[0] + half * equal), (middles[1] - half, middles[1] + half)
    return across, up


def _span(values: Column, margin: float) -> Span:
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if high == low:
        return low - 0.5, high + 0.5
    return low - margin * (high - low), high + margin * (high - low)


def _placed(x: Column, y: Column, box: Box, spans: tuple[Span, Span]) -> tuple[Column, Column]:
    (x0, x1), (y0, y1) = spans
    across = box[0] + (x - x0) / (x1 - x0) * (box[2] - box[0])
    up = box[3] - (y - y0) / (y1 - y0) * (box[3] - box[1])
    return across, up.clip(box[1], box[3])


def _trace(trace: Any, x: Column, y: Column) -> list[str]:
    color = escape(str(trace.line.color or trace.marker.color or INK), quote=True)
    opacity = f' opacity="{trace.opacity}"' if trace.opacity is not None else ""
    mode, parts = trace.mode or "lines", []
    if "lines" in mode:
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        width = trace.line.width or 1.5
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width}"{opacity}/>')
    if "markers" in mode:
        dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in zip(x, y, strict=True))
        parts.append(f'<g fill="{color}" fill-opacity="0.75"{opacity}>{dots}</g>')
    return parts


def _legend(traces: Traces) -> tuple[list[str], int]:
    """Names of the traces in rows above the picture, and where the picture begins."""
    parts, left, top = [], float(LEFT), 16
    named = [trace for trace, _x, _y in traces if trace.name and trace.showlegend is not False]
    for trace in named:
        words = str(trace.name).replace("&lt;", "<").replace("&amp;", "&")  # as style.label wrote them
        width = 30 + LETTER_PX * len(words)
        if left > LEFT and left + width > WIDTH - RIGHT:
            left, top = float(LEFT), top + LINE_PX
        color = escape(str(trace.line.color or trace.marker.color or INK), quote=True)
        parts.append(f'<rect x="{left:.0f}" y="{top - 6}" width="16" height="4" fill="{color}"/>')
        parts.append(f'<text x="{left + 21:.0f}" y="{top}" fill="{INK}">{escape(words)}</text>')
        left += width
    return parts, top + 12 if named else 10


def _axes(box: Box, spans: tuple[Span, Span], x_title: str, *, log: bool) -> list[str]:
    left, top, right, bottom = box
    parts = []
    for value in ticks(*spans[1], whole=log):
        y = _placed(np.array([spans[0][0]]), np.array([value]), box, spans)[1][0]
        words = _number(10**value if log else value)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="{FAINT}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{words}</text>')
    for value in ticks(*spans[0]):
        x = _placed(np.array([value]), np.array([spans[1][0]]), box, spans)[0][0]
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" fill="{INK}">{_number(value)}</text>')
    parts.append(f'<path d="M{left} {top}V{bottom}H{right}" stroke="{GREY}" fill="none"/>')
    parts.append(
        f'<text x="{(left + right) / 2}" y="{bottom + 34}" text-anchor="middle" fill="{INK}">{escape(x_title)}</text>'
    )
    return parts


def _vertical(value: float, box: Box, spans: tuple[Span, Span]) -> str:
    x = _placed(np.array([float(value)]), np.array([spans[1][0]]), box, spans)[0][0]
    return f'<path d="M{x:.1f} {box[1]}V{box[3]}" stroke="{GREY}" stroke-dasharray="2 3"/>'


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """At most MOST_TICKS round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten.

    Args:
        whole: of whole numbers only, as the exponents of a logarithmic axis are.
    """
    rough = (high - low) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    step = max(1.0, round(step)) if whole else step
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
