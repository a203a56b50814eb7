"""The runs of a lesson's step, live: begun by one button where they are missing, side by side, with the curves that matter."""

import plotly.io
import streamlit as st

from gan_core.datasets import image_shape
from gan_core.experiments.arms import Arm, queue_missing
from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.curves import figure
from gan_core.experiments.lessons.entry import Train
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import queue, supervisor
from pages.components.lessons.pictures import end_points
from pages.components.lessons.state import Found, finished, found
from pages.components.shared import lab
from pages.components.shared.as_command import arm_lines, as_command
from pages.components.shared.run_card import state_badge
from pages.components.shared.run_records import preview_note
from pages.components.text import STATES, _, as_text, duration, ngettext, titled
from pages.components.widgets.live_plot import live_plot
from pages.components.widgets.picture import picture

ACROSS = 4


def show_run(lesson: Lesson, number: int, step: Train, runs: Found) -> None:
    """The step: its words, the button, the live part."""
    st.markdown(_(step.text))
    going = [run for key in step.arms if (run := runs[key]) is not None and run.status().state in OPEN_STATES]
    missing = [key for key in step.arms if not _shown(runs[key])]
    key = f"lessons_{lesson.name}_{number}"
    if missing:
        _offer(lesson, step, missing, runs, key)
    elif not going:
        st.caption(
            _("All is here. Whoever takes this lesson on this server sees the same runs: nothing is trained twice.")
        )  # fmt: skip
    stop = ngettext("Stop it", "Stop them", len(going))
    help_ = ngettext("It writes a checkpoint and can continue later.", "Each writes a checkpoint and can continue later.", len(going))  # fmt: skip
    if going and st.button(stop, key=f"{key}_stop", icon=":material/stop:", help=help_):
        lab.press(lambda: supervisor.leave_all(going, "stop"))
    if len(missing) < len(step.arms) or any(runs[arm] for arm in step.arms):
        every = lab.refresh_every() if going else None
        st.session_state[f"{key}_seen"] = _states(step, runs)
        st.fragment(_live, run_every=every)(lesson, step, key)


def _shown(run: Run | None) -> bool:
    """Whether a run is done or on its way."""
    return run is not None and (finished(run) or run.status().state in OPEN_STATES)


def _states(step: Train, runs: Found) -> list[str]:
    return [run.status().state if (run := runs[key]) is not None else "" for key in step.arms]


def _offer(lesson: Lesson, step: Train, missing: list[str], runs: Found, key: str) -> None:
    """The button that queues what is missing, after a sentence about what went wrong."""
    some = len(missing) < len(step.arms)
    for arm in missing:
        run = runs[arm]
        if run is not None:
            marked, _color = STATES[run.status().state]
            word = _(marked)
            label = _(lesson.experiment.arm(arm).title)
            words = _("The run “{arm}” ended early ({state}). {why}")
            st.warning(
                words.format(arm=label, state=word, why=as_text(_(run.status().error))), icon=":material/warning:"
            )
    if some and all(runs[arm] is None for arm in missing):
        st.info(_("Some of these runs are not here: never begun, or deleted."), icon=":material/info:")
    words = _("Train the missing runs ({n})") if some else ngettext("Train it", "Train all {n}", len(missing))
    seconds = len(missing) * lesson.experiment.seconds
    if st.button(words.format(n=len(missing)), key=f"{key}_begin", type="primary", icon=":material/play_arrow:"):
        with st.spinner(_("Queueing the runs…")):
            if lab.succeeds(lambda: queue_missing(lab.start(), lesson.experiment, step.arms, lesson.title)):
                st.rerun()
    st.caption(_("About {time} on two quiet processor cores; longer when others train.").format(time=duration(seconds)))
    as_command("lesson", *arm_lines(lesson.experiment, missing))


def _live(lesson: Lesson, step: Train, key: str) -> None:
    """The part that changes while runs train."""
    runs = found(lesson)
    if st.session_state.get(f"{key}_seen") != _states(step, runs):
        st.rerun()  # the buttons, and the steps to come, are outside of this fragment
    there = [(lesson.experiment.arm(arm), run) for arm in step.arms if (run := runs[arm]) is not None]
    for first in range(0, len(there), ACROSS):
        columns = st.columns(min(ACROSS, len(step.arms)) if len(step.arms) > 1 else [2, 3], gap="small")
        for column, (arm, run) in zip(columns, there[first : first + ACROSS], strict=False):
            with column:
                _one(arm, run, key)
    _curves(step, there, key)


def _one(arm: Arm, run: Run, key: str) -> None:
    """One run: how far, and its newest samples."""
    status = run.status()
    st.markdown(f"**{_(arm.title)}**")
    state_badge(status.state)
    if status.state == "queued":
        place = queue.position(run)
        words = _("waits: place {place} in the queue") if place > 1 else _("next in the queue")
        st.caption(words.format(place=place))
    elif status.phase:
        st.caption(_(status.phase))
    elif status.state in OPEN_STATES:
        share = status.step / status.total_steps if status.total_steps else 0.0
        st.progress(min(share, 1.0), text=_("step {n:,} of {total:,}").format(n=status.step, total=status.total_steps))
    if status.state == "finished" and _is_points(run):
        with st.spinner(_("Drawing its points…")):
            end_points(run, f"{key}_{run.id}_points")
    else:
        url = lab.sample_url(run)
        if url:
            alt = _("Newest samples of {name}").format(name=_(arm.title))
            steps = run.sample_steps()
            picture(url, key=f"{key}_{run.id}", alt=alt, caption=_("step {n:,}").format(n=steps[-1] if steps else 0))
            if note := preview_note(run.config()):
                st.caption(note)
    st.page_link("pages/run.py", label=_("All of this run"), query_params={"run": run.id}, icon=":material/monitoring:")


def _is_points(run: Run) -> bool:
    return len(image_shape(run.config().dataset)) == 1


def _curves(step: Train, there: list[tuple[Arm, Run]], key: str) -> None:
    """The one or two curves that matter, of all runs together."""
    columns = {_(arm.title): lab.tail(str(run.path)).columns() for arm, run in there}
    drawn = {label: values for label, values in columns.items() if len(values.get("step", ()))}
    if not drawn:
        return
    for place, (column, curve) in enumerate(zip(st.columns(len(step.curves), gap="medium"), step.curves, strict=True)):
        words = {"step": _("step")} | {title: _(title) for _name, title in curve.columns}
        with column:
            st.markdown(f"**{_(curve.title)}**")
            chart = figure(curve, drawn, words, titled)
            live_plot(plotly.io.to_json(chart) or "", key=f"{key}_curve{place}", height_px=320)
            if curve.smoothing > 0:
                st.caption(_("Faint: the values as recorded. Bold: the same, smoothed (each point is averaged with those before it)."))  # fmt: skip
