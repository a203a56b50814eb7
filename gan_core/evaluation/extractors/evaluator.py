"""A domain's evaluator as an extractor: the pooled outputs of its middle stages, each number on a fixed scale, and its probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.evaluation.evaluators.scale import STAGES, scale_of
from gan_core.evaluation.extractors.base import Extractor, Uint8Array, as_bits
from gan_core.evaluation.features import ImageFeatures

if TYPE_CHECKING:
    from gan_core.evaluation.evaluators.evaluator import Evaluator

PLANES = 3
DIGITS = np.array([100, 10, 1])  # places of the red, green and blue digit in the number of a class


class EvaluatorExtractor(Extractor):
    """An evaluator's pooled stages, scaled as `evaluators.scale` says, and its probabilities.

    Raises ValueError if the evaluator has no scale and none can be made.
    """

    def __init__(self, folder: EvaluatorFolder, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        scale = scale_of(folder, evaluator)
        self._mean, self._spread = np.array(scale.mean), np.array(scale.spread)
        self.exclusive = folder.info.exclusive
        self.label_names = folder.info.label_names
        stages = "+".join(map(str, STAGES))
        self.name = f"{folder.info.name}@{folder.card.weights_sha256[:12]}, stages {stages}, scale {scale.digest}"

    def _features(self, images: Uint8Array) -> ImageFeatures:
        pooled, outputs = self._evaluator.stages(images)
        features = (pooled.numpy().astype(np.float64) - self._mean) / self._spread
        logits = outputs.numpy().astype(np.float64)
        if self.exclusive:
            probabilities, kinds = softmax(logits, axis=1), logits.argmax(axis=1)
        else:
            probabilities, kinds = expit(logits), as_bits(logits > 0)
        return ImageFeatures(features, probabilities, kinds)


class GeneralExtractor(EvaluatorExtractor):
    """The shipped faces' evaluator on pictures that it does not know, as a general-purpose network: features only.

    Its pooled stages order pictures of other kinds by quality too (docs/metrics.md has the ladder), its verdicts say nothing of
    them. Grey pictures are shown as colour: that orders them better than the digits' evaluator does.
    """

    knows_kinds = False

    def __init__(self, folder: EvaluatorFolder, evaluator: Evaluator) -> None:
        super().__init__(folder, evaluator)
        self.label_names = ()
        self.name = f"general-purpose features of {self.name}"

    def _features(self, images: Uint8Array) -> ImageFeatures:
        colour = np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images
        count = len(images)
        return ImageFeatures(super()._features(colour).features, np.zeros((count, 0)), np.zeros(count, np.int64))


class PlanesExtractor(EvaluatorExtractor):
    """The digits' evaluator on each plane of a stack: features side by side, 1,000 classes."""

    def __init__(self, folder: EvaluatorFolder, evaluator: Evaluator) -> None:
        super().__init__(folder, evaluator)
        self.name = f"{self.name}, a plane each"

    def _features(self, images: Uint8Array) -> ImageFeatures:
        count, planes, height, width = images.shape
        flat = super()._features(images.reshape(count * planes, 1, height, width))
        red, green, blue = np.moveaxis(flat.probabilities.reshape(count, planes, -1), 1, 0)
        joint = red[:, :, None, None] * green[:, None, :, None] * blue[:, None, None, :]
        kinds = flat.kinds.reshape(count, planes) @ DIGITS
        return ImageFeatures(flat.features.reshape(count, -1), joint.reshape(count, -1), kinds)

    def kinds_of(self, labels: npt.NDArray[Any], names: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """See `Extractor.kinds_of`."""
        digits = np.asarray(labels).reshape(len(labels), PLANES, -1).argmax(axis=2)
        return np.asarray(digits @ DIGITS)
