"""How good, and how varied, generated images are: one table, one file a metric or family.

Features are what a network makes of images, (N, D); which network, and how many images, decides every value, so both are
printed beside it. A new metric is a file with its entry, and its name in METRICS. Free of torch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.config.registry import Registry
from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics.base import Material, Metric, Weighted, silent
from gan_core.evaluation.metrics.copying import AUTHPCT, COPYING, CT
from gan_core.evaluation.metrics.diversity import DIVERSITY
from gan_core.evaluation.metrics.duplicates import DUPLICATES
from gan_core.evaluation.metrics.frechet import FRECHET_DISTANCE, FRECHET_INFINITY
from gan_core.evaluation.metrics.inception_score import INCEPTION_SCORE
from gan_core.evaluation.metrics.kernel import KERNEL_DISTANCE
from gan_core.evaluation.metrics.leakage import AUGMENTATION_LEAK
from gan_core.evaluation.metrics.modes import MODE_KL, MODE_TV, MODES
from gan_core.evaluation.metrics.ms_ssim import MS_SSIM
from gan_core.evaluation.metrics.prdc import COVERAGE, DENSITY, PRECISION, RECALL
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate

__all__ = ["METRICS", "Material", "Metric", "Weighted", "estimate", "silent", "weighted"]

METRICS: Registry[Metric] = Registry(
    "metric",
    {
        metric.name: metric
        for metric in (
            MODE_TV, FRECHET_DISTANCE, FRECHET_INFINITY, KERNEL_DISTANCE, PRECISION, RECALL, DENSITY, COVERAGE, DIVERSITY, MS_SSIM, DUPLICATES,
            INCEPTION_SCORE, MODES, MODE_KL, COPYING,
            AUTHPCT, CT, AUGMENTATION_LEAK,
        )
    },
)  # fmt: skip


def weighted(name: str, real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> Weighted:
    """A metric of features (N, D) of real and (M, D) of generated images, or of points in the plane.

    Raises ValueError if the metric is unknown or needs more than features, or the features do not fit each other or are too few.
    """
    metric = METRICS.find(name)
    found = metric.weighted(Material(ImageFeatures.alone(real), ImageFeatures.alone(fake)), silent)
    if found is None or not metric.of_points:
        raise ValueError(f"'{name}' needs images, not only features.")
    return found


def estimate(
    name: str, real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating], repeats: int = 50, seed: int = 0
) -> Estimate:
    """A metric of features with its 95 % interval: the value plus and minus 1.96 standard deviations over half-samples, within
    the metric's bounds.

    Half of the real features (N, D) and of the generated ones (M, D) are drawn, `repeats` times. Raises ValueError as `weighted`.
    """
    found, metric = weighted(name, real, fake), METRICS[name]
    replicates = found.replicates(repeats, seed)
    return half_sample_estimate(found.value, replicates, len(fake), metric.lowest, min(metric.highest, found.highest))
