"""A VAE's two halves: they are those of the checkpoint, and the error is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import tiny_run
from torch import nn

from gan_core import datasets
from gan_core.config import with_changes
from gan_core.models.building import build_networks
from gan_core.runs import Run, checkpoints
from gan_core.runs.autoencoder import BATCH, Autoencoder, open_autoencoder
from gan_core.runs.sampler import latents, open_sampler
from gan_core.training import loop

VAE = {"network__name": "vae", "training__ema_decay": 0.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    """A trained VAE of 20 steps at 8 px."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        made = tiny_run(tmp_path_factory.mktemp("vae"), **VAE)
        assert loop.train(made).state == "finished"
    return made


class Halves(nn.Module):
    """An encoder that keeps the mean of each of four quarters, and says nothing of the spread."""

    def forward(self, images):
        means = nn.functional.adaptive_avg_pool2d(images, 2).flatten(1)
        return means, torch.zeros_like(means)


class Constant(nn.Module):
    """A decoder whose picture is the same grey everywhere."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.logit = float(np.log(level / (1 - level)))

    def forward(self, z):
        return torch.full((len(z), 1, 8, 8), self.logit)


def by_hand(run: Run, level: float) -> Autoencoder:
    config = with_changes(run.config(), {"network.latent_dim": 4})
    return Autoencoder("by-hand", 0, config, Halves().eval(), Constant(level).eval())


def test_the_error_is_the_mean_of_squared_differences_of_pixels_in_0_to_1(run):
    """Against a decoder that always says 0.5: white and black are off by 0.5, a quarter of white by the same."""
    images = np.zeros((3, 1, 8, 8), np.uint8)
    images[1] = 255
    images[2, :, :4, :4] = 51  # 0.2: a quarter of the pixels is off by 0.3
    _latents, errors = by_hand(run, 0.5).measure(images)
    assert errors == pytest.approx([0.25, 0.25, 0.75 * 0.25 + 0.25 * 0.09], abs=1e-6)


def test_a_latent_is_the_mean_of_the_posterior(run):
    images = np.zeros((1, 1, 8, 8), np.uint8)
    images[0, 0, :4, 4:] = 255
    model = by_hand(run, 0.5)
    assert model.encode(images).tolist() == [[-1.0, 1.0, -1.0, -1.0]]
    assert model.measure(images)[0].tolist() == [[-1.0, 1.0, -1.0, -1.0]]


def test_the_halves_are_those_of_the_checkpoint(run):
    networks = build_networks(run.config())
    checkpoints.load_networks(run, 10, networks, average=False)
    model = open_autoencoder(run, 10)
    for name, ours in (("encoder", model.encoder), ("decoder", model.decoder)):
        for key, weight in networks[name].state_dict().items():
            assert torch.equal(weight, ours.state_dict()[key]), f"{name}.{key}"
    assert open_autoencoder(run).step == 20


def test_decoding_equals_sampling(run):
    z = latents(6, 8, 3)
    np.testing.assert_array_equal(open_autoencoder(run).decode(z), open_sampler(run).images(z))


def test_measuring_equals_encoding_and_decoding_whatever_the_batches(run):
    images = datasets.prepare(run.config().dataset).images
    images = np.concatenate([images, images])[: BATCH + 7]
    model = open_autoencoder(run)
    reports = []
    means, errors = model.measure(images, lambda *report: reports.append(report))
    assert reports == [(BATCH, BATCH + 7), (BATCH + 7, BATCH + 7)]
    np.testing.assert_allclose(means, model.encode(images), atol=1e-6)
    rounded = (model.reconstruct(images) / 255.0 - images / 255.0) ** 2
    np.testing.assert_allclose(errors, rounded.mean(axis=(1, 2, 3)), atol=2e-3)  # bytes are rounded to 1/255
    assert errors.shape == (BATCH + 7,)


def test_the_same_images_give_the_same_latents_every_time(run):
    images = datasets.prepare(run.config().dataset).images[:9]
    np.testing.assert_array_equal(open_autoencoder(run).encode(images), open_autoencoder(run).encode(images))


def test_no_images_have_no_latents(run):
    assert open_autoencoder(run).encode(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0, 8)


def test_what_cannot_be_opened_is_a_sentence(run, runs_dir):
    with pytest.raises(ValueError, match="is not a VAE"):
        open_autoencoder(tiny_run(runs_dir))
    with pytest.raises(ValueError, match=r"has no checkpoint yet\. Train it for a while first"):
        open_autoencoder(tiny_run(runs_dir, **VAE))
    with pytest.raises(ValueError, match=r"no checkpoint of step 7\. It has: 0, 5"):
        open_autoencoder(run, 7)


def test_a_shift_of_zero_gives_the_reconstruction_or_with_its_details_the_image_itself(run):
    model = open_autoencoder(run)
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    nothing = np.zeros(run.config().network.latent_dim, np.float32)
    moved, plain, error = model.shifted(image, nothing, keep_details=False)
    np.testing.assert_array_equal(moved, plain)
    np.testing.assert_array_equal(plain, model.reconstruct(image[None])[0])
    assert error == pytest.approx(float(model.measure(image[None])[1][0]))
    np.testing.assert_array_equal(model.shifted(image, nothing, keep_details=True)[0], image)
    far, _plain, _error = model.shifted(image, nothing + 3, keep_details=False)
    np.testing.assert_array_equal(far, model.decode(model.encode(image[None]) + 3)[0])
