"""Where runs are trained: a registry of places. GANVAS_PLACE names a server's; `train --on` and `sweep --on` choose one."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass

from gan_core.config.registry import Registry
from gan_core.config.settings import PLACES as NAMES
from gan_core.config.settings import Settings
from gan_core.runs import Run
from gan_core.training.slurm import SlurmTrainer
from gan_core.training.trainers import ProcessTrainer, ThreadTrainer, Trainer


@dataclass(frozen=True)
class Place:
    """A place of execution.

    Attributes:
        title: for people.
        trainer: (settings, device) -> what takes the device's runs there.
        is_here: whether that is this computer.
    """

    title: str
    trainer: Callable[[Settings, str], Trainer]
    is_here: bool = True

    @property
    def machine(self) -> str:
        """The name under which the machine that it trains on is kept."""
        return platform.node() if self.is_here else f"on-{self.title.lower()}"


PLACES: Registry[Place] = Registry(
    "place",
    {
        "process": Place("Worker process", lambda settings, device: ProcessTrainer(settings.runs_dir, device)),
        "thread": Place("Thread", lambda settings, device: ThreadTrainer(settings.runs_dir, device)),
        "slurm": Place("Slurm", lambda settings, _device: SlurmTrainer(settings.runs_dir), is_here=False),
    },
)
if tuple(PLACES) != NAMES:
    raise RuntimeError(f"The settings know the places {NAMES}, and there are {tuple(PLACES)}.")


def at_once(settings: Settings) -> int:
    """How many runs a sweep gives to the settings' place at the same time."""
    return PLACES.find(settings.place).trainer(settings, "").at_once


def holder(run: Run) -> Trainer | None:
    """What follows a run that an earlier server handed to a cluster; None if none did, or its job is over."""
    trainer = SlurmTrainer(run.path.parent)
    return trainer if trainer.holds(run) else None
