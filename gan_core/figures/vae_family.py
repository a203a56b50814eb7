"""A family of VAEs over lambda as one Plotly figure: four panels on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gan_core.figures.style import COLORS

PANELS = ("error", "quality", "kl", "prior")
SMALLEST = 1e-3  # nats; the colours are logarithmic, and a dimension with less carries nothing


def dial_figure(
    lambdas: Sequence[float],
    bands: Mapping[str, npt.NDArray[np.floating]],
    kl: npt.NDArray[np.floating],
    titles: Mapping[str, str],
    names: Sequence[str],
) -> go.Figure:
    """Error, quality of samples, KL of each dimension and distance to the prior against lambda, on a logarithmic axis.

    Args:
        lambdas: K values above 0, rising.
        bands: "error", "quality" and "prior" -> (K, 3): value, low and high.
        kl: (K, D), nats a dimension, NaN where a model has fewer; shown from the largest dimension to the smallest.
        titles: words for each of PANELS, for "lambda", "dimension" and "nats".
        names: the lambdas as they are written, below their ticks.
    """
    fig = make_subplots(rows=2, cols=2, subplot_titles=[titles[panel] for panel in PANELS], horizontal_spacing=0.11,
                        vertical_spacing=0.16)  # fmt: skip
    x = np.asarray(lambdas, np.float64)
    for number, panel in enumerate(PANELS):
        row, col = number // 2 + 1, number % 2 + 1
        if panel == "kl":
            ordered = -np.sort(-np.nan_to_num(kl, nan=0.0), axis=1)
            fig.add_heatmap(x=x, y=np.arange(1, ordered.shape[1] + 1), z=np.log10(ordered.clip(min=SMALLEST)).T, row=row,
                            col=col, customdata=ordered.T, colorscale="Viridis", zmin=np.log10(SMALLEST),
                            colorbar={"len": 0.4, "y": 0.19, "x": 0.45, "thickness": 8, "title": {"text": titles["nats"]},
                                      "tickvals": list(range(-3, 3)), "ticktext": [f"{10.0**k:g}" for k in range(-3, 3)]},
                            hovertemplate="λ %{x:.10~f}<br>%{y}: %{customdata:.3g}<extra></extra>")  # fmt: skip
        else:
            value, low, high = bands[panel].T
            fig.add_scatter(x=x, y=value, mode="lines+markers", row=row, col=col, showlegend=False,
                            line={"color": COLORS[number % len(COLORS)], "width": 2},
                            error_y={"type": "data", "symmetric": False, "array": high - value, "arrayminus": value - low},
                            hovertemplate="λ %{x:.10~f}: %{y:.4g}<extra></extra>")  # fmt: skip
            fig.update_yaxes(rangemode="tozero", row=row, col=col)
    fig.update_xaxes(type="log", title={"text": titles["lambda"], "standoff": 4}, tickvals=x, ticktext=list(names))
    fig.update_yaxes(title={"text": titles["dimension"]}, row=2, col=1)
    fig.update_layout(margin={"l": 52, "r": 12, "t": 36, "b": 44}, height=620, showlegend=False)
    fig.update_annotations(font={"size": 13})
    return fig
