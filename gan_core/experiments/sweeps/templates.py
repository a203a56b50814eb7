"""Sweeps that can be started as they are: R4's table in small, and a search for two learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gan_core.experiments.sweeps.plan import Sweep, listed, ranged, sweep_from


@dataclass(frozen=True)
class SweepTemplate:
    """A sweep offered by name.

    Attributes:
        title, description: for people.
        arguments: of `sweep_from`.
    """

    title: str
    description: str
    arguments: Mapping[str, Any]

    def sweep(self) -> Sweep:
        """The sweep.

        Raises:
            ValueError: if what it needs (an evaluator) is missing.
        """
        return sweep_from(**self.arguments)


TEMPLATES: dict[str, SweepTemplate] = {
    "r4": SweepTemplate(
        "Batch size x epochs x learning rate (8 runs)",
        "R4's table, small version: batch size 16 or 64, 10 or 40 epochs, learning rate 0.0001 or 0.0004. Eight DCGANs on "
        "rendered faces; the table shows samples of each.",
        {
            "name": "R4, small version",
            "preset": "r4-a-lite",
            "axes": (
                listed("training.batch_size", [16, 64]),
                listed("training.epochs", [10, 40]),
                listed("learning_rate", [1e-4, 4e-4]),
            ),
        },
    ),
    "rates": SweepTemplate(
        "Search two learning rates",
        "A search: the generator's and the discriminator's learning rate, each between 0.00001 and 0.01. Optuna chooses twelve "
        "pairs, the later ones near the best; digits, 4 epochs each.",
        {
            "name": "Two learning rates",
            "preset": "mnist-dcgan",
            "axes": (
                ranged("generator_optimizer.learning_rate", 1e-5, 1e-2),
                ranged("discriminator_optimizer.learning_rate", 1e-5, 1e-2),
            ),
            "trials": 12,
            "changes": {"training.epochs": 4},
        },
    ),
}
