"""The nearest training images of any image, and whether it is a copy: one index for all runs on the same data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gan_core import datasets
from gan_core.config import DatasetConfig, RunConfig
from gan_core.config.registry import load
from gan_core.datasets import DATASETS, held_out
from gan_core.datasets.base import Dataset, Source
from gan_core.evaluation import evaluators, extractors
from gan_core.evaluation.evaluators.scale import STAGES
from gan_core.evaluation.statistics.intervals import Count
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.latents.nearest import nearer, nearest, nearest_others

USUAL = 5000  # training images that are searched unless all are asked for
NUM_HELD_OUT = 500  # unseen images whose nearest distances show what is usual
BATCH = 250
COPY, STRANGE = 0.01, 0.99  # shares of the unseen images that lie nearer, or all but farther

Space = Literal["pixels", "features"]


def task(config: RunConfig, num_images: int = USUAL) -> Task:
    """The background work that indexes `num_images` training images of a run's data set, 0 for all; `build` has the result.

    Raises ValueError if the data set is missing.
    """
    dataset = limited(config.dataset, num_images)
    source: Source = load(DATASETS.find(dataset.name).source)
    found = next(iter(evaluators.of_data(config)), None)
    return Task.of(
        "gan_core.latents.neighbours:build", dataset=dataset.model_dump(mode="json"),
        learned=config.dataset.model_dump(mode="json"), fingerprint=source.fingerprint(dataset),
        evaluator=found.info.name if found else "", judge=found.card.weights_sha256 if found else "", stages=list(STAGES),
    )  # fmt: skip


def limited(dataset: DatasetConfig, num_images: int) -> DatasetConfig:
    """The data set with at most so many of its images; with all for 0."""
    if not num_images or datasets.count(dataset) <= num_images:
        return dataset
    return dataset.model_copy(update={"num_images": num_images})


def searched_images(task: Task) -> Dataset:
    """The training images that an index searches, prepared by the work that made it."""
    return datasets.prepare(DatasetConfig(**task.values["dataset"]))


def build(arguments: dict[str, Any], report: Report) -> Arrays:
    """Computes the evaluator's features of the training images, and the distances of unseen images to them.

    Returns:
        features (N, F), as its extractor gives them; (N, 0) where there is no evaluator. held_pixels, held_features (M,): root
        mean squared difference of each unseen image to its nearest training image. held_kind (): as `HeldOut.kind`; for
        "training" there are no unseen images, and each is compared with the other training images.
    """
    config, learned = DatasetConfig(**arguments["dataset"]), DatasetConfig(**arguments["learned"])
    report("images")
    searched = datasets.prepare(config, lambda done, total: report("images", done, total))
    images = searched.images
    unseen = held_out.held_out(learned)
    features = _features(images, arguments, report, "Reading training images")
    arrays: Arrays = {"features": features, "held_kind": np.array(unseen.kind)}
    if unseen.kind == "training":
        some = searched.order[:NUM_HELD_OUT]
        report("Comparing training images with each other", 0, 2)
        pixels = nearest_others(images, some)
        report("Comparing training images with each other", 1, 2)
        held_features = nearest_others(features, some) if features.shape[1] else np.empty(0)
        return {**arrays, "held_pixels": pixels, "held_features": held_features}
    others = unseen.images(NUM_HELD_OUT).images
    theirs = _features(others, arguments, report, "Reading unseen images")
    distances = []
    for start in range(0, len(others), BATCH):
        report("Comparing unseen images with training images", start, len(others))
        distances.append(nearest(others[start : start + BATCH], images, 1)[1][:, 0])
    held_features = nearest(theirs, features, 1)[1][:, 0] if features.shape[1] else np.empty(0)
    return {**arrays, "held_pixels": np.concatenate(distances), "held_features": held_features}


@dataclass(frozen=True)
class Neighbours:
    """The nearest training images of one image.

    Attributes:
        space: what is compared.
        places: numbers of the training images, the nearest first.
        distances: root mean squared differences to them.
        nearer: how many of the unseen images come nearer to their nearest training image than this one does to its own.
    """

    space: Space
    places: tuple[int, ...]
    distances: tuple[float, ...]
    nearer: Count

    @property
    def is_copy(self) -> bool:
        """Whether it is nearer to a training image than 99 % of the unseen images are."""
        return self.nearer.ratio < COPY

    @property
    def is_strange(self) -> bool:
        """Whether it is farther from every training image than 99 % of the unseen images are."""
        return self.nearer.ratio >= STRANGE


def find(
    query: npt.NDArray[Any], index: npt.NDArray[Any], held: npt.NDArray[np.float64], space: Space, count: int = 5
) -> Neighbours:
    """The nearest rows of an index, and where the first distance stands.

    Args:
        query: one image (C, H, W) uint8, or its features (F,) float32.
        index: (N, ...) of the same kind.
        held: reference distances, of `build`.
        space: which of both it is.
        count: how many, at most N.
    """
    places, distances = nearest(query[None], index, min(count, len(index)))
    return Neighbours(
        space, tuple(map(int, places[0])), tuple(map(float, distances[0])), nearer(float(distances[0, 0]), held)
    )


def _features(
    images: npt.NDArray[np.uint8], arguments: dict[str, Any], report: Report, stage: str
) -> npt.NDArray[np.float32]:
    """(N, F), as the evaluator's extractor gives them; (N, 0) without one."""
    folder = next((f for f in evaluators.available() if f.card.weights_sha256 == arguments["judge"]), None)
    if folder is None:
        return np.empty((len(images), 0), np.float32)
    count = len(images)
    seen = extractors.open_folder(folder).features(images, lambda done: report(stage, done, count))
    return seen.features.astype(np.float32)
