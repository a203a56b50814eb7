"""What a network computes of images for the metrics, and the one loop that processes images in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Part = TypeVar("Part")
BATCH = 200  # images a report


@dataclass(frozen=True)
class ImageFeatures:
    """What an extractor computes of images.

    Attributes:
        features: (N, D).
        probabilities: of each class or label, (N, K).
        kinds: the number of the kind of each image, (N,): its class, or its combination of labels as bits.
    """

    features: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.int64]

    @classmethod
    def alone(cls, features: npt.NDArray[np.floating]) -> ImageFeatures:
        """Features (N, D) without probabilities and kinds."""
        return cls(np.asarray(features, np.float64), np.zeros((len(features), 0)), np.zeros(len(features), np.int64))


def in_batches(
    count: int,
    compute: Callable[[slice], Part],
    report: Callable[[int], None] = lambda done: None,
    batch: int = BATCH,
) -> list[Part]:
    """What `compute` gives for consecutive slices of at most `batch` out of `count` images.

    `report` is called after each batch with the number of images done.
    """
    parts = []
    for start in range(0, count, batch):
        stop = min(start + batch, count)
        parts.append(compute(slice(start, stop)))
        report(stop)
    return parts
