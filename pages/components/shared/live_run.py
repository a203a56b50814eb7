"""One run, live: progress, controls, charts, samples, log. All viewers see the same files."""

import streamlit as st

from gan_core.config import LIVE_FIELDS, get
from gan_core.experiments import follow_up
from gan_core.figures import charts
from gan_core.models.kinds import kind_of
from gan_core.runs import Run, Status, environment, recovery
from gan_core.runs.status import OPEN_STATES, RESUMABLE_STATES
from gan_core.training import queue, supervisor
from pages.components.shared import lab
from pages.components.shared.doctor_panel import diagnosed, doctor_panel
from pages.components.shared.run_beside import real_beside_generated
from pages.components.shared.run_card import state_badge
from pages.components.shared.run_details import details
from pages.components.shared.run_links import page_button, start_and_watch
from pages.components.shared.run_log import log, log_table
from pages.components.shared.run_notes import best_and_worst, observation, run_note
from pages.components.text import _, as_text, duration, ngettext
from pages.components.widgets.live_plot import live_plot, smoothing_slider
from pages.components.widgets.picture import picture

WATCH_IDLE_S = 4.0


def live_run(run: Run) -> None:
    """Draws everything about a run, and keeps it fresh while it trains."""
    status = run.status()
    st.session_state["live_controls"] = _controls_depend_on(run, status)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(_("Training"), width="content")
        if st.button(_("New run"), key="live_new", icon=":material/add:", type="tertiary"):
            st.query_params.clear()
            st.rerun()
    st.text(run.name)
    if not lab.succeeds(run.config):
        return
    every = lab.refresh_every() if status.state in OPEN_STATES else None
    idle = WATCH_IDLE_S if status.state in RESUMABLE_STATES else None  # somebody else, or the server, may resume it
    st.fragment(progress, run_every=every or idle)(run)
    controls(run, status)
    st.fragment(doctor_panel, run_every=None if every is None else 3 * every)(run)
    left, right = st.columns(2, gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center"):
            smoothing = smoothing_slider("live_smoothing", 0.0, width=260)
            log_scale = st.toggle(
                _("Logarithmic losses"), key="live_log", persist_state="session",
                help=_("Each line of the grid is ten times the one below: small losses stay visible beside large ones."),
            )  # fmt: skip
        st.fragment(curves, run_every=every)(run, smoothing, log_scale)
    with right:
        st.fragment(samples, run_every=every)(run)
        learning_rates(run, status)
    st.fragment(log, run_every=every)(run)
    st.fragment(log_table)(run)
    if run.checkpoint_steps():
        st.fragment(real_beside_generated)(run)
    if run.sample_steps():
        st.fragment(best_and_worst)(run)
    run_note(run)
    details(run)


def progress(run: Run) -> None:
    """State, progress bar with all counts, and the reason if it ended badly."""
    status = run.status()
    if st.session_state.get("live_controls") != _controls_depend_on(run, status):
        st.rerun()  # they are outside of this fragment
    share = status.step / status.total_steps if status.total_steps else 0.0
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status.state)
        st.caption(counts(run, status))
    st.progress(min(share, 1.0))
    if status.error:
        st.error(as_text(status.error), icon=":material/error:")
    if status.skipped:
        words = ngettext(
            "{n} file of the data set was left out; the log below says why.",
            "{n} files of the data set were left out; the log below says why.",
            status.skipped,
        )
        st.warning(words.format(n=status.skipped))


def _controls_depend_on(run: Run, status: Status) -> tuple[str, str, bool]:
    return run.id, status.state, bool(run.checkpoint_steps())


