"""The curves of an experiment's runs in one chart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from gan_core.experiments.lessons.entry import Curve
from gan_core.figures.style import COLORS, Column, add_curve, lay_out

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
            steps, values = columns.get("step", np.empty(0)), columns.get(column, np.empty(0))
            if len(steps) and len(values) == len(steps):
                shade = COLORS[color % len(COLORS)]
                add_curve(fig, steps, values, name, shade, smoothing=curve.smoothing, limit=POINTS_A_CURVE)
            color += 1
    lay_out(fig, words.get("step", "step"), log_scale=curve.log, showlegend=True)
    return fig
