"""The kernel distance between two clouds of features (KID, with the features of Inception)."""

from __future__ import annotations

from gan_core.evaluation.metrics.base import Metric, of_features
from gan_core.evaluation.metrics.pairwise import Counts, FeaturePair


def kernel_distance(pair: FeaturePair, real: Counts, fake: Counts) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y / D + 1)^3; its unbiased estimate on all pairs.

    Source: Binkowski et al. 2018, "Demystifying MMD GANs", section 4 (kernel); Gretton et al. 2012, "A Kernel Two-Sample
    Test", lemma 6 (estimate).
    """
    cross = real @ pair.kernel @ fake / (real.sum() * fake.sum())
    return pair.real.mean_kernel(real) + pair.fake.mean_kernel(fake) - 2 * float(cross)


KERNEL_DISTANCE = Metric(
    "kd", "Kernel distance",
    "Kernel distance between the same distributions: around 0, also below, is equal. Unbiased for any count.",
    direction="lower", weighted=of_features(kernel_distance, 2), lowest=float("-inf"), of_points=True,
    objective_title="Kernel distance to real images (kd)",
)  # fmt: skip
