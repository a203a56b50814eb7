"""A run's generator, loaded for looking at: what the pages and `python -m gan_core sample` draw from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gan_core.config import RunConfig
from gan_core.datasets.batches import to_uint8
from gan_core.models.building import build_networks, sample_latents
from gan_core.runs import Run, checkpoints

Uint8Array = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@dataclass(frozen=True)
class Sampler:
    """A generator at one checkpoint.

    Attributes:
        run_id, step: where it comes from.
        config: the run's configuration.
        generator: in evaluation mode, on the CPU.
    """

    run_id: str
    step: int
    config: RunConfig
    generator: nn.Module

    @property
    def latent_dim(self) -> int:
        """Size of one latent."""
        return self.config.network.latent_dim

    def images(self, z: Tensor) -> Uint8Array:
        """Images uint8 (N, C, H, W) for latents (N, latent_dim)."""
        with torch.inference_mode():
            return to_uint8(self.generator(z))

    def draw(self, count: int, seed: int) -> Uint8Array:
        """Images uint8 (count, C, H, W) for new latents from a seed."""
        z = latents(count, self.latent_dim, seed)
        return np.concatenate([self.images(z[start : start + 256]) for start in range(0, count, 256)])

    def pinned(self, count: int) -> Uint8Array:
        """Images for the run's pinned latents, those of its sample grids."""
        return self.images(sample_latents(self.config, count))


def latents(count: int, latent_dim: int, seed: int) -> Tensor:
    """Standard normal latents (count, latent_dim) from a seed; the first ones are the same whatever the count."""
    rng = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randn(latent_dim, generator=rng) for _ in range(count)])


def open_sampler(run: Run, step: int | None = None) -> Sampler:
    """The run's generator at a checkpoint, the newest when `step` is None; its running average where it has one.

    Raises:
        ValueError: no checkpoint (of that step), or a damaged one.
    """
    config = run.config()
    there = checkpoints.steps(run)
    if not there:
        raise ValueError(f"The run '{run.name}' has no checkpoint yet.")
    step = there[-1] if step is None else step
    if step not in there:
        raise ValueError(
            f"The run '{run.name}' has no checkpoint of step {step}. It has: {', '.join(map(str, there))}."
        )
    networks = {"generator": build_networks(config)["generator"]}
    checkpoints.load_networks(run, step, networks, average=config.training.ema_decay > 0)
    return Sampler(run.id, step, config, networks["generator"].eval())
