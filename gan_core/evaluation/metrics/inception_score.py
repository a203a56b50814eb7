"""Inception-style score: are a classifier's probabilities sure for single images, and over all images varied?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import rel_entr

from gan_core.evaluation.metrics.base import Material, Metric, Report, Weighted
from gan_core.evaluation.metrics.pairwise import Counts

Array = npt.NDArray[np.float64]
SPLITS = 10


def inception_score(probabilities: npt.NDArray[np.floating], *, exclusive: bool = True, splits: int = SPLITS) -> float:
    """exp(mean KL(p(y|x) || p(y))), averaged over splits of the images; 1 (no class distinguished) to the number of classes.

    Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 4 (ten splits). It needs no real images,
    and does not measure variety within a class.

    Args:
        probabilities: a classifier's (N, K). Exclusive: each row adds up to 1. Otherwise each entry is the probability of one
            label; labels are taken as independent of each other and their divergences added, which is an upper bound of that
            of all combinations.
        exclusive: which of the two.
        splits: parts that are scored by themselves; what an image's place in the list decides.

    Raises ValueError if there are fewer images than splits, or the numbers are not probabilities.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or len(p) < splits:
        raise ValueError(f"The score needs a table of probabilities with at least {splits} rows; got {p.shape}.")
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1 + 1e-6).all()):
        raise ValueError("The score needs probabilities: numbers between 0 and 1.")
    parts = np.array_split(p, splits)
    return float(np.mean([np.exp(_information(part, exclusive=exclusive)) for part in parts]))


def _information(p: Array, *, exclusive: bool) -> float:
    """Mean divergence of each row from the mean row, in nats."""
    mean = p.mean(axis=0)
    divergence = rel_entr(p, mean)
    if not exclusive:
        divergence = divergence + rel_entr(1 - p, 1 - mean)
    return float(divergence.sum(axis=1).mean())


def _weighted(material: Material, report: Report) -> Weighted | None:
    report("scoring images")
    probabilities, exclusive = material.fake.probabilities, material.exclusive
    if not probabilities.shape[1]:  # a general-purpose network gives no verdicts
        return None
    count = len(probabilities)

    def compute(_real: Counts, counts: Counts) -> float:
        return inception_score(probabilities[np.repeat(np.arange(count), counts)], exclusive=exclusive)

    real = inception_score(material.real.probabilities, exclusive=exclusive)
    labels = probabilities.shape[1]
    highest = float(labels) if exclusive else float(2.0**labels)  # a label alone distinguishes two
    note = "" if exclusive else " Labels are treated as independent: an upper bound."
    return Weighted(compute, 0, count, len(material.real.features), count, real, f"{note} Ten splits.", highest=highest)


INCEPTION_SCORE = Metric(
    "inception_score", "Inception-style score",
    "Is an evaluator's output confident on each image and varied over all? From 1 to the number of classes. It uses no real "
    "images, ignores variety within a class, and is too small with few images.",
    needs=frozenset({"probabilities"}), direction="higher", weighted=_weighted, lowest=1.0,
)  # fmt: skip
