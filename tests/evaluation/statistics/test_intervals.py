"""Proportions and means with their intervals: published values, closed forms, symmetry, and agreement with SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Count, mean_of, mean_over_seeds, standard_error, wilson

counts = st.integers(1, 216).flatmap(lambda n: st.builds(Count, st.integers(0, n), st.just(n)))


def test_the_standard_error_is_that_of_the_textbook():
    """1, 2, 3, 4, 5: variance 2.5 (unbiased), so the mean's standard error is sqrt(2.5 / 5)."""
    mean = mean_of([1, 2, 3, 4, 5])
    assert (mean.value, mean.count) == (3.0, 5)
    assert standard_error(mean) == pytest.approx(np.sqrt(0.5))


def test_the_interval_is_196_standard_errors_to_either_side():
    mean = mean_of([8.0, 12.0])  # a standard error of 2
    assert mean.interval == (pytest.approx(10 - 1.959964 * 2), pytest.approx(10 + 1.959964 * 2))


def test_a_single_value_has_no_spread_to_speak_of():
    assert mean_of([4.0]) == Estimate(4.0, 4.0, 4.0, 1, "normal")


def test_the_interval_holds_the_truth_about_95_times_in_100():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (2000, 100))
    intervals = [mean_of(row).interval for row in draws]
    held = sum(low <= 3.0 <= high for low, high in intervals) / len(intervals)
    assert 0.93 < held < 0.97


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_no_mean_of_nothing_or_of_what_is_not_finite(values):
    with pytest.raises(ValueError, match="at least one value"):
        mean_of(values)


def test_the_interval_of_the_reports_score():
    assert wilson(Count(38, 72)).interval == pytest.approx(
        (0.41401, 0.63873), abs=1e-5
    )  # by hand from Wilson's formula
    assert Count(38, 72).ratio == pytest.approx(0.5278, abs=1e-4)
    assert str(Count(38, 72)) == "38/72"


@given(counts)
def test_the_interval_solves_wilsons_equation_and_holds_the_ratio(count):
    found, n, z = wilson(count), count.requested, stats.norm.ppf(0.975)
    low, high = found.interval
    ends = np.roots([1 + z**2 / n, -(2 * count.ratio + z**2 / n), count.ratio**2])  # (p - ratio)^2 = z^2 p (1 - p) / n
    assert (low, high) == pytest.approx(sorted(ends.real), abs=1e-7)
    assert (found.value, found.count, found.method) == (count.ratio, n, "Wilson")
    assert -1e-9 <= low <= count.ratio <= high <= 1 + 1e-9
    assert high > low


@given(counts)
def test_the_interval_of_misses_mirrors_that_of_hits(count):
    low, high = wilson(count).interval
    other = wilson(Count(count.requested - count.hits, count.requested))
    assert other.interval == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize(("hits", "requested"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(hits, requested):
    with pytest.raises(ValueError, match=f"got {hits} of {requested}"):
        Count(hits, requested)


def test_the_interval_over_seeds_is_students_and_stays_within_what_can_be():
    mean = mean_over_seeds([6, 7, 8])
    reach = stats.t.ppf(0.975, 2) / math.sqrt(3)
    assert (mean.value, *mean.interval) == pytest.approx((7, 7 - reach, 7 + reach))
    assert mean_over_seeds([8, 8, 7], 0, 8).high == 8
    lone = mean_over_seeds([5], 0, 8)
    assert (lone.low, lone.high, lone.count) == (0, 8, 1)
    assert mean_over_seeds([5, 5, 5]).interval == (5, 5)
    with pytest.raises(ValueError, match="at least one"):
        mean_over_seeds([])


def test_a_value_without_an_interval_says_so():
    bare = Estimate.bare(0.25, 40)
    assert (bare.has_interval, bare.count, str(bare)) == (False, 40, "0.25")
    assert Estimate(0.25, 0.2, 0.3, 40, "normal").has_interval
    assert str(Estimate(0.25, 0.2, 0.3, 40, "normal")) == "0.25 (0.2 to 0.3)"
