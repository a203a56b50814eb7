"""An evaluator's counts against the epoch for the runs of a study: pooled, compared and drawn. Pure functions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from gan_core.evaluation.statistics.intervals import Count, wilson
from gan_core.figures.style import COLORS, GREY, Column, add_level, lay_out


@dataclass(frozen=True)
class Point:
    """An evaluator's count at the end of an epoch."""

    epoch: int
    count: Count


def curve(columns: Mapping[str, Column], list_name: str) -> list[Point]:
    """A run's counts by epoch, out of the columns of its metrics log; empty if none was recorded."""
    hits, requested = columns.get(f"hits/{list_name}"), columns.get(f"requested/{list_name}")
    if hits is None or requested is None or "epoch" not in columns:
        return []
    there = np.isfinite(hits) & np.isfinite(requested) & (requested > 0)
    rows = zip(columns["epoch"][there], hits[there], requested[there], strict=True)
    return [Point(int(epoch), Count(round(hit), round(asked))) for epoch, hit, asked in rows]


def pooled(curves: Sequence[Sequence[Point]]) -> list[Point]:
    """The curves of an arm's runs as one: at each epoch the sum over the runs that have reached it."""
    hits, requested = Counter[int](), Counter[int]()
    for point in (point for points in curves for point in points):
        hits[point.epoch] += point.count.hits
        requested[point.epoch] += point.count.requested
    return [Point(epoch, Count(hits[epoch], requested[epoch])) for epoch in sorted(requested)]


def comparable(curves: Mapping[str, Sequence[Point]], going: Callable[[str], bool]) -> dict[str, Point]:
    """The point at which each arm is compared.

    Args:
        curves: arm -> its points.
        going: whether an arm still trains.

    Returns:
        Arm -> its last point up to the epoch of the slowest arm that still trains, so that all are compared after equal
        training. Arms without such a point are left out.
    """
    limit = min((points[-1].epoch for arm, points in curves.items() if points and going(arm)), default=math.inf)
    fitting = {arm: [point for point in points if point.epoch <= limit] for arm, points in curves.items()}
    return {arm: points[-1] for arm, points in fitting.items() if points}


def figure(curves: Mapping[str, Sequence[Point]], chance: float, titles: Mapping[str, str]) -> go.Figure:
    """One chart: an arm a curve of hits / requested against the epoch, with its 95 % Wilson interval as a band.

    Args:
        curves: arm -> its points.
        chance: drawn as a dotted line.
        titles: words for `epoch`, `accuracy` and `chance`.
    """
    fig = go.Figure()
    for number, (arm, points) in enumerate(curves.items()):
        if not points:
            continue
        color = COLORS[number % len(COLORS)]
        epochs = np.array([point.epoch for point in points], np.int32)
        low, high = np.array([wilson(point.count).interval for point in points], np.float32).T
        fig.add_scatter(x=np.concatenate([epochs, epochs[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself",
                        fillcolor=color, opacity=0.13, line={"width": 0}, hoverinfo="skip", showlegend=False,
                        legendgroup=arm, mode="lines")  # fmt: skip
        fig.add_scatter(x=epochs, y=np.array([point.count.ratio for point in points], np.float32), name=arm, legendgroup=arm,
                        mode="lines+markers", line={"color": color, "width": 2}, marker={"size": 5},
                        customdata=[str(point.count) for point in points],
                        hovertemplate="%{customdata} = %{y:.3f}")  # fmt: skip
    add_level(fig, chance)
    fig.add_annotation(x=0, xref="paper", xanchor="left", y=chance, yanchor="bottom", text=titles["chance"],
                       showarrow=False, font={"size": 11, "color": GREY})  # fmt: skip
    accuracy = {"title": {"text": titles["accuracy"]}, "range": (-0.02, 1.02)}
    lay_out(fig, titles["epoch"], xaxis={"rangemode": "tozero"}, yaxis=accuracy)
    return fig
