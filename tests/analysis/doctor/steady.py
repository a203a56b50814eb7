"""Traces without noise, in windows of 40 steps, so that every bound and every step of a diagnosis can be said by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gan_core.analysis.doctor import DIAGNOSES, RunTrace, Sign
from gan_core.config import RunConfig, with_changes
from gan_core.runs.evaluations import Evaluation

WINDOW = 40
STEPS_PER_EPOCH = 20  # two epochs a window
Values = float | npt.NDArray[np.float64]


def steady(
    columns: Mapping[str, Values],
    length: int = 400,
    *,
    measured: Mapping[str, Evaluation] | None = None,
    num_images: int = 5000,
    steps_per_epoch: int = STEPS_PER_EPOCH,
    error: str = "",
    **changes: object,
) -> RunTrace:
    """A trace of so many steps: a column is a number that stays, or an array."""
    config = with_changes(RunConfig(), {name.replace("__", "."): value for name, value in changes.items()})
    whole = {name: np.full(length, value) if np.ndim(value) == 0 else value for name, value in columns.items()}
    return RunTrace(
        {"step": np.arange(1.0, length + 1), **whole}, config, num_images, steps_per_epoch, error, measured or {}
    )


def measured(value: float, low: float, high: float, step: int) -> Evaluation:
    """A metric of a checkpoint with its interval."""
    return Evaluation("metric", value, (low, high), step, 1000, "evaluator")


def then(*pieces: tuple[int, float]) -> npt.NDArray[np.float64]:
    """One value for so many steps, then the next."""
    return np.concatenate([np.full(count, value) for count, value in pieces])


def sign(name: str, trace: RunTrace) -> Sign | None:
    """What one diagnosis sees."""
    return DIAGNOSES[name].detect(trace)


def when(name: str, trace: RunTrace) -> tuple[int, int, bool] | None:
    """The same as (step, since, lasting)."""
    found = sign(name, trace)
    return found and (found.step, found.since, found.lasting)


def changes(name: str, **settings: object) -> list[dict[str, object]]:
    """The changes that a diagnosis's remedies make to a configuration, the likeliest first."""
    config = with_changes(RunConfig(), {key.replace("__", "."): value for key, value in settings.items()})
    return [dict(remedy.changes) for remedy in DIAGNOSES[name].remedies(config)]
