"""Duplicates and copies: nothing for an honest generator, everything for one that repeats itself or its lessons."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.metrics.repeats import copies, duplicates, nearest


def cloud(count: int, seed: int):
    return np.random.default_rng(seed).normal(size=(count, 6))


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


def test_the_nearest_come_first():
    real = np.array([[0.0], [1.0], [5.0]])
    assert nearest(np.array([[0.9], [4.0]]), real, 2).tolist() == [[1, 0], [2, 1]]


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="at least 20"):
        duplicates(cloud(10, 0), cloud(50, 1))
