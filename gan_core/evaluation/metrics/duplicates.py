"""The duplicate rate: does a generator repeat itself?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics.base import Material, Metric, Report, Weighted, of_each_image
from gan_core.evaluation.metrics.pairwise import FeaturePair, check_features

PERCENTILE = 1.0  # of the real images' distances to their nearest fellow
FEWEST = 20


def duplicates(pair: FeaturePair) -> npt.NDArray[np.bool_]:
    """Whether each generated image is a near copy of another one: (K,), K being the smaller of both numbers of images.

    Near: closer than the 1st percentile of the distances from a real image to its nearest fellow, so that 1 % of real
    images count as duplicates. Nearest fellows come nearer the more images there are, so equally many of both are compared.
    """
    count = min(len(pair.real), len(pair.fake))
    limit = np.percentile(pair.real.nearest_distances(count), PERCENTILE)
    return np.asarray(pair.fake.nearest_distances(count) < limit)


def _weighted(material: Material, report: Report) -> Weighted:
    check_features(material.real.features, material.fake.features, FEWEST)
    report("looking for duplicates")
    found = duplicates(material.pair)
    real = None if material.training_pair is None else float(duplicates(material.training_pair).mean())
    note = " The interval takes nearest fellows as they are: images drawn again would be copies of themselves."
    return of_each_image(found, len(found), len(found), real, note)


DUPLICATES = Metric(
    "duplicates", "Duplicate rate",
    "Share of generated images with a near copy among the other generated ones: nearer than all but 1 % of real images are "
    "to their nearest fellow. About 0.01 is as real images are. It depends on the count: compare only equal ones.",
    direction="lower", weighted=_weighted, highest=1.0,
)  # fmt: skip
