"""The kernel distance between two clouds of features (KID, with the features of Inception)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.metrics._checks import check_features


def kernel_distance(real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y / D + 1)^3; its unbiased estimate on all pairs.

    Source: Binkowski et al. 2018, "Demystifying MMD GANs", section 4 (kernel); Gretton et al. 2012, "A Kernel Two-Sample
    Test", lemma 6 (estimate).

    Args:
        real, fake: features (N, D), (M, D); at least 2 rows each.
    """
    real, fake = check_features(real, fake, at_least=2)
    return _mean_of_others(real) + _mean_of_others(fake) - 2 * float(_kernel(real, fake).mean())


def _kernel(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((left @ right.T / left.shape[1] + 1) ** 3)


def _mean_of_others(features: npt.NDArray[np.float64]) -> float:
    """Mean of the kernel over all pairs of two different rows."""
    kernel, count = _kernel(features, features), len(features)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
