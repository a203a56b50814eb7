"""When two values can be told apart: the one rule for all pages, stated in docs/metrics.md.

A two-sided test of the difference, at 5 % after Holm's correction over all that are compared together. Which test depends on
what the values are: `of_counts`, `of_seeds`, `of_replicates` and `of_estimates`; `together` corrects. Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate
from gan_core.evaluation.statistics.intervals import Count, Z

LEVEL = 0.05
ENOUGH_TO_PERMUTE = 5
"""Seeds on each side from which on the exact permutation test is used; with 3 and 3 it can never reach 5 %."""


@dataclass(frozen=True)
class Difference:
    """Two values compared.

    Attributes:
        estimate: the first minus the second; with an interval where the test gives one.
        p_value: that there is no difference, two-sided.
        corrected: the same after Holm's correction for all that are compared together.
        test: "fisher", "permutation", "welch", "half-samples" or "normal".
        first, second: names of the two, where they have some.
    """

    estimate: Estimate
    p_value: float
    corrected: float
    test: str
    first: str = ""
    second: str = ""

    @property
    def value(self) -> float:
        """The first minus the second."""
        return self.estimate.value

    @property
    def differs(self) -> bool:
        """Whether the two can be told apart, at 5 % for all that are compared together."""
        return self.corrected <= LEVEL


def together(found: Iterable[Difference]) -> list[Difference]:
    """The same differences in the same order, their p-values corrected for how many there are (Holm)."""
    listed = list(found)
    corrected = holm([one.p_value for one in listed])
    return [replace(one, corrected=p) for one, p in zip(listed, corrected, strict=True)]


def surest_first(found: Iterable[Difference]) -> list[Difference]:
    """Differences by their corrected p-values, the smallest first."""
    return sorted(found, key=lambda one: (one.corrected, one.p_value))


def of_counts(left: Count, right: Count) -> Difference:
    """Two proportions, by Fisher's exact test."""
    return _difference(Estimate.bare(left.ratio - right.ratio), fisher_exact(left, right), "fisher")


def of_seeds(left: Sequence[float], right: Sequence[float], unit: float = 1.0) -> Difference:
    """The means over seeds of two methods: the exact permutation test from 5 seeds each on, Welch's t-test with fewer.

    Args:
        left, right: a value a seed, at least two each.
        unit: what all values are multiples of, such as 1 / number of samples for a share; the permutation test counts in it.
    """
    estimate = Estimate.bare(float(np.mean(left) - np.mean(right)), min(len(left), len(right)))
    a, b = ([round(value / unit) for value in values] for values in (left, right))
    if min(len(a), len(b)) >= ENOUGH_TO_PERMUTE:
        return _difference(estimate, permutation(a, b), "permutation")
    return _difference(estimate, welch(a, b), "welch")


def of_replicates(first: tuple[Estimate, npt.ArrayLike], second: tuple[Estimate, npt.ArrayLike]) -> Difference:
    """Two measurements with replicates of the same half-samples: a normal test with the spread of the replicates' differences.

    Args:
        first, second: estimate and replicates (repeats,). The i-th replicates of both are taken as drawn together, which they
            are for equal counts and seeds.

    Raises ValueError if the numbers of replicates differ.
    """
    one, other = (np.asarray(replicates, np.float64) for _, replicates in (first, second))
    if len(one) != len(other):
        raise ValueError("Two measurements can be compared only if both have the same number of replicates.")
    value, count = first[0].value - second[0].value, min(first[0].count, second[0].count)
    estimate = half_sample_estimate(value, one - other, count)
    return _difference(estimate, _normal_p(estimate.value, estimate.high - estimate.value), "half-samples")


def of_estimates(left: Estimate, right: Estimate) -> Difference:
    """Two independent estimates: proportions by Fisher's exact test, others by a normal test from their intervals.

    The difference's interval reaches as far as the halves of both intervals that face each other say, squared and added. For
    normal intervals that is the test of two means. Source: Zou and Donner 2008, "Construction of confidence limits about
    effect measures: a general approach". An interval that was cut at the metric's bounds counts as before the cut. An
    estimate without an interval, or of a single observation, is never distinguished from another.
    """
    if left.method == right.method == "Wilson":
        return of_counts(*(Count(round(one.value * one.count), one.count) for one in (left, right)))
    value, count = left.value - right.value, min(left.count, right.count)
    (left_below, left_above), (right_below, right_above) = _reach(left), _reach(right)
    below, above = math.hypot(left_below, right_above), math.hypot(left_above, right_below)
    known = left.has_interval and right.has_interval and 1 not in (left.count, right.count)
    p = _normal_p(value, below if value > 0 else above) if known else 1.0
    return _difference(Estimate(value, value - below, value + above, count, "normal"), p, "normal")


