"""The rule for telling two values apart: published p-values, straight-line code, symmetry, and agreement with SciPy."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Count, mean_of, wilson
from gan_core.evaluation.statistics.tests import (
    LEVEL,
    Difference,
    compare,
    differs_from_all,
    fisher_exact,
    holm,
    of_counts,
    of_estimates,
    of_replicates,
    of_seeds,
    permutation,
    together,
    welch,
)

counts = st.integers(1, 216).flatmap(lambda n: st.builds(Count, st.integers(0, n), st.just(n)))


def test_fishers_tea_tasting():
    """Fisher 1935, "The Design of Experiments": three of four cups right on each side, p = 34/70 for both tails."""
    assert fisher_exact(Count(3, 4), Count(1, 4)) == pytest.approx(34 / 70)
    assert fisher_exact(Count(4, 4), Count(0, 4)) == pytest.approx(2 / 70)


@given(counts, counts)
def test_fishers_test_counts_tables_in_whole_numbers_and_is_symmetric(left, right):
    hits, total = left.hits + right.hits, left.requested + right.requested
    possible = range(max(0, hits - right.requested), min(hits, left.requested) + 1)
    ways = {k: math.comb(left.requested, k) * math.comb(right.requested, hits - k) for k in possible}
    expected = sum(number for number in ways.values() if number <= ways[left.hits]) / math.comb(total, hits)
    assert fisher_exact(left, right) == pytest.approx(expected, abs=1e-9)
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
    assert [(pair.first, pair.second) for pair in pairs if pair.differs] == [("7:3", "0:1"), ("1:1", "0:1")]
    (open_pair,) = [pair for pair in pairs if not pair.differs]
    assert (open_pair.first, open_pair.second) == ("7:3", "1:1")
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


def test_the_permutation_test_counts_every_dealing_of_the_seeds():
    left, right = [8, 8, 7, 8, 5], [6, 7, 5, 6, 7]
    pool, seen = left + right, abs(np.mean(left) - np.mean(right))
    dealt = [(sum(c) / 5, (sum(pool) - sum(c)) / 5) for c in combinations(pool, 5)]
    expected = np.mean([abs(a - b) >= seen - 1e-12 for a, b in dealt])
    assert permutation(left, right) == pytest.approx(expected)


def test_two_methods_that_never_overlap_are_as_sure_as_ten_seeds_can_be():
    assert permutation([8] * 10, [6] * 10) == pytest.approx(2 / math.comb(20, 10))
    assert permutation([8] * 10, [8] * 10) == 1.0


def test_welchs_test_equals_scipys_and_answers_where_nothing_varies():
    left, right = [120.0, 98.0, 131.0], [420.0, 388.0, 700.0]
    assert welch(left, right) == pytest.approx(stats.ttest_ind(left, right, equal_var=False).pvalue)
    assert (welch([5, 5], [5, 5]), welch([5, 5], [6, 6])) == (1.0, 0.0)


def test_the_permutation_test_is_scipys():
    left, right = [8, 8, 7, 8, 5, 6], [6, 7, 5, 6, 7]

    def distance(a, b, axis):
        return abs(a.sum(axis=axis) * len(right) - b.sum(axis=axis) * len(left))  # of the means, in whole numbers

    theirs = stats.permutation_test((left, right), distance, n_resamples=np.inf, alternative="greater", vectorized=True)
    assert permutation(left, right) == pytest.approx(theirs.pvalue)


def test_few_seeds_get_welchs_test_and_enough_of_them_the_exact_one():
    assert (of_seeds([1.0, 2.0, 3.0], [4.0, 5.0, 7.0]).test, of_seeds([1.0] * 5, [2.0] * 4).test) == ("welch", "welch")
    enough = of_seeds([0.98, 0.97, 0.99, 0.98, 0.96], [0.5, 0.52, 0.49, 0.5, 0.51], unit=0.01)
    assert (enough.test, enough.p_value) == ("permutation", pytest.approx(2 / math.comb(10, 5)))
    assert enough.value == pytest.approx(0.472)


def test_two_means_are_compared_by_the_test_of_their_difference():
    rng = np.random.default_rng(0)
    left, right = rng.normal(0.0, 1.0, 400), rng.normal(0.2, 2.0, 600)
    found = of_estimates(mean_of(left), mean_of(right))
    z = (left.mean() - right.mean()) / np.hypot(stats.sem(left), stats.sem(right))
    assert found.p_value == pytest.approx(2 * stats.norm.cdf(-abs(z)))
    assert found.p_value == pytest.approx(stats.ttest_ind(left, right, equal_var=False).pvalue, abs=1e-3)
    assert (found.value, found.test, found.estimate.count) == (pytest.approx(left.mean() - right.mean()), "normal", 400)
    swapped = of_estimates(mean_of(right), mean_of(left))
    assert (swapped.p_value, *swapped.estimate.interval) == pytest.approx(
        (found.p_value, -found.estimate.high, -found.estimate.low)
    )


def test_intervals_of_uneven_halves_are_compared_by_the_halves_that_face_each_other():
    """Zou and Donner 2008: 5 (4 to 6) against 0 (-9 to 12) by 1 and 12; 0 (-9 to 12) against -5 (-6 to -4) by 9 and 1."""
    wide, z = Estimate(0, -9, 12, 50, "Wilson"), stats.norm.ppf(0.975)
    above = of_estimates(Estimate(5, 4, 6, 50, "half-samples"), wide)
    below = of_estimates(wide, Estimate(-5, -6, -4, 50, "half-samples"))
    assert above.p_value == pytest.approx(2 * stats.norm.sf(5 * z / math.hypot(1, 12)))
    assert below.p_value == pytest.approx(2 * stats.norm.sf(5 * z / math.hypot(9, 1)))
    assert above.estimate.interval == pytest.approx((5 - math.hypot(1, 12), 5 + math.hypot(1, 9)))


@pytest.mark.parametrize(
    ("value", "half_width", "bound", "p"), [(0.03, 0.05, 0, 0.24), (0.97, 0.06, 1, 0.33), (0.004, 0.00466, 0, 0.09)]
)
def test_an_interval_cut_at_the_metrics_bound_counts_as_before_the_cut(value, half_width, bound, p):
    cut = Estimate(value, max(0, value - half_width), min(1, value + half_width), 10_000_000, "half-samples")
    sure = Estimate(bound, bound, bound, 10_000_000, "half-samples")
    for found in (of_estimates(cut, sure), of_estimates(sure, cut)):
        assert not found.differs and found.p_value == pytest.approx(p, abs=0.01)


def test_a_share_seen_in_none_of_few_images_may_be_small_all_the_same():
    """The rule of three: 0 of 50 reaches to 0.06, 0 of 5,000 to 0.0006."""
    some = Estimate(0.03, 0.02, 0.04, 400, "half-samples")
    for count, told in ((50, False), (5000, True)):
        assert of_estimates(some, Estimate(0, 0, 0, count, "half-samples")).differs == told


def test_a_difference_is_found_where_its_interval_leaves_out_0():
    for gap in np.linspace(-3, 3, 41):
        found = of_estimates(Estimate(gap, gap - 1, gap + 1, 9, "t"), Estimate(0, -1, 1, 9, "t"))
        assert found.differs == (not found.estimate.low <= 0 <= found.estimate.high)


def test_intervals_that_overlap_a_little_are_told_apart():
    """1.5 +- 0.5 and 2.4 +- 0.5 overlap, yet their difference, 0.9 +- 0.71, leaves out 0."""
    assert of_estimates(Estimate(1.5, 1, 2, 9, "normal"), Estimate(2.4, 1.9, 2.9, 9, "normal")).differs
    assert not of_estimates(Estimate(1.5, 1, 2, 9, "normal"), Estimate(2.1, 1.6, 2.6, 9, "normal")).differs


def test_proportions_are_compared_by_fishers_test_wherever_they_come_from():
    left, right = Count(41, 72), Count(7, 72)
    found = of_estimates(wilson(left), wilson(right))
    assert (found.test, found.p_value) == ("fisher", fisher_exact(left, right))


def test_what_has_no_interval_or_is_one_observation_is_never_told_apart():
    sure = Estimate(1, 0.9, 1.1, 50, "normal")
    assert of_estimates(sure, Estimate.bare(9.0)).p_value == 1
    assert of_estimates(mean_of([9.0]), sure).p_value == 1
    exact = replace(sure, low=1, high=1)
    assert of_estimates(exact, replace(exact, value=2, low=2, high=2)).differs
    assert not of_estimates(exact, exact).differs


def test_what_is_compared_together_is_corrected_together():
    a, b, c = (Estimate(value, value - 1, value + 1, 50, "normal") for value in (0.0, 1.6, 9.0))
    alone, beside = of_estimates(a, b), together([of_estimates(a, b), of_estimates(a, c)])
    assert alone.differs and alone.corrected == alone.p_value
    assert [found.differs for found in beside] == [True, True] and beside[0].corrected == alone.p_value
    three = together([of_estimates(a, b)] * 3)
    assert not three[0].differs and three[0].corrected == pytest.approx(3 * alone.p_value)
    assert differs_from_all(c, [a, b]) and not differs_from_all(a, [b, b, b])


def test_a_difference_is_the_first_minus_the_second():
    assert of_counts(Count(3, 4), Count(1, 4)).value == 0.5
    assert of_counts(Count(1, 4), Count(3, 4)).value == -0.5
    assert of_seeds([3.0, 4.0], [1.0, 1.0]).value == 2.5
    assert of_seeds([3.0, 4.0], [1.0, 1.0]) == of_seeds([3.0, 4.0], [1.0, 1.0], 1.0)
    assert Estimate.bare(2.0).count == 0


def test_replicates_drawn_together_are_subtracted_draw_by_draw():
    """Two measurements that rise and fall together: their difference hardly moves, their sum moves twice as much."""
    rng = np.random.default_rng(1)
    common, own = rng.normal(0, 1, 400), rng.normal(0, 0.05, 400)
    first = (Estimate(5.0, 3.0, 7.0, 100, "half-samples"), 5.0 + common + own)
    second = (Estimate(4.5, 2.5, 6.5, 100, "half-samples"), 4.5 + common)
    found = of_replicates(first, second)
    assert found.value == 0.5 and found.differs
    low, high = found.estimate.low, found.estimate.high
    assert 0.3 < low < 0.5 < high < 0.7  # 1.96 * 0.05 either way
    with pytest.raises(ValueError, match="the same number"):
        of_replicates(first, (second[0], second[1][:-1]))


def test_a_small_difference_is_judged_by_the_halves_that_face_zero():
    """0.5 +- (1 below, 0.1 above) against an exact-looking 0: the half below decides, for values below 1 too."""
    one, zero = Estimate(0.5, -0.5, 0.6, 50, "Wilson"), Estimate(0.0, 0.0, 0.0, 10**9, "normal")
    assert of_estimates(one, zero).p_value == pytest.approx(2 * stats.norm.sf(1.959963985 * 0.5), rel=1e-6)
    assert of_estimates(zero, one).p_value == pytest.approx(of_estimates(one, zero).p_value)


def test_exactly_five_percent_is_a_difference():
    assert Difference(Estimate.bare(1.0), LEVEL, LEVEL, "welch").differs
    assert not Difference(Estimate.bare(1.0), LEVEL, math.nextafter(LEVEL, 1), "welch").differs
