"""Real beside generated: as many of each, the same labels in the same places, for pictures and for points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers import tiny_run

from gan_core.datasets.held_out import held_out
from gan_core.figures import imaging
from gan_core.models.building import build
from gan_core.runs import checkpoints
from gan_core.runs.beside import POINTS, real_beside_generated
from gan_core.runs.sampler import Sampler, open_sampler


def sampler(runs_dir: Path, **changes: object) -> Sampler:
    run = tiny_run(runs_dir, **changes)
    checkpoints.save(run, 0, build(run.config(), "cpu"), {"seconds": 0.0}, keep=2)
    return open_sampler(run)


def test_a_conditional_model_draws_the_labels_of_the_real_images(runs_dir: Path) -> None:
    model = sampler(runs_dir, conditioning__name="concat")
    found = real_beside_generated(model, 20, seed=3)
    data = held_out(model.config.dataset).images(20).with_labels(model.config.conditioning.labels)
    assert (found.kind, found.count) == ("test", 20)
    assert np.array_equal(np.asarray(found.real), imaging.grid(np.asarray(data.images)))
    wanted = model.draw(20, 3, np.asarray(data.labels, np.float32))
    assert np.array_equal(np.asarray(found.generated), imaging.grid(wanted))
    assert len(np.unique(np.asarray(data.labels), axis=0)) > 1


def test_points_are_dots_on_one_scale(runs_dir: Path) -> None:
    model = sampler(runs_dir, dataset__name="ring8", network__name="mlp", dataset__num_images=0)
    found = real_beside_generated(model, 16)
    assert found.count == POINTS and found.real.size == found.generated.size
    assert np.asarray(found.real).max() == 230
