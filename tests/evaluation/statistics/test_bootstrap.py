"""Intervals and differences by drawing again: right in size, and seldom wrong."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.statistics.bootstrap import differences, draws, interval, of_a_mean


def test_every_draw_has_as_many_images_and_the_same_seed_draws_the_same():
    first, again, others = (list(draws(50, 4, seed, which)) for seed, which in ((1, 0), (1, 0), (1, 1)))
    assert [counts.sum() for counts in first] == [50] * 4
    assert np.array_equal(first, again) and not np.array_equal(first, others)


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    low, high = interval(values.mean(), of_a_mean(values, 2000, seed=0))
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(400), rel=0.06)


def test_an_interval_stays_within_what_can_be_reached():
    assert interval(0.99, np.array([0.9, 1.0, 0.95]), 0, 1)[1] == 1


def measured(seed: int, shift: float = 0.0, metrics: int = 5):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(metrics, 200)) + shift
    return [(float(c.mean()), of_a_mean(c, 100, seed=0)) for c in columns]


def test_two_alike_are_told_apart_in_one_case_of_twenty_at_most_for_all_metrics_together():
    wrong = sum(any(d.differs for d in differences(measured(2 * i), measured(2 * i + 1))) for i in range(60))
    assert wrong <= 8  # 3 expected; more than 8 happens once in 300


def test_two_that_differ_are_told_apart_with_sign_and_interval():
    for difference in differences(measured(0, shift=1.0), measured(1)):
        assert difference.differs and 0 < difference.low < difference.value < difference.high
        assert difference.corrected >= difference.p_value


def test_a_measurement_does_not_differ_from_itself():
    assert not any(d.differs for d in differences(measured(0), measured(0)))
    certain = [(10.0, np.full(20, 10.0))]
    assert not differences(certain, certain)[0].differs
    assert differences(certain, [(9.0, np.full(20, 9.0))])[0].differs


def test_other_metrics_cannot_be_compared():
    with pytest.raises(ValueError, match="same metrics"):
        differences(measured(0), measured(1, metrics=4))
