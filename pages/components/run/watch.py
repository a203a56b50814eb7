"""The tab Watch of a run's page: its samples, the doctor's line, its curves. All viewers see the same files."""

from collections.abc import Sequence

import streamlit as st

from gan_core.figures import charts
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from pages.components.report.notes import best_and_worst, observation
from pages.components.shared import lab, present
from pages.components.shared.doctor_panel import diagnosed, doctor_panel
from pages.components.shared.run_records import marks, preview_note
from pages.components.text import _, as_text
from pages.components.widgets.live_plot import live_plot, smoothing_slider
from pages.components.widgets.picture import picture

OPEN_CHARTS = 2


def watch(run: Run) -> None:
    """The picture beside the first curves, the others folded; fresh while it trains."""
    every = lab.refresh_every() if run.status().state in OPEN_STATES else None
    left, right = st.columns([11, 9], gap="medium")
    with left:
        st.fragment(samples, run_every=every)(run)
        st.fragment(doctor_panel, run_every=None if every is None else 3 * every)(run)
        if run.shipped:
            words = _(
                "Comes with Ganvas; its weights are stored in half precision. Trained by: `python tools/pretrained.py {name}`."
            )
            st.caption(words.format(name=run.path.name))
        elif run.note:
            st.text(run.note)
    with right:
        with st.container(horizontal=True, vertical_alignment="center"):
            smoothing = smoothing_slider("live_smoothing", width=190)
            log_scale = st.toggle(
                _("Logarithmic losses"), key="live_log", persist_state="session",
                help=_("Each line of the grid is ten times the one below: small losses stay visible beside large ones."),
            )  # fmt: skip
        st.fragment(first_curves, run_every=every)(run, smoothing, log_scale)
    begun = len(lab.tail(str(run.path)).charts()) > OPEN_CHARTS
    st.fragment(more_curves, run_every=None if begun else every)(run, smoothing, log_scale, every)
    if run.sample_steps():
        st.fragment(best_and_worst)(run)


def samples(run: Run) -> None:
    """The grid of pinned latents, the newest or an older one."""
    steps = run.sample_steps()
    if not steps:
        st.caption(_("The first grid is on its way."))
        return
    step = steps[-1]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        follow = len(steps) == 1 or st.toggle(_("Follow the newest"), True, key=f"live_follow_{run.id}")
        present.offer("live_present", run=run.id)
    if not follow:
        step = st.select_slider(_("Step"), steps, value=step, key=f"live_step_{run.id}")
    url = lab.sample_url(run, step)
    if url:
        picture(url, key=f"live_picture_{run.id}", alt=_("Samples at step {n:,}").format(n=step),
                caption=_("step {n:,}").format(n=step))  # fmt: skip
        if note := preview_note(run.config()):
            st.caption(note)
    observation(run, "samples")


def drawn(run: Run, found: Sequence[charts.Chart], smoothing: float, log_scale: bool) -> list[str]:
    """The figure of each of these charts as JSON."""
    seen = tuple(lab.Mark(f.since, _(f.title), f.columns) for f in diagnosed(run) if f.columns)
    keys = [chart.key for chart in found]
    figures = lab.tail(str(run.path)).figure_jsons(smoothing, log_scale, (*marks(run), *seen), keys)
    return [figures[key] for key in keys]


def first_curves(run: Run, smoothing: float, log_scale: bool) -> None:
    """The charts that matter most, each with its explanation."""
    found = lab.tail(str(run.path)).charts()[:OPEN_CHARTS]
    if not found:
        st.caption(_("The curves begin with the first step."))
    for chart, figure in zip(found, drawn(run, found, smoothing, log_scale), strict=True):
        curve(run, chart, figure)


def more_curves(run: Run, smoothing: float, log_scale: bool, every: float | None) -> None:
    """The other charts, folded at first. They grow every so many seconds while they are open, and cost nothing while they are not."""
    if not lab.tail(str(run.path)).charts()[OPEN_CHARTS:]:
        return
    with st.expander(_("More curves"), key="live_more", on_change="rerun", icon=":material/show_chart:") as place:
        if place.open:
            st.fragment(other_curves, run_every=every)(run, smoothing, log_scale)


def other_curves(run: Run, smoothing: float, log_scale: bool) -> None:
    """All charts but the first, two in a row."""
    found = lab.tail(str(run.path)).charts()[OPEN_CHARTS:]
    columns = st.columns(2, gap="medium")
    for number, (chart, figure) in enumerate(zip(found, drawn(run, found, smoothing, log_scale), strict=True)):
        with columns[number % 2]:
            curve(run, chart, figure)
    missing = [event for event in run.events() if event["type"] == "memory_not_measured"]
    if missing and not any(chart.key == "memory" for chart in found):
        words = _("There is no curve of D's memorisation: {why}")
        st.caption(words.format(why=as_text(_(str(missing[-1].get("why", ""))))))


def curve(run: Run, chart: charts.Chart, figure: str) -> None:
    """A chart below its title, and what the viewer saw in it."""
    st.markdown(f"**{_(chart.title)}**", help=_(chart.explanation))
    live_plot(figure, key=f"live_plot_{run.id}_{chart.key}", height_px=270)
    observation(run, chart.key)
