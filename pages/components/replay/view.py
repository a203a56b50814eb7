"""The recording of a run on the page: what is played, and where the visitor stands."""

import json
from collections.abc import Sequence

import numpy as np
import streamlit as st

from gan_core.analysis import recording as replaying
from gan_core.analysis.comparing import Compared
from gan_core.analysis.curves import is_sparse
from gan_core.config import LIVE_FIELDS, strict_json
from gan_core.figures import charts, style
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from pages.components.replay.branch import branch_form
from pages.components.shared import lab
from pages.components.shared.config_form import LABELS
from pages.components.shared.doctor_panel import diagnosed
from pages.components.shared.run_records import compared, grid_url, marks
from pages.components.text import N_, Marked, _, duration
from pages.components.widgets.live_plot import SMOOTHING, smoothing_slider
from pages.components.widgets.replay_player import Reading, Recording, Tick, replay_player, replay_view

MAX_PICTURES = 200
SENT_FIRST = 8
GROWS_S = 5.0  # a recording that is still being made is read again so often
USUAL_CHARTS = 2
DOT_PX = 5
EVENTS = Marked(
    {
        "checkpoint": N_("checkpoint"),
        "override": N_("changed live"),
        "branched": N_("branched from another run"),
        "resumed": N_("resumed"),
        "paused": N_("paused"),
        "stopped": N_("stopped"),
        "finished": N_("finished"),
        "failed": N_("failed"),
        "data_changed": N_("training data changed"),
    }
)


def recording(run: Run) -> None:
    """The player with the charts that are wanted."""
    one = compared(run)
    there = {chart.key: chart for chart in charts.available(list(one.columns)) if not chart.layers}
    wanted: Sequence[str] = []
    smoothing = SMOOTHING
    if there:
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        wanted = left.multiselect(
            _("Curves"), list(there), default=list(there)[:USUAL_CHARTS], key=f"replay_charts_{run.id}",
            format_func=lambda key: _(there[key].title), max_selections=4,
        )  # fmt: skip
        with right:
            smoothing = smoothing_slider("replay_smoothing")
    growing = run.status().state in OPEN_STATES
    st.fragment(player, run_every=GROWS_S if growing else None)(run, [k for k in there if k in wanted], smoothing)


def player(run: Run, chart_keys: Sequence[str], smoothing: float) -> None:
    """The player itself; remembers in the address and in the session where it stands."""
    one = compared(run)
    drawn = run.sample_steps()
    moments = replaying.moments(one, drawn)
    if not moments:
        st.caption(_("The recording begins with the first step."))
        return
    key = f"replay_player_{run.id}"
    pictures = evenly(drawn, MAX_PICTURES)
    view = replay_view(pictures, key=key)
    step = stands_at(moments, view.step)
    need = view.need or first_pictures(pictures, step)
    urls = {at: grid_url(run, at) for at in need}
    if not drawn:
        st.caption(_("This run has no sample grid: its curves are played alone."))
    findings = diagnosed(run)
    seen = tuple(lab.Mark(f.since, _(f.title), f.columns) for f in findings if f.columns)
    figures = lab.tail(str(run.path)).figure_jsons(smoothing, False, (*marks(run), *seen), chart_keys)
    shown = [chart for chart in charts.CHARTS if chart.key in figures]
    sparse = {name for name, values in one.columns.items() if is_sparse(values)}
    replay_player(
        Recording(
            moments,
            counters(one, moments),
            [at for at in pictures if at not in urls or urls[at]],
            [(chart.key, _(chart.title), without_legend(figures[chart.key], sparse, moments)) for chart in shown],
            readings(one, moments, shown),
            [tick(marker) for marker in replaying.markers(run, findings)],
        ),
        frames={at: url for at, url in urls.items() if url},
        step=step,
        texts=dict(TEXTS),
        key=key,
    )
    with st.expander(_("Continue from here with other settings"), icon=":material/call_split:"):
        branch_form(one, step)


