"""The curves of an experiment's runs in one chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import plotly.graph_objects as go

from gan_core.experiments.lessons.entry import Curve
from gan_core.figures.style import COLORS, Column, add_curve, lay_out

POINTS_A_CURVE = 400


def figure(
    curve: Curve,
    runs: Mapping[str, Mapping[str, Column]],
    words: Mapping[str, str],
    titled: Callable[[str, str], str] = "{}: {}".format,
) -> go.Figure:
    """One curve a run where each recorded one of the chart's columns, else one a column; smoothed, their scatter faint behind.

    Args:
        curve: what is drawn.
        runs: label of the run -> its columns, "step" among them.
        words: "step" and the labels of the columns, translated.
        titled: a run's label and a column's as one name.
    """
    fig = go.Figure()
    color = 0
    for label, columns in runs.items():
        steps = columns.get("step", np.empty(0))
        there = {column for column, _title in curve.columns if 0 < len(steps) == len(columns.get(column, ()))}
        for column, title in curve.columns:
            name = words.get(title, title)
            if len(runs) > 1 or len(curve.columns) == 1:
                name = label if len(there) == 1 else titled(label, name)
            if column in there:
                shade = COLORS[color % len(COLORS)]
                add_curve(fig, steps, columns[column], name, shade, smoothing=curve.smoothing, limit=POINTS_A_CURVE)
            color += 1
    lay_out(fig, words.get("step", "step"), log_scale=curve.log, showlegend=True)
    return fig
