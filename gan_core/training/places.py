"""Where runs are trained: a registry of places. GANVAS_PLACE names a server's; `train --on` and `sweep --on` choose one."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass

from gan_core.config.registry import Registry
from gan_core.config.settings import Settings
from gan_core.runs import Run
from gan_core.training.slurm import SlurmTrainer
from gan_core.training.trainers import ProcessTrainer, ThreadTrainer, Trainer


@dataclass(frozen=True)
class Place:
    """A place of execution.

    Attributes:
        trainer: (settings, device) -> what takes the device's runs there.
        machine: name under which what it trains on is kept; this computer's unless it is elsewhere.
    """

    trainer: Callable[[Settings, str], Trainer]
    machine: str = platform.node()


PLACES: Registry[Place] = Registry(
    "place",
    {
        "process": Place(lambda settings, device: ProcessTrainer(settings.runs_dir, device)),
        "thread": Place(lambda settings, device: ThreadTrainer(settings.runs_dir, device)),
        "slurm": Place(lambda settings, _device: SlurmTrainer(settings.runs_dir), machine="on-slurm"),
    },
)


def at_once(settings: Settings) -> int:
    """How many runs a sweep gives to the settings' place at the same time."""
    return PLACES.find(settings.place).trainer(settings, "").at_once


def holder(run: Run) -> Trainer | None:
    """What follows a run that an earlier server handed to a cluster; None if none did, or its job is over."""
    trainer = SlurmTrainer(run.path.parent)
    return trainer if trainer.holds(run) else None
