"""How large a run may be: what no machine of ours can hold, and what one student of a classroom may use."""

from __future__ import annotations

import math
from pathlib import Path

from gan_core import datasets, runs
from gan_core.access import Actor, Refused, classroom, current
from gan_core.config import RunConfig
from gan_core.evaluation import evaluators
from gan_core.models.networks import NETWORKS
from gan_core.runs.status import OPEN_STATES

MAX_WEIGHTS = 1_000_000_000  # with Adam's state 16 GB in single precision
MAX_BATCH_VALUES = 1_000_000_000  # 4 GB
MAX_EPOCHS = 500_000
MAX_KEPT, MAX_WRITTEN, MAX_HOURLY = 100, 1_000, 360  # of a student's checkpoints, and as many sample grids


def estimated_weights(config: RunConfig) -> int:
    """About how many weights the networks have; right within a factor of three for the architectures of this program."""
    network = config.network
    return NETWORKS.find(network.name).weights(network.width, config.dataset.image_size, network.latent_dim)


def check_size(config: RunConfig) -> None:
    """Refuses what no machine could train.

    Raises:
        ValueError: with the limit, the value and what to change.
    """
    weights = estimated_weights(config)
    if weights > MAX_WEIGHTS:
        raise ValueError(
            f"These networks would have about {weights:,} weights; at most {MAX_WEIGHTS:,} are trained. Make "
            "network.width, network.latent_dim or dataset.image_size smaller."
        )
    points = NETWORKS.find(config.network.name).domain == "points"
    sample = 2 if points else config.dataset.image_size**2 * config.dataset.channels
    values = config.training.batch_size * sample
    if values > MAX_BATCH_VALUES:
        raise ValueError(
            f"One batch would hold {values:,} numbers ({4 * values / 1e9:.0f} GB); at most {MAX_BATCH_VALUES:,} fit. Make "
            "training.batch_size or dataset.image_size smaller."
        )
    if config.training.epochs > MAX_EPOCHS and not config.training.max_steps:
        raise ValueError(
            f"A run has at most {MAX_EPOCHS:,} epochs; got {config.training.epochs:,}. Set training.epochs lower, or set "
            "training.max_steps."
        )


def check_actor(
    runs_dir: Path, config: RunConfig, steps: int, actor: Actor | None = None, *, received: int | None = None
) -> None:
    """Refuses what is more than one student may use.

    Args:
        runs_dir: where the student's runs are counted.
        config: of the run that is to begin, checked.
        steps: how many it would make.
        actor: on whose behalf; None for `access.current`.
        received: bytes of a run that comes in and does not wait for its turn; None for one that is to be trained.

    Raises:
        Refused: with the limit, the value and what to change.
    """
    actor = actor or current()
    limits, training, recording = classroom.limits_of(actor), config.training, config.recording
    if limits is None:
        return
    for what, value, most, way_out in (
        ("steps", steps, limits.steps, "fewer epochs"),
        ("weights, about,", estimated_weights(config), limits.weights, "a smaller network.width"),
        ("images per batch", training.batch_size, limits.batch_size, "a smaller training.batch_size"),
        ("checkpoints to keep", recording.keep_checkpoints, MAX_KEPT, "a smaller recording.keep_checkpoints"),
        (
            "checkpoints to write", steps // (recording.checkpoint_every_steps or steps or 1), MAX_WRITTEN,
            "a larger recording.checkpoint_every_steps",
        ),
        (
            "checkpoints per hour", math.ceil(3600 / recording.checkpoint_every_s), MAX_HOURLY,
            "a larger recording.checkpoint_every_s",
        ),
        (
            "sample grids to draw", steps // (recording.sample_every_steps or steps or 1), MAX_WRITTEN,
            "a larger recording.sample_every_steps",
        ),
    ):  # fmt: skip
        if value > most:
            raise Refused(f"This run has {value:,} {what}; a student may use {most:,}. Choose {way_out}.")
    datasets.check_allowed(config.dataset, actor)
    mine = [run for run in runs.list_runs(runs_dir) if run.owner == actor.id]
    if received is None and sum(run.status().state in OPEN_STATES for run in mine) > limits.waiting:
        raise Refused(
            f"You have one run training and {limits.waiting} waiting, the most for a student. Wait, or stop one of them."
        )
    classroom.check_share(evaluators.held_by(actor.id, runs_dir) + (received or 0), actor)
