"""Half-samples: half of the real and half of the generated images, drawn without replacement, again and again.

The mean of half of n images varies around that of all n by s / sqrt(n): as much as the mean of all varies from one set of
images to another. So the spread of a metric over half-samples is its standard error as it stands; and no image comes twice,
which nearest neighbours would take for a copy. Sources: Shao and Tu 1995, "The Jackknife and Bootstrap", chapter 2 (delete-d
jackknife); Politis and Romano 1994, "Large Sample Confidence Regions Based on Subsamples under Minimal Assumptions".

Two measurements of equal counts and seed draw the same numbers, so their replicates are correlated and a test of their
differences has more power than a comparison of two intervals. docs/intervals.md says how often the intervals hold.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Z

Counts = npt.NDArray[np.int64]


def half_samples(count: int, repeats: int, seed: int, which: int = 0) -> Iterator[Counts]:
    """Which of `count` images are drawn, for each repeat: (count,) of 1 and 0, half of them 1, rounded down. `which` selects
    the random stream: 0 for real images, 1 for generated ones, 2 for other draws.
    """
    rng = np.random.default_rng([seed, which])
    for _ in range(repeats):
        counts = np.zeros(count, np.int64)
        counts[rng.permutation(count)[: max(1, count // 2)]] = 1
        yield counts


def half_sample_estimate(
    value: float, replicates: npt.ArrayLike, count: int, lowest: float = -np.inf, highest: float = np.inf
) -> Estimate:
    """A value plus and minus 1.96 standard deviations of its replicates, within what can be reached.

    Percentiles of the replicates would be wrong here: most of these metrics have a bias from the count, which is larger for
    half of the images, so that replicates lie beside the value and only their spread is of use.

    `replicates` (repeats,), at least two, are the values of the half-samples; `count` is the number of images drawn from.
    """
    half_width = Z * float(np.std(np.asarray(replicates, np.float64), ddof=1))
    return Estimate(value, max(lowest, value - half_width), min(highest, value + half_width), count, "half-samples")
