"""Sweeps to begin with, at one click: R4's table in small, and a search for two learning rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gan_core.experiments.sweeps.parsing import sweep_from
from gan_core.experiments.sweeps.plan import Axis, Sweep, listed, ranged


@dataclass(frozen=True)
class SweepTemplate:
    """A sweep that somebody has thought through.

    Attributes:
        title, description: for people.
        name, preset, axes, metric, trials, changes: as in `sweep_from`.
    """

    title: str
    description: str
    name: str
    preset: str
    axes: tuple[Axis, ...]
    metric: str
    trials: int = 0
    changes: dict[str, Any] = field(default_factory=dict)

    def sweep(self) -> Sweep:
        """The sweep.

        Raises:
            ValueError: what it needs (an evaluator) is not there.
        """
        return sweep_from(
            name=self.name,
            preset=self.preset,
            axes=self.axes,
            metric=self.metric,
            trials=self.trials,
            changes=self.changes,
        )


TEMPLATES: dict[str, SweepTemplate] = {
    "r4": SweepTemplate(
        "R4's table in small",
        "A grid: batch size 16 or 64, 10 or 40 epochs, learning rate 0.0001 or 0.0004. Eight DCGANs on drawn faces; the table "
        "shows what each of them draws.",
        "R4 in small",
        "r4-a-lite",
        (
            listed("training.batch_size", [16, 64]),
            listed("training.epochs", [10, 40]),
            listed("learning_rate", [1e-4, 4e-4]),
        ),
        "fd",
    ),
    "rates": SweepTemplate(
        "Search two learning rates",
        "A search: the generator's and the discriminator's learning rate, each between 0.00001 and 0.01. Optuna chooses twelve "
        "pairs, the later ones near what did best; digits, 4 epochs each.",
        "Two learning rates",
        "mnist-dcgan",
        (
            ranged("generator_optimizer.learning_rate", 1e-5, 1e-2),
            ranged("discriminator_optimizer.learning_rate", 1e-5, 1e-2),
        ),
        "fd",
        12,
        {"training.epochs": 4},
    ),
}
