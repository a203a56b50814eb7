"""95 % intervals of proportions and means: pure functions of counts and numbers, by scipy.stats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from gan_core.evaluation.statistics.estimate import Estimate

Z = float(ndtri(0.975))
"""Standard errors from a value to the end of its normal 95 % interval: 1.96."""


@dataclass(frozen=True)
class Count:
    """Hits among what was requested. Raises ValueError if nothing is requested, or there are more hits than requests."""

    hits: int
    requested: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.requested or self.requested < 1:
            raise ValueError(f"Hits must be between 0 and the number requested; got {self.hits} of {self.requested}.")

    @property
    def ratio(self) -> float:
        """Hits / requested."""
        return self.hits / self.requested

    def __str__(self) -> str:
        return f"{self.hits}/{self.requested}"


@lru_cache(4096)  # a live chart asks for the same counts at each redraw
def wilson(count: Count) -> Estimate:
    """A proportion.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference". The interval stays within
    0 and 1 and has a width also at 0 hits, unlike ratio +- 1.96 standard errors.
    """
    from scipy.stats import binomtest

    found = binomtest(count.hits, count.requested).proportion_ci(method="wilson")
    return Estimate(count.ratio, float(found.low), float(found.high), count.requested, "Wilson")


def mean_of(values: npt.ArrayLike) -> Estimate:
    """The mean of many independent values, with the normal interval of its standard error; of no width for a single value.

    Raises ValueError if there are no values, or one is not finite.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    if not len(array) or not np.isfinite(array).all():
        raise ValueError(f"A mean needs at least one value, and finite ones; got {len(array)} values.")
    mean, half_width = float(array.mean()), Z * _standard_error(array)
    return Estimate(mean, mean - half_width, mean + half_width, len(array), "normal")


def standard_error(estimate: Estimate) -> float:
    """The standard error behind a normal interval, in the unit of the value."""
    return (estimate.high - estimate.low) / (2 * Z)


def mean_over_seeds(values: Sequence[float], lowest: float = -math.inf, highest: float = math.inf) -> Estimate:
    """The mean over seeds with its 95 % t interval, cut to [lowest, highest].

    Student's t takes the seeds as draws from a normal distribution, which a count near its limit is not: where all seeds
    agree the interval has no width, and only the number of seeds says how much that is worth. One seed: the interval is
    all that the measure can reach. Raises ValueError if there are no values.
    """
    from scipy.stats import t

    array = np.asarray(values, np.float64)
    if not len(array):
        raise ValueError("A mean over seeds needs at least one value.")
    mean, count = float(array.mean()), len(array)
    half_width = float(t.ppf(0.975, count - 1)) * _standard_error(array) if count > 1 else math.inf
    return Estimate(mean, max(lowest, mean - half_width), min(highest, mean + half_width), count, "t")


def _standard_error(array: npt.NDArray[np.float64]) -> float:
    return float(array.std(ddof=1)) / math.sqrt(len(array)) if len(array) > 1 else 0.0
