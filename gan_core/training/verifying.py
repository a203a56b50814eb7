"""Does a run repeat? Its first steps are made again in a temporary folder and compared with what was recorded.

Where the environment is the one it was trained in, every recorded number and every tensor of a checkpoint must have the same
bits; elsewhere (another processor, version, thread count or device) the metrics of the first TOLERANT_STEPS may differ by TOLERANCE,
and nothing else is judged.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_core import datasets, runs
from gan_core.config import RunConfig, devices, with_changes
from gan_core.runs import Run, environment, files
from gan_core.runs.branching import copy_past
from gan_core.training import loop

DEFAULT_STEPS = 100
TOLERANCE = {"fp32": 0.01, "bf16": 0.1}
"""How far a metric may be off where bits are not expected to repeat: relative to its size, or absolute where that is below 1."""
TOLERANT_STEPS = 10
"""How many steps are judged there. Training magnifies the last bits: measured on another processor in bf16, 0.1 % at step 1, 9 % at 10."""
OF_A_LINE = ("step", "epoch", "time", "images_seen")
MEASURED = ("accuracy", "hits", "requested", "memory")  # by an evaluator or held-out images that may be missing here

Move = Callable[[int, int], None]


@dataclass(frozen=True)
class Mismatch:
    """The first place where a repeated run differs: step, metric or file, what was recorded and what came out now."""

    step: int
    name: str
    recorded: Any
    repeated: Any


@dataclass(frozen=True)
class Verdict:
    """What came of it.

    Attributes:
        matches: whether the run repeats: to the last bit, or within `tolerance` where bits are not expected to repeat.
        tolerance: of the metrics, for the first TOLERANT_STEPS; 0 where every bit must be the same.
        exact: whether every number and tensor that was compared has the same bits.
        start, steps: first step repeated (steps done before it), and how many were.
        num_metrics, num_checkpoints: numbers, and checkpoints, that were compared.
        environment: field -> (then, now), of those on which the last bits depend; empty if all are the same.
        known: whether the run says in which environment it was trained.
        difference: the first that differs at all; None if nothing does.
    """

    matches: bool
    tolerance: float
    exact: bool
    start: int
    steps: int
    num_metrics: int
    num_checkpoints: int
    environment: dict[str, tuple[Any, Any]]
    known: bool
    difference: Mismatch | None


def verify(run: Run, steps: int | None = None, move: Move = lambda done, total: None) -> Verdict:
    """Repeats the first steps of a run and compares.

    Args:
        run: in any state; it is only read.
        steps: how many steps to repeat; by default those up to its first checkpoint, at most DEFAULT_STEPS.
        move: called with (steps done, steps in all).

    Raises:
        ValueError: there is nothing to compare, the checkpoint from which a branch began is missing or damaged, its data cannot
            be prepared, or the repetition fails.
    """
    start = max((event["step"] for event in run.events() if event["type"] == "branched"), default=0)
    recorded = {line["step"]: line for line in run.metrics() if line["step"] > start}
    steps = _num_steps(run, start, steps, max(recorded, default=start) - start)
    last = start + steps
    config = _for_this_machine(run.config())
    then = environment.until(environment.sessions(run), last)
    digest = datasets.prepare(config.dataset).digest
    if changed := next((e for e in then if e.data not in ("", digest)), None):
        difference = Mismatch(changed.step, "data", changed.data, digest)
        return Verdict(False, 0.0, False, start, 0, 0, 0, {}, True, difference)
    with tempfile.TemporaryDirectory(prefix="ganvas-verify-") as folder:
        again = runs.create(Path(folder), config)
        _repeat(run, again, start, steps, move)
        now = environment.sessions(again)[-1]
        numbers, num_metrics = _compare_metrics(recorded, again, last)
        tensors, num_checkpoints = _compare_checkpoints(run, again, start)
    others = environment.differing(then, now)
    loose = bool(others) or not then or not (config.training.device == "cpu" or config.training.deterministic)
    tolerance = TOLERANCE[config.training.precision] if loose else 0.0
    judged = [d for d in numbers if d.step <= start + TOLERANT_STEPS and not _close(d, tolerance)]
    serious = judged if loose else [*numbers, *tensors]
    found = serious or [*numbers, *tensors]
    return Verdict(
        matches=not serious,
        tolerance=tolerance,
        exact=not numbers and not tensors,
        start=start,
        steps=steps,
        num_metrics=num_metrics,
        num_checkpoints=num_checkpoints,
        environment=others,
        known=bool(then),
        difference=min(found, key=lambda d: d.step, default=None),
    )


def _num_steps(run: Run, start: int, wanted: int | None, there: int) -> int:
    if there <= 0:
        raise ValueError(
            f"The run '{run.name}' has recorded no step after {start:,}: nothing to compare. Train it first."
        )
    if wanted is None:
        first = next((step for step in run.checkpoint_steps() if step > start), start + there)
        return min(first - start, there, DEFAULT_STEPS)
    if not 1 <= wanted <= there:
        raise ValueError(f"--steps must be 1 to {there:,}, the steps that '{run.name}' has recorded; got {wanted:,}.")
    return wanted


def _for_this_machine(config: RunConfig) -> RunConfig:
    """The configuration on a device that is here, keeping every checkpoint."""
    here = devices.detect().devices
    device = config.training.device if config.training.device in here else here[0]
    return with_changes(config, {"training.device": device, "recording.keep_checkpoints": 10**6})


def _repeat(run: Run, again: Run, start: int, steps: int, move: Move) -> None:
    """Trains `again` from the step at which the run began, for so many steps, with the run's live changes."""
    if start:
        if start not in run.trainable_steps():
            raise ValueError(
                f"'{run.name}' branched off at step {start:,}; that checkpoint is not here, so it cannot repeat."
            )
        copy_past(run, again, start)
    changes = [e for e in run.events() if e["type"] == "override" and start <= e["step"] < start + steps]
    files.append_lines(again.events_path, changes)
    done = iter(range(steps + 1))

    def request() -> str | None:
        made = next(done)
        move(made, steps)
        return "stop" if made == steps else None

    status = loop.train(again, request=request)
    refused = [event["error"] for event in again.events() if event["type"] == "checkpoint_refused"]
    if refused or status.state not in ("stopped", "finished"):
        raise ValueError(
            f"The first {steps:,} steps of '{run.name}' cannot be repeated. {(refused or [status.error])[0]}"
        )


