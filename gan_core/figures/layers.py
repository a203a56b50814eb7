"""Gradients layer by layer as Plotly figures, as in Gulrajani et al. 2017, figure 1b: layers along, length up, logarithmic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from gan_core.figures.style import COLORS, Column, label, lay_out

PREFIX = "grad_layer/"
NETWORKS = {f"{PREFIX}d": "Gradient by layer: discriminator", f"{PREFIX}g": "Gradient by layer: generator"}
"""Beginning of the metrics of a network's layers -> title."""
PARTS = 5  # of a run, a line each
AXIS = "layer, from the input on"


def network_of(metric: str) -> str:
    """The key in NETWORKS that a metric belongs to; empty for other metrics."""
    return next((network for network in NETWORKS if metric.startswith(f"{network}/")), "")


def layers_of(columns: Mapping[str, Column], network: str) -> list[str]:
    """The metrics of a network's layers, from its input on."""
    return sorted(name for name in columns if name.startswith(f"{network}/"))


def of_run(columns: Mapping[str, Column], network: str, translate: Callable[[str], str] = str) -> go.Figure:
    """One run: a line each fifth of its steps so far, the median of its probes; from pale to dark. Words in the reader's language."""
    steps, names, fig = columns["step"], layers_of(columns, network), go.Figure()
    probed = np.flatnonzero(np.isfinite(columns[names[0]]))
    parts = [part for part in np.array_split(probed, PARTS) if len(part)]
    for part, color in zip(parts, sample_colorscale("Teal", np.linspace(0.25, 1, len(parts))), strict=True):
        first, last = int(steps[part[0]]), int(steps[part[-1]])
        words = f"steps {first:,} to {last:,}" if last > first else f"step {first:,}"
        _line(fig, columns, names, part, translate(words), color)
    _lay_out(fig, translate)
    return fig


def of_runs(
    runs: Sequence[Mapping[str, Column]], labels: Sequence[str], network: str, translate: Callable[[str], str] = str
) -> go.Figure:
    """Several runs, a line each: the median of the probes in the second half of its steps so far. The axis in the reader's language."""
    fig = go.Figure()
    for place, (columns, words) in enumerate(zip(runs, labels, strict=True)):
        if names := layers_of(columns, network):
            probed = np.flatnonzero(np.isfinite(columns[names[0]]))
            _line(fig, columns, names, probed[len(probed) // 2 :], label(words), COLORS[place % len(COLORS)])
    _lay_out(fig, translate)
    return fig


def _line(
    fig: go.Figure, columns: Mapping[str, Column], names: list[str], places: np.ndarray, words: str, color: str
) -> None:
    medians = [float(np.nanmedian(columns[name][places])) if len(places) else np.nan for name in names]
    fig.add_scatter(
        x=list(range(1, len(names) + 1)), y=medians, mode="lines+markers", name=words, line={"color": color, "width": 1.8},
        text=[name.rpartition("/")[2].partition("-")[2] for name in names],
        hovertemplate="%{text}: %{y:.3g}",
    )  # fmt: skip


def _lay_out(fig: go.Figure, translate: Callable[[str], str]) -> None:
    lay_out(
        fig, translate(AXIS), log_scale=True, showlegend=True, xaxis={"dtick": 1}, yaxis={"exponentformat": "power"}
    )
