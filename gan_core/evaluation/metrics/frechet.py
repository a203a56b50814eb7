"""The Fréchet distance between two clouds of features, each taken as a Gaussian (FID, with the features of Inception)."""

from __future__ import annotations

import numpy as np

from gan_core.evaluation.metrics.base import Material, Metric, of_features
from gan_core.evaluation.metrics.pairwise import Counts, FeaturePair

WIDE, REPEATS_WIDE = 512, 10  # features an image; the distance costs their cube


def frechet_distance(pair: FeaturePair, real: Counts, fake: Counts) -> float:
    """Squared 2-Wasserstein distance of the two Gaussians: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6; after Dowson and Landau 1982.
    """
    real_mean, real_covariance = pair.real.moments(real)
    fake_mean, fake_covariance = pair.fake.moments(fake)
    shift = real_mean - fake_mean
    # The trace of a square root is the sum of the roots of the eigenvalues, which for a product of two covariances are
    # real and not negative but for rounding.
    eigenvalues = np.linalg.eigvals(real_covariance @ fake_covariance).real
    roots = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    return float(shift @ shift + np.trace(real_covariance) + np.trace(fake_covariance) - 2 * roots)


def _width(material: Material) -> int:
    return int(material.real.features.shape[1])


def _note(material: Material) -> str:
    width, fewest = _width(material), min(len(material.real.features), len(material.fake.features))
    if fewest >= 2 * width:
        return ""
    return f" Here {fewest:,} images stand for {width:,} numbers each: far too few, so the value is much too large."


FRECHET_DISTANCE = Metric(
    "fd", "Fréchet distance",
    "Distance between the clouds of real and generated images, each taken as a Gaussian: 0 is equal. With few images "
    "it comes out too large, so compare only values of equal counts.",
    direction="lower",
    weighted=of_features(frechet_distance, 2, _note, lambda material: REPEATS_WIDE if _width(material) > WIDE else None),
    of_points=True, objective_title="Fréchet distance to real images (fd)",
)  # fmt: skip
