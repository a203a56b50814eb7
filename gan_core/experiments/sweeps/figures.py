"""Optuna's visualisations of a sweep, as Plotly figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_core.experiments.sweeps.study import SweepStudy
from gan_core.figures.style import GREY

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCALE = [[0.0, "#1c9bd1"], [0.5, "#a07bd0"], [1.0, "#f76b15"]]


@dataclass(frozen=True)
class Picture:
    """One of Optuna's plots.

    Attributes:
        title, explanation: for people.
        needs: finished trials without which it shows nothing.
        axes: varied settings that it needs.
        plot: the function of `optuna.visualization` that draws it.
    """

    title: str
    explanation: str
    needs: int
    axes: int
    plot: str


PICTURES: dict[str, Picture] = {
    "history": Picture(
        "Trial by trial",
        "Each dot is a trial, numbered by Optuna from 0; the line is the best so far.",
        1, 1, "plot_optimization_history",
    ),
    "slice": Picture(
        "Each setting separately",
        "The result against each setting; from blue, the first, to orange, the newest. A trend means that the setting matters.",
        2, 1, "plot_slice",
    ),
    "parallel": Picture(
        "All settings at once",
        "A line is a trial: where it crosses an axis is its value there. Bundled lines of one colour show what trials with "
        "similar results have in common.",
        2, 2, "plot_parallel_coordinate",
    ),
    "importance": Picture(
        "Which setting matters most",
        "Optuna's estimate (PED-ANOVA, Watanabe et al. 2023) of how much each setting decides whether a trial is among the "
        "best. It is based on few trials: a hint only.",
        8, 2, "plot_param_importances",
    ),
}  # fmt: skip


def available(num_done: int, num_axes: int) -> list[str]:
    """The pictures that so many finished trials of so many varied settings can fill."""
    return [key for key, picture in PICTURES.items() if num_done >= picture.needs and num_axes >= picture.axes]


def figure(study: SweepStudy, key: str) -> go.Figure:
    """One of PICTURES, in Plotly's own colours: no template and no title, which the page has.

    Raises:
        ValueError: the storage cannot be read.
    """
    import optuna

    from gan_core.experiments.sweeps.storage import reachable

    with reachable(study.address):
        loaded = optuna.load_study(study_name=study.sweep_id, storage=study.storage)
        plot = getattr(optuna.visualization, PICTURES[key].plot)
        drawn: go.Figure = plot(loaded, target_name=study.sweep.objective.metric)
    _recolour(drawn, key)
    clear = "rgba(0,0,0,0)"
    drawn.update_layout(title=None, template=None, margin={"l": 60, "r": 30, "t": 30, "b": 60})
    drawn.update_layout(plot_bgcolor=clear, paper_bgcolor=clear)
    return drawn


def _recolour(drawn: go.Figure, key: str) -> None:
    """Colours that are seen on a light and on a dark page: Optuna's blues and greys are not."""
    from plotly.colors import sample_colorscale

    for trace in drawn.data:
        if trace.type == "scatter" and trace.marker.colorscale is not None:
            trace.marker.update(colorscale=SCALE, reversescale=False)
        if key == "parallel" and trace.mode == "lines" and trace.customdata is not None:
            trace.line.update(color=sample_colorscale(SCALE, [float(trace.y[0])])[0], width=2)  # 0 is the lowest value
            trace.opacity = 0.8
    drawn.update_annotations(font_color=GREY)
