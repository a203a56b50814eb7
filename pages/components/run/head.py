"""The head of a run's page: state, progress, what may be done with it now, its learning rates, and the menu of the rest."""

import streamlit as st

from gan_core.config import LIVE_FIELDS, get
from gan_core.experiments import follow_up
from gan_core.models.kinds import kind_of
from gan_core.runs import Run, Status, environment, recovery
from gan_core.runs.status import OPEN_STATES, RESUMABLE_STATES
from gan_core.training import queue, supervisor, webhook
from pages.components.run.menu import menu, panel
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line, several
from pages.components.shared.devices import choose_processes, where
from pages.components.shared.doctor_panel import diagnosed
from pages.components.shared.run_card import start_and_watch, state_badge
from pages.components.text import N_, STATES, _, as_text, called, duration, ngettext, titled
from pages.components.widgets.end_notice import end_notice

WATCH_IDLE_S = 4.0
RATES_SELDOM = 3  # somebody else may change them
WAITED = "live_waited"  # the run that was seen to train last
RATES = N_(
    "How large a change each step makes to a network's weights. Takes effect at the next step. With a schedule it is "
    "the rate that the schedule multiplies; the chart of the learning rate shows each step's own."
)


def head(run: Run) -> None:
    """State and actions, kept fresh while it trains, and the panel that was opened from the menu."""
    status = run.status()
    st.session_state["live_controls"] = _controls_depend_on(run, status)
    every = lab.refresh_every() if status.state in OPEN_STATES else None
    idle = WATCH_IDLE_S if status.state in RESUMABLE_STATES else None  # somebody else, or the server, may resume it
    st.fragment(progress, run_every=every or idle)(run)
    processes = controls(run, status)
    as_command("control", *control_lines(run, status, processes))
    tell_end(run, status)
    panel(run)


def progress(run: Run) -> None:
    """State, progress bar with all counts, and the reason if it ended badly."""
    status = run.status()
    if st.session_state.get("live_controls") != _controls_depend_on(run, status):
        st.rerun()  # they are outside of this fragment
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status.state)
        st.caption(counts(run, status))
    if status.state in OPEN_STATES and status.total_steps:
        st.progress(min(status.step / status.total_steps, 1.0))
    if status.error:
        st.error(as_text(_(status.error)), icon=":material/error:")
    if status.skipped:
        words = ngettext(
            "{n} file of the data set was left out; the log (Settings) says why.",
            "{n} files of the data set were left out; the log (Settings) says why.",
            status.skipped,
        )
        st.warning(words.format(n=status.skipped))
        place = {"run": run.id, "tab": "settings"}
        st.page_link("pages/run.py", label=_("Settings"), query_params=place, icon=":material/arrow_forward:")


def _controls_depend_on(run: Run, status: Status) -> tuple[str, str, bool]:
    return run.id, status.state, bool(run.checkpoint_steps())


def counts(run: Run, status: Status) -> str:
    """The line beside the state: what it does, how far it is, how fast, how long still."""
    if status.state == "queued" and not status.phase:
        place = queue.position(run)
        if place <= 1:
            return _("Next in the queue: starts as soon as the device is free.")
        return _("Waiting for the device: place {place} in the queue.").format(place=place)
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
    return " · ".join([*parts, where(run, status.device)])


def controls(run: Run, status: Status) -> int:
    """Pause, resume, stop; what leads on from a run that has ended, a repair of one that failed first; the menu.

    Returns in how many processes it would be resumed.
    """
    processes = 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        repaired = status.state == "failed" and repair(run)
        if status.state in OPEN_STATES:
            busy = status.state == "stopping" or run.control().command != "run"
            if st.button(_("Pause"), key="live_pause", icon=":material/pause:", disabled=busy,
                         help=_("Writes a checkpoint and frees the device; Resume continues exactly here.")):  # fmt: skip
                lab.press(lambda: supervisor.leave(run, "pause"))
            if st.button(_("Stop"), key="live_stop", icon=":material/stop:", disabled=busy,
                         help=_("Writes a checkpoint and ends the run.")):  # fmt: skip
                lab.press(lambda: supervisor.leave(run, "stop"))
        elif status.state in RESUMABLE_STATES:
            before = run.control().processes
            processes = choose_processes(run.config().training.device, before, f"live_processes_{run.id}")
            pressed = st.button(_("Resume"), key="live_resume", icon=":material/play_arrow:",
                                type="secondary" if repaired else "primary",
                                help=_("Continues from the newest checkpoint."))  # fmt: skip
            if pressed and lab.succeeds(lambda: supervisor.resume(run, processes=processes)):
                st.rerun()
            if environment.was_refused(run):
                confirm_changed_data(run)
            if status.state in ("failed", "interrupted"):
                begin_anew(run)
        elif status.state == "finished" and run.trainable_steps():
            train_longer(run)
        menu(run)
        seldom = RATES_SELDOM * lab.refresh_every() if status.state in OPEN_STATES else None
        st.fragment(learning_rates, run_every=seldom)(run)
    return processes


