"""What latents encode of a label: the accuracy of a linear probe, and the silhouette of its groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Count, mean_of, wilson

FOLDS = 5
MOST_COMPARED = 3000  # points among which silhouettes are measured: their cost grows with the square
_SEED = 0

Groups = npt.NDArray[np.int64]
"""The group of each latent (N,): 0, 1, ..."""


@dataclass(frozen=True)
class Probe:
    """A linear probe's accuracy on held-out latents.

    Attributes:
        right: latents named rightly, of all.
        majority: what always saying the largest group would get.
    """

    right: Count
    majority: Count

    @property
    def beats_majority(self) -> bool:
        """Whether the interval lies above what guessing the largest group gets."""
        return wilson(self.right).low > self.majority.ratio


def linear_probe(latents: npt.NDArray[np.float32], groups: Groups) -> Probe:
    """The accuracy of a linear classifier of the groups from the latents.

    Source: Alain and Bengio 2017, "Understanding intermediate layers using linear classifier probes". Logistic regression
    (L2 with C = 1) on standardised latents, cross-validated: each latent is named by the one of FOLDS classifiers that was
    not trained on it, in stratified folds with a fixed shuffle.

    Args:
        latents: (N, D).
        groups: (N,).

    Raises ValueError if there are fewer than two groups, or one has fewer than FOLDS members.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    sizes = _sizes(groups)
    if min(sizes) < FOLDS:
        raise ValueError(
            f"A probe needs at least {FOLDS} images of each group; the smallest has {min(sizes)} of {len(groups)}. "
            "Use more images or another attribute."
        )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED)
    named = cross_val_predict(model, latents.astype(np.float64), groups, cv=folds)
    return Probe(Count(int((named == groups).sum()), len(groups)), Count(max(sizes), len(groups)))


def silhouette(points: npt.NDArray[np.float32], groups: Groups) -> Estimate:
    """How much nearer points are to their own group than to the nearest other one: 1 far apart, 0 mixed, below 0 the wrong way.

    Source: Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis".
    Euclidean distances, among at most MOST_COMPARED points chosen by a fixed shuffle.

    Args:
        points: (N, D).
        groups: (N,).

    Raises ValueError if there are fewer than two groups, or as many as points.
    """
    from sklearn.metrics import silhouette_samples

    if len(points) > MOST_COMPARED:
        chosen = np.random.default_rng(_SEED).permutation(len(points))[:MOST_COMPARED]
        points, groups = points[chosen], groups[chosen]
    if len(_sizes(groups)) >= len(points):
        raise ValueError(f"A silhouette needs more points than groups; got {len(points)} points.")
    return mean_of(silhouette_samples(points, groups))


def _sizes(groups: Groups) -> list[int]:
    """How many members each group has."""
    sizes = [int(size) for size in np.bincount(groups) if size]
    if len(sizes) < 2:
        raise ValueError("All images are in one group, so there is nothing to distinguish. Choose another attribute.")
    return sizes
