"""The Fréchet distance between two clouds of features, each taken as a Gaussian (FID, with the features of Inception)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics._checks import check_features

Array = npt.NDArray[np.float64]


def frechet_distance(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> float:
    """Squared 2-Wasserstein distance of the two Gaussians: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6; after Dowson and Landau 1982.

    Args:
        real, fake: features (N, D), (M, D); at least 2 rows each, and better many more than D.
    """
    real, fake = check_features(real, fake, at_least=2)
    return gaussian_distance(real.mean(axis=0), _covariance(real), fake.mean(axis=0), _covariance(fake))


def gaussian_distance(
    first_mean: Array, first_covariance: Array, second_mean: Array, second_covariance: Array
) -> float:
    """The same of two Gaussians, given by their means (D,) and covariances (D, D)."""
    shift = first_mean - second_mean
    # The trace of a square root is the sum of the roots of the eigenvalues, which for a product of two covariances are
    # real and not negative but for rounding.
    eigenvalues = np.linalg.eigvals(first_covariance @ second_covariance).real
    roots = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    return float(shift @ shift + np.trace(first_covariance) + np.trace(second_covariance) - 2 * roots)


def _covariance(features: Array) -> Array:
    return np.atleast_2d(np.cov(features, rowvar=False))
