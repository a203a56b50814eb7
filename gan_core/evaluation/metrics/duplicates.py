"""The duplicate rate: does a generator repeat itself?"""

from __future__ import annotations

import numpy as np

from gan_core.evaluation.metrics.base import Material, Metric, Report, Weighted
from gan_core.evaluation.metrics.pairwise import Counts, FeaturePair, check_features

PERCENTILE = 1.0  # of the real images' distances to their nearest fellow
FEWEST = 20


def duplicates(pair: FeaturePair, real: Counts, fake: Counts) -> float:
    """Share of generated images that are a near copy of another one; of K real and K generated images.

    Near: closer than the 1st percentile of the distances from a real image to its nearest fellow, so that 1 % of real
    images count as duplicates. Nearest fellows come nearer the more images there are, so equally many of both are compared:
    the first K, K being the smaller of both numbers. Counts (K,) of 1 and 0 say which of them are drawn.
    """
    drawn = [
        (cloud, np.pad(counts, (0, len(cloud) - len(counts))))
        for cloud, counts in ((pair.real, real), (pair.fake, fake))
    ]
    ours, theirs = (cloud.radii(counts, 1)[counts > 0] for cloud, counts in drawn)
    return float(np.mean(theirs < np.percentile(ours, PERCENTILE)))


def _weighted(material: Material, report: Report) -> Weighted:
    check_features(material.real.features, material.fake.features, FEWEST)
    report("searching for duplicates")

    def rate(pair: FeaturePair) -> float:
        whole = np.ones(min(len(pair.real), len(pair.fake)), np.int64)
        return duplicates(pair, whole, whole)

    count = min(len(material.pair.real), len(material.pair.fake))
    real = None if material.training_pair is None else rate(material.training_pair)
    return Weighted(lambda real, fake: duplicates(material.pair, real, fake), count, count, count, count, real)


DUPLICATES = Metric(
    "duplicates", "Duplicate rate",
    "Share of generated images with a near copy among the other generated ones: closer than all but 1 % of real images are to "
    "their nearest neighbour. About 0.01 is as for real images. It depends on the count: compare only equal counts.",
    direction="lower", weighted=_weighted, highest=1.0,
)  # fmt: skip