def counts(run: Run, status: Status) -> str:
    """The line beside the state: what it does, how far it is, how fast, how long still."""
    if status.state == "queued":
        place = queue.position(run)
        if place <= 1:
            return _("Next in the queue: starts as soon as the device is free.")
        return _("Waits for the device: place {place} in the queue.").format(place=place)
    if status.phase:
        return _(status.phase)
    config = run.config()
    parts = [
        _("step {step:,} of {total:,}").format(step=status.step, total=status.total_steps),
        _("epoch {epoch} of {epochs}").format(epoch=status.epoch, epochs=config.training.epochs),
        _("{n:,} images seen").format(n=status.images_seen),
    ]
    if status.images_per_s and status.state in OPEN_STATES:
        rest = (status.total_steps - status.step) * config.training.batch_size / status.images_per_s
        parts += [
            _("{n:,.0f} images/s").format(n=status.images_per_s),
            _("about {time} left").format(time=duration(rest)),
        ]
    else:
        parts.append(_("{time} of training").format(time=duration(status.seconds)))
    return " · ".join([*parts, status.device])


def controls(run: Run, status: Status) -> None:
    """Pause, resume, stop; what leads on from a run that has ended."""
    with st.container(horizontal=True):
        if status.state in OPEN_STATES:
            busy = status.state == "stopping" or run.control().command != "run"
            if st.button(_("Pause"), key="live_pause", icon=":material/pause:", disabled=busy,
                         help=_("Writes a checkpoint and frees the device; Resume goes on exactly here.")):  # fmt: skip
                lab.press(lambda: supervisor.leave(run, "pause"))
            if st.button(_("Stop"), key="live_stop", icon=":material/stop:", disabled=busy,
                         help=_("Writes a checkpoint and ends the run.")):  # fmt: skip
                lab.press(lambda: supervisor.leave(run, "stop"))
        elif status.state in RESUMABLE_STATES:
            pressed = st.button(_("Resume"), key="live_resume", icon=":material/play_arrow:", type="primary",
                                help=_("Goes on from the newest checkpoint."))  # fmt: skip
            if pressed and lab.succeeds(lambda: supervisor.resume(run)):
                st.rerun()
            if environment.was_refused(run):
                confirm_changed_data(run)
            if status.state in ("failed", "interrupted"):
                begin_anew(run)
        elif status.state == "finished" and run.trainable_steps():
            train_longer(run)
        if run.checkpoint_steps():
            page_button(_("Explore"), "live_explore", "explore", "explore", run=run.id)
        if run.sample_steps():
            page_button(_("Replay"), "live_replay", "replay", "replay", run=run.id)


def confirm_changed_data(run: Run) -> None:
    """The way on for a run whose training data changed while it was paused."""
    with st.popover(_("Go on with the changed data"), icon=":material/warning:", key="live_changed"):
        st.markdown(
            _(
                "From here on the run learns from other pictures than before, so it can no longer be repeated from its "
                "first step. The change is recorded with the run."
            )
        )
        pressed = st.button(_("Accept and resume"), key="live_accept_data", type="primary")
        if pressed and lab.succeeds(lambda: supervisor.resume(run, accept_changed_data=True)):
            st.rerun()


def begin_anew(run: Run) -> None:
    """A button that asks once more, then trains the run again from step 0."""
    with st.popover(_("Begin anew"), icon=":material/restart_alt:", key="live_anew"):
        words = _(
            "The run begins again at step 0. Its curves, pictures and checkpoints until now are kept in `{folder}`."
        )
        st.markdown(words.format(folder=recovery.next_folder(run).name))
        pressed = st.button(_("Begin anew at step 0"), key="live_anew_yes", type="primary")
        if pressed and lab.succeeds(lambda: supervisor.resume(run, from_start=True)):
            st.rerun()


def train_longer(run: Run) -> None:
    """More epochs for a finished run, as a new run with its past."""
    with st.popover(_("Train longer"), icon=":material/more_time:", key="live_longer", on_change="rerun") as place:
        if not place.open:
            return
        words = _(
            "A **new run** begins with the curves, pictures and the last checkpoint of this one and goes on with the same settings. "
            "This one stays as it is."
        )
        st.markdown(words)
        epochs = int(st.number_input(
            _("More epochs"), 1, 1_000_000, run.config().training.epochs, key=f"live_longer_epochs_{run.id}"
        ))  # fmt: skip
        how = lab.attempt(lambda: follow_up.longer(run, epochs), "info")
        if how is None:
            return
        st.caption(_("From step {step:,} to step {total:,}.").format(step=how.step, total=how.total_steps))
        for warning in how.warnings:
            st.warning(as_text(warning), icon=":material/warning:")
        if st.button(_("Go on"), key="live_longer_yes", type="primary"):
            start_and_watch(lambda: follow_up.train_longer(lab.start(), run, epochs))


