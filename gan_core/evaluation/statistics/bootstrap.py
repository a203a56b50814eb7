"""Drawing images again, and what it says: intervals of one measurement, differences of two.

The bootstrap draws as many images as there were, with replacement, from the real and from the generated ones. Two
measurements of equal counts and seed draw the same numbers, so their values vary together and the difference is told
more surely than by two intervals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.proportions import LEVEL, holm

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
_NORMAL = NormalDist()
REACH = _NORMAL.inv_cdf(0.975)  # 1.96


def draws(count: int, repeats: int, seed: int, which: int = 0) -> Iterator[Counts]:
    """How often each of `count` images is drawn, for each repeat: (count,), adding up to `count`.

    Args:
        count: images.
        repeats: how often they are drawn again.
        seed: of the drawing.
        which: 0 for real images, 1 for generated ones, 2 for what else is drawn.
    """
    rng = np.random.default_rng([seed, which])
    for _ in range(repeats):
        yield np.bincount(rng.integers(count, size=count), minlength=count)


def of_a_mean(values: npt.ArrayLike, repeats: int, seed: int, which: int = 1) -> Array:
    """The mean of one value an image, over the images as drawn again: (repeats,)."""
    array = np.asarray(values, np.float64)
    return np.array([counts @ array / len(array) for counts in draws(len(array), repeats, seed, which)])


def interval(value: float, again: Array, lowest: float = -np.inf, highest: float = np.inf) -> tuple[float, float]:
    """The value plus and minus 1.96 standard deviations of the resampled ones, within what can be reached.

    See `gan_core.evaluation.metrics.estimate` for why not their percentiles.
    """
    reach = REACH * float(np.std(again, ddof=1))
    return max(lowest, value - reach), min(highest, value + reach)


@dataclass(frozen=True)
class Difference:
    """Two values of one metric compared.

    Attributes:
        value, low, high: the first minus the second, with its 95 % interval.
        p_value: that there is none, two-sided.
        corrected: the same after Holm's correction for all metrics that were compared together.
    """

    value: float
    low: float
    high: float
    p_value: float
    corrected: float

    @property
    def differs(self) -> bool:
        """Whether the two can be told apart, at 5 % for all metrics together."""
        return self.corrected <= LEVEL


def differences(first: Sequence[tuple[float, Array]], second: Sequence[tuple[float, Array]]) -> list[Difference]:
    """Each metric's difference between two measurements, with p-values corrected after Holm.

    Args:
        first, second: (value, resampled values (repeats,)) of each metric, the same metrics in the same order. The i-th
            resamplings of both are taken as drawn together, which they are for equal counts and seeds.

    Raises:
        ValueError: other numbers of metrics or of resamplings.
    """
    if len(first) != len(second) or any(len(a[1]) != len(b[1]) for a, b in zip(first, second, strict=False)):
        raise ValueError("Two measurements can be compared when both have the same metrics, resampled equally often.")
    plain = []
    for (value, again), (other, other_again) in zip(first, second, strict=True):
        apart, error = value - other, float(np.std(again - other_again, ddof=1))
        p = float(apart == 0) if error == 0 else 2 * _NORMAL.cdf(-abs(apart) / error)
        plain.append((apart, REACH * error, p))
    corrected = holm([p for _, _, p in plain])
    return [Difference(d, d - r, d + r, p, c) for (d, r, p), c in zip(plain, corrected, strict=True)]
