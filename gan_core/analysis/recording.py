"""A run as a recording: its moments, what was found and changed at each, and going on from one of them another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from gan_core.analysis.comparing import Compared, is_metric
from gan_core.analysis.curves import abscissa
from gan_core.analysis.doctor import Finding
from gan_core.config import field_names, get, with_changes
from gan_core.config.settings import Settings
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from gan_core.runs.branching import branch, can_branch
from gan_core.training import plan, queue

MAX_MOMENTS = 600  # places of the slider: more than it has pixels on a telephone

Kind = Literal["failure", "warning", "note", "change", "checkpoint", "event"]
SHOWN_EVENTS = ("branched", "resumed", "paused", "stopped", "finished", "failed")


@dataclass(frozen=True)
class Marker:
    """Something that happened at a step.

    Attributes:
        step: when; of a finding, when it could be said.
        kind: a finding's severity, "change" (live), "checkpoint", or "event" (paused, resumed and the like).
        title: a finding's title, or the event's type: one of the program's own words.
        detail: a finding's evidence, a change's fields and values; may be empty.
        since: when it began; of a finding earlier than `step`.
    """

    step: int
    kind: Kind
    title: str
    detail: str = ""
    since: int = 0


def moments(compared: Compared, sample_steps: Sequence[int]) -> list[int]:
    """The steps that a slider over the recording stops at: every sample grid, and recorded steps evenly between."""
    steps = compared.columns.get("step", np.empty(0))
    if len(steps) > MAX_MOMENTS:
        steps = steps[np.linspace(0, len(steps) - 1, MAX_MOMENTS).round().astype(int)]
    return sorted({*sample_steps, *(int(step) for step in steps)})


class Known(NamedTuple):
    """A metric's value, and the step that it was recorded at."""

    value: float
    step: int


def values_at(compared: Compared, steps: Sequence[int], columns: Sequence[str]) -> dict[str, list[Known | None]]:
    """Metric -> its value at each step: the last one recorded by then with its own step, None before the first.

    Args:
        compared: the run.
        steps: ascending.
        columns: metrics; those the run has not measured are left out.
    """
    recorded = compared.columns.get("step", np.empty(0))
    found: dict[str, list[Known | None]] = {}
    for name in columns:
        values = compared.columns.get(name, np.empty(0))
        there = np.isfinite(values)
        if not is_metric(name) or len(values) != len(recorded) or not there.any():
            continue
        known_at, known = recorded[there], values[there]
        places = np.searchsorted(known_at, np.asarray(steps), side="right") - 1
        found[name] = [
            None if place < 0 else Known(float(f"{known[place]:.4g}"), int(known_at[place])) for place in places
        ]
    return found


def minutes_at(compared: Compared, steps: Sequence[int]) -> list[float | None]:
    """Minutes of training, pauses left out, that had passed at each step (ascending); None before the first recorded one."""
    recorded, minutes = compared.columns.get("step", np.empty(0)), abscissa(compared, "time")
    places = np.searchsorted(recorded, np.asarray(steps), side="right") - 1
    return [None if place < 0 else float(minutes[place]) for place in places]


def markers(run: Run, findings: Sequence[Finding]) -> list[Marker]:
    """Everything that happened in a run, in order: findings, live changes, checkpoints that are still there, events."""
    found = [Marker(f.step, f.severity, f.title, f.evidence, f.since) for f in findings]
    found += [Marker(step, "checkpoint", "checkpoint") for step in run.checkpoint_steps()]
    for event in run.events():
        kind, step = event.get("type"), event.get("step")
        if not isinstance(step, int):
            continue
        changes = event.get("changes")
        detail = ", ".join(f"{k} {v}" for k, v in changes.items()) if isinstance(changes, Mapping) else ""
        if kind == "override" and detail:
            found.append(Marker(step, "change", "override", detail))
        elif kind in SHOWN_EVENTS:
            found.append(Marker(step, "event", str(kind), detail or str(event.get("error") or "")))
    return sorted(found, key=lambda marker: (marker.step, marker.kind))


# going on another way


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


def go_on(settings: Settings, run: Run, step: int, changes: Mapping[str, Any], name: str = "") -> Run:
    """A branch of a run from a checkpoint with other settings, queued.

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
    made = branch(settings.runs_dir, run, step, changes, name.strip())
    queue.enqueue(made)
    return made
