"""A run's curves as the doctor reads them: causally, window by window, so that a finding at step n used nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gan_core.config import RunConfig
from gan_core.runs.evaluations import Evaluation

Column = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

EPOCHS_A_WINDOW = 2
SHORTEST, LONGEST = 40, 400  # recorded steps a window
PATIENCE = 3  # windows for which most conditions must hold before they are a finding


@dataclass(frozen=True)
class RunTrace:
    """What is known of a run so far.

    Attributes:
        columns: metric name -> (N,), NaN where not measured; "step" among them.
        config: the run's configuration.
        num_images: images that it trains on; 0 while unknown.
        steps_per_epoch: 0 while unknown.
        error: the sentence with which it failed, if it did.
        measured: metric name (see `gan_core.evaluation.metrics.METRICS`) -> its newest evaluation with an interval, where there is one.
    """

    columns: Mapping[str, Column]
    config: RunConfig
    num_images: int = 0
    steps_per_epoch: int = 0
    error: str = ""
    measured: Mapping[str, Evaluation] = field(default_factory=dict)

    @cached_property
    def steps(self) -> Column:
        """The recorded steps (N,)."""
        return self.columns.get("step", np.empty(0))

    @cached_property
    def window(self) -> int:
        """Recorded steps that are averaged: about two epochs. Fixed by the run, not by its length so far."""
        return int(np.clip(EPOCHS_A_WINDOW * self.steps_per_epoch, SHORTEST, LONGEST))

    def has(self, *names: str) -> bool:
        """Whether all of these are measured, for at least one window."""
        return len(self.steps) >= self.window and all(
            len(self.columns.get(name, ())) == len(self.steps) and np.isfinite(self.columns[name]).any()
            for name in names
        )

    def mean(self, name: str) -> Column:
        """Mean over the window that ends at each step (N,); NaN before the first window is full."""
        values = self.columns[name]
        there = np.isfinite(values)
        total = np.concatenate([[0.0], np.cumsum(np.where(there, values, 0.0))])
        count = np.concatenate([[0], np.cumsum(there)])
        size = self.window
        means = np.full(len(values), np.nan)
        if len(values) >= size:
            number = count[size:] - count[:-size]
            with np.errstate(invalid="ignore", divide="ignore"):
                means[size - 1 :] = np.where(number > 0, (total[size:] - total[:-size]) / number, np.nan)
        return means

    def after_steps_of_g(self, count: int) -> Mask:
        """Whether G has made more than `count` steps at each recorded step (N,); of a model without D, all steps count."""
        return np.asarray(self.steps > count * self.config.objective.n_critic)

    def first_lasting(self, holds: Mask, windows: float) -> int | None:
        """The first index at which `holds` (N,) was true for `windows` windows without a break; None if it never was."""
        run = np.cumsum(holds)
        since: npt.NDArray[np.int64] = run - np.maximum.accumulate(np.where(holds, 0, run))
        places = np.flatnonzero(since >= round(windows * self.window))
        return int(places[0]) if len(places) else None

    def lasts_now(self, holds: Mask) -> bool:
        """Whether `holds` (N,) is true over the whole last window."""
        return len(holds) >= self.window and bool(holds[-self.window :].all())
