"""Which extractor computes the features of a run's images. Choosing needs no torch; opening does."""

from __future__ import annotations

from gan_core.config import RunConfig
from gan_core.datasets import DATASETS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.evaluation.extractors.base import Extractor
from gan_core.evaluation.extractors.evaluator import EvaluatorExtractor, PlanesExtractor
from gan_core.evaluation.extractors.inception import Inception

CHOICES = ("evaluator", "inception")
SAME_PICTURES = {"mnist": "mnist5k"}  # data set -> the one whose evaluator knows its pictures
STACKED = "stacked-mnist"


def find(config: RunConfig) -> EvaluatorFolder:
    """The evaluator whose features images of a run are measured in: that of its data set, the user's own before a shipped one.

    Raises ValueError if the data are points in the plane, or there is no evaluator for the data set.
    """
    dataset = config.dataset
    if DATASETS.find(dataset.name).domain != "images":
        raise ValueError(
            f"'{dataset.name}' holds points in the plane, and these metrics need images. The 2-D page counts its modes."
        )
    own = evaluators.of_data(config)
    if own:
        return own[0]
    needed = ("mnist5k", 1) if dataset.name == STACKED else (SAME_PICTURES.get(dataset.name), dataset.channels)
    fitting = [f for f in evaluators.available() if (f.info.dataset, f.info.channels) == needed]
    if fitting:
        return fitting[0]
    raise ValueError(
        f"There is no feature extractor for images like those of '{dataset.name}' with {dataset.channels} colour channels, so "
        f"nothing can measure them. Train one with: {evaluators.how_to_train(config)}"
    )


def open_extractor(config: RunConfig, choice: str = "evaluator") -> Extractor:
    """The extractor for a run's images: "evaluator", that of the data set, or "inception", the network of published FID values.

    Raises ValueError if the choice is unknown, there is no evaluator for the data set, or weights are damaged or missing.
    """
    if choice not in CHOICES:
        raise ValueError(f"Unknown extractor '{choice}'. Choose one of: {', '.join(CHOICES)}.")
    if choice == "inception":
        return Inception()
    folder = find(config)
    return open_folder(folder, planes=config.dataset.name == STACKED and folder.info.channels == 1)


def open_folder(folder: EvaluatorFolder, *, planes: bool = False) -> Extractor:
    """The extractor of one evaluator; with `planes` on each colour channel by itself.

    Raises ValueError if its weights are damaged or missing, or it has no scale and none can be made.
    """
    from gan_core.evaluation.evaluators.evaluator import open_evaluator

    return (PlanesExtractor if planes else EvaluatorExtractor)(folder, open_evaluator(folder))
