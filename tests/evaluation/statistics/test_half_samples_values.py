"""Half-samples, intervals and the differences of two measurements, by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.half_samples import half_sample_estimate, half_samples
from gan_core.evaluation.statistics.tests import Difference, of_replicates, together

Z = NormalDist().inv_cdf(0.975)


def differences(first, second) -> list[Difference]:
    """Measurements, each a value with its replicates, compared together."""
    return together(
        of_replicates((Estimate.bare(a, 9), x), (Estimate.bare(b, 7), y))
        for (a, x), (b, y) in zip(first, second, strict=True)
    )


def test_draws_are_half_of_what_there_is_each_equally_likely():
    counts = np.array(list(half_samples(10, 4000, seed=0)))
    assert (counts.sum(axis=1) == 5).all() and counts.shape == (4000, 10)
    assert counts.mean(axis=0) == pytest.approx(np.full(10, 0.5), abs=0.04)
    assert np.array_equal(counts[:5], list(half_samples(10, 5, seed=0, which=0)))


def test_an_interval_is_196_standard_deviations_to_either_side_by_hand():
    """Of 0 and 2 the unbiased standard deviation is the square root of 2."""
    assert half_sample_estimate(10.0, [0.0, 2.0], 2).interval == pytest.approx(
        (10 - Z * math.sqrt(2), 10 + Z * math.sqrt(2))
    )
    assert half_sample_estimate(0.1, [0.0, 2.0], 2, lowest=0.0, highest=1.0).interval == (0.0, 1.0)


def test_a_difference_by_hand():
    """Resampled differences 1 and 3: standard deviation sqrt(2); the value's z is 2 / sqrt(2)."""
    first, second = [(5.0, np.array([4.0, 6.0]))], [(3.0, np.array([3.0, 3.0]))]
    (found,) = differences(first, second)
    p = 2 * NormalDist().cdf(-2 / math.sqrt(2))
    assert (found.value, found.p_value, found.corrected) == (2.0, pytest.approx(p), pytest.approx(p))
    assert found.estimate.count == 7
    assert (found.estimate.low, found.estimate.high) == (
        pytest.approx(2 - Z * math.sqrt(2)),
        pytest.approx(2 + Z * math.sqrt(2)),
    )
    (other,) = differences(second, first)
    assert (other.value, other.p_value) == (-2.0, pytest.approx(p))


def test_differences_are_corrected_for_how_many_there_are():
    """Holm: of p-values of 0.03 and 0.02 the smaller is doubled and the other not below it; neither is a finding."""
    z = [NormalDist().inv_cdf(1 - p / 2) for p in (0.03, 0.02)]
    spread = np.array([0.0, math.sqrt(2)])  # standard deviation 1
    found = differences([(value, spread) for value in z], [(0.0, np.zeros(2))] * 2)
    assert [one.corrected for one in found] == pytest.approx([0.04, 0.04])
    assert [one.differs for one in found] == [True, True]
    far = differences([(z[0], spread), (0.0, spread)], [(0.0, np.zeros(2))] * 2)
    assert [one.differs for one in far] == [False, False]  # 0.06 after the correction


def test_what_does_not_vary_differs_or_does_not_for_certain():
    sure = np.full(5, 2.0)
    same, other = differences([(2.0, sure)], [(2.0, sure)])[0], differences([(3.0, sure)], [(2.0, sure)])[0]
    assert (same.p_value, same.differs) == (1.0, False) and (other.p_value, other.differs) == (0.0, True)
    assert other.estimate.interval == (1.0, 1.0)


def test_only_measurements_of_as_many_replicates_can_be_compared():
    with pytest.raises(ValueError, match="same number of replicates"):
        differences([(1.0, np.zeros(3))], [(1.0, np.zeros(4))])
