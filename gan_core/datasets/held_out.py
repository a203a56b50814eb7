"""Images that a run did not learn from: its data set's test split, else what it left over. Nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.config.registry import load
from gan_core.datasets import DATASETS
from gan_core.datasets.base import Dataset, Progress, Source

Kind = Literal["test", "left_over", "training"]


@dataclass(frozen=True)
class HeldOut:
    """Where to find images to measure a run on.

    Attributes:
        kind: "test" (another split of the data set), "left_over" (images beside those that it was trained on),
            or "training" (there are no others).
        config: the data set to prepare.
        start: how many of `datasets.order` come before them: those that were learned from.
        count: how many there are.
    """

    kind: Kind
    config: DatasetConfig
    start: int
    count: int

    def images(self, count: int, progress: Progress | None = None) -> Dataset:
        """A sample of `count` of them, as `datasets.some`. Raises ValueError as `datasets.prepare` does."""
        return datasets.some(self.config, count, self.start, progress)


def held_out(config: DatasetConfig) -> HeldOut:
    """The images that a run with this data set did not train on. Raises ValueError if the data set is missing."""
    every = config.model_copy(update={"num_images": 0})
    other = every.model_copy(update={"split": "test" if config.split == "train" else "train"})
    source: Source = load(DATASETS.find(config.name).source)
    try:
        # Sources without splits pass over the field: what they prepare, and so their fingerprint, is the same.
        if source.fingerprint(other) != source.fingerprint(every):
            return HeldOut("test", other, 0, source.count(other))
    except ValueError:
        pass  # it has no other split, as i-CLEVR
    seen, total = datasets.count(config), datasets.count(every)
    if total > seen:
        return HeldOut("left_over", every, seen, total - seen)
    return HeldOut("training", config, 0, seen)


def training_images(config: DatasetConfig, count: int) -> Dataset:
    """A sample of `count` training images, as `datasets.some`. Raises ValueError as `datasets.prepare` does."""
    return datasets.some(config, count)
