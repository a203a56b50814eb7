"""Checks a configuration and decides every "auto" in it. Free of torch.

A configuration is refused here, before anything is written, with the rule, the value and the way out.
"""

from __future__ import annotations

import math
from typing import Any

from gan_core import datasets
from gan_core.config import MIN_BATCH_SIZE, RunConfig, get, settings, with_changes
from gan_core.config.devices import Machine
from gan_core.datasets import DATASETS
from gan_core.datasets.epochs import Epoch
from gan_core.models import compatibility
from gan_core.models.augmentation import AUGMENTATIONS
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.kinds import kind_of
from gan_core.models.networks import NETWORKS
from gan_core.models.objectives import OBJECTIVES
from gan_core.models.penalties import PENALTIES
from gan_core.presets import PRESETS
from gan_core.training import allowance

SAMPLES_A_RUN = 60
CHECKPOINTS_A_RUN = 10


def check(config: RunConfig) -> None:
    """Refuses what cannot run.

    Raises:
        ValueError: an unknown name, or parts that do not fit each other.
    """
    PRESETS.find(config.preset)
    dataset = DATASETS.find(config.dataset.name)
    OBJECTIVES.find(config.objective.name)
    PENALTIES.find(config.penalty.name)
    CONDITIONINGS.find(config.conditioning.name)
    for kind in config.augmentation.kinds:
        AUGMENTATIONS.find(kind)
    network = NETWORKS.find(config.network.name)
    if network.domain != dataset.domain:
        fitting = [name for name, entry in NETWORKS.items() if entry.domain == dataset.domain]
        raise ValueError(
            f"The network '{config.network.name}' makes {network.domain}, the data set '{config.dataset.name}' holds "
            f"{dataset.domain}. Set network.name to one of: {', '.join(fitting)}."
        )
    network.check_size(config.dataset.image_size)
    allowance.check_size(config)
    for rule in compatibility.RULES:
        rule.check(config)


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


def check_shares(config: RunConfig, num_images: int, processes: int) -> None:
    """Refuses more processes than an epoch's smallest batch has packs of images.

    Raises:
        ValueError: with both numbers.
    """
    epoch, packing = epoch_of(config, num_images), config.remedies.packing
    smallest = epoch.left or config.training.batch_size
    if smallest // packing < processes:
        raise ValueError(
            f"The smallest batch has {smallest // packing:,} packs of {packing} images, too few for {processes} processes. "
            "Choose another batch size, or fewer processes."
        )


def epoch_of(config: RunConfig, num_images: int) -> Epoch:
    """How an epoch of a run with so many images is dealt out in batches."""
    return Epoch(num_images, config.training.batch_size, config.remedies.packing)


def total_steps(config: RunConfig, num_images: int) -> int:
    """Steps of the whole run."""
    steps = config.training.epochs * epoch_of(config, num_images).steps
    return min(steps, config.training.max_steps or steps)


def resolve(config: RunConfig, machine: Machine) -> RunConfig:
    """The same configuration with every "auto" decided for this machine, checked in full.

    Raises:
        ValueError: as `count_checked` and `decide`.
    """
    return decide(config, machine, count_checked(config))


def count_checked(config: RunConfig) -> int:
    """The number of images that a configuration learns from, once all that does not depend on the machine is checked.

    Raises:
        ValueError: as `check` and `check_data`.
    """
    check(config)
    num_images = datasets.count(config.dataset)
    check_data(config, num_images)
    return num_images


def decide(config: RunConfig, machine: Machine, num_images: int) -> RunConfig:
    """A checked configuration with every "auto" decided for this machine.

    Raises:
        ValueError: a device that this machine does not have, or labels that the data set does not have.
    """
    steps = total_steps(config, num_images)
    device = _device(config.training.device, machine)
    precision = config.training.precision
    if precision == "auto":
        exact = config.penalty.name != "none"  # gradients of gradients lose too much in bf16
        precision = "bf16" if device in machine.bf16_devices and not exact else "fp32"
    return with_changes(
        config,
        {
            **_labels(config),
            "network.latent_dim": _latent_dim(config),
            "dataset.root": settings.absolute(config.dataset.root),
            "training.device": device,
            "training.precision": precision,
            "training.threads": config.training.threads or machine.threads,
            **{name: get(config, name) or interval for name, interval in automatic_intervals(steps).items()},
        },
    )


def automatic_intervals(steps: int) -> dict[str, int]:
    """Dotted name -> steps between two sample grids, and two checkpoints, where the configuration leaves that open."""
    return {
        "recording.sample_every_steps": max(1, steps // SAMPLES_A_RUN),
        "recording.checkpoint_every_steps": max(1, math.ceil(steps / CHECKPOINTS_A_RUN)),
    }


def _latent_dim(config: RunConfig) -> int:
    """The size of z: as set, or that of a sample where z is its noise."""
    is_noise = kind_of(config).latent_is_noise
    return math.prod(datasets.image_shape(config.dataset)) if is_noise else config.network.latent_dim


def _labels(config: RunConfig) -> dict[str, Any]:
    """The labels that the model will use, by name: the chosen ones, or all of the data set's."""
    if not CONDITIONINGS.find(config.conditioning.name).uses_labels:
        return {"conditioning.labels": (), "conditioning.exclusive": False}
    there = datasets.label_names(config.dataset)
    if not there:
        raise ValueError(
            f"Conditioning needs labels, and the data set '{config.dataset.name}' has none. "
            "Set conditioning.name to none, or sort the pictures into one subfolder a class."
        )
    chosen = config.conditioning.labels or there
    unknown = [name for name in chosen if name not in there]
    if unknown:
        raise ValueError(
            f"The data set '{config.dataset.name}' has no label '{unknown[0]}'. It has: {', '.join(there[:60])}."
        )
    exclusive = DATASETS[config.dataset.name].exclusive_labels and len(chosen) == len(there)
    return {"conditioning.labels": chosen, "conditioning.exclusive": exclusive}


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
