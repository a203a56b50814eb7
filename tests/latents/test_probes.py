"""The linear probe and the silhouette, on latents whose structure is known."""

from __future__ import annotations

import numpy as np
import pytest

from gan_core.evaluation.statistics.intervals import wilson
from gan_core.latents import probes
from gan_core.latents.probes import linear_probe, silhouette

RNG = np.random.default_rng


def test_a_label_that_is_a_direction_of_the_latents_is_read_almost_always():
    latents = RNG(0).normal(size=(400, 10)).astype(np.float32)
    probe = linear_probe(latents, (latents[:, 3] > 0).astype(np.int64))
    assert probe.right.requested == 400
    assert probe.right.ratio > 0.93
    assert probe.beats_majority
    low, high = wilson(probe.right).interval
    assert low < probe.right.ratio < high


def test_a_label_that_has_nothing_to_do_with_the_latents_is_not_read():
    rng = RNG(1)
    groups = (rng.random(500) < 0.3).astype(np.int64)
    probe = linear_probe(rng.normal(size=(500, 10)).astype(np.float32), groups)
    assert probe.majority.hits == (groups == 0).sum()
    assert not probe.beats_majority


def test_a_probe_is_linear():
    """Inside or outside of a ring: no straight cut tells it."""
    latents = RNG(2).normal(size=(500, 2)).astype(np.float32)
    inside = (np.linalg.norm(latents, axis=1) < np.sqrt(2 * np.log(2))).astype(np.int64)  # the median radius
    assert not linear_probe(latents, inside).beats_majority


def test_more_than_two_groups_are_told_apart_as_well():
    members = np.arange(90) % 3
    latents = (RNG(3).normal(size=(90, 4)) + 9 * np.eye(3, 4)[members]).astype(np.float32)
    probe = linear_probe(latents, members)
    assert probe.right.hits == 90
    assert probe.majority.hits == 30


def test_the_silhouette_of_two_pairs_by_hand():
    """0 and 1 against 10 and 11: inner points (1 and 10) have 1 - 1/9.5, outer ones 1 - 1/10.5."""
    points = np.array([[0], [1], [10], [11]], np.float32)
    mean = silhouette(points, np.array([0, 0, 1, 1]))
    assert mean.value == pytest.approx(1 - (1 / 9.5 + 1 / 10.5) / 2)
    assert mean.count == 4


def test_mixed_groups_have_a_silhouette_of_about_zero():
    mean = silhouette(RNG(4).normal(size=(600, 5)).astype(np.float32), np.arange(600) % 2)
    assert abs(mean.value) < 0.02


def test_many_points_are_thinned_for_the_silhouette_and_it_says_so(monkeypatch):
    monkeypatch.setattr(probes, "MOST_COMPARED", 50)
    points = np.concatenate([RNG(5).normal(size=(100, 2)), RNG(6).normal(size=(100, 2)) + 50]).astype(np.float32)
    mean = silhouette(points, np.repeat([0, 1], 100))
    assert mean.count == 50
    assert mean.value > 0.9


@pytest.mark.parametrize("measure", [linear_probe, silhouette])
def test_one_group_alone_is_a_sentence(measure):
    with pytest.raises(ValueError, match="All images are in one group"):
        measure(np.zeros((20, 2), np.float32), np.zeros(20, np.int64))


def test_too_small_a_group_is_a_sentence():
    groups = np.array([0] * 16 + [1] * 4)
    with pytest.raises(ValueError, match="the smallest has 4 of 20"):
        linear_probe(RNG(0).normal(size=(20, 2)).astype(np.float32), groups)
    with pytest.raises(ValueError, match="more points than groups"):
        silhouette(np.eye(3, dtype=np.float32), np.arange(3))
