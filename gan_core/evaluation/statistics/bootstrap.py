"""The bootstrap: as many images as there were, drawn with replacement from the real and from the generated ones.

Two measurements of equal counts and seed draw the same numbers, so their replicates vary together and the difference is told
more surely than by two intervals.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Z

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def draws(count: int, repeats: int, seed: int, which: int = 0) -> Iterator[Counts]:
    """How often each of `count` images is drawn, for each repeat: (count,), adding up to `count`.

    Args:
        count: images.
        repeats: replicates.
        seed: of the drawing.
        which: 0 for real images, 1 for generated ones, 2 for what else is drawn.
    """
    rng = np.random.default_rng([seed, which])
    for _ in range(repeats):
        yield np.bincount(rng.integers(count, size=count), minlength=count)


def of_a_mean(values: npt.ArrayLike, repeats: int, seed: int, which: int = 1) -> Array:
    """Replicates of the mean of one value an image: (repeats,)."""
    array = np.asarray(values, np.float64)
    return np.array([counts @ array / len(array) for counts in draws(len(array), repeats, seed, which)])


def bootstrap_estimate(
    value: float, replicates: npt.ArrayLike, count: int, lowest: float = -np.inf, highest: float = np.inf
) -> Estimate:
    """A value plus and minus 1.96 standard deviations of its replicates, within what can be reached.

    Percentiles of the replicates would be wrong here: drawing with replacement makes duplicates, which shift most of these
    metrics, and hardly changes how much they vary. Source: Efron and Tibshirani 1993, "An Introduction to the
    Bootstrap", section 13.3 (standard normal interval).

    Args:
        value: on all images.
        replicates: the same on each drawing, (repeats,), at least two.
        count: images that were drawn from.
        lowest, highest: bounds of what is measured.
    """
    reach = Z * float(np.std(np.asarray(replicates, np.float64), ddof=1))
    return Estimate(value, max(lowest, value - reach), min(highest, value + reach), count, "bootstrap")
