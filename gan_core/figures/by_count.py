"""A measure against how many pictures there were, for several methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import plotly.graph_objects as go

from gan_core.figures.style import COLORS, lay_out

SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")
APART = 1.05  # between the places of two methods, so that their seeds do not cover each other


def by_count(lines: Mapping[str, Mapping[int, Sequence[float]]], x_title: str, y_title: str) -> go.Figure:
    """A line of means over seeds for each method, and every seed as a dot, on a logarithmic axis of counts.

    Args:
        lines: name of a method -> count, at least 1 -> the value of each seed.
        x_title, y_title: of the axes.
    """
    fig = go.Figure()
    for place, (name, values) in enumerate(lines.items()):
        color, shift = COLORS[place % len(COLORS)], APART ** (place - (len(lines) - 1) / 2)
        seeds = [(count, value) for count, made in values.items() for value in made]
        fig.add_scatter(
            x=[count * shift for count, _ in seeds], y=[value for _, value in seeds], mode="markers", name=name,
            marker={"color": color, "size": 5, "opacity": 0.5}, legendgroup=name, showlegend=False,
            customdata=[count for count, _ in seeds], hovertemplate="%{customdata:,}: %{y:.3~g}<extra>" + name + "</extra>",
        )  # fmt: skip
        fig.add_scatter(
            x=[count * shift for count in values], y=[fmean(made) for made in values.values()], mode="lines+markers",
            name=name, legendgroup=name, line={"color": color, "width": 2},
            marker={"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 9}, customdata=list(values),
            hovertemplate="%{customdata:,}: %{y:.3~g}<extra>" + name + "</extra>",
        )  # fmt: skip
    counts = sorted({count for values in lines.values() for count in values})
    lay_out(fig, x_title, yaxis={"title": {"text": y_title}, "rangemode": "tozero"}, height=320, hovermode="closest")
    fig.update_xaxes(type="log", tickvals=counts, ticktext=[f"{count:,}" for count in counts])
    return fig
