"""The curves of an experiment's runs in one chart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gan_core.experiments.lessons.entry import Curve
from gan_core.figures.charts import COLORS, Column, smooth, thin

POINTS_A_CURVE = 400


def figure(curve: Curve, runs: Mapping[str, Mapping[str, Column]], words: Mapping[str, str]) -> go.Figure:
    """One curve a run where the chart has one column, else one curve a column; smoothed, their scatter faint behind.

    Args:
        curve: what is drawn.
        runs: label of the run -> its columns, "step" among them.
        words: "step" and the labels of the columns, translated.
    """
    fig = go.Figure()
    color = 0
    for label, columns in runs.items():
        for column, title in curve.columns:
            name = words.get(title, title) if len(curve.columns) > 1 else label
            name = f"{label}: {name}" if len(curve.columns) > 1 and len(runs) > 1 else name
            _draw(fig, columns, column, name, COLORS[color % len(COLORS)], curve.smoothing)
            color += 1
    fig.update_layout(
        margin={"l": 48, "r": 12, "t": 40, "b": 44},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        xaxis={"title": {"text": words.get("step", "step"), "standoff": 6}},
        yaxis={"type": "log" if curve.log else "linear"},
        hovermode="x unified",
        showlegend=True,
    )
    return fig


def _draw(fig: go.Figure, columns: Mapping[str, Column], column: str, name: str, color: str, smoothing: float) -> None:
    steps, values = columns.get("step", np.empty(0)), columns.get(column, np.empty(0))
    if len(values) != len(steps) or not len(steps):
        return
    there = np.isfinite(values)
    if smoothing > 0:
        x, y = thin(steps[there], values[there], POINTS_A_CURVE)
        fig.add_scatter(x=x, y=y, mode="lines", line={"color": color, "width": 1}, opacity=0.2, showlegend=False,
                        hoverinfo="skip", legendgroup=name)  # fmt: skip
    x, y = thin(steps[there], smooth(values[there], smoothing), POINTS_A_CURVE)
    fig.add_scatter(x=x, y=y, mode="lines", line={"color": color, "width": 2}, name=name, legendgroup=name)
