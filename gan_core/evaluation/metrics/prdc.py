"""Precision and recall, density and coverage: is each generated image near real ones, and each real near generated ones?

A neighbourhood is the ball around an image that reaches to its k-th nearest fellow.
Sources: Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models", equations 1
and 2 (k = 3); Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", equations 3 and 4 (k = 5).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics.base import Metric, of_features
from gan_core.evaluation.metrics.pairwise import Counts, Distances, FeaturePair

PRECISION_K, DENSITY_K = 3, 5
ROUNDING = 1e-6  # a distance below it is that of a copy


def precision(pair: FeaturePair, real: Counts, fake: Counts, k: int = PRECISION_K) -> float:
    """Share of generated images that lie in the neighbourhood of at least one real one, its rim included."""
    drawn = real > 0
    inside = pair.distances[drawn] <= pair.real.radii(real, k)[drawn, None]
    return float(inside.any(axis=0) @ fake / fake.sum())


def recall(pair: FeaturePair, real: Counts, fake: Counts, k: int = PRECISION_K) -> float:
    """Share of real images that lie in the neighbourhood of at least one generated one, its rim included."""
    drawn = fake > 0
    inside = pair.distances[:, drawn] <= pair.fake.radii(fake, k)[drawn]
    return float(inside.any(axis=1) @ real / real.sum())


def density(pair: FeaturePair, real: Counts, fake: Counts, k: int = DENSITY_K) -> float:
    """Mean number of real neighbourhoods that a generated image lies in, divided by k; about 1 when both are alike."""
    inside = _inside(pair.distances, pair.real.radii(real, k)[:, None])
    hits = real.astype(np.float32) @ inside.astype(np.float32)
    return float(hits @ fake / fake.sum() / k)


def coverage(pair: FeaturePair, real: Counts, fake: Counts, k: int = DENSITY_K) -> float:
    """Share of real images whose neighbourhood holds at least one generated one."""
    nearest = pair.distances[:, fake > 0].min(axis=1)
    return float(_inside(nearest, pair.real.radii(real, k)) @ real / real.sum())


def _inside(distances: Distances, radii: Distances) -> npt.NDArray[np.bool_]:
    """Nearer than the rim, as in the paper; a neighbourhood of no extent, of an image with k copies, holds its middle."""
    return np.asarray((distances < radii) | (np.maximum(distances, radii) < ROUNDING))


PRECISION = Metric(
    "precision", "Precision",
    "Share of generated images that lie in the neighbourhood of a real one: how many look real to the extractor. One outlier "
    "among the real images can raise it, and repeating one good image gives 1: look at coverage too.",
    direction="higher", weighted=of_features(precision, PRECISION_K + 1), highest=1.0, of_points=True,
    objective_title="Precision: how many images look real",
)  # fmt: skip
RECALL = Metric(
    "recall", "Recall",
    "Share of real images that lie in the neighbourhood of a generated one: how much of the variety is covered. Low recall at "
    "high precision indicates mode collapse. Bad images far apart have wide neighbourhoods and raise it: at low precision "
    "prefer coverage.",
    direction="higher", weighted=of_features(recall, PRECISION_K + 1), highest=1.0, of_points=True,
    objective_title="Recall: how much of the variety is covered",
)  # fmt: skip
DENSITY = Metric(
    "density", "Density",
    "Mean number of real neighbourhoods that contain a generated image, relative to what real ones would have: precision that "
    "one outlier cannot raise. May exceed 1 for images in dense regions of the real ones.",
    direction="higher", weighted=of_features(density, DENSITY_K + 1), of_points=True,
)  # fmt: skip
COVERAGE = Metric(
    "coverage", "Coverage",
    "Share of real images with a generated one in their neighbourhood: recall that outliers of the generator cannot "
    "raise. A perfect generator stays a little below 1.",
    direction="higher", weighted=of_features(coverage, DENSITY_K + 1), highest=1.0, of_points=True,
)  # fmt: skip
