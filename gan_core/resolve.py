"""From what was asked to what will run: every name checked, every pair legal, every "auto" decided. Free of torch.

A configuration is refused here, before anything is written, with the rule, the value and the way out.
"""

from __future__ import annotations

import math

from gan_core import datasets
from gan_core.config import MIN_BATCH_SIZE, RunConfig, with_changes
from gan_core.datasets import DATASETS
from gan_core.devices import Machine
from gan_core.networks import NETWORKS
from gan_core.objectives import OBJECTIVES
from gan_core.presets import PRESETS

SAMPLES_A_RUN = 60
CHECKPOINTS_A_RUN = 10


def check(config: RunConfig) -> None:
    """Refuses what cannot run.

    Raises:
        ValueError: an unknown name, or parts that do not fit each other.
    """
    PRESETS.find(config.preset)
    DATASETS.find(config.dataset.name)
    OBJECTIVES.find(config.objective.name)
    NETWORKS.find(config.network.name).check(config)


def check_data(config: RunConfig, num_images: int) -> None:
    """Refuses fewer images than one batch.

    Raises:
        ValueError: with both counts and what to change.
    """
    if num_images < config.training.batch_size:
        smaller = f", or set training.batch_size to {num_images} or less" if num_images >= MIN_BATCH_SIZE else ""
        raise ValueError(
            f"The data set has {num_images} images, fewer than one batch of {config.training.batch_size}. "
            f"Add images{smaller}."
        )


def steps_per_epoch(num_images: int, batch_size: int) -> int:
    """Steps that see every image once; the last batch of an epoch may be smaller."""
    return math.ceil(num_images / batch_size)


def total_steps(config: RunConfig, num_images: int) -> int:
    """Steps of the whole run."""
    steps = config.training.epochs * steps_per_epoch(num_images, config.training.batch_size)
    return min(steps, config.training.max_steps or steps)


def resolve(config: RunConfig, machine: Machine) -> RunConfig:
    """The same configuration with every "auto" decided for this machine, checked in full.

    Raises:
        ValueError: as `check` and `check_data`, or a device that this machine does not have.
    """
    check(config)
    num_images = datasets.count(config.dataset)
    check_data(config, num_images)
    steps = total_steps(config, num_images)
    device = _device(config.training.device, machine)
    precision = config.training.precision
    if precision == "auto":
        precision = "bf16" if device in machine.bf16_devices else "fp32"
    recording = config.recording
    return with_changes(
        config,
        {
            "training.device": device,
            "training.precision": precision,
            "training.threads": config.training.threads or machine.threads,
            "recording.sample_every_steps": recording.sample_every_steps or max(1, steps // SAMPLES_A_RUN),
            "recording.checkpoint_every_steps": recording.checkpoint_every_steps
            or max(1, math.ceil(steps / CHECKPOINTS_A_RUN)),
        },
    )


def _device(wanted: str, machine: Machine) -> str:
    if wanted == "auto":
        return machine.devices[0]
    if wanted == "cuda":
        wanted = "cuda:0"
    if wanted not in machine.devices:
        raise ValueError(
            f"This machine has no device '{wanted}'. Set training.device to one of: auto, {', '.join(machine.devices)}."
        )
    return wanted
