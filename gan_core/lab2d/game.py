"""Training of a GAN on points in the plane: its `train_step`, update by update."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from gan_core import datasets
from gan_core.config import RunConfig, get
from gan_core.datasets import Dataset
from gan_core.datasets.batches import Batches
from gan_core.datasets.sources.points import fitted
from gan_core.datasets.sources.toys import GRID25, RING8, Mixture
from gan_core.lab2d.protocol import MOVERS
from gan_core.lab2d.stories import check, same_game
from gan_core.models.base import Metrics, TrainingProgress, Update
from gan_core.models.building import build
from gan_core.models.gan import GAN
from gan_core.models.kinds import kind_of
from gan_core.training.step import apply_updates

MIXTURES: dict[str, Mixture] = {"ring8": RING8, "grid25": GRID25}

Points = npt.NDArray[np.float32]


class Game:
    """A game at some step.

    With `who` "both" throughout it is the run of the same configuration, bit for bit: same weights, batches and noise.

    Args:
        config: legal, see `gan_core.lab2d.stories.check`.
        points: (N, 2) to learn from, for the data set "points"; moved and scaled as those of the Data page are, and
            repeated where they are fewer than a batch.

    Attributes:
        step: steps made.
        moves: network -> how often its weights were changed.
        metrics: newest value of each metric of `train_step`.

    Raises:
        ValueError: an illegal configuration, or a network that needs points and got none.
    """

    def __init__(self, config: RunConfig, points: Points | None = None) -> None:
        check(config)
        self.config = config
        self.data = _data(config, points)
        self.mixture = MIXTURES.get(config.dataset.name)
        self.model = _gan(config)
        self.batches = Batches(
            self.data, config.training.batch_size, config.training.seed, packing=config.remedies.packing
        )
        self.step = 0
        self.moves = {"discriminator": 0, "generator": 0}
        self.metrics: Metrics = {}

    @property
    def is_over(self) -> bool:
        """Whether it has made just as many steps as its configuration asks for. It may continue."""
        return self.step > 0 and self.step == self.config.training.max_steps

    def play(self, who: str) -> None:
        """One step, whole; see `half_moves`."""
        for _ in self.half_moves(who):
            pass

    def half_moves(self, who: str) -> Iterator[str]:
        """One step, update by update: yields the name of the network after each update.

        A network that does not move stays as it is, to the last bit: weights, and buffers. With "both"
        the generator moves at every `n_critic`-th step, as in a run; with "g" at each.

        Args:
            who: a name in `MOVERS`.

        Raises:
            ValueError: a loss is no longer a finite number; no weight has been changed by it.
        """
        images, labels = self.batches.batch(self.step)
        updates = apply_updates(self.model, images, labels, self._progress(who), self._backward, MOVERS[who])
        while True:
            try:
                update = next(updates)
            except StopIteration as done:
                self.metrics |= done.value
                break
            self.moves[update.optimizer] += 1
            yield update.optimizer
        self.step += 1

    def change(self, config: RunConfig) -> None:
        """Continues with other losses or learning rates, and the same weights.

        Raises:
            ValueError: an illegal configuration, or one that needs other networks or other data.
        """
        check(config)
        if not same_game(self.config, config):
            raise ValueError("Data, networks, optimisers, batch size and seed are fixed in a session. Start a new one.")
        self.model.use_losses_of(config)
        for part in kind_of(config).optimizers:
            for group in self.model.optimizers[part.name].param_groups:
                group["lr"] = get(config, part.rate)
        self.config = config

    def _progress(self, who: str) -> TrainingProgress:
        step = self.step
        if who == "g":
            step += -(step + 1) % self.config.objective.n_critic  # the next step at which it is G's turn
        return TrainingProgress(step, max(self.config.training.max_steps, step + 1))

    def _backward(self, update: Update) -> None:
        if not torch.isfinite(update.loss):
            raise ValueError(
                f"The loss of the {update.optimizer} is not a finite number at step {self.step + 1}: training has diverged. "
                "Choose a smaller learning rate, and reset."
            )
        update.loss.backward()  # type: ignore[no-untyped-call]


def _data(config: RunConfig, points: Points | None) -> Dataset:
    if config.dataset.name != "points":
        return datasets.prepare(config.dataset).with_labels(())
    if points is None or not len(points):
        raise ValueError("There are no points to learn from. Draw some, then start.")
    there = fitted(np.asarray(points, np.float32))
    there = np.tile(there, (-(-config.training.batch_size // len(there)), 1))
    return Dataset("points", there, np.zeros((len(there), 0), np.uint8), ())  # type: ignore[arg-type]


def _gan(config: RunConfig) -> GAN:
    model = build(config, "cpu")
    if not isinstance(model, GAN):
        raise ValueError(f"The network '{config.network.name}' does not fit the 2-D lab. Set network.name to mlp.")
    return model
