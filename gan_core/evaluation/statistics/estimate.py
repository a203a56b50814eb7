"""A value with its uncertainty: a number that is shown comes with its interval and its count."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gan_core.config.numbers import significant


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval.

    Attributes:
        value: the estimate, in the unit of what is estimated.
        low, high: the interval's ends, in the same unit; NaN where there is no interval.
        count: independent observations behind it; 0 where not recorded.
        method: how the interval was made: "Wilson", "t", "normal" or "half-samples"; "recorded" for one that was read from a
            file, "none" where there is no interval.
    """

    value: float
    low: float
    high: float
    count: int
    method: str

    @classmethod
    def bare(cls, value: float, count: int = 0) -> Estimate:
        """A value without an interval, such as a curve's mean."""
        return cls(value, math.nan, math.nan, count, "none")

    @property
    def has_interval(self) -> bool:
        """Whether it comes with an interval."""
        return not math.isnan(self.low)

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high

    def __str__(self) -> str:
        value, low, high = (significant(number, 3) for number in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})" if self.has_interval else value
