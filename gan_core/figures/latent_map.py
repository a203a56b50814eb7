"""Latents in the plane as a Plotly figure, a colour and a shape a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from gan_core.figures.style import COLORS, label

SHAPES = ("circle", "diamond", "square", "triangle-up", "x", "cross")


def map_figure(
    points: npt.NDArray[np.float32],
    groups: npt.NDArray[np.int64],
    names: Sequence[str],
    chosen: int | None = None,
    uirevision: str = "",
) -> go.Figure:
    """Points as dots whose `customdata` is their number.

    Args:
        points: (N, 2).
        groups: (N,), indices into `names`; the larger ones are drawn below the smaller.
        names: of the groups, for the legend.
        chosen: the point with a ring around it.
        uirevision: as long as it stays, so do zoom and legend choices.
    """
    fig = go.Figure()
    sizes = np.bincount(groups, minlength=len(names))
    size_px = 5 if len(points) > 1500 else 7
    for group in np.argsort(-sizes, kind="stable"):
        members = np.flatnonzero(groups == group)
        if len(members):
            fig.add_scatter(
                x=points[members, 0], y=points[members, 1], customdata=members, mode="markers", hoverinfo="none",
                name=f"{label(names[group])} ({len(members):,})", legendrank=int(group), meta=names[group],
                marker={"size": size_px, "opacity": 0.75, "color": COLORS[group % len(COLORS)],
                        "symbol": SHAPES[group // len(COLORS) % len(SHAPES)] if len(names) > 2 else SHAPES[group]},
            )  # fmt: skip
    if chosen is not None and 0 <= chosen < len(points):
        fig.add_scatter(
            x=points[chosen : chosen + 1, 0], y=points[chosen : chosen + 1, 1], customdata=[chosen], mode="markers",
            hoverinfo="none", showlegend=False, meta=names[int(groups[chosen])],
            marker={"size": 16, "symbol": "circle-open", "color": "#d6249f", "line": {"width": 3}},
        )  # fmt: skip
    # Coordinates of a map mean nothing by themselves, so the axes carry no numbers; one unit is as long as the other.
    axis = {"showticklabels": False, "zeroline": False, "ticks": ""}
    fig.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0, "itemsizing": "constant"},
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        hovermode="closest",
        uirevision=uirevision,
    )
    return fig
