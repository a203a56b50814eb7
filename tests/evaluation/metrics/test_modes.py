"""Modes found: known answers first (a perfect sampler, one mode, none), then intervals and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gan_core.datasets.sources.toys import GRID25, RING8
from gan_core.evaluation.metrics.modes import PERFECT_2D, Modes, assigned, captured, class_modes, with_intervals


def perfect(mixture, count: int = 2500, seed: int = 0):
    rng = np.random.default_rng(seed)
    modes = rng.integers(len(mixture.centres), size=count)
    return mixture.centres[modes] + mixture.spread * rng.standard_normal((count, 2))


@pytest.mark.parametrize("mixture", [RING8, GRID25], ids=lambda mixture: mixture.name)
def test_a_perfect_sampler_finds_every_mode_and_989_in_a_thousand_points_are_good(mixture):
    found = captured(perfect(mixture, 40_000), mixture.centres, mixture.spread)
    assert pytest.approx(1 - math.exp(-4.5)) == PERFECT_2D
    assert found.captured == found.num_modes == len(mixture.centres)
    assert found.high_quality == pytest.approx(PERFECT_2D, abs=4 * math.sqrt(PERFECT_2D * (1 - PERFECT_2D) / 40_000))
    assert found.reverse_kl == pytest.approx((found.num_modes - 1) / 80_000, abs=1e-3)


@pytest.mark.parametrize("reached", [1, 2, 4, 8])
def test_reverse_kl_of_a_generator_that_shares_itself_among_some_equal_modes_is_known(reached):
    found = captured(RING8.centres[:reached], RING8.centres, RING8.spread)
    assert (found.captured, found.high_quality) == (reached, 1.0)
    assert found.reverse_kl == pytest.approx(math.log(8 / reached))


def test_reverse_kl_is_measured_from_the_generated_side_by_hand():
    found = class_modes(np.array([0, 0, 0, 1]), 2, real=np.array([0.5, 0.5]))
    assert found.reverse_kl == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))  # KL(generated || real)
    skewed = class_modes(np.array([0, 0, 0, 1]), 2, real=np.array([0.75, 0.25]))
    assert skewed.reverse_kl == pytest.approx(0.0)


def test_points_far_away_count_for_the_nearest_mode_and_capture_none():
    found = captured(RING8.centres * 1.2, RING8.centres, RING8.spread)
    assert (found.captured, found.high_quality, found.counts) == (0, 0.0, (1,) * 8)
    assert found.reverse_kl == pytest.approx(0.0)


def test_three_standard_deviations_are_the_rim():
    centres = np.array([[0.0, 0.0], [10.0, 0.0]])
    nearest, good = assigned(np.array([[0.29, 0.0], [0.31, 0.0], [9.8, 0.0]]), centres, 0.1)
    assert nearest.tolist() == [0, 0, 1]
    assert good.tolist() == [True, False, True]


def test_one_good_point_is_enough_to_capture_a_mode():
    far = np.tile(RING8.centres[:1] * 2, (99, 1))
    found = captured(np.concatenate([far, RING8.centres[3:4]]), RING8.centres, RING8.spread)
    assert (found.captured, found.high_quality, found.num_samples) == (1, 0.01, 100)


def test_mode_tv_counts_missing_modes_uneven_ones_and_points_between_them():
    middles, far = RING8.centres, RING8.centres * 3

    def mode_tv(points):
        return captured(points, middles, RING8.spread).mode_tv

    assert mode_tv(middles) == pytest.approx(0.0)
    assert mode_tv(middles[:2]) == pytest.approx(6 / 8)  # collapse onto two of eight
    assert mode_tv(far) == pytest.approx(1.0)  # every mode is nearest to somebody, and none is hit
    assert mode_tv(np.concatenate([middles, far])) == pytest.approx(0.5)
    uneven = np.repeat(middles, [3, 1, 1, 1, 1, 1, 0, 0], axis=0)
    assert mode_tv(uneven) == pytest.approx(2 / 8)


@pytest.mark.parametrize("mixture", [RING8, GRID25])
def test_mode_tv_of_a_perfect_sampler_is_what_lies_outside_and_the_luck_of_the_counts(mixture):
    drawn = [captured(perfect(mixture, 2500, seed), mixture.centres, mixture.spread).mode_tv for seed in range(20)]
    luck = math.sqrt(len(mixture.centres) / (2 * math.pi * 2500))
    assert luck < np.mean(drawn) < luck + 1 - PERFECT_2D


def test_mode_tv_is_the_total_variation_distance_by_hand():
    found = Modes(counts=(6, 3), good=(5, 2), real=(0.25, 0.75), elsewhere=1)
    generated, data = np.array([0.5, 0.2, 0.3]), np.array([0.25, 0.75, 0.0])  # the last: on no mode
    assert found.mode_tv == pytest.approx(np.abs(generated - data).sum() / 2)


def test_classes_are_modes():
    found = class_modes(np.array([0, 1, 1, 999]), 1000)
    assert (found.captured, found.num_samples, found.high_quality) == (3, 4, 1.0)
    entropy = -(2 * 0.25 * math.log(0.25) + 0.5 * math.log(0.5))
    assert found.reverse_kl == pytest.approx(math.log(1000) - entropy)


def test_intervals_hold_their_value_and_cover_the_truth_about_as_often_as_they_say():
    hits = 0
    for seed in range(60):
        quality = with_intervals(captured(perfect(RING8, 500, seed), RING8.centres, RING8.spread), seed=seed)
        hits += quality["high_quality"].low <= PERFECT_2D <= quality["high_quality"].high
        assert quality["captured"].low <= quality["captured"].value <= quality["captured"].high <= 8
        assert quality["reverse_kl"].count == 500
        assert 0 <= quality["mode_tv"].low <= quality["mode_tv"].value <= quality["mode_tv"].high <= 1
    assert 50 <= hits <= 60


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: captured(np.zeros((0, 2)), RING8.centres, 0.01), "not empty"),
        (lambda: captured(np.zeros((5, 3)), RING8.centres, 0.01), "one width"),
        (lambda: captured(np.full((5, 2), np.nan), RING8.centres, 0.01), "diverged"),
        (lambda: captured(np.zeros((5, 2)), RING8.centres, 0.0), "above 0"),
        (lambda: captured(np.zeros((5, 2)), RING8.centres, 0.1, np.ones(8)), "sum is 1"),
        (lambda: class_modes(np.array([1000]), 1000), "0 to 999"),
        (lambda: class_modes(np.array([], int), 10), "at least one"),
    ],
)
def test_what_cannot_be_counted_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
