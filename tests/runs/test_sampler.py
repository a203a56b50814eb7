"""Looking at a run: what the pages and `sample` draw."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tiny_run
from PIL import Image

from gan_core.figures import imaging
from gan_core.runs import Run
from gan_core.runs.sampler import latents, numbered_latents, open_sampler
from gan_core.training import loop


@pytest.fixture(params=[0.0, 0.9], ids=["weights", "average"])
def run(runs_dir, request) -> Run:
    made = tiny_run(runs_dir, training__ema_decay=request.param)
    loop.train(made)
    return made


def test_the_sample_grid_on_disk_is_what_the_checkpoint_draws_for_the_pinned_latents(run):
    for step in (0, 5, 20):
        drawn = imaging.grid(open_sampler(run, step).pinned(4))
        np.testing.assert_array_equal(np.asarray(Image.open(run.sample_path(step))), drawn)


def test_the_newest_checkpoint_is_the_default(run):
    assert open_sampler(run).step == 20


def test_a_seed_gives_the_same_images_however_many_are_drawn(run):
    sampler = open_sampler(run)
    many = sampler.draw(300, seed=3)
    assert many.shape == (300, 1, 8, 8) and many.dtype == np.uint8
    np.testing.assert_array_equal(many[:5], sampler.draw(5, seed=3))
    assert not np.array_equal(many[:5], sampler.draw(5, seed=4)[:5])
    np.testing.assert_array_equal(latents(300, 8, 3)[:5], latents(5, 8, 3))


def test_a_numbered_sample_is_the_first_latent_of_its_seed():
    np.testing.assert_array_equal(numbered_latents((3, 7), 8), np.concatenate([latents(1, 8, 3), latents(1, 8, 7)]))


def test_labelled_images_take_the_grids_latents_in_turn(run):
    sampler = open_sampler(run)
    drawn = sampler.draw_labelled(np.zeros((5, 0), np.float32), run.config().training.seed, num_latents=2)
    np.testing.assert_array_equal(drawn, sampler.pinned(2)[[0, 1, 0, 1, 0]])


def test_samples_and_images_and_the_sheet_are_of_one_forward_pass(run):
    sampler, z = open_sampler(run), latents(4, 8, 1)
    samples, images = sampler.samples(z), sampler.images(z)
    assert samples.dtype == np.float32 and samples.shape == images.shape
    np.testing.assert_array_equal(images, np.clip(np.round((samples + 1) * np.float32(127.5)), 0, 255).astype(np.uint8))
    np.testing.assert_array_equal(np.asarray(sampler.sheet(z)), imaging.grid(images))


def test_a_checkpoint_that_is_not_there_is_refused_with_those_that_are(run, runs_dir):
    with pytest.raises(ValueError, match=r"has no checkpoint of step 3\. It has: 0, 5, 10, 15, 20"):
        open_sampler(run, 3)
    with pytest.raises(ValueError, match="The run 'new' has no checkpoint yet"):
        open_sampler(tiny_run(runs_dir, "new"))


def test_a_damaged_checkpoint_is_refused(run):
    for file in run.checkpoint_dir(20).glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is damaged"):
        open_sampler(run)
