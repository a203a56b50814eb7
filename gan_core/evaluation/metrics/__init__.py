"""How good, and how varied, generated images are: pure functions of feature arrays.

Features are what a network makes of images, (N, D); which network, and how many images, decides every value, so both
are printed beside it. One metric (or family) a file; the table says what each means, which way is better, and its bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_core.config.registry import Registry
from gan_core.evaluation.metrics.frechet import frechet_distance
from gan_core.evaluation.metrics.kernel import kernel_distance
from gan_core.evaluation.metrics.neighbours import coverage, density, precision, recall
from gan_core.evaluation.metrics.repeats import diversity

Features = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MetricEntry:
    """A line of the table of metrics.

    Attributes:
        title: for people.
        explanation: what it measures, and its bias.
        compute: (real features (N, D), fake features (M, D)) -> value.
        higher_is_better: which way is better.
    """

    title: str
    explanation: str
    compute: Callable[[Features, Features], float]
    higher_is_better: bool


METRICS: Registry[MetricEntry] = Registry(
    "metric",
    {
        "fd": MetricEntry(
            "Fréchet distance",
            "Distance between the clouds of real and generated images, each taken as a Gaussian: 0 is equal. With few images "
            "it comes out too large, so compare only values of equal counts.",
            frechet_distance,
            higher_is_better=False,
        ),
        "kd": MetricEntry(
            "Kernel distance",
            "Distance between the same clouds by a kernel: around 0 is equal, also below. It has no bias, whatever the count.",
            kernel_distance,
            higher_is_better=False,
        ),
        "precision": MetricEntry(
            "Precision",
            "Share of generated images that lie among the real ones: how many are good. One outlier among the real images can "
            "raise it.",
            precision,
            higher_is_better=True,
        ),
        "recall": MetricEntry(
            "Recall",
            "Share of real images that lie among the generated ones: how much of the variety is reached. Low recall at high "
            "precision is mode collapse.",
            recall,
            higher_is_better=True,
        ),
        "density": MetricEntry(
            "Density",
            "How many real neighbourhoods a generated image lies in, on average, against what real ones would: precision that "
            "one outlier cannot raise. May exceed 1.",
            density,
            higher_is_better=True,
        ),
        "coverage": MetricEntry(
            "Coverage",
            "Share of real images with a generated one in their neighbourhood: recall that outliers of the generator cannot "
            "raise. A perfect generator stays a little below 1.",
            coverage,
            higher_is_better=True,
        ),
        "diversity": MetricEntry(
            "Diversity index",
            "Mean distance between two generated images over that between two real ones: 0 is one picture over and over, 1 as "
            "varied as real. It has no bias from the count, but noise is variety to it too: look at precision beside it.",
            diversity,
            higher_is_better=True,
        ),
    },
)


@dataclass(frozen=True)
class Estimate:
    """A value with its uncertainty.

    Attributes:
        value: on all samples.
        low, high: 95 % interval.
        num_real, num_fake: samples behind it.
    """

    value: float
    low: float
    high: float
    num_real: int
    num_fake: int

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def estimate(name: str, real: Features, fake: Features, repeats: int = 50, seed: int = 0) -> Estimate:
    """A metric with its 95 % bootstrap interval: the value plus and minus 1.96 standard deviations of the resampled ones.

    Percentiles of the resampled values would be wrong here: drawing again makes duplicates, which shift most of these
    metrics, and hardly changes how much they vary. Source: Efron and Tibshirani 1993, "An Introduction to the
    Bootstrap", section 13.3 (standard normal interval).

    Args:
        name: in METRICS.
        real, fake: features (N, D) and (M, D).
        repeats: how often both are drawn again, with replacement.
        seed: of the drawing.

    Raises:
        ValueError: unknown metric, features that do not fit each other, or too few of them.
    """
    compute = METRICS.find(name).compute
    value, rng = compute(real, fake), np.random.default_rng(seed)
    again = [
        compute(real[rng.integers(len(real), size=len(real))], fake[rng.integers(len(fake), size=len(fake))])
        for _ in range(repeats)
    ]
    reach = 1.96 * float(np.std(again, ddof=1))
    return Estimate(value, value - reach, value + reach, len(real), len(fake))
