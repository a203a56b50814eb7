"""The interface of every model, for the loop, the checkpoints and the pages."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

Metrics = dict[str, Tensor]
"""Metric name -> scalar tensor, left on its device until the loop records it."""


@dataclass(frozen=True)
class TrainingProgress:
    """The steps done when a step begins, and those of the whole run."""

    step: int
    total_steps: int

    @property
    def share(self) -> float:
        """Share of the run that is done: 0 at its first step, towards 1."""
        return self.step / self.total_steps


@dataclass(frozen=True)
class Update:
    """One optimiser step that a model asks the loop to make: backward through `loss`, then step the optimiser.

    Attributes:
        optimizer: key into `GenerativeModel.optimizers`.
        short: short name for metric names ("d" in "grad_norm/d").
        loss: scalar to minimise.
    """

    optimizer: str
    short: str
    loss: Tensor


def unwrapped(network: nn.Module) -> nn.Module:
    """The network itself, without the wrapper that Fabric puts around it."""
    inner = getattr(network, "module", network)
    return inner if isinstance(inner, nn.Module) else network


class GenerativeModel(Protocol):
    """A model that learns by `train_step` and draws by `sample`.

    Attributes:
        networks: name -> network with trainable weights; what a checkpoint's model.safetensors holds.
        averages: name -> running average of a network; what ema.safetensors holds. May be empty.
        profiles: name -> average of a network whose length is chosen after training; what profiles.safetensors holds. Mostly empty.
        optimizers: name -> optimiser.
        rng: the generator behind every random number of training, on the training device.
        latent_dim: size of one latent.
    """

    networks: dict[str, nn.Module]
    averages: dict[str, nn.Module]
    profiles: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    rng: torch.Generator
    latent_dim: int

    def train_step(
        self, images: Tensor, labels: Tensor, progress: TrainingProgress
    ) -> Generator[Update, None, Metrics]:
        """One step of training, as a generator.

        It yields an `Update` for every optimiser step; the loop makes it and resumes. It returns the step's metrics.

        Args:
            images: real images (N, C, H, W) in [-1, 1], or points (N, D).
            labels: (N, L) in {0, 1}; L is 0 without conditioning.
            progress: where in the run the step stands.
        """

    def finish_step(self) -> None:
        """Called once after every training step: running averages and the like; nothing by default."""
        return

    def scalars(self) -> dict[str, Tensor]:
        """Numbers of the training state beside weights, optimisers and `rng`, which a checkpoint holds: name -> scalar, to be
        filled in place; none by default."""
        return {}

    def sample(self, z: Tensor, labels: Tensor) -> Tensor:
        """Samples (N, ...) for latents (N, latent_dim) and labels (N, L); the training state stays as it is."""

    def probe(self) -> Metrics:
        """Measurements too costly for every step, none by default; the training state stays as it is."""
        return {}