def control_lines(run: Run, status: Status, processes: int) -> list[str]:
    """What the buttons do, as commands; `processes`: of a run that is resumed."""
    if status.state in OPEN_STATES:
        config = run.config()
        rates = {part.rate: get(config, part.rate) for part in kind_of(config).optimizers} | run.control().overrides
        return [line("pause", run.id), line("stop", run.id), line("change", run.id, set=rates)]
    if status.state not in RESUMABLE_STATES:
        return []
    lines, as_before = [line("resume", run.id, processes=several(processes))], several(run.control().processes)
    if environment.was_refused(run):
        lines.append(line("resume", run.id, accept_changed_data=True, processes=as_before))
    if status.state in ("failed", "interrupted"):
        lines.append(line("resume", run.id, from_start=True, processes=as_before))
    return lines


def tell_end(run: Run, status: Status) -> None:
    """The switch "Tell me when it ends", and the notification of an end that this page has waited for."""
    trains = status.state in OPEN_STATES
    if trains:
        st.session_state[WAITED] = run.id
    elif st.session_state.get(WAITED) != run.id:
        return
    end_notice(
        run.id, title=titled(called(run), _(STATES[status.state][0])), body=_(status.error) or counts(run, status),
        trains=trains, ended=status.state in webhook.ENDED, key=f"live_notice_{run.id}",
    )  # fmt: skip


def repair(run: Run) -> bool:
    """The doctor's first remedy as the button to press; whether there is one."""
    offered = [(finding, remedy) for finding in diagnosed(run) for remedy in finding.remedies]
    found = next((pair for pair in offered if follow_up.treatment(run, *pair) is not None), None)
    if found is None:
        return False
    finding, remedy = found
    if st.button(_(remedy.title), key="live_repair", icon=":material/healing:", type="primary", help=_(remedy.why)):
        start_and_watch(lambda: follow_up.treat(lab.start(), run, finding, remedy))
    return True


def confirm_changed_data(run: Run) -> None:
    """The way on for a run whose training data changed while it was paused."""
    with st.popover(_("Continue with the changed data"), icon=":material/warning:", key="live_changed"):
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
    with st.popover(_("Start over"), icon=":material/restart_alt:", key="live_anew"):
        words = _(
            "The run begins again at step 0. Its curves, pictures and checkpoints until now are kept in `{folder}`."
        )
        st.markdown(words.format(folder=recovery.next_folder(run).name))
        pressed = st.button(_("Start over at step 0"), key="live_anew_yes", type="primary")
        if pressed and lab.succeeds(lambda: supervisor.resume(run, from_start=True)):
            st.rerun()


def train_longer(run: Run) -> None:
    """More epochs for a finished run, as a new run with its past."""
    with st.popover(_("Train longer"), icon=":material/more_time:", key="live_longer", on_change="rerun") as place:
        if not place.open:
            return
        words = _(
            "A **new run** begins with the curves, pictures and the last checkpoint of this one and continues with the same settings. "
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
            st.warning(as_text(_(warning)), icon=":material/warning:")
        processes = choose_processes(
            run.config().training.device, run.control().processes, f"live_longer_processes_{run.id}"
        )
        if st.button(_("Continue"), key="live_longer_yes", type="primary"):
            start_and_watch(lambda: follow_up.train_longer(lab.start(), run, epochs, processes=processes))
        as_command("longer", line("train-longer", run.id, epochs=epochs, processes=several(processes)))


def learning_rates(run: Run) -> None:
    """The learning rates, to be changed while it trains; a change made elsewhere shows here."""
    if run.status().state not in OPEN_STATES:
        return
    config = run.config()
    current = {name: get(config, name) for name in LIVE_FIELDS} | run.control().overrides
    parts = kind_of(config).optimizers
    with st.form("live_rates", border=False):
        *columns, last = st.columns([1] * (len(parts) + 1), vertical_alignment="bottom")
        typed = {
            part.rate: column.text_input(
                _("Learning rate, {network}").format(network=_(part.title).lower()), f"{current[part.rate]:g}",
                key=f"live_{run.id}_{part.rate}_{current[part.rate]:g}", help=_(RATES),
            )
            for part, column in zip(parts, columns, strict=True)
        }  # fmt: skip
        pressed = last.form_submit_button(_("Change now"), icon=":material/bolt:")
        if pressed and lab.succeeds(lambda: supervisor.change_live(run, typed)):
            st.rerun()  # the fields show the new rates at once: nothing typed next is lost
