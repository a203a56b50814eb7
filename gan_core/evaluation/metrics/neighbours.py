"""Precision and recall, density and coverage: is each generated image near real ones, and each real near generated ones?

A neighbourhood is the ball around an image that reaches to its k-th nearest fellow.
Sources: Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models", equations 1
and 2 (k = 3); Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", equations 3 and 4 (k = 5).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics._checks import check_features

Array = npt.NDArray[np.float64]


def precision(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], k: int = 3) -> float:
    """Share of fake features (M, D) that lie in the neighbourhood of at least one real feature (N, D)."""
    real, fake = check_features(real, fake, at_least=k + 1)
    return float((_distances(real, fake) <= _radii(real, k)[:, None]).any(axis=0).mean())


def recall(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], k: int = 3) -> float:
    """Share of real features that lie in the neighbourhood of at least one fake feature."""
    return precision(fake, real, k)


def density(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], k: int = 5) -> float:
    """Mean number of real neighbourhoods that a fake feature lies in, divided by k; about 1 when both are alike."""
    real, fake = check_features(real, fake, at_least=k + 1)
    return float((_distances(real, fake) < _radii(real, k)[:, None]).sum(axis=0).mean() / k)


def coverage(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], k: int = 5) -> float:
    """Share of real features whose neighbourhood holds at least one fake feature."""
    real, fake = check_features(real, fake, at_least=k + 1)
    return float((_distances(real, fake).min(axis=1) < _radii(real, k)).mean())


def _radii(features: Array, k: int) -> Array:
    """Distance of every row to its k-th nearest other row: (N,)."""
    distances = _distances(features, features)
    return np.asarray(np.partition(distances, k, axis=1)[:, k])  # place 0 is the row itself


def _distances(left: Array, right: Array) -> Array:
    """Euclidean distances (N, M)."""
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
    if left is right:
        np.fill_diagonal(squared, 0.0)
    return np.asarray(np.sqrt(np.clip(squared, 0, None)))
