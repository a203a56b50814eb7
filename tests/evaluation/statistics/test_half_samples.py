"""Intervals and differences by half-samples: right in size, and seldom wrong."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.statistics.half_samples import half_sample_estimate, half_samples
from gan_core.evaluation.statistics.tests import Difference, of_replicates, together


def of_a_mean(values, repeats: int, seed: int) -> np.ndarray:
    """Replicates of the mean of one value an image: (repeats,)."""
    return np.array([values[counts > 0].mean() for counts in half_samples(len(values), repeats, seed, 1)])


def test_every_draw_has_half_of_the_images_none_twice_and_the_same_seed_draws_the_same():
    first, again, others = (list(half_samples(51, 4, seed, which)) for seed, which in ((1, 0), (1, 0), (1, 1)))
    assert [sorted(set(counts.tolist())) for counts in first] == [[0, 1]] * 4
    assert [counts.sum() for counts in first] == [25] * 4
    assert next(half_samples(1, 1, 0)).tolist() == [1]
    assert np.array_equal(first, again) and not np.array_equal(first, others)


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    found = half_sample_estimate(values.mean(), of_a_mean(values, 2000, seed=0), 400)
    assert (found.count, found.method) == (400, "half-samples")
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(400), rel=0.06)


def test_an_interval_stays_within_what_can_be_reached():
    assert half_sample_estimate(0.99, [0.9, 1.0, 0.95], 3, 0, 1).high == 1
    assert half_sample_estimate(0.01, [0.9, 1.0, 0.95], 3, 0, 1).low == 0


def measured(seed: int, shift: float = 0.0, metrics: int = 5):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(metrics, 200)) + shift
    replicates = [of_a_mean(column, 100, seed=0) for column in columns]
    return [(half_sample_estimate(float(c.mean()), r, 200), r) for c, r in zip(columns, replicates, strict=True)]


def differences(first, second) -> list[Difference]:
    return together(of_replicates(one, other) for one, other in zip(first, second, strict=True))


def test_two_alike_are_told_apart_in_one_case_of_twenty_at_most_for_all_metrics_together():
    wrong = sum(any(d.differs for d in differences(measured(2 * i), measured(2 * i + 1))) for i in range(60))
    assert wrong <= 8  # 3 expected; more than 8 happens once in 300


def test_two_that_differ_are_told_apart_with_sign_and_interval():
    for difference in differences(measured(0, shift=1.0), measured(1)):
        assert difference.differs and 0 < difference.estimate.low < difference.value < difference.estimate.high
        assert (difference.test, difference.estimate.count) == ("half-samples", 200)
        assert difference.corrected >= difference.p_value


def test_a_measurement_does_not_differ_from_itself():
    assert not any(d.differs for d in differences(measured(0), measured(0)))
    certain, other = (
        (half_sample_estimate(value, np.full(20, value), 20), np.full(20, value)) for value in (10.0, 9.0)
    )
    assert not of_replicates(certain, certain).differs
    assert of_replicates(certain, other).differs


def test_draws_together_tell_more_than_two_intervals():
    """Two columns that vary together: their difference is sure, though each mean by itself is not."""
    shared = np.random.default_rng(0).normal(size=200)
    replicates = [of_a_mean(column, 100, seed=0) for column in (shared, shared + 0.01)]
    first, second = ((half_sample_estimate(float(r.mean()), r, 200), r) for r in replicates)
    assert of_replicates(first, second).differs and first[0].low < second[0].value < first[0].high


def test_other_numbers_of_replicates_cannot_be_compared():
    (estimate, replicates), *_ = measured(0)
    with pytest.raises(ValueError, match="same number of replicates"):
        of_replicates((estimate, replicates), (estimate, replicates[1:]))
