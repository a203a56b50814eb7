"""A run as a recording: its steps, the values at each, and the findings, changes and events at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from gan_core.analysis.comparing import Compared, is_metric
from gan_core.analysis.curves import abscissa
from gan_core.analysis.doctor import Finding
from gan_core.runs import Run

MAX_MOMENTS = 600  # places of the slider: more than it has pixels on a telephone

Kind = Literal["failure", "warning", "note", "change", "checkpoint", "event"]
SHOWN_EVENTS = ("branched", "resumed", "paused", "stopped", "finished", "failed", "data_changed")


@dataclass(frozen=True)
class Marker:
    """Something that happened at a step.

    Attributes:
        step: when; of a finding, the step at which it was found.
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
