"""The same metrics of several runs, each in one chart."""

from collections.abc import Sequence

import plotly.io
import streamlit as st

from gan_core.analysis import curves as comparing_curves
from gan_core.analysis.comparing import Compared
from gan_core.runs.status import OPEN_STATES
from pages.components.compare.choice import titles_of
from pages.components.shared import lab
from pages.components.shared.links import linked_choice
from pages.components.shared.run_records import compared
from pages.components.text import N_, Marked, _
from pages.components.widgets.live_plot import live_plot, smoothing_slider

USUAL = 2
AXES = Marked(
    {"step": N_("step"), "epoch": N_("epoch"), "images": N_("images seen"), "time": N_("minutes of training")}
)


def curves(runs: Sequence[Compared]) -> None:
    """Which metrics, over what, how smooth; then the charts."""
    there = comparing_curves.metrics_of(runs)
    if not there:
        st.caption(_("The curves begin with the first step."))
        return
    left, middle, right, last = st.columns([4, 2, 2, 1.3], vertical_alignment="bottom")
    with left:
        metrics = st.multiselect(
            _("Metrics"), list(there), default=list(there)[:USUAL], key="compare_metrics", max_selections=8,
            format_func=lambda name: titled(name, there, len(runs)),
        )  # fmt: skip
    with middle:
        axis = linked_choice("axis", list(AXES), "step", choose_axis, key="compare_axis")
    with right:
        smoothing = smoothing_slider("compare_smoothing")
    with last:
        log_scale = st.toggle(_("Logarithmic"), key="compare_log", persist_state="session")
    growing = any(one.run.status().state in OPEN_STATES for one in runs)
    st.fragment(charts, run_every=2 * lab.refresh_every() if growing else None)(
        runs, metrics, axis, smoothing, log_scale
    )


def titled(name: str, there: dict[str, list[int]], count: int) -> str:
    """A metric's title, and how many of the runs have it when not all do."""
    title = comparing_curves.title_of(name, _)
    return title if len(there[name]) == count else _("{title} ({n} of {total} runs)").format(
        title=title, n=len(there[name]), total=count
    )  # fmt: skip


def choose_axis(axes: Sequence[str], first: str) -> str:
    """What lies along the horizontal axis."""
    return st.selectbox(
        _("Along the axis"), axes, index=axes.index(first), key="compare_axis", format_func=AXES.__getitem__,
        help=_("Runs with different batch sizes take steps of different weight: compare them by images seen. Minutes leave out pauses."),
    )  # fmt: skip


def charts(runs: Sequence[Compared], metrics: Sequence[str], axis: str, smoothing: float, log_scale: bool) -> None:
    """Two charts in a row, of what has been recorded by now."""
    now = [compared(one.run) for one in runs]
    titles = titles_of(now)
    columns = st.columns(2 if len(metrics) > 1 else 1, gap="medium")
    for place, metric in enumerate(metrics):
        with columns[place % len(columns)]:
            st.markdown(f"**{comparing_curves.title_of(metric, _)}**")
            figure = figure_json(
                metric, tuple((str(one.run.path), len(one.columns.get("step", ()))) for one in now), tuple(titles), axis,
                smoothing, log_scale, AXES[axis], now,
            )  # fmt: skip
            live_plot(figure, key=f"compare_plot_{metric}", height_px=340)


@st.cache_resource(max_entries=64, show_spinner=False)
def figure_json(
    metric: str,
    lengths: tuple[tuple[str, int], ...],
    titles: tuple[str, ...],
    axis: str,
    smoothing: float,
    log_scale: bool,
    axis_title: str,
    _runs: Sequence[Compared],
) -> str:
    """The chart as JSON, built once for all viewers with the same wishes; `lengths` says how far each run was."""
    made = comparing_curves.figure(metric, _runs, titles, axis, smoothing, log_scale, axis_title, _)
    return str(plotly.io.to_json(made))
