"""Seeds trained side by side are the seeds trained alone: same weights after the same steps, for every method."""

from __future__ import annotations

import pytest
import torch

from benchmarks.stacked import Alone, build_stacked, stacked
from gan_core import datasets
from gan_core.config import RunConfig, with_changes
from gan_core.datasets.batches import Batches
from gan_core.experiments.benchmark import METHODS, TASKS
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.training.loop import make_fabric, set_up, train_step
from gan_core.training.plan import check

STEPS, SEEDS = 12, (0, 1, 2)


CHANGES: dict[str, dict[str, object]] = {
    "sngan": {"network.spectral_scale": 3.0, "generator_optimizer.schedule": "linear"},
    "bce": {"discriminator_optimizer.schedule": "cosine"},
}  # what a search over a method's settings may give it


def configs(method: str, changes: dict[str, object]) -> list[RunConfig]:
    small = {"dataset.num_images": 64, "training.batch_size": 16, "network.width": 8, **changes}
    return [with_changes(RunConfig(), TASKS["ring8"].changes(method, seed) | small) for seed in SEEDS]


@pytest.mark.parametrize(
    ("method", "changes"),
    [*((name, {}) for name in METHODS if name != "wgan-gp"), *CHANGES.items()],
    ids=str,
)  # wgan-gp's mixing weights are one draw for all
def test_a_stack_of_seeds_learns_what_each_seed_learns_alone(method, changes):
    chosen = configs(method, changes)
    data = datasets.prepare(chosen[0].dataset).with_labels(())
    feeds = [Batches(data, 16, seed) for seed in SEEDS]
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    alone = []
    for config, feed in zip(chosen, feeds, strict=True):
        check(config)
        model, fabric = build(config, "cpu"), make_fabric(config)
        set_up(fabric, model)  # the loop's own way
        for step in range(STEPS):
            train_step(fabric, model, *feed.batch(step), TrainingProgress(step, STEPS))
        alone.append(model.sample(z, torch.zeros(5, 0)))
    stack = build_stacked(chosen)
    start = stack.sample(z.repeat(3, 1), torch.zeros(15, 0))
    for step in range(STEPS):
        parts = [feed.batch(step) for feed in feeds]
        images, labels = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        train_step(Alone(3), stack, images, labels, TrainingProgress(step, STEPS))  # type: ignore[arg-type]
    together = stack.sample(z.repeat(3, 1), torch.zeros(15, 0))
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)
    assert (together - start).abs().max() > 1e-3  # they did learn


def test_what_cannot_be_stacked_is_refused():
    with pytest.raises(ValueError, match="running_mean"):
        stacked([torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)) for _ in range(2)])