def _compare_metrics(recorded: Mapping[int, dict[str, Any]], again: Run, last: int) -> tuple[list[Mismatch], int]:
    """Every number that differs, up to a step, and how many numbers were compared."""
    repeated = {line["step"]: line for line in again.metrics()}
    differing, count = [], 0
    for step, line in recorded.items():
        if step > last:
            continue
        other = repeated.get(step, {})
        for name in (line.keys() | other.keys()) - set(OF_A_LINE):
            before, now = line.get(name), other.get(name)
            if (before is None or now is None) and name.startswith(MEASURED):
                continue
            count += 1
            if before != now:
                differing.append(Mismatch(step, name, before, now))
    return sorted(differing, key=lambda d: (d.step, d.name)), count


def _compare_checkpoints(run: Run, again: Run, start: int) -> tuple[list[Mismatch], int]:
    """Every checkpoint file whose hash differs from the recorded one, and how many checkpoints were compared."""
    before, now = (files.read_json(one.manifest_path) for one in (run, again))
    steps = [
        step for step in run.checkpoint_steps() if step in again.checkpoint_steps() and (step > start or not start)
    ]
    differing = [
        Mismatch(step, f"{folder}/{name}.safetensors", before.get(key), now.get(key))
        for step in steps
        for folder in [run.checkpoint_dir(step).name]
        for name in ("model", "ema", "profiles", "optimizer")
        if (key := f"{folder}/{name}.safetensors") in before and before[key] != now.get(key)
    ]
    return differing, len(steps)


def _close(difference: Mismatch, tolerance: float) -> bool:
    before, now = difference.recorded, difference.repeated
    numbers = files.is_number(before) and files.is_number(now)
    return numbers and math.isclose(before, now, rel_tol=tolerance, abs_tol=tolerance)
