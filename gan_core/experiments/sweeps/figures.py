"""Optuna's visualisations of a sweep, as Plotly figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_core.experiments.sweeps.study import SweepStudy
from gan_core.figures.style import GREY, PLAIN_NUMBERS

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from optuna.trial import FrozenTrial

MOST_TICKS = 10  # of the trials' axis
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
        "Each dot is a trial; the line is the best so far.",
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


def figure(study: SweepStudy, key: str, names: Mapping[str, str] | None = None) -> go.Figure:
    """One of PICTURES, in Plotly's own colours: no template and no title, which the page has.

    Args:
        study: of the sweep.
        key: of PICTURES.
        names: a setting, the metric, or a word of Optuna's such as "Trial" -> what the picture says instead. No two settings alike.

    Raises:
        ValueError: the storage cannot be read.
    """
    import optuna

    names = names or {}
    metric, direction = study.sweep.objective.metric, study.sweep.objective.direction
    shown = optuna.create_study(direction=optuna.study.StudyDirection[direction.upper()])
    shown.add_trials([_renamed(trial, names) for trial in study.trials()])
    drawn: go.Figure = getattr(optuna.visualization, PICTURES[key].plot)(shown, target_name=names.get(metric, metric))
    _rename(drawn, names)
    _recolour(drawn, key)
    _number_from_one(drawn, key)
    drawn.update_xaxes(**PLAIN_NUMBERS)
    drawn.update_yaxes(**PLAIN_NUMBERS)
    clear = "rgba(0,0,0,0)"
    drawn.update_layout(title=None, template=None, margin={"l": 60, "r": 30, "t": 30, "b": 60})
    above = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}  # beside the chart it takes half of a phone
    drawn.update_layout(plot_bgcolor=clear, paper_bgcolor=clear, legend=above)
    return drawn


def _renamed(trial: FrozenTrial, names: Mapping[str, str]) -> FrozenTrial:
    """A trial whose settings bear other names: Optuna shortens and places them as it does its own."""
    import optuna

    return optuna.trial.FrozenTrial(
        trial.number, trial.state, trial.value, trial.datetime_start, trial.datetime_complete,
        {names.get(name, name): value for name, value in trial.params.items()},
        {names.get(name, name): distribution for name, distribution in trial.distributions.items()},
        trial.user_attrs, trial.system_attrs, trial.intermediate_values, trial_id=trial.number,
    )  # fmt: skip


def _rename(drawn: go.Figure, names: Mapping[str, str]) -> None:
    """Optuna's own words on axes, in the legend and beside the colour bar."""
    for axis in (*drawn.select_xaxes(), *drawn.select_yaxes()):
        axis.title.text = names.get(axis.title.text, axis.title.text)
    for trace in drawn.data:
        trace.name = names.get(trace.name, trace.name)
        if trace.type == "scatter":
            bar = trace.marker.colorbar
            bar.title.text = names.get(bar.title.text, bar.title.text)
        if trace.type == "bar":  # it names a setting's type, which says nothing to a reader
            trace.hovertemplate = "%{y}: %{x:.3f}<extra></extra>"


def _number_from_one(drawn: go.Figure, key: str) -> None:
    """Trials by the numbers that the table gives them: Optuna counts from 0."""
    if key == "history":
        for trace in drawn.data:
            trace.x = [number + 1 for number in trace.x]
        last = max((number for trace in drawn.data for number in trace.x), default=1)
        drawn.update_xaxes(tickformat=",d", dtick=max(1, math.ceil(last / MOST_TICKS)), tick0=1)
    if key == "slice":
        for trace in drawn.data:
            trace.marker.color = [number + 1 for number in trace.marker.color]


def _recolour(drawn: go.Figure, key: str) -> None:
    """Colours that are seen on a light and on a dark page: Optuna's blues and greys are not."""
    from plotly.colors import sample_colorscale

    for trace in drawn.data:
        if trace.type == "scatter" and trace.marker.colorscale is not None:
            trace.marker.update(colorscale=SCALE, reversescale=False)
            across = {"orientation": "h", "x": 0.5, "xanchor": "center", "xpad": 0, "y": 1.02, "yanchor": "bottom"}
            trace.marker.colorbar.update(thickness=12, title_side="top", **across)
        if key == "parallel" and trace.mode == "lines" and trace.customdata is not None:
            trace.line.update(color=sample_colorscale(SCALE, [float(trace.y[0])])[0], width=2)  # 0 is the lowest value
            trace.opacity = 0.8
    drawn.update_annotations(font_color=GREY)
