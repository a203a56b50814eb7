"""Does a generator repeat itself, and does it repeat what it learned from? Answers for each image, from nearest neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics._checks import check_features
from gan_core.evaluation.metrics.pairwise import distances

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
PERCENTILE = 1.0  # of the real images' distances to their nearest fellow


def duplicates(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> Mask:
    """Whether each fake image is a near copy of another fake one: (K,), K being the smaller of both numbers of images.

    Near: closer than the 1st percentile of the distances from a real image to its nearest fellow, so that 1 % of real
    images count as duplicates. Nearest fellows come nearer the more images there are, so equally many of both are looked at.

    Args:
        real, fake: features (N, D), (M, D), at least 20 rows each.

    Raises:
        ValueError: features that do not fit each other, or too few of them.
    """
    real, fake = check_features(real, fake, at_least=20)
    count = min(len(real), len(fake))
    limit = np.percentile(nearest_others(real[:count]), PERCENTILE)
    return np.asarray(nearest_others(fake[:count]) < limit)


def nearest_others(features: Array) -> npt.NDArray[np.float32]:
    """Distance of each row to the nearest other row (N,)."""
    apart = distances(features, features)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.min(axis=1))


def copies(fake: npt.NDArray[np.floating], learned: npt.NDArray[np.floating], unseen: npt.NDArray[np.floating]) -> Mask:
    """Whether each fake image is nearer to one that was learned from than to any that was not: (M,).

    Of a generator that copies nothing half do, since both kinds of real images come from the same source and equally many
    of both are looked at; of one that has learned its images by heart nearly all. The idea is that of Meehan et al. 2020,
    "A Non-Parametric Test to Detect Data-Copying in Generative Models", but here each generated image is compared with
    both sets, so that bad images, which are far from both, count neither way.

    Args:
        fake, learned, unseen: features (M, D), (N, D), (K, D).

    Raises:
        ValueError: features that do not fit each other, or none.
    """
    learned, fake = check_features(learned, fake, at_least=1)
    unseen, _ = check_features(unseen, fake, at_least=1)
    count = min(len(learned), len(unseen))
    nearer, farther = distances(fake, learned[:count]).min(axis=1), distances(fake, unseen[:count]).min(axis=1)
    return np.asarray(nearer < farther)


def nearest(fake: npt.NDArray[np.floating], real: npt.NDArray[np.floating], count: int = 1) -> npt.NDArray[np.int64]:
    """The numbers of the real images nearest to each fake one, the nearest first: (M, count)."""
    real, fake = check_features(real, fake, at_least=1)
    apart = distances(fake, real)
    return np.argsort(apart, axis=1, kind="stable")[:, :count]


def diversity(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> float:
    """Mean distance between two fake images over that between two real ones: 0 when all are one picture, 1 as varied as real.

    Args:
        real, fake: features (N, D), (M, D); at least 2 rows each.
    """
    real, fake = check_features(real, fake, at_least=2)
    return _mean_apart(fake) / max(_mean_apart(real), 1e-12)


def _mean_apart(features: Array) -> float:
    count = len(features)
    return float(distances(features, features).sum(dtype=np.float64)) / (count * (count - 1))
