"""The diversity index: how far generated images lie from each other, measured by how far real ones do."""

from __future__ import annotations

from gan_core.evaluation.metrics.base import Metric, of_features
from gan_core.evaluation.metrics.pairwise import Counts, FeaturePair


def diversity(pair: FeaturePair, real: Counts, fake: Counts) -> float:
    """Mean distance between two generated images over that between two real ones: 0 when all are one picture, 1 as varied as real."""
    return pair.fake.mean_distance(fake) / max(pair.real.mean_distance(real), 1e-12)


DIVERSITY = Metric(
    "diversity", "Diversity index",
    "Mean distance between two generated images, divided by that between two real ones: 0 is always the same image, 1 as varied "
    "as real. It has no bias from the count, but noise also counts as variety: look at precision too.",
    direction="real", weighted=of_features(diversity, 2), of_points=True,
)  # fmt: skip
