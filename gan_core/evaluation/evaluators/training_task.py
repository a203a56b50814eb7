"""Training an evaluator as background work: one at a time for a data set, whose progress all who look at that data set see.

The evaluator itself is the result: it is kept among the user's own, complete or not at all. Loads no torch until it trains.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gan_core import datasets
from gan_core.access import Actor, Refused, require
from gan_core.access.classroom import check_share, limits_of
from gan_core.config import DatasetConfig, RunConfig, settings
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.jobs import task as background
from gan_core.jobs.task import Arrays, Report, Task

WORK = "gan_core.evaluation.evaluators.training_task:work"
MOST_IMAGES = 20_000  # proposed: 10 epochs of them take minutes on one core
LEAST_EPOCHS, LEAST_STEPS = 10, 400  # proposed: few images are shown more often
WEIGHTS_AT_64 = 11_200_000  # of ResNet-18; they grow with the square of the width


@dataclass(frozen=True)
class Order:
    """What to train.

    Attributes:
        dataset: the images; what is random in them is left to the evaluator's own changes.
        name: of the evaluator; `free_name` finds one.
        epochs, batch_size, width: as `learning.Recipe`.
    """

    dataset: DatasetConfig
    name: str
    epochs: int
    batch_size: int
    width: int = 16

    @property
    def steps(self) -> int:
        """About how many steps that is."""
        return self.epochs * math.ceil(datasets.count(self.dataset) / self.batch_size)


def proposed(dataset: DatasetConfig, name: str) -> Order:
    """A good order for a data set: at most MOST_IMAGES images, LEAST_EPOCHS epochs and LEAST_STEPS steps at the least.

    Raises ValueError as `datasets.prepare`.
    """
    fixed = {"split": "train", "flip": False, "rotation_degrees": 0.0, "num_images": 0}
    count = min(datasets.count(dataset.model_copy(update=fixed)), MOST_IMAGES)
    batch_size = 64 if count >= 10 * 64 else 16
    epochs = max(LEAST_EPOCHS, LEAST_STEPS * batch_size // max(count, 1))
    return Order(dataset.model_copy(update={**fixed, "num_images": count}), free_name(name), epochs, batch_size)


def free_name(words: str) -> str:
    """A name for a new evaluator, made of these words: none that is taken."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:50].strip("-") or "evaluator"
    taken = {folder.path.name for folder in evaluators.available()}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{slug}-{n}" if n > 1 else slug) not in taken)


def task(order: Order) -> Task:
    """The background work that trains it. Its result: `name` (), the evaluator's."""
    place = background.folder(Task.of(WORK, **_identity(order.dataset)))  # whatever the epochs: one for a data set
    return replace(
        Task.of(WORK, **asdict(order) | {"dataset": order.dataset.model_dump(mode="json")}), place=str(place)
    )


def begin(order: Order, *, actor: Actor | None = None) -> None:
    """Starts to train in a process of its own, unless an evaluator for that data set is being trained. Returns at once.

    Raises ValueError if the actor may not, it is more than a student may use, the data set has no labels, or as `datasets.prepare`.
    """
    actor = require("train", actor)
    check_labels(order.dataset)
    limits = limits_of(actor)
    if limits is not None:
        for what, value, most, way_out in (
            ("steps", order.steps, limits.steps, "fewer epochs or images"),
            ("weights, about,", WEIGHTS_AT_64 * order.width**2 // 64**2, limits.weights, "a smaller width"),
        ):
            if value > most:
                raise Refused(f"This evaluator has {value:,} {what}; a student may use {most:,}. Choose {way_out}.")
    datasets.check_allowed(order.dataset, actor)
    check_share(evaluators.held_by(actor.id), actor)
    background.start(task(order), anew=True, actor=actor)


def check_labels(dataset: DatasetConfig) -> None:
    """Raises ValueError, with the way out, if a data set has no labels to learn."""
    if not datasets.label_names(dataset):
        raise ValueError(
            f"The data set '{dataset.name}' has no labels, so there is nothing to distinguish. "
            "Sort the pictures into one subfolder a class."
        )


def work(arguments: dict[str, Any], report: Report) -> Arrays:
    """Trains and keeps it: see `task`."""
    from gan_core.evaluation.evaluators.learning import Recipe, train_evaluator

    recipe = Recipe(**{**arguments, "dataset": DatasetConfig(**arguments["dataset"])})
    made = train_evaluator(recipe, settings.evaluators_dir(), lambda done, total, words: report(words, done, total))
    return {"name": np.array(made.info.name)}


def of_dataset(dataset: DatasetConfig) -> list[EvaluatorFolder]:
    """The evaluators for a data set, the one that is used first."""
    return evaluators.of_data(RunConfig(dataset=dataset))


def _identity(dataset: DatasetConfig) -> dict[str, Any]:
    root = str(settings.folder(dataset.root)) if dataset.root else ""
    return {"dataset": dataset.name, "root": root, "channels": dataset.channels}
