"""Modes and the intervals of what is counted at them, by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from gan_core.evaluation.metrics.modes import assigned, captured, class_modes, with_intervals

Z = NormalDist().inv_cdf(0.975)


def test_a_point_at_exactly_three_standard_deviations_is_good():
    _, good = assigned(np.array([[3.0, 0.0], [0.0, -3.0], [3.0001, 0.0]]), np.zeros((1, 2)), 1.0)
    assert good.tolist() == [True, True, False]
    with pytest.raises(ValueError, match="above 0"):
        assigned(np.zeros((1, 2)), np.zeros((1, 2)), -1.0)


def test_points_and_centres_are_finite_tables_of_one_width():
    with pytest.raises(ValueError, match="one width"):
        assigned(np.zeros(4), np.zeros((1, 2)), 1.0)
    with pytest.raises(ValueError, match="one width"):
        assigned(np.zeros((4, 2)), np.zeros(2), 1.0)
    with pytest.raises(ValueError, match="finite"):
        assigned(np.zeros((4, 2)), np.array([[np.inf, 0.0]]), 1.0)


def test_each_mode_has_its_counts_of_all_and_of_good_points():
    points = np.array([[0.0], [0.1], [2.9], [9.0], [10.0]])
    found = captured(points, np.array([[0.0], [10.0], [20.0]]), 0.5)
    assert (found.counts, found.good) == ((3, 2, 0), (2, 2, 0))
    assert (found.num_samples, found.num_modes, found.captured, found.high_quality) == (5, 3, 2, 0.8)
    assert found.real == pytest.approx((1 / 3,) * 3)
    assert found.reverse_kl == pytest.approx(0.6 * math.log(0.6 * 3) + 0.4 * math.log(0.4 * 3))


@pytest.mark.parametrize("classes", [[-1, 0], [0, 3], [[0, 1]]])
def test_classes_are_a_row_of_numbers_below_their_count(classes):
    with pytest.raises(ValueError, match="0 to 2"):
        class_modes(np.array(classes), 3)
    assert class_modes(np.array([0, 2]), 3).counts == (1, 0, 1)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [1.0, 0.0, 0.0], [0.5, 0.6, -0.1], [0.3, 0.3, 0.3]])
def test_the_datas_shares_are_above_nothing_and_add_up_to_one(shares):
    with pytest.raises(ValueError, match="sum is 1"):
        class_modes(np.array([0]), 3, np.array(shares))


def half_made(good: int, total: int = 400):
    """One mode, of whose samples so many are good."""
    return captured(np.concatenate([np.zeros((good, 1)), np.ones((total - good, 1))]), np.zeros((1, 1)), 0.1)


def test_the_interval_of_a_share_is_that_of_the_binomial_distribution():
    found = with_intervals(half_made(200), repeats=4000)["high_quality"]
    reach = Z * math.sqrt(0.5 * 0.5 / 400)
    assert (found.value, found.count) == (0.5, 400)
    assert (found.high - found.value, found.value - found.low) == (pytest.approx(reach, rel=0.04),) * 2


def test_two_half_samples_already_tell_an_unbiased_variance():
    """The mean square of 400 intervals of two draws each: a divisor of 2 in the place of 1 would give half."""
    found = [with_intervals(half_made(200), repeats=2, seed=seed)["high_quality"] for seed in range(400)]
    variance = np.mean([((one.high - one.value) / Z) ** 2 for one in found])
    assert variance == pytest.approx(0.25 / 400, rel=0.2)


def test_intervals_end_where_the_measure_does():
    nearly = with_intervals(half_made(399))
    assert nearly["high_quality"].high == 1 and nearly["captured"].high == 1
    hardly = with_intervals(half_made(1))
    assert hardly["high_quality"].low == 0
    assert hardly["captured"].low == pytest.approx(1 - Z * 0.5, abs=0.1)  # the one good sample is in half of the halves
    assert 0 < hardly["high_quality"].high < 0.02
    even = with_intervals(class_modes(np.arange(60) % 3, 3))["reverse_kl"]
    assert even.value == pytest.approx(0) and even.low == 0 < even.high


def test_an_interval_over_modes_counts_each_half_anew():
    """Two equal modes: the counts of 100 of 200 vary as a hypergeometric distribution, their divergence from equal shares with them."""
    found = with_intervals(class_modes(np.arange(200) % 2, 2), repeats=4000)
    counts = np.random.default_rng(1).hypergeometric(100, 100, 100, 4000) / 100
    divergence = counts * np.log(2 * counts) + (1 - counts) * np.log(2 - 2 * counts)
    assert found["reverse_kl"].high == pytest.approx(Z * divergence.std(), rel=0.1)
    assert (found["captured"].low, found["captured"].high) == (2, 2)