def curves(run: Run, smoothing: float, log_scale: bool) -> None:
    """The charts, each with its explanation."""
    seen = tuple(lab.Mark(f.since, _(f.title), f.columns) for f in diagnosed(run) if f.columns)
    figures = lab.tail(str(run.path)).figure_jsons(smoothing, log_scale, (*marks(run), *seen))
    if not figures:
        st.caption(_("The curves begin with the first step."))
        return
    shown = [chart for chart in charts.CHARTS if chart.key in figures]
    with st.expander(_("How to read these curves"), icon=":material/school:"):
        for chart in shown:
            st.markdown(f"**{_(chart.title)}.** {_(chart.explanation)}")
    for chart in shown:
        st.markdown(f"**{_(chart.title)}**", help=_(chart.explanation))
        live_plot(figures[chart.key], key=f"live_plot_{run.id}_{chart.key}", height_px=300)
        observation(run, chart.key)
    missing = [event for event in run.events() if event["type"] == "memory_not_measured"]
    if missing and not any(chart.key == "memory" for chart in shown):
        words = _("There is no curve of what D knows by heart: {why}")
        st.caption(words.format(why=as_text(str(missing[-1].get("why", "")))))


def marks(run: Run) -> tuple[lab.Mark, ...]:
    """Every live change, to be drawn on the charts."""
    parts = kind_of(run.config()).optimizers
    names = {part.rate: f"lr {part.symbol}" if len(parts) > 1 else "lr" for part in parts}
    return tuple(
        lab.Mark(event["step"], ", ".join(f"{names.get(k, k)} {v:g}" for k, v in event["changes"].items()))
        for event in run.events()
        if event["type"] == "override" and event.get("changes")
    )


def samples(run: Run) -> None:
    """The grid of pinned latents, the newest or an older one."""
    steps = run.sample_steps()
    st.markdown(
        f"**{_('Samples')}**",
        help=_(
            "Every picture comes from its own fixed list of random numbers (its latent z), the same one every time. So you "
            "see the same pictures being drawn better and better."
        ),
    )
    if not steps:
        st.caption(_("The first grid is on its way."))
        return
    step = steps[-1]
    if len(steps) > 1:
        follow = st.toggle(_("Follow the newest"), True, key=f"live_follow_{run.id}")
        if not follow:
            step = st.select_slider(_("Step"), steps, value=step, key=f"live_step_{run.id}")
    url = lab.sample_url(run, step)
    if url:
        picture(url, key=f"live_picture_{run.id}", alt=_("Samples at step {n}").format(n=step),
                caption=_("step {n:,}").format(n=step))  # fmt: skip
    observation(run, "samples")


def learning_rates(run: Run, status: Status) -> None:
    """Both learning rates, to be changed while it trains."""
    if status.state not in OPEN_STATES:
        return
    config = run.config()
    current = {name: get(config, name) for name in LIVE_FIELDS} | run.control().overrides
    with st.form("live_rates", border=True):
        st.markdown(
            f"**{_('Learning rates')}**",
            help=_(
                "How large a change each step makes to a network's weights. Takes effect at the next step. With a schedule it is "
                "the rate that the schedule multiplies; the chart of the learning rate shows each step's own."
            ),
        )
        columns = st.columns(2)
        typed = {
            part.rate: column.text_input(_(part.title), f"{current[part.rate]:g}", key=f"live_{run.id}_{part.rate}")
            for part, column in zip(kind_of(config).optimizers, columns, strict=False)
        }
        if st.form_submit_button(_("Change now"), icon=":material/bolt:"):
            lab.succeeds(lambda: supervisor.change_live(run, typed))
