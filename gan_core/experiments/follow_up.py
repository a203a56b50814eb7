"""Runs derived from another with changed settings: from step 0, from a checkpoint, or as a finding's remedy. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gan_core.access import require
from gan_core.analysis.comparing import Compared
from gan_core.analysis.doctor import Finding, Remedy
from gan_core.config import LIVE_FIELDS, field_names, get, with_changes
from gan_core.config.settings import Settings
from gan_core.experiments import arms
from gan_core.models.kinds import kind_of
from gan_core.models.schedules import rate_factor
from gan_core.runs import Run, branching
from gan_core.runs.branching import can_branch
from gan_core.runs.status import OPEN_STATES
from gan_core.training import allowance, plan, queue, supervisor


@dataclass(frozen=True)
class Treatment:
    """How a remedy is applied.

    Attributes:
        kind: "live" changes the running run, "branch" trains on from a checkpoint, "rerun" starts from step 0.
        step: the checkpoint of a branch; 0 otherwise.
    """

    kind: Literal["live", "branch", "rerun"]
    step: int = 0


def rerun(settings: Settings, run: Run, changes: Mapping[str, Any], title: str) -> Run:
    """The same run from step 0 with some settings changed, queued: same seed, data order, latents and number of steps.

    Raises:
        ValueError: if the changed configuration cannot run, or the runs folder cannot be written; nothing is left behind.
    """
    return arms.submit(settings, with_changes(run.config(), changes), title)


def branch(
    settings: Settings,
    run: Run,
    step: int,
    changes: Mapping[str, Any],
    name: str = "",
    title: str = "",
    *,
    processes: int = 1,
) -> Run:
    """A run that trains on from another's checkpoint with changed settings, queued.

    Args:
        settings: of the installation whose queue it joins.
        run: the parent; it is not changed.
        step: one of its checkpoints with the optimisers' state.
        changes: dotted field -> value. Those that change nothing are left out.
        name: the user's name for it.
        title: what it is called without one; made from the parent's name when empty.
        processes: that train it together.

    Raises:
        ValueError: if the actor may not, more processes than devices, a value is out of bounds, settings, data or the checkpoint do not fit, or nothing is
            left to train.
    """
    require("train")
    before = run.config()
    config = with_changes(before, changes)
    changes = {field: get(config, field) for field in changes if get(config, field) != get(before, field)}
    num_images = plan.count_checked(config)
    if plan.total_steps(config, num_images) <= step:
        epochs = step // plan.epoch_of(config, num_images).steps
        raise ValueError(
            f"With {config.training.epochs} epochs nothing remains to train after step {step:,}. Set the epochs above {epochs}, "
            f"the step limit above {step:,}, or start at an earlier step."
        )
    allowance.check_actor(settings.runs_dir, config, plan.total_steps(config, num_images))
    supervisor.check_shares(settings, config, processes)
    made = branching.branch(settings.runs_dir, run, step, changes, name.strip(), title)
    made.use_processes(processes)
    queue.enqueue_new(made)
    return made


@dataclass(frozen=True)
class Longer:
    """How a finished run goes on for more epochs: as a branch from its last checkpoint, since config.json never changes.

    Attributes:
        step: of that checkpoint.
        changes: dotted field -> value, as `branch` takes them.
        total_steps: those of the branch, its past included.
        warnings: sentences about what depends on the number of steps and so is not what it would have been.
    """

    step: int
    changes: dict[str, Any]
    total_steps: int
    warnings: tuple[str, ...]


def longer(run: Run, epochs: int) -> Longer:
    """How a finished run goes on for `epochs` more epochs.

    Raises:
        ValueError: fewer than one epoch, a run that has not finished, or one without a checkpoint that can be trained on.
    """
    if epochs < 1:
        raise ValueError(f"A run continues for at least 1 more epoch; got {epochs}.")
    if (state := run.status().state) != "finished":
        raise ValueError(f"Only a finished run can train longer; '{run.name}' is {state}. Resume it instead.")
    config, step = run.config(), checkpoint_before(run, run.status().step)
    num_images = plan.count_checked(config)
    a_epoch = plan.epoch_of(config, num_images).steps
    total = step + epochs * a_epoch
    changes = {"training.epochs": -(-total // a_epoch), "training.max_steps": total if total % a_epoch else 0}
    warnings = []
    for part in kind_of(config).optimizers:
        schedule = get(config, f"{part.section}.schedule")
        before, after = (rate_factor(schedule, step, steps) for steps in (run.status().total_steps, total))
        if before != after:
            warnings.append(
                f"{part.title}: the schedule '{schedule}' is stretched over {total:,} steps, so the rate continues at "
                f"{after:.0%} of its base; at the end of the first run it was {before:.0%}."
            )
    if noise := config.remedies.instance_noise:
        warnings.append(
            f"The instance noise, 0 at the end, continues at {noise * (1 - step / total):.3g} and falls again."
        )
    return Longer(step, changes, total, tuple(warnings))


def longer_title(name: str, epochs: int) -> str:
    """What a run of this name that goes on is called until the user names it."""
    return f"{name}, {epochs:,} epochs more"


def train_longer(settings: Settings, run: Run, epochs: int, name: str = "", *, processes: int = 1) -> Run:
    """The queued run that goes on where `run` ended, as `longer` says. Raises ValueError as `longer` and `branch` do."""
    how = longer(run, epochs)
    return branch(settings, run, how.step, how.changes, name, longer_title(run.name, epochs), processes=processes)


def checkpoint_before(run: Run, step: int) -> int:
    """The step of the last checkpoint at or before a step from which training can be resumed.

    Raises:
        ValueError: if there is none: it was deleted, or the run came without the optimisers' state.
    """
    trainable = run.trainable_steps()
    earlier = [checkpoint for checkpoint in trainable if checkpoint <= step]
    if earlier:
        return earlier[-1]
    if trainable:
        raise ValueError(
            f"The first checkpoint that '{run.name}' can be trained on from is that of step {trainable[0]:,}. "
            "Move to that step or a later one."
        )
    if run.checkpoint_steps():
        raise ValueError(
            f"The checkpoints of '{run.name}' are view-only: they have no optimiser state, so training cannot continue. Train "
            "its preset for your own run."
        )
    raise ValueError(f"The run '{run.name}' has no checkpoint to continue from yet.")


def changeable(compared: Compared) -> list[str]:
    """Dotted names of the fields that a branch may change, rates and epochs first."""
    first = ["generator_optimizer.learning_rate", "discriminator_optimizer.learning_rate", "training.epochs"]
    kind = kind_of(compared.config)
    names = [name for name in field_names() if can_branch({name: None}) and kind.applies(name)]
    return [name for name in first if name in names] + [name for name in names if name not in first]


def treatment(run: Run, finding: Finding, remedy: Remedy) -> Treatment | None:
    """How a remedy for a finding can be applied now; None where it changes no setting.

    A finding that is over, or a failure, is not treated live: its effect would stay in the weights.
    """
    if not remedy.changes:
        return None
    live = all(name in LIVE_FIELDS for name in remedy.changes) and finding.severity != "failure"
    if live and finding.lasting and run.status().state in OPEN_STATES:
        return Treatment("live")
    if can_branch(remedy.changes):
        end = min(
            finding.since, run.status().total_steps or finding.since
        )  # nothing is left to train after the last step
        healthy = [step for step in run.trainable_steps() if 0 < step < end]
        if healthy:
            return Treatment("branch", healthy[-1])
    return Treatment("rerun")


def treated_title(run: Run, remedy: Remedy) -> str:
    """What a run with a remedy is called until the user names it."""
    return f"{run.name}, treated with “{remedy.title}”"


def treat(settings: Settings, run: Run, finding: Finding, remedy: Remedy) -> Run:
    """Applies a remedy. Returns the changed run, or the queued branch or rerun.

    Raises:
        ValueError: if the remedy changes no setting, or its changes do not fit the run.
    """
    how = treatment(run, finding, remedy)
    if how is None:
        raise ValueError(f"'{remedy.title}' is not a setting that can be changed.")
    if how.kind == "live":
        supervisor.change_live(run, remedy.changes)
        return run
    title = treated_title(run, remedy)
    if how.kind == "branch":
        return branch(settings, run, how.step, remedy.changes, title=title)
    return rerun(settings, run, remedy.changes, title)
