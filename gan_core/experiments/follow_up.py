"""Carrying out a remedy: on the running run, on a branch from its last healthy checkpoint, or on a repaired twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gan_core.analysis.doctor import Finding, Remedy
from gan_core.config import LIVE_FIELDS, with_changes
from gan_core.config.settings import Settings
from gan_core.runs import Run
from gan_core.runs.branching import branch, can_branch
from gan_core.runs.status import OPEN_STATES
from gan_core.training import plan, queue, supervisor


@dataclass(frozen=True)
class Way:
    """How a remedy would be carried out.

    Attributes:
        kind: "live" changes the running run, "branch" trains on from a checkpoint, "twin" begins again from step 0 with
            the same seed, data order and latents.
        step: the checkpoint of a branch; 0 otherwise.
    """

    kind: Literal["live", "branch", "twin"]
    step: int = 0


def way(run: Run, finding: Finding, remedy: Remedy) -> Way | None:
    """How a remedy for a finding can be carried out now; None when no setting can.

    A finding that is over, or was a failure, is not mended live: its past would stay in the weights.
    """
    if not remedy.changes:
        return None
    mends_live = all(name in LIVE_FIELDS for name in remedy.changes) and finding.severity != "failure"
    if mends_live and finding.lasting and run.status().state in OPEN_STATES:
        return Way("live")
    if can_branch(remedy.changes):
        healthy = [step for step in run.trainable_steps() if 0 < step < finding.since]
        if healthy:
            return Way("branch", healthy[-1])
    return Way("twin")


def carry_out(settings: Settings, run: Run, finding: Finding, remedy: Remedy) -> Run:
    """Carries out a remedy. Returns the run to watch: the same one, a branch or a twin; the last two are queued.

    Raises:
        ValueError: the remedy names no setting, or its changes do not fit the run.
    """
    how = way(run, finding, remedy)
    if how is None:
        raise ValueError(f"'{remedy.title}' is nothing that a setting could change.")
    if how.kind == "live":
        supervisor.change_live(run, remedy.changes)
        return run
    name = f"{run.name[:50]}, {finding.name.replace('_', ' ')} treated"
    if how.kind == "twin":
        return supervisor.submit(settings, with_changes(run.config(), remedy.changes), name)
    plan.check(with_changes(run.config(), remedy.changes))
    made = branch(settings.runs_dir, run, how.step, remedy.changes, name)
    queue.enqueue(made)
    return made