TEXTS = Marked(
    {
        "play": N_("Play"),
        "pause": N_("Pause"),
        "moment": N_("Moment of the recording"),
        "speed": N_("Speed"),
        "alt": N_("Samples at this step"),
        "picture": N_("Pictures drawn at step {n}, always from the same latents"),
        "keys": N_("Arrow keys move, Shift and arrow go from picture to picture, Space plays"),
        "happened": N_("What happened"),
        "since": N_("(step {n})"),
        "unavailable": N_("The chart could not be drawn: its drawing library did not load."),
    }
)


def stands_at(moments: Sequence[int], told: int | None) -> int:
    """The step on show: what the browser told (then the address carries it), else what the address says, else the last."""
    asked = st.query_params.get("step", "")
    step = told if told is not None else int(asked) if asked.isdigit() and len(asked) < 16 else moments[-1]
    step = min(max(step, moments[0]), moments[-1])
    if told is not None:
        st.query_params["step"] = str(step)
    return step


def evenly(steps: Sequence[int], limit: int) -> list[int]:
    """At most `limit` of the steps, the first and the last among them."""
    if len(steps) <= limit:
        return list(steps)
    return [steps[place] for place in np.unique(np.linspace(0, len(steps) - 1, limit).round().astype(int))]


def first_pictures(steps: Sequence[int], step: int) -> list[int]:
    """The picture on show, and some over the whole recording so that a first drag shows something at once."""
    on_show = [at for at in steps if at <= step][-1:]
    return sorted({*on_show, *evenly(steps, SENT_FIRST)})


def counters(one: Compared, moments: Sequence[int]) -> list[str]:
    """Where each moment is: step, epoch, time of training."""
    per_epoch, epochs = one.status.steps_per_epoch, one.config.training.epochs
    minutes = replaying.minutes_at(one, moments)
    words = []
    for step, passed in zip(moments, minutes, strict=True):
        parts = [_("step {step:,} of {total:,}").format(step=step, total=max(one.status.total_steps, moments[-1]))]
        if per_epoch:
            parts.append(_("epoch {epoch:.1f} of {epochs}").format(epoch=step / per_epoch, epochs=epochs))
        if passed is not None:
            parts.append(_("{time} of training").format(time=duration(60 * passed)))
        words.append(" · ".join(parts))
    return words


def without_legend(figure: str, sparse: set[str], moments: Sequence[int]) -> str:
    """A figure (JSON) over all moments whose legend the readings replace; curves of few points, the `sparse`, get dots."""
    drawn = strict_json(figure, len(figure))
    drawn["layout"] |= {"showlegend": False, "margin": drawn["layout"].get("margin", {}) | {"t": 10}}
    if len(moments) > 1:  # dots would widen the axis, and the charts' cursors no longer stand below each other
        drawn["layout"]["xaxis"]["autorangeoptions"] = {"clipmin": moments[0], "clipmax": moments[-1]}
    for trace in drawn["data"]:
        if trace.get("legendgroup") in sparse and trace.get("name"):
            trace |= {"mode": "lines+markers", "marker": {"size": DOT_PX}}
    return json.dumps(drawn)


def readings(one: Compared, moments: Sequence[int], shown: Sequence[charts.Chart]) -> list[Reading]:
    """The curves' own values, unsmoothed, at each moment."""
    values = replaying.values_at(one, moments, [trace.column for chart in shown for trace in chart.traces])
    return [
        Reading(chart.key, _(trace.label), style.COLORS[trace.color], values[trace.column])
        for chart in shown
        for trace in chart.traces
        if trace.column in values
    ]


def tick(marker: replaying.Marker) -> Tick:
    """A marker in words for the browser, which shows them as text."""
    names = {name: LABELS.get(name, name) for name in LIVE_FIELDS}
    detail = marker.detail
    if marker.kind == "change":
        detail = ", ".join(names.get(k, k) + " " + v for k, v in (p.rsplit(" ", 1) for p in detail.split(", ")))
    when = _("Step {n:,}").format(n=marker.step)
    title = EVENTS.get(marker.title) or _(marker.title)
    if marker.since and marker.since < marker.step:
        detail = _("Began at step {n:,}.").format(n=marker.since) + " " + detail
    return Tick(marker.step, marker.kind, _("{when}: {event}").format(when=when, event=title), detail)
