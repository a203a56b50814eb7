"""Which images are taken when not all are: one rule for runs, measurements, probes, maps and previews."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RULE = "sample 1"  # part of the name of whatever is kept of a part: raised when the rule changes
SEED = 0x5A3

Labels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


def order(labels: Labels) -> Numbers:
    """The numbers 0..N-1 in the order in which images are taken: the first n of them are a sample, whatever n is.

    At random from a fixed seed, so it is the same every time. Where each image has exactly one label (classes), the first n
    hold every class in its share of all, rounded up: each class's first image comes before any second one.

    Args:
        labels: (N, L) of 0 and 1; L may be 0.
    """
    drawn = np.random.default_rng(SEED).permutation(len(labels))
    if not labels.shape[1] or (labels.sum(axis=1) != 1).any():
        return drawn
    classes = labels[drawn].argmax(axis=1)
    place = np.empty(len(drawn))
    for number in range(labels.shape[1]):
        members = np.flatnonzero(classes == number)
        place[members] = np.arange(len(members)) / max(1, len(members))
    return drawn[np.argsort(place, kind="stable")]


def sample(labels: Labels, count: int) -> Numbers:
    """The first `count` of `order`, at most all, in ascending order."""
    return np.sort(order(labels)[:count])
