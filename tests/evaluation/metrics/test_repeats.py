"""Duplicates and copies: nothing for an honest generator, everything for one that repeats itself or its lessons."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, silent
from gan_core.evaluation.metrics.duplicates import duplicates as of_pair
from gan_core.evaluation.metrics.pairwise import Cloud, FeaturePair
from gan_core.evaluation.statistics.half_samples import half_sample_estimate


def duplicates(real, fake):
    whole = np.ones(min(len(real), len(fake)), int)
    return of_pair(FeaturePair(Cloud(real), Cloud(fake)), whole, whole)


def cloud(count: int, seed: int):
    return np.random.default_rng(seed).normal(size=(count, 6))


def material(real, fake, training=None):
    """What the metrics are given, of features alone."""
    return Material(ImageFeatures.alone(real), ImageFeatures.alone(fake), learned=training)


def measure(name: str, real, fake, training):
    return METRICS[name].weighted(material(real, fake, training), silent)


def test_one_in_a_hundred_real_images_is_a_duplicate_by_definition():
    real = cloud(1000, 0)
    assert duplicates(real, real) == pytest.approx(0.01, abs=0.002)  # two may be nearest to each other
    assert duplicates(real, cloud(1000, 1)) < 0.03


def test_a_generator_that_draws_each_picture_twice_has_nothing_but_duplicates():
    twice = np.concatenate([cloud(200, 1), cloud(200, 1)])
    assert duplicates(cloud(400, 0), twice) == 1
    assert duplicates(cloud(200, 0), twice) < 0.05  # equally many of both: the second of each pair is not among them


@pytest.mark.parametrize(
    ("copied", "shift", "copying", "authpct"),
    [(1.0, 0, 1.0, 0.0), (0.3, 0, 0.65, 0.36), (0.0, 0, 0.5, 0.52), (0.0, 50, 0.0, 1.0)],
)  # a copier, a 30 % copier, an honest generator, and one that draws nonsense
def test_copies_are_seen_when_training_images_are_many(copied, shift, copying, authpct):
    """4,500 training images and 500 held-out ones, as the digits have."""
    rng, learned = np.random.default_rng(5), cloud(4500, 0)
    fake = np.where(rng.random((600, 1)) < copied, learned[rng.integers(4500, size=600)], cloud(600, 2) + shift)
    found = {name: measure(name, cloud(500, 1), fake, learned) for name in ("copying", "authpct", "ct")}
    assert found["copying"].value == pytest.approx(copying, abs=0.04)
    assert found["authpct"].value == pytest.approx(authpct, abs=0.08)
    low, high = {1.0: (-12, -6), 0.3: (-4, -1.5), 0.0: (6, 12) if shift else (-1, 1)}[copied]
    assert low < found["ct"].value < high
    estimate = half_sample_estimate(found["copying"].value, found["copying"].replicates(50, 0), 600)
    assert (estimate.low > 0.6) == (copied > 0)


def test_copies_of_a_part_of_the_images_are_copies_too():
    """The first training images by themselves say what all of them would, since all are looked at."""
    learned, unseen = cloud(2000, 0), cloud(300, 1)
    for part in (learned[:100], learned[-100:]):
        assert measure("copying", unseen, part + 1e-3, learned).value > 0.99


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="at least 20"):
        METRICS["duplicates"].weighted(material(cloud(10, 0), cloud(50, 1)), silent)
