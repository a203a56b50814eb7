"""No number of images ends a run: what makes no batch is left over, and told in epochs and counts."""

from __future__ import annotations

import json

import pytest
from helpers import outcome, tiny_run

from gan_core.training import loop, plan


@pytest.mark.parametrize(
    ("images", "changes", "steps", "seen"),
    [
        (9, {"network__name": "dcgan5"}, 2, 8),
        (9, {"network__name": "vae", "training__ema_decay": 0.0}, 2, 8),
        (10, {"network__name": "dcgan5"}, 3, 10),
        (9, {"remedies__packing": 2}, 2, 8),
        (11, {"remedies__packing": 2}, 2, 8),
        (11, {"remedies__packing": 4}, 2, 8),
        (11, {"remedies__packing": 2, "remedies__minibatch_std": True, "training__batch_size": 6}, 2, 10),
    ],
)
def test_a_run_of_any_number_of_images_ends_with_the_counts_that_were_told(runs_dir, images, changes, steps, seen):
    sizes = {"dataset__num_images": images, "training__batch_size": 4, "training__epochs": 2, "training__max_steps": 0}
    run = tiny_run(runs_dir, **sizes | changes)
    told = plan.epoch_of(run.config(), images)
    assert (told.steps, told.images) == (steps, seen)
    asked = iter(range(100))
    assert loop.train(run, None, lambda: "pause" if next(asked) >= steps else None).state == "paused"
    status = loop.train(run)
    assert (status.state, status.error) == ("finished", "")
    assert (status.step, status.total_steps, status.steps_per_epoch) == (2 * steps, 2 * steps, steps)
    assert status.num_images == images and status.images_seen == 2 * seen
    lines = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1] * steps + [2] * steps
    whole = tiny_run(runs_dir, **sizes | changes)
    loop.train(whole)
    assert outcome(whole) == outcome(run)  # paused between two epochs or not


@pytest.mark.parametrize(("left", "words"), [(1, "needs 2 readable held-out images"), (0, "no images other than")])
def test_a_run_without_a_curve_of_memory_says_why(runs_dir, tmp_path, left, words):
    import numpy as np
    from PIL import Image

    for index in range(8 + left):
        Image.fromarray(np.full((8, 8, 3), index * 10, np.uint8)).save(tmp_path / f"{index:02d}.png")
    run = tiny_run(
        runs_dir, dataset__name="folder", dataset__root=str(tmp_path), dataset__channels=3, dataset__num_images=8,
        network__name="dcgan5", training__batch_size=4, training__max_steps=4,
    )  # fmt: skip
    assert loop.train(run).state == "finished"
    assert not any("memory/gap" in line for line in run.metrics())
    (told,) = [event["why"] for event in run.events() if event["type"] == "memory_not_measured"]
    assert words in told
