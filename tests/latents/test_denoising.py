"""The way from noise to a sample, other dials, a picture half way, and points that flow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from helpers import tiny

from gan_core.datasets.batches import to_uint8
from gan_core.latents.denoising import MOST_MOMENTS, denoised, flow, way, with_dials
from gan_core.latents.interpolation import lerp
from gan_core.models.building import build_networks
from gan_core.models.diffusion import Process
from gan_core.models.kinds import kind_of
from gan_core.runs.sampler import Sampler, latents


def sampler(**changes) -> Sampler:
    """A model of no training, whose last layers, which begin at zero, are not."""
    config = tiny(**changes)
    kind = kind_of(config)
    network = build_networks(config)[kind.drawn_by].eval()
    with torch.no_grad():
        for seed, parameter in enumerate(network.parameters()):
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed))
    return Sampler("a-run", 0, config, network, np.eye(1, len(config.conditioning.labels), dtype=np.float32))


PICTURES = {"network__name": "unet", "diffusion__sampling_steps": 5, "diffusion__preview_steps": 2}
LABELLED = PICTURES | {"conditioning__name": "concat", "conditioning__labels": "3,1"}


def test_a_way_leads_from_the_noise_to_the_sample_of_that_noise():
    model = sampler(**PICTURES)
    z = latents(1, model.latent_dim, 3)
    found = way(model, z[0], model.some_labels(1))
    assert found.times == (1000, 800, 600, 400, 200, 0)
    assert found.noisy.shape == found.clean.shape == (6, 1, 8, 8)
    np.testing.assert_array_equal(found.noisy[0], to_uint8(torch.from_numpy(z).view(1, 1, 8, 8))[0])
    np.testing.assert_array_equal(found.noisy[-1], model.images(z)[0])
    np.testing.assert_array_equal(found.clean[-1], found.noisy[-1])
    assert (found.clean[:-1] != found.noisy[:-1]).any((1, 2, 3)).all()


def test_of_a_long_way_both_ends_and_moments_evenly_between_are_kept():
    model = with_dials(sampler(**PICTURES), sampling_steps=200)
    found = way(model, latents(1, model.latent_dim, 0)[0], model.some_labels(1))
    assert len(found.times) == MOST_MOMENTS and (found.times[0], found.times[-1]) == (1000, 0)
    assert {a - b for a, b in itertools.pairwise(found.times)} == {20}


def test_a_picture_half_way_has_the_noise_of_its_step_and_fewer_steps_to_go():
    model = sampler(**PICTURES)
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 8), np.uint8)
    found = denoised(model, picture, 400, model.some_labels(1), 7)
    assert found.times == (400, 200, 0)
    bar = Process.of(model.config.diffusion).alpha_bars[400].item()
    noise = latents(1, model.latent_dim, 7).reshape(1, 1, 8, 8)
    expected = bar**0.5 * (picture / 127.5 - 1) + (1 - bar) ** 0.5 * noise
    np.testing.assert_allclose(found.noisy[0], to_uint8(torch.from_numpy(expected))[0], atol=1)
    for t in (0, 1001):
        with pytest.raises(ValueError, match=f"between 1 and 1000; got {t}"):
            denoised(model, picture, t, model.some_labels(1), 7)


def test_dials_change_what_is_drawn_and_what_cannot_be_is_a_sentence():
    model, plain = sampler(**LABELLED), sampler(**PICTURES)
    z = latents(1, model.latent_dim, 0)
    drawn = [model, *(with_dials(model, **{name: value}) for name, value in
             {"sampling_steps": 2, "eta": 1.0, "guidance": 4.0}.items())]  # fmt: skip
    assert len({each.images(z).tobytes() for each in drawn}) == 4
    with pytest.raises(ValueError, match="once at most"):
        with_dials(model, sampling_steps=1001)
    with pytest.raises(ValueError, match="this model has none"):
        with_dials(plain, guidance=3.0)
    with pytest.raises(ValueError, match="has no time input"):
        with_dials(sampler(), eta=0.5)


def test_points_flow_to_the_samples_and_back_to_the_noise():
    model = sampler(dataset__name="ring8", network__name="mlp_time", diffusion__sampling_steps=100)
    z, places = latents(6, 2, 0), np.array([[0.0, 1.0], [2.0, 0.0]], np.float32)
    there = flow(model, z, places, to_data=True)
    assert (there.times[0], there.times[-1]) == (1000, 0) and len(there.times) == len(there.points) == len(there.scores)
    np.testing.assert_allclose(there.points[-1], model.samples(z), rtol=1e-4, atol=1e-5)
    assert there.scores.shape[1:] == (2, 2) and np.isfinite(there.scores).all()
    back = flow(model, there.points[-1], places, to_data=False)
    assert (back.times[0], back.times[-1]) == (0, 1000)
    assert np.abs(back.points[-1] - z).mean() < 0.2 * np.abs(there.points[-1] - z).mean()


def test_a_straight_line_is_shorter_in_the_middle():
    start, end = np.array([3.0, 0.0], np.float32), np.array([0.0, 3.0], np.float32)
    np.testing.assert_allclose(lerp(start, end, 3), [[3, 0], [1.5, 1.5], [0, 3]])
