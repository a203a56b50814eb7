"""A few steps in float64 of many configurations, alone or as one of several processes: what tests/training/test_together.py compares.

python -m tests.training.shared_steps OUT        with the variables of torchrun: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import torch

from gan_core import datasets
from gan_core.config import RunConfig, with_changes
from gan_core.models.base import GenerativeModel, TrainingProgress
from gan_core.models.building import build
from gan_core.processes import shards
from gan_core.training import loop, together
from tests.models.test_conformance import FULL, SWITCHES, make

EVERY = 7  # no divisor of what the products are of, so that every entry of every table is met
STEPS = 3  # of an epoch: batches of 12, 12 and 7 images
VARIED = [
    {"dataset.flip": True, "dataset.rotation_degrees": 20.0},
    {"penalty.name": "dragan", "network.discriminator_norm": "none"},
]


def configurations() -> Iterator[tuple[str, RunConfig]]:
    """Name -> configuration: of the conformance suite's products one in EVERY, and all its switches."""
    for changes in [*FULL[::EVERY], *SWITCHES, *VARIED]:
        name = " ".join(f"{key.rpartition('.')[2]}={value}" for key, value in changes.items())
        yield name, with_changes(make(changes), {"dataset.num_images": 31})


def trained(config: RunConfig) -> dict[str, torch.Tensor]:
    """All weights and averages, and the last step's losses, after STEPS steps in float64 (float32 for diffusion)."""
    dataset = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    model = build(config, "cpu")
    exact = torch.float32 if "denoiser" in model.networks else torch.float64  # its times are float32
    for network in (*model.networks.values(), *model.averages.values()):
        network.to(exact)
    fabric = loop.make_fabric(config)
    loop.set_up(fabric, model)
    batches = together.own_batches(config, dataset, fabric.device)
    for step in range(STEPS):
        images, labels = batches.batch(step)
        metrics = loop.train_step(fabric, model, images.to(exact), labels.to(exact), TrainingProgress(step, STEPS))
    return state(model) | {f"metric {name}": value.double() for name, value in metrics.items()}


def state(model: GenerativeModel) -> dict[str, torch.Tensor]:
    """The weights and buffers of a model's networks and averages."""
    every = {**model.networks, **{f"average {name}": network for name, network in model.averages.items()}}
    return {
        f"{name} {key}": value.clone() for name, network in every.items() for key, value in network.state_dict().items()
    }


def main() -> None:
    """Trains them all, as one of several processes; the leader writes what came of it."""
    torch.set_num_threads(1)
    shards.join()
    found = {}
    for name, config in configurations():
        try:
            found[name] = trained(config)
        except Exception as failure:
            raise RuntimeError(f"{name}: {failure}") from failure
    try:
        shards.agree("It has other training data." if shards.rank() == 1 else "")
        said = ""
    except ValueError as refusal:
        said = str(refusal)
    if shards.rank() == 0:
        torch.save({"states": found, "said": said}, sys.argv[1])


if __name__ == "__main__":
    main()
