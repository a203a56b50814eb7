"""Which extractor computes the features of a run's images. Choosing needs no torch; opening does."""

from __future__ import annotations

from pathlib import Path

from gan_core.config import RunConfig
from gan_core.datasets import DATASETS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.evaluation.extractors.base import Extractor
from gan_core.evaluation.extractors.evaluator import EvaluatorExtractor, GeneralExtractor, PlanesExtractor
from gan_core.evaluation.extractors.inception import Inception

CHOICES = ("evaluator", "inception")
SAME_PICTURES = {"mnist": "mnist5k"}  # data set -> the one whose evaluator knows its pictures
STACKED = "stacked-mnist"
GENERAL = "faces"  # data set of the shipped evaluator whose features serve pictures that no evaluator knows


def find(config: RunConfig) -> EvaluatorFolder:
    """The evaluator whose features images of a run are measured in: that of its data set, the user's own before a shipped one;
    failing both the shipped one of the faces, whose features need no labels.

    Raises ValueError if the data are points in the plane, or nothing is shipped.
    """
    dataset = config.dataset
    if DATASETS.find(dataset.name).domain != "images":
        raise ValueError(
            f"'{dataset.name}' holds points in the plane, and these metrics need images. The 2-D lab counts its modes."
        )
    found = _knowing(config)
    if found:
        return found
    general = [f for f in evaluators.available() if f.shipped and (f.info.dataset, f.info.channels) == (GENERAL, 3)]
    if general:
        return general[0]
    raise ValueError(
        f"No evaluator knows pictures like those of '{dataset.name}' with {dataset.channels} colour channels, and the shipped one for "
        f"'{GENERAL}', which serves all others, is missing. Bring back the folder {evaluators.shipped_dir()}, or, if the pictures have labels, train one "
        f"with: {evaluators.how_to_train(config)}"
    )


def _knowing(config: RunConfig) -> EvaluatorFolder | None:
    """The evaluator that learned such pictures."""
    dataset = config.dataset
    needed = ("mnist5k", 1) if dataset.name == STACKED else (SAME_PICTURES.get(dataset.name), dataset.channels)
    same = [f for f in evaluators.available() if (f.info.dataset, f.info.channels) == needed]
    of_data = [f for f in evaluators.of_data(config) if f.images is not None]  # the others' features have no scale
    return next(iter((*of_data, *same)), None)


def open_extractor(config: RunConfig, choice: str = "evaluator", inception_weights: Path | None = None) -> Extractor:
    """The extractor for a run's images.

    Args:
        config: of the run.
        choice: "evaluator", see `find`, or "inception", the network of published FID values.
        inception_weights: the file of the latter's weights; see `inception.weights`.

    Raises ValueError if the choice is unknown, nothing can look at such data, or weights are damaged or missing.
    """
    if choice not in CHOICES:
        raise ValueError(f"Unknown extractor '{choice}'. Choose one of: {', '.join(CHOICES)}.")
    if choice == "inception":
        return Inception(inception_weights)
    folder = find(config)
    if folder != _knowing(config):
        return open_general(folder)
    return open_folder(folder, planes=config.dataset.name == STACKED and folder.info.channels == 1)


def open_general(folder: EvaluatorFolder) -> Extractor:
    """An evaluator of colour pictures as a network for pictures of any kind. Raises ValueError as `open_folder`."""
    from gan_core.evaluation.evaluators.evaluator import open_evaluator

    return GeneralExtractor(folder, open_evaluator(folder))


def open_folder(folder: EvaluatorFolder, *, planes: bool = False) -> Extractor:
    """The extractor of one evaluator; with `planes` on each colour channel by itself.

    Raises ValueError if its weights are damaged or missing, or it has no scale and none can be made.
    """
    from gan_core.evaluation.evaluators.evaluator import open_evaluator

    return (PlanesExtractor if planes else EvaluatorExtractor)(folder, open_evaluator(folder))