def _reach(estimate: Estimate) -> tuple[float, float]:
    """How far an interval reaches below and above its value, before it was cut at the metric's bounds.

    All but Wilson's are symmetric, so the longer side is the uncut one. No width at all says that no half-sample differed,
    not that nothing can: then 3 / count, as for a share that was seen in none of so many images (Hanley and Lippman-Hand 1983).
    """
    below, above = estimate.value - estimate.low, estimate.high - estimate.value
    if estimate.method == "Wilson":
        return below, above
    half_width = max(below, above) or (3 / estimate.count if estimate.count else 0.0)
    return half_width, half_width


def compare(counts: Mapping[str, Count]) -> list[Difference]:
    """Every pair of proportions, the larger ratio first; the surest difference first."""
    pairs = combinations(sorted(counts, key=lambda name: -counts[name].ratio), 2)
    return surest_first(together(replace(of_counts(counts[a], counts[b]), first=a, second=b) for a, b in pairs))


def differs_from_all(one: Estimate, others: Iterable[Estimate]) -> bool:
    """Whether an estimate can be told from each of the others."""
    return all(found.differs for found in together(of_estimates(one, other) for other in others))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are, in the order given.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure": the smallest of m is multiplied by m, the
    next by m - 1, and so on, none below the one before. Bounds the chance of even one false alarm.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    reached = 0.0
    for rank, place in enumerate(order):
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = reached
    return corrected


def fisher_exact(left: Count, right: Count) -> float:
    """The two-sided p-value that two proportions are equal.

    Source: Fisher 1934: with both margins given, the hits on the left are hypergeometric; summed over every table that is
    no more probable than the one found.
    """
    from scipy import stats

    table = sorted([one.hits, one.requested - one.hits] for one in (left, right))  # both orders give the same digits
    return float(stats.fisher_exact(table).pvalue)


def welch(left: Sequence[float], right: Sequence[float]) -> float:
    """The two-sided p-value of Welch's t-test, for few seeds; it takes the seeds as normal.

    Source: Welch 1947, "The Generalization of Student's Problem when Several Different Population Variances Are Involved".
    With no spread on either side: 1 for equal means, else 0.
    """
    from scipy import stats

    a, b = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if np.ptp(a) == np.ptp(b) == 0:
        return float(a[0] == b[0])
    sides = (part for side in (a, b) for part in (side.mean(), side.std(ddof=1), len(side)))
    return float(stats.ttest_ind_from_stats(*sides, equal_var=False).pvalue)


def permutation(left: Sequence[int], right: Sequence[int]) -> float:
    """The two-sided p-value of a difference of means when the seeds are dealt anew to both sides; exact, for whole numbers.

    Source: Fisher 1935, "The Design of Experiments", section 21. Counts every way to choose left's seeds out of all by its
    sum: those whose mean differs at least as much as the one found. scipy.stats.permutation_test gives the same by listing
    every choice, which takes seconds with 10 seeds on each side.
    """
    lowest = min(*left, *right)
    pool = [value - lowest for value in (*left, *right)]  # the same differences, shorter sums
    taken = len(left)
    longest = sum(sorted(pool)[-taken:])
    ways = np.zeros((taken + 1, longest + 1))  # (number chosen, sum); float64 counts exactly up to 28 seeds a method
    ways[0, 0] = 1
    for value in pool:
        ways[1:, value:] += ways[:-1, : longest + 1 - value].copy()
    expected = sum(pool) * taken  # times the pool's size, so that all stays whole
    found = abs(sum(pool[:taken]) * len(pool) - expected)
    extreme = np.abs(np.arange(longest + 1) * len(pool) - expected) >= found
    return float(ways[taken][extreme].sum()) / math.comb(len(pool), taken)


def _difference(estimate: Estimate, p: float, test: str) -> Difference:
    return Difference(estimate, p, p, test)


def _normal_p(value: float, half_width: float) -> float:
    """Two-sided, that a normal estimate is 0 when its 95 % interval has this half-width; without spread 1 for 0, else 0."""
    from scipy.stats import norm

    return float(2 * norm.sf(abs(value) / (half_width / Z))) if half_width else float(value == 0)
