"""Means with their uncertainty, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.statistics.estimates import Mean, mean_of


def test_the_standard_error_is_that_of_the_textbook():
    """1, 2, 3, 4, 5: variance 2.5 (unbiased), so the mean's standard error is sqrt(2.5 / 5)."""
    mean = mean_of([1, 2, 3, 4, 5])
    assert (mean.value, mean.count) == (3.0, 5)
    assert mean.standard_error == pytest.approx(np.sqrt(0.5))


def test_the_interval_is_196_standard_errors_to_either_side():
    low, high = Mean(10.0, 2.0, 7).interval()
    assert (low, high) == (pytest.approx(10 - 1.959964 * 2), pytest.approx(10 + 1.959964 * 2))


def test_a_single_value_has_no_spread_to_speak_of():
    assert mean_of([4.0]) == Mean(4.0, 0.0, 1)


def test_the_interval_holds_the_truth_about_95_times_in_100():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (2000, 100))
    intervals = [mean_of(row).interval() for row in draws]
    held = sum(low <= 3.0 <= high for low, high in intervals) / len(intervals)
    assert 0.93 < held < 0.97


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_no_mean_of_nothing_or_of_what_is_not_finite(values):
    with pytest.raises(ValueError, match="at least one value"):
        mean_of(values)
