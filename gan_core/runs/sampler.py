"""A run's generator, loaded for looking at: what the pages and `python -m gan_core sample` draw from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gan_core.config import RunConfig
from gan_core.datasets.batches import to_uint8
from gan_core.models.building import build_networks, decode, sample_latents
from gan_core.models.kinds import kind_of
from gan_core.runs import Run, checkpoints

Uint8Array = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@dataclass(frozen=True)
class Sampler:
    """What draws, at one checkpoint: a GAN's generator or a VAE's decoder.

    Attributes:
        run_id, step: where it comes from.
        config: the run's configuration.
        network: in evaluation mode, on the CPU.
        pinned_labels: (P, L), those of the run's sample grids.
    """

    run_id: str
    step: int
    config: RunConfig
    network: nn.Module
    pinned_labels: Tensor

    @property
    def latent_dim(self) -> int:
        """Size of one latent."""
        return self.config.network.latent_dim

    def some_labels(self, count: int) -> Tensor:
        """Labels (count, L) for when nobody chose any: the pinned ones, over and over."""
        return self.pinned_labels[torch.arange(count) % len(self.pinned_labels)]

    def samples(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Samples (N, ...) in [-1, 1] (points: as they are) for latents (N, latent_dim) and labels (N, L)."""
        with torch.inference_mode():
            return decode(self.config, self.network, z, self.some_labels(len(z)) if labels is None else labels)

    def images(self, z: Tensor, labels: Tensor | None = None) -> Uint8Array:
        """Images uint8 (N, C, H, W) for latents (N, latent_dim)."""
        return to_uint8(self.samples(z, labels))

    def first_response(self, z: Tensor) -> Tensor:
        """The first layer's response to latents (N, latent_dim), for finding directions."""
        labels = self.some_labels(len(z))
        respond = getattr(self.network, "first_response")  # noqa: B009 - a Module's attributes have no type
        response: Tensor = respond(torch.cat([z, labels], dim=1))
        return response

    def first_weight(self) -> Tensor:
        """The matrix with which the first layer receives z, (features, latent_dim): the columns of labels are left out."""
        weight_of = getattr(self.network, "first_weight")  # noqa: B009 - a Module's attributes have no type
        weight: Tensor = weight_of().detach().float()
        return weight[:, : self.latent_dim]

    def draw(self, count: int, seed: int, labels: Tensor | None = None) -> Uint8Array:
        """Images uint8 (count, C, H, W) for new latents from a seed."""
        z = latents(count, self.latent_dim, seed)
        labels = self.some_labels(count) if labels is None else labels
        parts = [slice(start, start + 256) for start in range(0, count, 256)]
        return np.concatenate([self.images(z[part], labels[part]) for part in parts])

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
    name = kind_of(config).drawn_by
    networks = {name: build_networks(config)[name]}
    checkpoints.load_networks(run, step, networks, average=config.training.ema_decay > 0)
    labels = torch.tensor(run.pinned_labels() or [[0] * len(config.conditioning.labels)], dtype=torch.float32)
    width = len(config.conditioning.labels)
    if labels.dim() != 2 or labels.shape[1] != width:
        raise ValueError(
            f"The run '{run.name}' keeps {tuple(labels.shape)} pinned labels; its model takes {width} a sample."
        )
    return Sampler(run.id, step, config, networks[name].eval(), labels)
