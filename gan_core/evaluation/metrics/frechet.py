"""The Fréchet distance between two clouds of features, each taken as a Gaussian (FID, with the features of Inception)."""

from __future__ import annotations

import numpy as np

from gan_core.config.numbers import significant
from gan_core.evaluation.metrics.base import Material, Metric, of_features
from gan_core.evaluation.metrics.pairwise import Counts, FeaturePair

WIDE, REPEATS_WIDE = 512, 10  # features an image; the distance costs their cube
REPEATS_INFINITY = 50  # six distances each


def frechet_distance(pair: FeaturePair, real: Counts, fake: Counts) -> float:
    """Squared 2-Wasserstein distance of the two Gaussians: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6; after Dowson and Landau 1982.
    """
    if min(np.count_nonzero(real), np.count_nonzero(fake)) < pair.real.features.shape[1]:
        # Fewer images than features: with C1 = A^T A and C2 = B^T B the trace is that of the singular values of A B^T,
        # which has as many rows and columns as there are images.
        real_mean, left = pair.real.deviations(real)
        fake_mean, right = pair.fake.deviations(fake)
        shift, roots = real_mean - fake_mean, np.linalg.svd(left @ right.T, compute_uv=False).sum()
        return float(shift @ shift + (left**2).sum() + (right**2).sum() - 2 * roots)
    real_mean, real_covariance = pair.real.moments(real)
    fake_mean, fake_covariance = pair.fake.moments(fake)
    shift = real_mean - fake_mean
    # The trace of a square root is the sum of the roots of the eigenvalues. With C1 = R R^T those of C1 C2 are those of
    # R^T C2 R, which is symmetric.
    values, vectors = np.linalg.eigh(real_covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    roots = np.sqrt(np.clip(np.linalg.eigvalsh(root.T @ fake_covariance @ root), 0, None)).sum()
    return float(shift @ shift + np.trace(real_covariance) + np.trace(fake_covariance) - 2 * roots)


def frechet_infinity(pair: FeaturePair, real: Counts, fake: Counts) -> float:
    """The Fréchet distance of infinitely many images: it is too large by about c / N, so a line over 1 / N is drawn to 0.

    Source: Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score and Where to Find Them". They
    take fewer of the generated images only, against very many real ones; here both are few, so both are cut alike: all images,
    each two thirds of three (their mean), and both halves.
    """
    ranks, other = _ranks(real), _ranks(fake)
    whole = frechet_distance(pair, real, fake)
    thirds = [frechet_distance(pair, real * (ranks % 3 != i), fake * (other % 3 != i)) for i in range(3)]
    halves = [frechet_distance(pair, real * (ranks % 2 == i), fake * (other % 2 == i)) for i in range(2)]
    sizes = 1, 3 / 2, 2  # 1 / N in units of that of all images
    return float(np.polyfit(sizes, [whole, sum(thirds) / 3, sum(halves) / 2], 1)[1])


def _ranks(counts: Counts) -> Counts:
    """The places of the drawn images in an order that is random and the same each time, (N,); 0 for the others."""
    order = np.random.default_rng(len(counts)).permutation(len(counts))
    ranks = np.zeros(len(counts), np.int64)
    ranks[order[counts[order] > 0]] = np.arange(np.count_nonzero(counts))
    return ranks


def _width(material: Material) -> int:
    return int(material.real.features.shape[1])


def _too_few(material: Material) -> str:
    width, fewest = _width(material), min(len(material.real.features), len(material.fake.features))
    if fewest >= 2 * width:
        return ""
    return f" Here {fewest:,} images stand for {width:,} numbers each: far too few, so the value is much too large."


def _bias(material: Material) -> str:
    if _too_few(material):
        return _too_few(material)
    whole = [np.ones(len(side.features), np.int64) for side in (material.real, material.fake)]
    value, limit = (distance(material.pair, *whole) for distance in (frechet_distance, frechet_infinity))
    return f" At these counts it is too large by about {significant(value - limit, 3)}: for infinitely many images, about {significant(limit, 3)}."


FRECHET_DISTANCE = Metric(
    "fd", "Fréchet distance",
    "Distance between the distributions of real and generated images, each modelled as a Gaussian: 0 is equal. With few images "
    "it is too large, so compare only values of equal counts.",
    direction="lower",
    weighted=of_features(frechet_distance, 2, _bias, lambda material: REPEATS_WIDE if _width(material) > WIDE else None),
    of_points=True, objective_title="Fréchet distance to real images (fd)",
)  # fmt: skip
FRECHET_INFINITY = Metric(
    "fd_inf", "Fréchet distance, extrapolated",
    "The same distance, extrapolated linearly from fewer images to infinitely many: nearly unbiased, so values of different "
    "counts are comparable. Around 0, also below, is equal.",
    direction="lower", lowest=float("-inf"),
    weighted=of_features(
        frechet_infinity, 8, _too_few, lambda material: REPEATS_WIDE if _width(material) > WIDE else REPEATS_INFINITY
    ),
    of_points=True, objective_title="Fréchet distance, extrapolated to infinitely many images (fd_inf)",
)  # fmt: skip
