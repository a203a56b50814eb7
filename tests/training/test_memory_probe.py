"""The probe of what D knows by heart: it tells training images from held-out ones when D does, and leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import outcome, tiny, tiny_run

from gan_core import datasets
from gan_core.config import with_changes
from gan_core.models.building import build
from gan_core.runs.metrics import MetricsTail
from gan_core.training import loop
from gan_core.training.memory_probe import MemoryProbe

COLUMNS = {"memory/train", "memory/held_out", "memory/gap"}


def columns(run):
    tail = MetricsTail(run.metrics_path)
    tail.refresh()
    return {name: tail.column(name) for name in tail.names()}


def probe_of(config):
    data = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    return MemoryProbe(config, data, torch.device("cpu")).metrics(build(config, "cpu"))


@pytest.mark.parametrize("changes", [{}, {"conditioning__name": "acgan"}, {"remedies__packing": 2}])
def test_a_run_that_is_probed_learns_exactly_what_one_does_that_is_not(runs_dir, changes):
    probed, plain = (
        tiny_run(runs_dir, "a", **changes),
        tiny_run(runs_dir, "b", recording__probe_every_steps=0, **changes),
    )
    assert loop.train(probed).state == loop.train(plain).state == "finished"
    assert outcome(probed)["tensors"] == outcome(plain)["tensors"]
    seen = columns(probed)
    assert seen.keys() >= COLUMNS and not columns(plain).keys() & COLUMNS
    there = np.isfinite(seen["memory/gap"])
    assert seen["step"][there].tolist() == [3, 6, 9, 12, 15, 18]
    assert (
        np.sign(seen["memory/gap"][there]).tolist()
        == np.sign((seen["memory/train"] - seen["memory/held_out"])[there]).tolist()
    )


def test_a_discriminator_that_knows_nothing_tells_nothing_apart_and_one_that_learned_by_heart_does(runs_dir):
    fresh = probe_of(tiny(dataset__num_images=40))
    assert abs(float(fresh["memory/gap"])) < 0.8  # two samples of 40: a standard error of 0.22
    run = tiny_run(runs_dir, dataset__num_images=20, network__width=16, training__epochs=150, dataset__image_size=16,
                   recording__probe_every_steps=20, discriminator_optimizer__learning_rate=1e-3)  # fmt: skip
    assert loop.train(run).state == "finished"
    gap = columns(run)["memory/gap"]
    assert gap[np.isfinite(gap)][-5:].mean() > 1.0


@pytest.mark.parametrize(
    "changes", [{"recording__probe_every_steps": 0}, {"network__name": "vae", "training__ema_decay": 0.0}]
)
def test_runs_that_have_no_discriminator_or_no_wish_to_be_probed_are_not(changes):
    assert probe_of(tiny(**changes)) == {}


def test_images_that_a_run_was_not_given_serve_where_there_is_no_other_split(tmp_path):
    from PIL import Image

    for index in range(20):
        Image.fromarray(np.full((8, 8, 3), index * 10, np.uint8)).save(tmp_path / f"{index:02d}.png")
    config = tiny(
        dataset__name="folder",
        dataset__root=str(tmp_path),
        dataset__channels=3,
        dataset__num_images=8,
        training__batch_size=8,
    )
    assert probe_of(config).keys() == COLUMNS  # 8 learned from, 12 left over
    assert probe_of(with_changes(config, {"dataset.num_images": 0})) == {}
