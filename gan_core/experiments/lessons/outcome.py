"""What finished runs have shown, and what that says to a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate

Column = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What a finished run of an arm has shown.

    Attributes:
        columns: metric name -> values, one a recorded step, NaN where not measured.
        readings: measure -> what was measured at its last checkpoint.
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


Outcomes = Mapping[str, Outcome]
"""Arm's key -> what it has shown."""


@dataclass(frozen=True)
class Verdict:
    """What the runs say to a prediction's question.

    Attributes:
        choice: key of the choice that they bear out; empty when they bear out none.
        words: what was measured, with {places} for `values`.
        values: name -> formatted number.
    """

    choice: str
    words: str
    values: Mapping[str, str]
