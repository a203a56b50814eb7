"""The state of a run, and what is asked of it: the content of status.json and control.json."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from gan_core.config.devices import MAX_PROCESSES
from gan_core.runs.files import is_number

HEARTBEAT_S = 2.0
STALE_AFTER_S = 12.0  # six missed heartbeats
ALIVE_STATES = ("running", "stopping")
OPEN_STATES = ("queued", "running", "stopping")
RESUMABLE_STATES = ("paused", "stopped", "failed", "interrupted")
MAX_NUMBER = 10**15  # of any count; none is negative
MAX_TEXT = 5000  # characters of a sentence
STATES = ("queued", "running", "paused", "stopping", "finished", "stopped", "failed", "interrupted")


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes:
        state: queued, running, paused, stopping, finished, stopped, failed or interrupted.
        phase: what a running run is doing before and between steps, in words; empty while it steps.
        step, total_steps, epoch, images_seen, num_images, steps_per_epoch: progress and the true counts.
        images_per_s: speed over the last seconds.
        seconds: time spent training, all sessions together.
        updated_at: Unix time of the last heartbeat.
        owner: process that trains, "host:pid".
        device: where.
        error: the sentence that ended a failed run.
        skipped: files of the data set that are left out.
    """

    state: str = "queued"
    phase: str = ""
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    images_seen: int = 0
    num_images: int = 0
    steps_per_epoch: int = 0
    images_per_s: float = 0.0
    seconds: float = 0.0
    updated_at: float = 0.0
    owner: str = ""
    device: str = ""
    error: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class Control:
    """What is asked of a run.

    Attributes:
        command: run, pause or stop.
        sequence: grows with every live change, so that the trainer answers each once.
        overrides: dotted field -> value, all live changes so far.
        processes: how many train it together from its next start or resume on.
    """

    command: str = "run"
    sequence: int = 0
    overrides: dict[str, float] = field(default_factory=dict)
    processes: int = 1


def read_status(data: Mapping[str, Any], is_locked: Callable[[], bool] | None = None) -> Status:
    """The status that a JSON object describes; what is missing, unknown or of another type is left at its default.

    A run that claims to be alive and is not is interrupted, and so is one in no known state. Its heartbeat must be fresh; one
    that lies ahead, as after the clock was set back, is not. The lock decides for a process of this machine without one.

    Args:
        data: the object.
        is_locked: whether a process holds the run's lock; None where that cannot be asked.
    """
    plain = Status(state="interrupted") if data else Status()
    values: dict[str, Any] = {}
    for known in fields(Status):
        value, default = data.get(known.name), getattr(plain, known.name)
        if isinstance(default, str) and isinstance(value, str):
            values[known.name] = value[:MAX_TEXT]
        elif isinstance(default, int | float) and is_number(value):
            values[known.name] = type(default)(min(max(value, 0), MAX_NUMBER))
    status = replace(plain, **values)
    if status.state in ALIVE_STATES:
        here = is_locked is not None and status.owner.rpartition(":")[0] == platform.node()
        age = time.time() - status.updated_at
        alive = (-1.0 if here else -STALE_AFTER_S) <= age <= STALE_AFTER_S
        if here and is_locked and not alive:
            alive = is_locked()
    else:
        alive = status.state in STATES
    return status if alive else replace(status, state="interrupted")


def read_control(data: Mapping[str, Any]) -> Control:
    """What a JSON object asks for; what is missing or of another type is left at its default."""
    plain = Control()
    command, sequence, overrides = (data.get(name) for name in ("command", "sequence", "overrides"))
    processes = data.get("processes")
    counted = isinstance(processes, int) and not isinstance(processes, bool) and 1 <= processes <= MAX_PROCESSES
    return Control(
        command=command if isinstance(command, str) else plain.command,
        sequence=sequence if isinstance(sequence, int) and not isinstance(sequence, bool) else plain.sequence,
        overrides=overrides if isinstance(overrides, dict) and all(map(is_number, overrides.values())) else {},
        processes=processes if isinstance(processes, int) and counted else plain.processes,
    )
