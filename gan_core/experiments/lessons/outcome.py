"""What the runs of a lesson measured, and the answer that they give to a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate

Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """The curves and measures of a finished run of an arm.

    Attributes:
        columns: metric name -> values, one a recorded step, NaN where not measured.
        readings: measure -> its estimate at the last checkpoint.
    """

    columns: Mapping[str, Column]
    readings: Mapping[str, Estimate] = field(default_factory=dict)

    def late(self, name: str, share: float = 0.2) -> float:
        """The mean of a metric over the last part of the run; NaN where it was never recorded."""
        values = self.columns.get(name, np.empty(0))
        values = values[len(values) - max(1, int(share * len(values))) :]
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else float("nan")

    def value(self, measure: str) -> float:
        """A measure's value; NaN where it could not be measured."""
        return self.readings[measure].value if measure in self.readings else float("nan")


@dataclass(frozen=True)
class IntervalWords:
    """An estimate with its interval, each number as it is written: "0.51 (0.42 to 0.60)"."""

    value: str
    low: str
    high: str

    def __str__(self) -> str:
        return f"{self.value} ({self.low} to {self.high})"


def interval_words(estimate: Estimate, spec: str) -> IntervalWords:
    """An estimate with its interval, numbers in a format specification."""
    return IntervalWords(*(format(number, spec) for number in (estimate.value, estimate.low, estimate.high)))


Values = Mapping[str, str | IntervalWords]
"""Name in a sentence -> what stands in its place."""
Outcomes = Mapping[str, Outcome]
"""Arm's name -> its outcome."""


@dataclass(frozen=True)
class PredictionResult:
    """The answer of the runs to a prediction's question.

    Attributes:
        choice: key of the choice that the measurements support; empty where they support none.
        words: what was measured, with {names} of `values`.
        values: name -> formatted number, or number with its interval.
    """

    choice: str
    words: str
    values: Values
