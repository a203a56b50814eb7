"""Optuna's own pictures of a sweep, as Plotly figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gan_core.experiments.sweeps.study import SweepStudy
from gan_core.figures.style import GREY

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from optuna import Study

SCALE = [[0.0, "#1c9bd1"], [0.5, "#a07bd0"], [1.0, "#f76b15"]]


@dataclass(frozen=True)
class Picture:
    """A line of the table of pictures.

    Attributes:
        title, explanation: for people.
        needs: finished trials without which it shows nothing.
        axes: varied settings that it needs.
        draw: (study, what the value is called) -> figure.
    """

    title: str
    explanation: str
    needs: int
    axes: int
    draw: Callable[[Study, str], go.Figure]


def _history(study: Study, name: str) -> go.Figure:
    from optuna.visualization import plot_optimization_history

    return plot_optimization_history(study, target_name=name)


def _parallel(study: Study, name: str) -> go.Figure:
    from optuna.visualization import plot_parallel_coordinate

    return plot_parallel_coordinate(study, target_name=name)


def _slice(study: Study, name: str) -> go.Figure:
    from optuna.visualization import plot_slice

    return plot_slice(study, target_name=name)


def _importance(study: Study, name: str) -> go.Figure:
    from optuna.visualization import plot_param_importances

    return plot_param_importances(study, target_name=name)


PICTURES: dict[str, Picture] = {
    "history": Picture(
        "Trial by trial",
        "Each dot is a trial, numbered by Optuna from 0; the line is the best so far.",
        1,
        1,
        _history,
    ),
    "slice": Picture(
        "Each setting by itself",
        "What was reached against each setting; from blue, the first, to orange, the newest. A slope here says that the setting matters.",
        2,
        1,
        _slice,
    ),
    "parallel": Picture(
        "All settings at once",
        "A line is a trial: where it crosses an axis is the value it had there. Lines of one colour that bundle show what trials "
        "of like results have in common.",
        2,
        2,
        _parallel,
    ),
    "importance": Picture(
        "Which setting matters most",
        "Optuna's estimate (PED-ANOVA, Watanabe et al. 2023) of how much each setting decides whether a trial is among the best. "
        "It rests on few trials: take it as a hint.",
        8,
        2,
        _importance,
    ),
}


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
        drawn = PICTURES[key].draw(loaded, study.sweep.objective.metric)
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
