"""How a sweep stands: its trials, what they reached, why some ended early, Optuna's pictures, and the way to the best run."""

from collections import Counter
from pathlib import Path
from typing import Any

import streamlit as st

from gan_core.evaluation.statistics.tests import of_estimates, together
from gan_core.experiments.sweeps import figures
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.figures import PICTURES
from gan_core.experiments.sweeps.folder import SweepFolder
from gan_core.experiments.sweeps.plan import Axis, Sweep, format_value, trial_minutes
from gan_core.experiments.sweeps.storage import without_password
from gan_core.experiments.sweeps.study import SweepStudy
from gan_core.experiments.sweeps.table import OPEN, TrialRow, best, rows_of, seconds_left
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.sweeps.form import objective_title
from pages.components.sweeps.grid import axis_words, grid_of_samples
from pages.components.text import N_, Marked, _, as_text, duration, estimate_words, listed, ngettext, told_apart_means

SLOWER = 2  # refreshes; a trial takes minutes
STATES = Marked(
    {
        "waiting": N_("waiting"),
        "training": N_("training"),
        "interrupted": N_("interrupted"),
        "done": N_("done"),
        "pruned": N_("pruned"),
        "failed": N_("failed"),
    }
)
OPTUNAS_WORDS = Marked(
    {
        "Trial": N_("Trial"),
        "Best Value": N_("Best so far"),
        "Feasible Trial": N_("Trial"),
        "Hyperparameter": N_("Setting"),
        "Hyperparameter Importance": N_("Importance"),
    }
)


@st.cache_resource(max_entries=16, show_spinner=False)
def _study(path: str, created: float, trials: int, _folder: SweepFolder) -> SweepStudy:
    """A sweep's study, opened once for all viewers: later readings cost what is new."""
    return _folder.study()


def study_of(folder: SweepFolder) -> SweepStudy | None:
    """A sweep's study; None, and a sentence on the page, when its storage cannot be used."""
    return lab.attempt(lambda: _study(str(folder.path), folder.created, folder.sweep.trials, folder))


def results(folder: SweepFolder) -> None:
    """Everything about a sweep, kept fresh while somebody works on it."""
    study = study_of(folder)
    if study is None:
        return
    description(folder)
    rows = lab.attempt(lambda: rows_of(study))
    if rows is None:
        return
    active = is_active(folder, rows)
    st.session_state["sweeps_moving"] = active
    st.fragment(live, run_every=SLOWER * lab.refresh_every() if active else None)(folder, study)


def runs_of(folder: SweepFolder) -> list[Run]:
    """The runs of a sweep's trials that this visitor sees, by trial."""
    study = study_of(folder)
    rows = lab.attempt(lambda: rows_of(study)) if study is not None else None
    known = {run.id: run for run in lab.own_runs()}
    return [known[row.run_id] for row in rows or () if row.run_id in known]


def is_active(folder: SweepFolder, rows: list[TrialRow]) -> bool:
    """Whether anybody works on it: this server's process, a command, or another machine."""
    return folder.is_active() or any(row.state == "training" for row in rows)


def description(folder: SweepFolder) -> None:
    """What it varies, for what, and where it is kept."""
    sweep = folder.sweep
    varied = ", ".join(f"{axis_words(axis.name)} ({values_words(axis)})" for axis in sweep.axes)
    way = _("as large as possible") if sweep.objective.direction == "maximize" else _("as small as possible")
    kind = _("A search of {n} trials") if sweep.search else _("A grid of {n} trials")
    sentence = [
        kind.format(n=sweep.trials)
        + _(" from the preset {preset}, varying {axes}.").format(preset=sweep.preset, axes=as_text(varied)),
        _("Aim: {metric}, {way}.").format(metric=objective_title(sweep.objective.metric), way=way),
    ]
    if folder.storage:
        sentence.append(_("Kept in {place}.").format(place=as_text(without_password(folder.storage))))
    st.caption(" ".join(sentence))


def values_words(axis: Axis) -> str:
    """What a setting is tried at: its values, or its range."""
    if axis.values:
        return ", ".join(map(format_value, axis.values))
    words = _("{low:g} to {high:g} on a log scale") if axis.log else _("{low:g} to {high:g}")
    return words.format(low=axis.low, high=axis.high)


