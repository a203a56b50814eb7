"""The fixed scale of an evaluator's features: mean and spread of each number over a sample of the images that it learned from.

It belongs to the evaluator, never to the images that are compared, so that values of different runs compare. It is kept as
`features.json` beside the weights, written when the evaluator is trained; an older folder gets it when it is first needed.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from gan_core import datasets
from gan_core.config import Section, read_strictly
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.runs import files

if TYPE_CHECKING:
    from gan_core.evaluation.evaluators.evaluator import Evaluator

SCALE = "features.json"
STAGES = (2, 3)
"""Whose pooled outputs are the features. The last stage answers weakly to what is no picture of its kind, so that noise lies
amid the real ones there; beside others too it lets coarse noise pass for faces (docs/metrics.md has the comparison)."""
NUM_IMAGES = 1000
DIGITS = 5  # kept of each number: what another processor computes differently lies below
LEAST_SPREAD = 0.1  # of the root mean square spread: a number that hardly ever moves must not decide every distance


class Scale(Section):
    """The content of features.json: feature i of an image is (number i - mean[i]) / spread[i]."""

    schema_version: Literal[1] = 1
    """Version of this file's layout."""
    weights_sha256: str
    """Of the weights whose numbers these are."""
    num_images: Annotated[int, Field(ge=2)]
    """Images over which they were taken."""
    mean: tuple[float, ...]
    """Of each number."""
    spread: tuple[Annotated[float, Field(gt=0)], ...]
    """Standard deviation of each number, at least a tenth of the root mean square of all."""

    @property
    def digest(self) -> str:
        """Eight digits that tell this scale from others: values in different scales do not compare."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]


def scale_of(folder: EvaluatorFolder, evaluator: Evaluator) -> Scale:
    """The scale of an evaluator's features: the one in its folder, else made of its training images and kept there.

    Raises ValueError if the file is damaged, or there is none and the training images cannot be had.
    """
    path = folder.path / SCALE
    if path.exists():
        return _read(folder, evaluator.stage_width)
    if folder.images is None:
        raise ValueError(
            f"The features of the evaluator '{folder.info.name}' have no scale: it was imported without images of its data set. "
            "It scores all the same. For features import it again where these images are (--root)."
        )
    try:
        images = datasets.some(folder.images, NUM_IMAGES).images
    except ValueError as error:
        raise ValueError(
            f"The evaluator '{folder.info.name}' has no {SCALE} yet, and the images it learned from, of which it is made, cannot "
            f"be had: {error} Bring them back, or train the evaluator again."
        ) from error
    numbers = evaluator.stages(np.asarray(images))[0].double().numpy()
    spread = numbers.std(axis=0)
    least = max(LEAST_SPREAD * float(np.sqrt((spread**2).mean())), 1e-6)
    scale = Scale(
        weights_sha256=folder.card.weights_sha256,
        num_images=len(numbers),
        mean=_rounded(numbers.mean(axis=0)),
        spread=_rounded(spread.clip(least)),
    )
    with suppress(OSError):  # a folder that cannot be written: made anew each time, and the same
        files.write_atomically(path, json.dumps(scale.model_dump(mode="json"), indent=1).encode())
    return scale


def _rounded(numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, ...]:
    return tuple(float(f"{number:.{DIGITS}g}") for number in numbers)


def _read(folder: EvaluatorFolder, width: int) -> Scale:
    path = folder.path / SCALE
    try:
        scale = TypeAdapter(Scale).validate_python(read_strictly(path))
        sound = scale.weights_sha256 == folder.card.weights_sha256 and {len(scale.mean), len(scale.spread)} == {width}
    except (OSError, ValidationError, ValueError):
        sound = False
    if not sound:
        raise ValueError(
            f"The file '{path}' does not fit the evaluator '{folder.info.name}', or is damaged. Delete it: it is rebuilt from "
            "the images that the evaluator learned from."
        )
    return scale
