"""A run made from another with some settings changed: from step 0, from a checkpoint, or as a finding's remedy. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gan_core.analysis.comparing import Compared
from gan_core.analysis.doctor import Finding, Remedy
from gan_core.config import LIVE_FIELDS, field_names, get, with_changes
from gan_core.config.settings import Settings
from gan_core.experiments import arms
from gan_core.models.kinds import kind_of
from gan_core.runs import Run, branching
from gan_core.runs.branching import can_branch
from gan_core.runs.status import OPEN_STATES
from gan_core.training import plan, queue, supervisor


@dataclass(frozen=True)
class Treatment:
    """How a remedy would be carried out.

    Attributes:
        kind: "live" changes the running run, "branch" trains on from a checkpoint, "rerun" begins again from step 0.
        step: the checkpoint of a branch; 0 otherwise.
    """

    kind: Literal["live", "branch", "rerun"]
    step: int = 0


def rerun(settings: Settings, run: Run, changes: Mapping[str, Any], name: str) -> Run:
    """The same run from step 0 with some settings changed, queued: same seed, data order, latents and number of steps.

    Raises:
        ValueError: the changed configuration cannot run, or the runs folder cannot be written; nothing is left behind.
    """
    return arms.submit(settings, with_changes(run.config(), changes), name)


def branch(settings: Settings, run: Run, step: int, changes: Mapping[str, Any], name: str = "") -> Run:
    """A run that goes on from another's checkpoint with other settings, queued.

    Args:
        settings: of the lab whose queue it joins.
        run: the parent; it is not touched.
        step: one of its checkpoints with the optimisers' state.
        changes: dotted field -> value. Those that change nothing are left out.
        name: the user's name for it; made from the parent's when empty.

    Raises:
        ValueError: a value out of bounds, parts that do not fit, a change that fits no trained checkpoint, or nothing
            left to train.
    """
    before = run.config()
    config = with_changes(before, changes)
    changes = {field: get(config, field) for field in changes if get(config, field) != get(before, field)}
    plan.check(config)
    num_images = run.status().num_images
    if num_images and plan.total_steps(config, num_images) <= step:
        epochs = step // plan.steps_per_epoch(num_images, config.training.batch_size)
        raise ValueError(
            f"With {config.training.epochs} epochs nothing is left to train after step {step:,}. Set the epochs above "
            f"{epochs}, the step limit above {step:,}, or begin at an earlier step."
        )
    made = branching.branch(settings.runs_dir, run, step, changes, name.strip())
    queue.enqueue(made)
    return made


def checkpoint_before(run: Run, step: int) -> int:
    """The step of the last checkpoint at or before a step that training can go on from.

    Raises:
        ValueError: there is none: it was thinned out, or the run came without the optimisers' state.
    """
    trainable = run.trainable_steps()
    reached = [there for there in trainable if there <= step]
    if reached:
        return reached[-1]
    if trainable:
        raise ValueError(
            f"The first checkpoint that '{run.name}' can be trained on from is that of step {trainable[0]:,}. "
            "Move to that step or a later one."
        )
    if run.checkpoint_steps():
        raise ValueError(
            f"The checkpoints of '{run.name}' are for looking at: they have no state of the optimisers, so nothing can "
            "be trained from them. Train its preset for a run of your own."
        )
    raise ValueError(f"The run '{run.name}' has no checkpoint to go on from yet.")


def changeable(compared: Compared) -> list[str]:
    """Dotted names of the fields that a branch may change, those that matter most first."""
    first = ["generator_optimizer.learning_rate", "discriminator_optimizer.learning_rate", "training.epochs"]
    kind = kind_of(compared.config)
    names = [name for name in field_names() if can_branch({name: None}) and kind.applies(name)]
    return [name for name in first if name in names] + [name for name in names if name not in first]


def treatment(run: Run, finding: Finding, remedy: Remedy) -> Treatment | None:
    """How a remedy for a finding can be carried out now; None when no setting can.

    A finding that is over, or was a failure, is not treated live: its past would stay in the weights.
    """
    if not remedy.changes:
        return None
    live = all(name in LIVE_FIELDS for name in remedy.changes) and finding.severity != "failure"
    if live and finding.lasting and run.status().state in OPEN_STATES:
        return Treatment("live")
    if can_branch(remedy.changes):
        end = min(
            finding.since, run.status().total_steps or finding.since
        )  # from its last step nothing is left to train
        healthy = [step for step in run.trainable_steps() if 0 < step < end]
        if healthy:
            return Treatment("branch", healthy[-1])
    return Treatment("rerun")


def treat(settings: Settings, run: Run, finding: Finding, remedy: Remedy) -> Run:
    """Carries out a remedy. Returns the run to watch: the same one, a branch or a rerun; the last two are queued.

    Raises:
        ValueError: the remedy names no setting, or its changes do not fit the run.
    """
    how = treatment(run, finding, remedy)
    if how is None:
        raise ValueError(f"'{remedy.title}' is nothing that a setting could change.")
    if how.kind == "live":
        supervisor.change_live(run, remedy.changes)
        return run
    name = f"{run.name[:50]}, {finding.name.replace('_', ' ')} treated"
    if how.kind == "branch":
        return branch(settings, run, how.step, remedy.changes, name)
    return rerun(settings, run, remedy.changes, name)