def live(folder: SweepFolder, study: SweepStudy) -> None:
    """The part that changes while trials are made."""
    rows = lab.attempt(lambda: rows_of(study))
    if rows is None:
        return
    going = folder.is_active()
    if st.session_state.get("sweeps_moving") != is_active(folder, rows):
        st.rerun()  # whether this part refreshes is decided outside of it
    top = best(rows, folder.sweep)
    progress(folder, rows, going)
    controls(folder, rows, top, going)
    if folder.error:
        st.error(as_text(_(folder.error)), icon=":material/error:")
    if top is not None:
        st.markdown(best_words(folder, rows, top))
    table(folder, rows, top)
    grid_of_samples(folder, rows, top)
    plots(study, rows)


def progress(folder: SweepFolder, rows: list[TrialRow], going: bool) -> None:
    """How many are done, and about how long the others take."""
    ended = sum(row.state not in OPEN for row in rows)
    words = _("{done} of {all} trials have ended").format(done=ended, all=len(rows))
    left = seconds_left(rows, trial_minutes(folder.sweep), shares_trained(rows))
    if is_active(folder, rows) and left:
        words += _(" · about {time} left").format(time=duration(left))
    if not going and ended < len(rows):
        elsewhere = any(row.state == "training" for row in rows)
        words += (
            _(" · worked on elsewhere: a command or another machine")
            if elsewhere
            else _(" · interrupted: no process works on it now")
            if folder.should_run or folder.error or any(row.state == "interrupted" for row in rows)
            else _(" · stopped: the other trials are not made until you continue")
        )
    st.progress(ended / len(rows) if rows else 0.0, text=words)
    if going and not folder.should_run:
        words = _(
            "Stopping: the run that trains writes a checkpoint first; one that is being measured is measured to its end."
        )
        st.caption(words)


def shares_trained(rows: list[TrialRow]) -> dict[str, float]:
    """Run id -> how much of its training is done, of the trials that are being made here."""
    shares = {}
    for row in rows:
        run = lab.run_or_none(row.run_id) if row.state in OPEN else None
        status = None if run is None else run.status()
        if status is not None and status.total_steps:
            shares[row.run_id] = min(1.0, status.step / status.total_steps)
    return shares


def controls(folder: SweepFolder, rows: list[TrialRow], top: TrialRow | None, going: bool) -> None:
    """Stop, go on, and the way to the best run."""
    unfinished = any(row.state in OPEN for row in rows)
    with st.container(horizontal=True):
        there = top is not None and run_there(top)
        if (
            top
            and there
            and st.button(_("Open the best run"), key="sweeps_best", type="primary", icon=":material/trophy:")
        ):
            st.switch_page("pages/run.py", query_params={"run": top.run_id})
        if going and folder.should_run:
            if st.button(_("Stop"), key="sweeps_stop", icon=":material/stop:",
                         help=_("The run that trains writes a checkpoint and is paused. Nothing is lost when you continue.")):  # fmt: skip
                lab.press(lambda: folder.order("stop"))
        elif going:
            st.button(_("Stopping…"), key="sweeps_stopping", disabled=True)
        elif unfinished and st.button(_("Continue"), key="sweeps_go_on", icon=":material/play_arrow:",
                                      help=_("Runs the remaining trials on this server.")):  # fmt: skip
            lab.press(lambda: folders.resume(folder))
    if unfinished:
        stops = going and folder.should_run
        as_command("experiment_sweep", line("stop", folder.id) if stops else line("sweep", folder.id, queue=True))


def run_there(row: TrialRow) -> bool:
    """Whether a trial's run is in this runs folder (another machine may have made it)."""
    return bool(row.run_id) and lab.run_or_none(row.run_id) is not None


