"""Intervals and tests of proportions: published values, symmetry, and agreement with SciPy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gan_core.evaluation.statistics.proportions import Count, compare, fisher_exact, holm, wilson

counts = st.integers(1, 216).flatmap(lambda n: st.builds(Count, st.integers(0, n), st.just(n)))


def test_the_interval_of_the_reports_score():
    assert wilson(Count(38, 72)) == pytest.approx((0.41401, 0.63873), abs=1e-5)  # by hand from Wilson's formula
    assert Count(38, 72).ratio == pytest.approx(0.5278, abs=1e-4)
    assert str(Count(38, 72)) == "38/72"


@given(counts)
def test_the_interval_is_scipys_and_holds_the_ratio(count):
    low, high = wilson(count)
    theirs = stats.binomtest(count.hits, count.requested).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert -1e-9 <= low <= count.ratio <= high <= 1 + 1e-9
    assert high > low


@given(counts)
def test_the_interval_of_misses_mirrors_that_of_hits(count):
    low, high = wilson(count)
    other = wilson(Count(count.requested - count.hits, count.requested))
    assert other == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_fishers_tea_tasting():
    """Fisher 1935, "The Design of Experiments": three of four cups right on each side, p = 34/70 for both tails."""
    assert fisher_exact(Count(3, 4), Count(1, 4)) == pytest.approx(34 / 70)
    assert fisher_exact(Count(4, 4), Count(0, 4)) == pytest.approx(2 / 70)


@given(counts, counts)
def test_fishers_test_is_scipys_and_symmetric(left, right):
    table = [[left.hits, left.requested - left.hits], [right.hits, right.requested - right.hits]]
    assert fisher_exact(left, right) == pytest.approx(stats.fisher_exact(table)[1], abs=1e-9)
    assert fisher_exact(left, right) == fisher_exact(right, left)


def test_holms_correction_by_hand():
    """Holm 1979: 0.01 * 4, 0.02 * 3, then 0.03 * 2 = 0.06 and 0.04 * 1, which may not fall below the one before."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_equal_counts_are_never_told_apart():
    pairs = compare({name: Count(38, 72) for name in "abcde"})
    assert len(pairs) == 10
    assert all(pair.p_value == 1 and not pair.differs for pair in pairs)


def test_the_reports_two_curves_cannot_be_told_apart_but_a_dead_one_can():
    pairs = compare({"1:1": Count(38, 72), "7:3": Count(41, 72), "0:1": Count(7, 72)})
    assert [(pair.higher, pair.lower) for pair in pairs if pair.differs] == [("7:3", "0:1"), ("1:1", "0:1")]
    (open_pair,) = [pair for pair in pairs if not pair.differs]
    assert (open_pair.higher, open_pair.lower) == ("7:3", "1:1")
    assert open_pair.p_value == pytest.approx(stats.fisher_exact([[41, 31], [38, 34]])[1])


def test_the_correction_keeps_a_lone_lucky_pair_from_counting():
    """A pair with p = 0.03 by itself is no finding among ten."""
    pairs = compare(
        {"a": Count(45, 72), "b": Count(31, 72), "c": Count(38, 72), "d": Count(38, 72), "e": Count(38, 72)}
    )
    assert min(pair.p_value for pair in pairs) < 0.05
    assert not any(pair.differs for pair in pairs)


def test_one_proportion_has_nothing_to_be_compared_with():
    assert compare({"a": Count(1, 2)}) == []


@pytest.mark.parametrize(("hits", "requested"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(hits, requested):
    with pytest.raises(ValueError, match=f"got {hits} of {requested}"):
        Count(hits, requested)
