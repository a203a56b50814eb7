"""What an extractor is: a network that computes features, probabilities and kinds of images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.features import ImageFeatures, in_batches

Uint8Array = npt.NDArray[np.uint8]


class Extractor(ABC):
    """A network that turns images into features.

    Attributes:
        name: which network, which weights, which layer: what a value is printed with.
        exclusive: whether an image has one class (its probabilities add up to 1) rather than any number of labels.
        label_names: of the labels or classes.
        knows_kinds: whether `ImageFeatures.kinds` are those of the data set's own labels.
    """

    name: str
    exclusive: bool
    label_names: tuple[str, ...]
    knows_kinds: bool = True

    def features(self, images: Uint8Array, report: Callable[[int], None] = lambda done: None) -> ImageFeatures:
        """Features, probabilities and kinds of images uint8 (N, C, H, W), N at least 1.

        `report` is called with the number of images done. Raises ValueError if the network does not take the images.
        """
        parts = in_batches(len(images), lambda part: self._features(images[part]), report)
        return ImageFeatures(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.kinds for part in parts]),
        )

    def kinds_of(self, labels: npt.NDArray[Any], names: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """The same numbers as `ImageFeatures.kinds`, (N,), for a data set's own labels (N, L) of these names.

        Raises ValueError if the data set lacks one of the extractor's labels.
        """
        present = np.asarray(labels)[:, [names.index(name) for name in self.label_names]] > 0
        return present.argmax(axis=1) if self.exclusive else as_bits(present)

    @abstractmethod
    def _features(self, images: Uint8Array) -> ImageFeatures:
        """The same for one batch."""


def as_bits(present: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Combinations of labels (N, L) as numbers (N,): the first label is the lowest bit."""
    return present.astype(np.int64) @ (1 << np.arange(present.shape[1], dtype=np.int64))
