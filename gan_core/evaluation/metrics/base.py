"""What a metric is: its meaning in words, and its computation for any half-sample of the images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics.pairwise import Cloud, Counts, FeaturePair, check_features, nearest
from gan_core.evaluation.statistics.half_samples import half_samples

Array = npt.NDArray[np.float64]
Images = npt.NDArray[np.uint8]
Report = Callable[..., None]
"""Called with the stage, and how many of how many are done: see `gan_core.jobs.task.Report`."""
Direction = Literal["higher", "lower", "real"]
Need = Literal["features", "pixels", "probabilities", "kinds", "training images"]
Nearest = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""The number of the nearest image, and its distance."""


def silent(*_progress: object, **_more: object) -> None:
    """A `Report` that reports nothing."""


@dataclass(frozen=True)
class Material:
    """What metrics are computed of. `Metric.needs` names what a metric reads of it.

    Attributes:
        real, fake: features of real and of generated images.
        real_images, fake_images: their pixels, uint8 (N, C, H, W), (M, C, H, W).
        training: features of a sample of training images, where the real ones are others; else None.
        learned: features of all training images (T, D), or of those that are prepared, where the real images are others; else None.
        num_training: how many training images there are, where `learned` are fewer; else 0.
        training_kinds: the kinds of all training images, (T,); None where kinds are not known.
        exclusive: whether an image has one class, see `Extractor`.
        seed: of what a metric itself draws at random.
    """

    real: ImageFeatures
    fake: ImageFeatures
    real_images: Images = field(default_factory=lambda: np.zeros((0, 1, 1, 1), np.uint8))
    fake_images: Images = field(default_factory=lambda: np.zeros((0, 1, 1, 1), np.uint8))
    training: ImageFeatures | None = None
    learned: Array | None = None
    num_training: int = 0
    training_kinds: npt.NDArray[np.int64] | None = None
    exclusive: bool = True
    seed: int = 0

    @cached_property
    def pair(self) -> FeaturePair:
        """Real and generated images."""
        return FeaturePair(Cloud(self.real.features), Cloud(self.fake.features))

    @cached_property
    def training_pair(self) -> FeaturePair | None:
        """Real images, and training images in the generated ones' place: no generator can be asked for more."""
        return None if self.training is None else FeaturePair(self.pair.real, Cloud(self.training.features))

    @cached_property
    def nearest_learned(self) -> tuple[Nearest, Nearest]:
        """The nearest of all training images to each real and to each generated image. Raises ValueError if they do not fit."""
        if self.learned is None:
            raise ValueError("There are no training images in addition to the real ones.")
        check_features(self.learned, self.real.features, 2)
        check_features(self.learned, self.fake.features, 1)
        return nearest(self.real.features, self.learned), nearest(self.fake.features, self.learned)


@dataclass(frozen=True)
class Weighted:
    """A metric of one generator as a function of how often each image is drawn.

    Attributes:
        compute: (counts of what is drawn of the real images (num_drawn_real,), of the generated ones (num_drawn_fake,)) -> value.
        num_drawn_real, num_drawn_fake: how many there are to draw; 0 where the metric does not draw real images again.
        num_real, num_fake: images behind the value.
        real: the same metric of real images in the generated ones' place; None where there are no others.
        note: what these counts do to the value; begins with a space, or is empty.
        max_repeats: how many half-samples it is worth; None for any number.
        highest: what it can reach of this material, where that is less than `Metric.highest`.
    """

    compute: Callable[[Counts, Counts], float]
    num_drawn_real: int
    num_drawn_fake: int
    num_real: int
    num_fake: int
    real: float | None = None
    note: str = ""
    max_repeats: int | None = None
    highest: float = float("inf")

    @property
    def value(self) -> float:
        """The metric of all images as they are."""
        return self.compute(np.ones(self.num_drawn_real, np.int64), np.ones(self.num_drawn_fake, np.int64))

    def replicates(self, repeats: int, seed: int) -> Array:
        """The values of so many half-samples (repeats,); of fewer, over and over, where it has `max_repeats`."""
        num = min(repeats, self.max_repeats or repeats)
        drawn = zip(
            half_samples(self.num_drawn_real, num, seed, 0) if self.num_drawn_real else [np.zeros(0, np.int64)] * num,
            half_samples(self.num_drawn_fake, num, seed, 1),
            strict=True,
        )
        return np.resize([self.compute(real, fake) for real, fake in drawn], repeats)


@dataclass(frozen=True)
class Metric:
    """An entry of METRICS.

    Attributes:
        name: in METRICS, in the log of evaluations and on the command line.
        title, explanation: for people: what it measures, and its bias.
        direction: "higher" or "lower" is better, or "real": as near as possible to what real images have.
        weighted: makes it computable for half-samples; None for material that it cannot be computed of.
        needs: what of the material it reads.
        lowest, highest: what it can reach; an interval goes no further.
        of_points: whether it is also measured of points in the plane, which are their own features.
        objective_title: its title as the objective of a sweep, where that says more; else empty.
    """

    name: str
    title: str
    explanation: str
    direction: Direction
    weighted: Callable[[Material, Report], Weighted | None]
    needs: frozenset[Need] = frozenset({"features"})
    lowest: float = 0.0
    highest: float = float("inf")
    of_points: bool = False
    objective_title: str = ""


FeatureMetric = Callable[[FeaturePair, Counts, Counts], float]
"""(features, counts of real images (N,), counts of generated ones (M,)) -> value."""


def of_features(
    compute: FeatureMetric,
    fewest: int,
    note: Callable[[Material], str] = lambda material: "",
    max_repeats: Callable[[Material], int | None] = lambda material: None,
) -> Callable[[Material, Report], Weighted]:
    """`Metric.weighted` of a metric that compares the features of real and generated images.

    Args:
        compute: see `FeatureMetric`.
        fewest: rows that it needs of both.
        note, max_repeats: see `Weighted`.
    """

    def weighted(material: Material, report: Report) -> Weighted:
        real, fake = material.real.features, material.fake.features
        check_features(real, fake, fewest)
        others = material.training_pair
        return Weighted(
            lambda real, fake: compute(material.pair, real, fake),
            len(real), len(fake), len(real), len(fake),
            None if others is None else compute(others, *(np.ones(len(side), np.int64) for side in (others.real, others.fake))),
            note(material), max_repeats(material),
        )  # fmt: skip

    return weighted


def of_each_image(
    values: npt.NDArray[np.generic], num_real: int, num_fake: int, real: float | None, note: str
) -> Weighted:
    """The mean of one value an image (or a pair of images), (N,), which is kept as it is in half-samples."""
    array = np.asarray(values, np.float64)
    return Weighted(
        lambda _real, counts: float(counts @ array / counts.sum()), 0, len(array), num_real, num_fake, real, note
    )
