"""What looks at images for the metrics: a domain's evaluator, or Inception; features, verdicts, and which kinds it sees.

Which network looked decides every value, so its name and the hash of its weights are part of each result. Choosing one needs
no torch; opening one does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gan_core.config import RunConfig
from gan_core.datasets import DATASETS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder

if TYPE_CHECKING:
    from gan_core.evaluation.evaluators.evaluator import Evaluator

Uint8Array = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float64]
Tell = Callable[[int], None]

CHOICES = ("evaluator", "inception")
SAME_PICTURES = {"mnist": "mnist5k"}  # data set -> the one whose evaluator knows its pictures
STACKED, PLANES = "stacked-mnist", 3
PART = 200  # images a report


@dataclass(frozen=True)
class Seen:
    """What an extractor saw in images.

    Attributes:
        features: (N, D).
        probabilities: its verdicts, (N, K).
        kinds: the number of the kind of each image, (N,): its class, or its combination of labels as bits.
    """

    features: Array
    probabilities: Array
    kinds: npt.NDArray[np.int64]


class Extractor(ABC):
    """A network that looks at images.

    Attributes:
        name: which network, which weights, which layer: what a value is printed with.
        exclusive: whether an image has one class (`Seen.probabilities` add up to 1) rather than any number of labels.
        label_names: of the labels or classes.
        knows_kinds: whether `Seen.kinds` are those of the data set's own labels.
    """

    name: str
    exclusive: bool
    label_names: tuple[str, ...]
    knows_kinds: bool = True

    def look(self, images: Uint8Array, tell: Tell = lambda done: None) -> Seen:
        """What it sees in uint8 images (N, C, H, W).

        Raises:
            ValueError: images that it cannot look at.
        """
        parts = []
        for start in range(0, len(images), PART):
            parts.append(self._look(images[start : start + PART]))
            tell(min(start + PART, len(images)))
        return Seen(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.kinds for part in parts]),
        )

    def kinds_of(self, labels: npt.NDArray[Any], names: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """The same numbers as `Seen.kinds`, for a data set's own labels (N, L) of these names."""
        wanted = np.asarray(labels)[:, [names.index(name) for name in self.label_names]] > 0
        return wanted.argmax(axis=1) if self.exclusive else _bits(wanted)

    @abstractmethod
    def _look(self, images: Uint8Array) -> Seen:
        """The same for at most PART images."""


class OfEvaluator(Extractor):
    """An evaluator's last layer before its head, and its verdicts."""

    def __init__(self, folder: EvaluatorFolder, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.exclusive = folder.info.exclusive
        self.label_names = folder.info.label_names
        self.name = f"{folder.info.name}@{folder.card.weights_sha256[:12]}, last layer"

    def _look(self, images: Uint8Array) -> Seen:
        features = self._evaluator.features(images)
        logits = self._evaluator.verdicts(features).numpy().astype(np.float64)
        if self.exclusive:
            return Seen(features.numpy().astype(np.float64), _softmax(logits), logits.argmax(axis=1))
        return Seen(features.numpy().astype(np.float64), 1 / (1 + np.exp(-logits)), _bits(logits > 0))


class OfPlanes(OfEvaluator):
    """The digits' evaluator on each plane of a stack: features side by side, 1,000 classes."""

    def __init__(self, folder: EvaluatorFolder, evaluator: Evaluator) -> None:
        super().__init__(folder, evaluator)
        self.name = f"{self.name}, a plane each"

    def _look(self, images: Uint8Array) -> Seen:
        count, planes, height, width = images.shape
        seen = super()._look(images.reshape(count * planes, 1, height, width))
        red, green, blue = np.moveaxis(seen.probabilities.reshape(count, planes, -1), 1, 0)
        joint = red[:, :, None, None] * green[:, None, :, None] * blue[:, None, None, :]
        digits = seen.kinds.reshape(count, planes)
        return Seen(seen.features.reshape(count, -1), joint.reshape(count, -1), digits @ np.array([100, 10, 1]))

    def kinds_of(self, labels: npt.NDArray[Any], names: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """See `Extractor.kinds_of`."""
        digits = np.asarray(labels).reshape(len(labels), PLANES, -1).argmax(axis=2)
        return np.asarray(digits @ np.array([100, 10, 1]))


def find(config: RunConfig) -> EvaluatorFolder:
    """The evaluator whose features images of a run are measured in: that of its data set, the user's own before a shipped one.

    Raises:
        ValueError: points in the plane, or no evaluator for the data set.
    """
    dataset = config.dataset
    if DATASETS.find(dataset.name).domain != "images":
        raise ValueError(
            f"'{dataset.name}' holds points in the plane, and these metrics look at pictures. The 2-D page counts its modes."
        )
    own = evaluators.of_data(config)
    if own:
        return own[0]
    wanted = ("mnist5k", 1) if dataset.name == STACKED else (SAME_PICTURES.get(dataset.name), dataset.channels)
    there = [f for f in evaluators.available() if (f.info.dataset, f.info.channels) == wanted]
    if there:
        return there[0]
    raise ValueError(
        f"No network here knows pictures like those of '{dataset.name}' with {dataset.channels} colour channels, so nothing can "
        f"measure them. Train one with: {evaluators.how_to_train(config)}"
    )


def open_extractor(config: RunConfig, choice: str = "evaluator") -> Extractor:
    """What looks at a run's images.

    Args:
        config: the run's.
        choice: "evaluator", that of the data set; "inception", the network behind published FID values.

    Raises:
        ValueError: an unknown choice, no evaluator for the data set, or weights that are damaged or cannot be had.
    """
    if choice not in CHOICES:
        raise ValueError(f"Unknown extractor '{choice}'. Choose one of: {', '.join(CHOICES)}.")
    if choice == "inception":
        from gan_core.evaluation.extractors.inception import Inception

        return Inception()
    folder = find(config)
    from gan_core.evaluation.evaluators.evaluator import open_evaluator

    evaluator = open_evaluator(folder)
    stacked = config.dataset.name == STACKED and folder.info.channels == 1
    return OfPlanes(folder, evaluator) if stacked else OfEvaluator(folder, evaluator)


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _bits(present: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return present.astype(np.int64) @ (1 << np.arange(present.shape[1], dtype=np.int64))
