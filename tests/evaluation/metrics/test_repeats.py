"""Duplicates and copies: nothing for an honest generator, everything for one that repeats itself or its lessons."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.features import ImageFeatures
from gan_core.evaluation.metrics import METRICS, Material, silent
from gan_core.evaluation.metrics.copying import copies
from gan_core.evaluation.metrics.duplicates import duplicates as of_pair
from gan_core.evaluation.metrics.pairwise import Cloud, FeaturePair


def duplicates(real, fake):
    return of_pair(FeaturePair(Cloud(real), Cloud(fake)))


def cloud(count: int, seed: int):
    return np.random.default_rng(seed).normal(size=(count, 6))


def material(real, fake, training=None):
    """What the metrics are given, of features alone."""
    learned = None if training is None else ImageFeatures.alone(training)
    return Material(ImageFeatures.alone(real), ImageFeatures.alone(fake), training=learned)


def test_one_in_a_hundred_real_images_is_a_duplicate_by_definition():
    real = cloud(1000, 0)
    assert duplicates(real, real).mean() == pytest.approx(0.01, abs=0.002)  # two may be nearest to each other
    assert duplicates(real, cloud(1000, 1)).mean() < 0.03


def test_a_generator_that_draws_each_picture_twice_has_nothing_but_duplicates():
    twice = np.concatenate([cloud(200, 1), cloud(200, 1)])
    assert duplicates(cloud(400, 0), twice).all()
    assert len(duplicates(cloud(100, 0), cloud(400, 1))) == 100  # equally many of both


def test_a_generator_that_knows_its_lessons_by_heart_copies_and_one_that_learned_the_kind_does_not():
    learned, unseen = cloud(500, 0), cloud(500, 1)
    assert copies(learned[:100] + 1e-3, learned, unseen).all()
    honest = copies(cloud(2000, 2), learned, unseen).mean()
    assert abs(honest - 0.5) < 4 * 0.5 / np.sqrt(2000) + 0.03
    far = copies(cloud(2000, 2) + 100, learned, unseen)  # bad images are no copies
    assert 0 <= far.mean() <= 1


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="at least 20"):
        METRICS["duplicates"].weighted(material(cloud(10, 0), cloud(50, 1)), silent)


def test_both_are_shares_of_images_whose_nearest_fellows_stay_when_images_are_drawn_again():
    real, fake, training = cloud(60, 0), cloud(50, 1), cloud(40, 2)
    repeated = METRICS["duplicates"].weighted(material(real, np.concatenate([fake, fake[:25]]), training), silent)
    assert (repeated.num_drawn_real, repeated.num_drawn_fake) == (0, 60)
    assert repeated.value == pytest.approx(duplicates(real, np.concatenate([fake, fake[:25]])).mean())
    assert repeated.real == pytest.approx(duplicates(real, training).mean())
    copied = METRICS["copying"].weighted(material(real, fake, training), silent)
    mask = copies(fake, training, real)
    counts = np.arange(50)
    assert copied.compute(np.zeros(0, int), counts) == pytest.approx(np.repeat(mask, counts).mean())
    assert (copied.real, copied.num_real, copied.num_fake, copied.note) == (0.5, 80, 50, " Here 40 of each.")
    assert METRICS["copying"].weighted(material(real, fake), silent) is None
