"""The bootstrap: as many images as there were, drawn with replacement from the real and from the generated ones.

Two measurements of equal counts and seed draw the same numbers, so their replicates are correlated and a test of their
differences has more power than a comparison of two intervals.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Z

Counts = npt.NDArray[np.int64]


def draws(count: int, repeats: int, seed: int, which: int = 0) -> Iterator[Counts]:
    """How often each of `count` images is drawn, for each repeat: (count,), adding up to `count`. `which` selects the
    random stream: 0 for real images, 1 for generated ones, 2 for other draws.
    """
    rng = np.random.default_rng([seed, which])
    for _ in range(repeats):
        yield np.bincount(rng.integers(count, size=count), minlength=count)


def bootstrap_estimate(
    value: float, replicates: npt.ArrayLike, count: int, lowest: float = -np.inf, highest: float = np.inf
) -> Estimate:
    """A value plus and minus 1.96 standard deviations of its replicates, within what can be reached.

    Percentiles of the replicates would be wrong here: drawing with replacement makes duplicates, which shift most of these
    metrics, and hardly changes how much they vary. Source: Efron and Tibshirani 1993, "An Introduction to the
    Bootstrap", section 13.3 (standard normal interval).

    `replicates` (repeats,), at least two, are the values of the drawings; `count` is the number of images drawn from.
    """
    half_width = Z * float(np.std(np.asarray(replicates, np.float64), ddof=1))
    return Estimate(value, max(lowest, value - half_width), min(highest, value + half_width), count, "bootstrap")
