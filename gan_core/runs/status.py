"""The state of a run, and what is asked of it: the content of status.json and control.json."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from gan_core.runs import files

HEARTBEAT_S = 2.0
STALE_AFTER_S = 12.0  # six missed heartbeats
ALIVE_STATES = ("running", "stopping")
OPEN_STATES = ("queued", "running", "stopping")
RESUMABLE_STATES = ("paused", "stopped", "failed", "interrupted")
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
        skipped: pictures that could not be read.
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
    """

    command: str = "run"
    sequence: int = 0
    overrides: dict[str, float] = field(default_factory=dict)


def read_status(data: Mapping[str, Any]) -> Status:
    """The status that a JSON object describes; what is missing, unknown or of another type is left at its default.

    A run that claims to be alive without a fresh heartbeat is interrupted, and so is one in no known state.
    """
    plain = Status(state="interrupted") if data else Status()
    values = {}
    for known in fields(Status):
        value, default = data.get(known.name), getattr(plain, known.name)
        numeric = isinstance(default, int | float) and files.is_number(value)
        if numeric or (isinstance(default, str) and isinstance(value, str)):
            values[known.name] = type(default)(value)
    status = replace(plain, **values)
    stale = status.state in ALIVE_STATES and time.time() - status.updated_at > STALE_AFTER_S
    return replace(status, state="interrupted") if stale or status.state not in STATES else status


def read_control(data: Mapping[str, Any]) -> Control:
    """What a JSON object asks for; what is missing or of another type is left at its default."""
    plain = Control()
    command, sequence, overrides = (data.get(name) for name in ("command", "sequence", "overrides"))
    return Control(
        command=command if isinstance(command, str) else plain.command,
        sequence=sequence if isinstance(sequence, int) else plain.sequence,
        overrides=overrides if isinstance(overrides, dict) else plain.overrides,
    )
