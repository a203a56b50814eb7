"""Directions along which an attribute appears, found from latents that are known to have it or not. Arrays; no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.intervals import Count, wilson

FEWEST = 20  # latents of each kind: fifteen to learn from and five to test on
HELD_OUT = 0.25

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]
Find = Callable[[FloatArray, BoolArray], npt.NDArray[np.float32]]
"""(latents (N, D), has it (N,)) -> direction (D,) from those without towards those with it."""


@dataclass(frozen=True)
class AttributeDirection:
    """A direction and how accurately it separates the attribute.

    Attributes:
        name: the attribute's.
        vector: float32 (D,), from without to with.
        right: of held-out latents, as many with as without, those on the right side. A guess gets half of them.
        with_it, without: latents of each kind, learned from and held out.
    """

    name: str
    vector: npt.NDArray[np.float32]
    right: Count
    with_it: int
    without: int

    @property
    def beats_chance(self) -> bool:
        """Whether the 95 % interval of that share (Wilson) lies above one half."""
        return wilson(self.right).low > 0.5

    @property
    def accuracy(self) -> str:
        """How accurately it separates the attribute, in words, with count and interval: the note of a saved direction."""
        hits, p, (low, high) = self.right, self.right.ratio, wilson(self.right).interval
        words = f"Right about {hits} held-out images, half with and half without: {p:.0%}, 95 % interval {low:.0%} to {high:.0%}."
        return words if self.beats_chance else " ".join((words, "A guess would do as well."))


def mean_difference(latents: FloatArray, has: BoolArray) -> npt.NDArray[np.float32]:
    """The mean latent with the attribute minus the mean without: one length of it turns the average image without into the
    average image with it.

    Source: Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric", section 4.1 (visual attribute
    vectors).
    """
    difference = latents[has].mean(axis=0, dtype=np.float64) - latents[~has].mean(axis=0, dtype=np.float64)
    return np.asarray(difference, np.float32)


def separating_normal(latents: FloatArray, has: BoolArray) -> npt.NDArray[np.float32]:
    """The unit normal of the plane that best separates latents with the attribute from those without.

    Source: Shen et al. 2020, "Interpreting the Latent Space of GANs for Semantic Face Editing" (InterFaceGAN), section 3.1;
    there a linear SVM, here logistic regression (L2 with C = 1, both kinds weighing the same).
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(latents.astype(np.float64), has)
    normal = model.coef_[0]
    return np.asarray(normal / np.linalg.norm(normal), np.float32)


def find_direction(name: str, latents: FloatArray, has: BoolArray, find: Find, seed: int = 0) -> AttributeDirection:
    """The direction of an attribute, and its accuracy on held-out latents.

    A quarter of each kind is held out. A latent counts as having the attribute when its projection on the direction is above
    the middle of the two kinds' mean projections; of those held out, as many of each kind are counted.

    Args:
        name: the attribute's.
        latents: (N, D).
        has: (N,).
        find: `mean_difference` or `separating_normal`.
        seed: of the choice of held-out latents.

    Raises ValueError if there are fewer than FEWEST latents of a kind, or the difference is 0.
    """
    kinds = [np.flatnonzero(has), np.flatnonzero(~has)]
    counts = [len(kind) for kind in kinds]
    if min(counts) < FEWEST:
        which = "have" if counts[0] < counts[1] else "do not have"
        raise ValueError(
            f"Only {min(counts)} of {len(latents):,} images {which} “{name}”; a direction needs {FEWEST} of each kind. "
            "Use more images, or another attribute."
        )
    rng = np.random.default_rng(seed)
    kinds = [rng.permutation(kind) for kind in kinds]
    num_test = int(HELD_OUT * min(counts))
    tested = [kind[:num_test] for kind in kinds]
    learned = np.concatenate([kind[int(HELD_OUT * len(kind)) :] for kind in kinds])
    vector = find(latents[learned], has[learned])
    if not np.isfinite(vector).all() or not np.abs(vector).max() > 0:
        raise ValueError(f"The latents with and without “{name}” are alike, so there is no direction to find.")
    projections, labels = latents[learned] @ vector, has[learned]
    middle = (projections[labels].mean() + projections[~labels].mean()) / 2
    hits = int((latents[tested[0]] @ vector > middle).sum() + (latents[tested[1]] @ vector <= middle).sum())
    return AttributeDirection(name, vector, Count(hits, 2 * num_test), counts[0], counts[1])


def without_others(vector: FloatArray, others: FloatArray) -> npt.NDArray[np.float32]:
    """A direction with what it shares with others taken out, so that moving along it leaves them where they are.

    Source: Shen et al. 2020 (InterFaceGAN), section 3.2, "conditional manipulation": the projection onto the others' span is
    subtracted. `vector` is (D,), `others` (K, D), K may be 0.
    """
    if not len(others):
        return np.asarray(vector, np.float32)
    basis, sizes, _ = np.linalg.svd(np.asarray(others, np.float64).T, full_matrices=False)
    basis = basis[:, sizes > 1e-6 * max(float(sizes.max()), 1e-12)]
    return np.asarray(vector - basis @ (basis.T @ vector), np.float32)


def apart(vectors: FloatArray) -> npt.NDArray[np.float32]:
    """Directions (K, D), each without what it shares with the others; see `without_others`."""
    return np.stack([without_others(vectors[i], np.delete(vectors, i, axis=0)) for i in range(len(vectors))])
