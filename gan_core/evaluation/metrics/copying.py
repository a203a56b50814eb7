"""Copying: are generated images nearer to training images than to others of the same kind?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics.base import Material, Metric, Report, Weighted, of_each_image
from gan_core.evaluation.metrics.pairwise import Array, check_features, distances


def copies(fake: Array, training: Array, held_out: Array) -> npt.NDArray[np.bool_]:
    """Whether each generated image is nearer to one that was learned from than to any that was not: (M,).

    Of a generator that copies nothing half are, since both kinds of real images come from the same source and equally many
    of both are compared; of one that has learned its images by heart nearly all. The idea is that of Meehan et al. 2020,
    "A Non-Parametric Test to Detect Data-Copying in Generative Models", but here each generated image is compared with
    both sets, so that bad images, which are far from both, count neither way.

    Args:
        fake, training, held_out: features (M, D), (N, D), (K, D).
    """
    count = min(len(training), len(held_out))
    nearer, farther = distances(fake, training[:count]).min(axis=1), distances(fake, held_out[:count]).min(axis=1)
    return np.asarray(nearer < farther)


def _weighted(material: Material, report: Report) -> Weighted | None:
    if material.training is None:
        return None
    fake, training, held_out = material.fake.features, material.training.features, material.real.features
    check_features(training, fake, 1)
    check_features(held_out, fake, 1)
    report("looking for copies")
    count = min(len(training), len(held_out))
    return of_each_image(copies(fake, training, held_out), 2 * count, len(fake), 0.5, f" Here {count:,} of each.")


COPYING = Metric(
    "copying", "Nearest to a training image",
    "Share of generated images that are nearer to a training image than to any of as many held-out ones. 0.5 is no copying; "
    "near 1, the generator has learned its images by heart.",
    needs=frozenset({"features", "training images"}), direction="lower", weighted=_weighted, highest=1.0,
)  # fmt: skip
