"""Means with their uncertainty: a number that is shown comes with its count and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

_Z = NormalDist().inv_cdf(0.975)  # 1.96


@dataclass(frozen=True)
class Mean:
    """The mean of a sample.

    Attributes:
        value: the mean.
        standard_error: of the mean; 0 for a single value.
        count: how many values it is the mean of.
    """

    value: float
    standard_error: float
    count: int

    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean, by the normal approximation."""
        return self.value - _Z * self.standard_error, self.value + _Z * self.standard_error


def mean_of(values: npt.ArrayLike) -> Mean:
    """The mean of some values, with its standard error (that of independent draws).

    Raises:
        ValueError: no values, or one that is not finite.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    if not len(array) or not np.isfinite(array).all():
        raise ValueError(f"A mean needs at least one value, and finite ones; got {len(array)} values.")
    error = float(array.std(ddof=1)) / math.sqrt(len(array)) if len(array) > 1 else 0.0
    return Mean(float(array.mean()), error, len(array))