def best_words(folder: SweepFolder, rows: list[TrialRow], top: TrialRow) -> str:
    """The best trial, what it reached, and whether the second may be as good."""
    values = as_text(listed(f"{axis_words(name)} {format_value(value)}" for name, value in top.params.items()))
    words = _("**Best so far: trial {n}** ({values}): {metric} {value}, {measured}.")
    if all(row.state not in OPEN for row in rows):
        words = _("**Best: trial {n}** ({values}): {metric} {value}, {measured}.")
    sentence = words.format(
        n=top.index + 1,
        values=values,
        metric=objective_title(folder.sweep.objective.metric),
        value=value_words(top),
        measured=as_text(_(top.measured)),
    )
    others = [row for row in rows if row is not top and row.estimate and row.estimate.has_interval]
    if top.estimate and top.estimate.has_interval and others:
        tested = together(of_estimates(top.estimate, row.estimate) for row in others if row.estimate)
        close = [str(row.index + 1) for row, found in zip(others, tested, strict=True) if not found.differs]
        if close:
            words = ngettext(
                "With one run each, the difference from trial {names} is not significant.",
                "With one run each, the differences from trials {names} are not significant.",
                len(close),
            )
            sentence += " " + words.format(names=listed(close[:8])) + " " + told_apart_means(len(tested))
    return sentence


def value_words(row: TrialRow) -> str:
    """A value with its interval."""
    found = row.estimate
    return "" if found is None else estimate_words(found, 4)


def table(folder: SweepFolder, rows: list[TrialRow], top: TrialRow | None) -> None:
    """Every trial in a line."""
    here = {Path(run.path).name for run in lab.own_runs()}
    measuring = {run_id for run_id, share in shares_trained(rows).items() if share == 1}
    lines = [
        {
            _("trial"): row.index + 1,
            _("state"): ("★ " if row is top else "")
            + (_("measuring") if row.run_id in measuring else STATES[row.state]),
            **{
                axis_words(axis.name): format_value(row.params[axis.name]) if row.params else ""
                for axis in folder.sweep.axes
            },
            _("{metric} (95 % interval)").format(metric=objective_title(folder.sweep.objective.metric)): value_words(
                row
            ),
            _("trained for"): duration(row.seconds) if row.seconds else "",
            _("run"): f"run?run={row.run_id}" if row.run_id in here else "",
            **({_("why it ended"): _(row.reason)} if any(one.reason for one in rows) else {}),
        }
        for row in rows
    ]
    columns = {
        _("run"): st.column_config.LinkColumn(display_text=_("watch")),
        _("why it ended"): st.column_config.TextColumn(width="large"),
    }
    st.dataframe(lines, hide_index=True, key="sweeps_table", column_config=columns)


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(
    sweep_id: str,
    address: str,
    key: str,
    done: tuple[tuple[int, float], ...],
    names: dict[str, str],
    _study: SweepStudy,
) -> Any:
    """One picture, built once for all viewers of a language and again when a trial has ended."""
    return figures.figure(_study, key, names)


def names_of(sweep: Sweep) -> dict[str, str]:
    """What Optuna's pictures say for a setting, for the metric and for Optuna's own words."""
    said = {axis.name: axis_words(axis.name) for axis in sweep.axes}
    count = Counter(said.values())
    settings = {name: words if count[words] == 1 else f"{words} ({name})" for name, words in said.items()}
    return settings | dict(OPTUNAS_WORDS) | {sweep.objective.metric: objective_title(sweep.objective.metric)}


def plots(study: SweepStudy, rows: list[TrialRow]) -> None:
    """One of the pictures, chosen above it."""
    done = tuple((row.index, row.value) for row in rows if row.value is not None)
    keys = figures.available(len(done), len(study.sweep.axes))
    if not keys:
        return
    st.subheader(_("Optuna's charts"))
    shown = st.segmented_control(
        _("Picture"), keys, default=keys[0], format_func=lambda key: _(PICTURES[key].title), key="sweeps_plot",
        label_visibility="collapsed",
    )  # fmt: skip
    key = shown if shown in keys else keys[0]
    st.caption(_(PICTURES[key].explanation))
    figure = lab.attempt(
        lambda: _figure(study.sweep_id, study.address, key, done, names_of(study.sweep), study), "warning"
    )
    if figure is not None:
        st.plotly_chart(figure, key=f"sweeps_plot_{key}", width="stretch")
