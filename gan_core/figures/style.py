"""What all figures share: colours, layout, and curves drawn raw and smoothed, thinned to what a screen can show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from tsdownsample import MinMaxLTTBDownsampler

Column = npt.NDArray[np.float64]
MAX_POINTS = 1000  # a trace: what a chart can show, and a bound on what a browser is sent
COLORS = ("#14958b", "#e0701f", "#4a90e2", "#b468c4", "#c79a1e", "#7f86c9", "#e0617a", "#8794a5")
GREY = "#888"


def smooth(values: Column, amount: float) -> Column:
    """Exponential moving average, corrected for its start as Adam corrects its moments (Kingma and Ba 2015).

    Args:
        values: (N,) without NaN.
        amount: weight of the past, 0 (none) to below 1.
    """
    if amount <= 0 or len(values) == 0:
        return values
    from scipy.signal import lfilter  # 0.7 s of loading, which no command should wait for

    average = lfilter([1 - amount], [1, -amount], values)
    weight = 1 - amount ** np.arange(1, len(values) + 1)
    smoothed: Column = average / weight
    return smoothed


def label(words: str) -> str:
    """Words that somebody typed, for a place in a chart: plotly would take some HTML, links included, for what it says."""
    return words.replace("&", "&amp;").replace("<", "&lt;")


def thin(
    x: Column, values: Column, limit: int = MAX_POINTS
) -> tuple[npt.NDArray[np.int32] | npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """At most `limit` points that keep the curve's peaks and shape; the last point always stays.

    Source: Steinarsson 2013, "Downsampling Time Series for Visual Representation" (LTTB), after a min-max preselection
    (Van Der Donckt et al. 2023, "MinMaxLTTB").

    Args:
        x, values: (N,) each, `x` never falling; points count as evenly spaced when they are chosen.
        limit: at least 3.

    Returns:
        Places, int32 where all of them are whole, and values. Half the bytes of float64; a screen shows no more.
    """
    if len(values) > limit:
        kept = MinMaxLTTBDownsampler().downsample(np.arange(len(x), dtype=np.float64), values, n_out=limit)  # type: ignore[no-untyped-call]
        x, values = x[kept], values[kept]
    whole = bool((x == np.floor(x)).all())
    return x.astype(np.int32) if whole else x.astype(np.float32), values.astype(np.float32)


def add_curve(
    fig: go.Figure,
    x: Column,
    values: Column,
    name: str,
    color: str,
    *,
    smoothing: float = 0.0,
    limit: int = MAX_POINTS,
    group: str | None = None,
    mode: str = "lines",
    trend: tuple[Column, Column] | None = None,
) -> None:
    """Draws a curve; a smoothed one over its recorded values, which stay faintly visible.

    Args:
        fig: the figure.
        x, values: (N,) each; values that are not finite are passed over.
        trend: other places and values, (M,) each, that are smoothed in their stead.
        name: for the legend.
        color: a CSS colour.
        smoothing: weight of the past, 0 to below 1.
        limit: most points of the curve; its faint copy has half as many.
        group: traces of one group are shown and hidden together; the name when None.
        mode: Plotly's, of the curve itself.
    """
    name = label(name)
    there, group = np.isfinite(values), name if group is None else group
    if smoothing > 0:
        raw_x, raw_y = thin(x[there], values[there], limit // 2)
        fig.add_scatter(x=raw_x, y=raw_y, mode="lines", line={"color": color, "width": 1}, opacity=0.25, showlegend=False,
                        hoverinfo="skip", legendgroup=group)  # fmt: skip
        x, values = (x, values) if trend is None else trend
        there = np.isfinite(values)
    drawn_x, drawn_y = thin(x[there], smooth(values[there], smoothing), limit)
    fig.add_scatter(x=drawn_x, y=drawn_y, mode=mode, line={"color": color, "width": 1.8}, name=name, legendgroup=group)


PLAIN_NUMBERS = {"separatethousands": True, "exponentformat": "power", "minexponent": 5}
"""How an axis writes its numbers: 25,000 and 0.0002, powers of ten beyond; Plotly's own are 25k and 200μ."""


def lay_out(fig: go.Figure, x_title: str = "", *, log_scale: bool = False, **more: Any) -> None:
    """Margins, a legend above the curves, the title of the horizontal axis; `more` is Plotly's, on top."""
    axes: dict[str, Any] = {"xaxis": {"title": {"text": x_title, "standoff": 6}}} if x_title else {}
    scale = "log" if log_scale else "linear"
    axes["yaxis"] = {"type": scale, "uirevision": scale}  # a zoom's range means other values on the other scale
    for name in ("xaxis", "yaxis"):
        axes[name] = {**PLAIN_NUMBERS, **axes.get(name, {}), **more.pop(name, {})}
    fig.update_layout(
        margin={"l": 52, "r": 12, "t": 40, "b": 44},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        **{"hovermode": "x unified", **axes, **more},
    )


def add_level(fig: go.Figure, y: float) -> None:
    """A dotted horizontal line at a reference value, such as chance or the optimum."""
    fig.add_hline(y=y, line={"width": 1, "dash": "dot", "color": GREY})
