"""Averages of any length from snapshots of two: the profile's closed form, and the sum against one that was tracked directly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import outcome, tiny_run
from torch import nn

from gan_core.models.building import build_networks
from gan_core.models.posthoc_ema import SIGMAS, begin, gamma_of, update, weights_of
from gan_core.runs import checkpoints
from gan_core.runs.sampler import averaged_sampler
from gan_core.training import loop

STEPS, EVERY = 2000, 200
DENOISER = {"network__name": "unet", "diffusion__posthoc_ema": True, "diffusion__preview_steps": 2}


@pytest.mark.parametrize(("sigma", "gamma"), [(0.05, 16.97), (0.10, 6.94), (0.15, 3.56), (0.20, 1.83)])
def test_powers_are_those_of_the_paper(sigma: float, gamma: float) -> None:
    assert gamma_of(sigma) == pytest.approx(gamma, abs=0.01)
    assert (gamma + 1) ** 0.5 / (gamma + 2) / (gamma + 3) ** 0.5 == pytest.approx(sigma, rel=2e-3)


def tracked(sequence: np.ndarray, sigma: float) -> np.ndarray:
    """The average itself, step by step: equation 3."""
    average, found = 0.0, []
    for step, value in enumerate(sequence, 1):
        kept = (1 - 1 / step) ** (gamma_of(sigma) + 1)
        average = kept * average + (1 - kept) * value
        found.append(average)
    return np.array(found)


@pytest.mark.parametrize("sigma", [0.03, 0.05, 0.07, 0.12, 0.2])
@pytest.mark.parametrize("step", [STEPS, 1400])
def test_the_sum_of_snapshots_is_the_average_that_was_tracked(sigma: float, step: int) -> None:
    """On a known sequence of weights that learns, swings and is noisy: within half a percent of its range."""
    tau = np.arange(1, STEPS + 1)
    noise = np.random.default_rng(0).normal(size=STEPS)
    sequence = 1 - np.exp(-tau / 300) + 0.2 * np.sin(tau / 150) + 0.1 * noise
    snapshots = {(at, each): tracked(sequence, each)[at - 1] for at in range(EVERY, step + 1, EVERY) for each in SIGMAS}
    found = weights_of(list(snapshots), step, sigma) @ np.array(list(snapshots.values()))
    assert found == pytest.approx(tracked(sequence, sigma)[step - 1], abs=0.005)


def test_a_kept_length_is_its_own_snapshot_and_weights_sum_to_one() -> None:
    snapshots = [(at, each) for at in (100, 200, 300) for each in SIGMAS]
    assert weights_of(snapshots, 300, 0.1) == pytest.approx([0, 0, 0, 0, 0, 1], abs=1e-6)
    assert weights_of(snapshots, 300, 0.13).sum() == pytest.approx(1, abs=1e-6)


def test_the_update_is_the_equation() -> None:
    network = nn.Linear(1, 1)
    averages = begin(network)
    values = np.random.default_rng(1).normal(size=30)
    for step, value in enumerate(values, 1):
        nn.init.constant_(network.weight, value)
        update(averages, network, step)
    found = [average.weight.item() for average in averages.values()]
    assert found == pytest.approx([tracked(values, sigma)[-1] for sigma in SIGMAS], rel=1e-4)


@pytest.mark.parametrize(("snapshots", "sigma", "word"), [([], 0.1, "posthoc_ema"), ([(10, 0.1)], 0.5, "between")])
def test_what_cannot_be_averaged_is_refused(snapshots: list[tuple[float, float]], sigma: float, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        weights_of(snapshots, 10, sigma)


def test_a_run_keeps_them_to_the_bit_through_a_pause_and_gives_any_length(runs_dir: Path) -> None:
    found = []
    for pause_at in (0, 7):
        run = tiny_run(runs_dir, f"paused at {pause_at}", **DENOISER, recording__checkpoint_every_steps=5)
        asked = iter([*[None] * pause_at, *["pause"] * bool(pause_at)])
        state = loop.train(run, request=lambda asked=asked: next(asked, None)).state
        assert state == ("paused" if pause_at else "finished") and loop.train(run).state == "finished"
        found.append(outcome(run))
    assert found[0] == found[1] and "profiles.safetensors" in found[0]["tensors"]
    step = run.checkpoint_steps()[-1]
    kept, short = (averaged_sampler(run, step, sigma).network for sigma in (0.10, 0.05))
    (held,) = checkpoints.profiles(run, [step], build_networks(run.config())["denoiser"])
    for average, weight in zip(held["sigma_0_1"].parameters(), kept.parameters(), strict=True):
        torch.testing.assert_close(weight, average, rtol=1e-3, atol=1e-5)
    assert not all(torch.equal(a, b) for a, b in zip(short.parameters(), kept.parameters(), strict=True))


def test_a_run_that_was_passed_on_without_them_trains_on_and_keeps_none(runs_dir: Path) -> None:
    run = tiny_run(runs_dir, "passed on", **DENOISER, recording__checkpoint_every_steps=5)
    asked = iter([*[None] * 7, "pause"])
    loop.train(run, request=lambda: next(asked, None))
    assert checkpoints.profile_steps(run)
    for step in run.checkpoint_steps():
        (run.checkpoint_dir(step) / checkpoints.PROFILES).unlink()
    assert loop.train(run).state == "finished" and not checkpoints.profile_steps(run)
