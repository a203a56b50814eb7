"""From a configuration to a model, whatever its kind."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from gan_core.config import RunConfig
from gan_core.models.base import GenerativeModel
from gan_core.models.kinds import kind_of

_STREAMS = ("weights", "training", "samples")


def stream(seed: int, purpose: str, device: str | torch.device = "cpu") -> torch.Generator:
    """A generator of its own for one purpose of a run: "weights", "training" or "samples".

    Streams of one seed are independent of each other, so that drawing samples never shifts training.
    """
    words = np.random.SeedSequence(seed, spawn_key=(_STREAMS.index(purpose),)).generate_state(2)
    return torch.Generator(device).manual_seed(int(words[0]) << 31 | int(words[1]) >> 1)


def build_networks(config: RunConfig, *, meta: bool = False) -> dict[str, nn.Module]:
    """The networks that a checkpoint of this configuration holds.

    Args:
        config: a resolved configuration.
        meta: leave them on the `meta` device, with shapes and no memory; else they are on the CPU, with first weights
            from the run's own "weights" stream.
    """
    rng = None if meta else stream(config.training.seed, "weights")
    networks: dict[str, nn.Module] = kind_of(config).code("build_networks")(config, rng)
    return networks


def build(config: RunConfig, device: str | torch.device) -> GenerativeModel:
    """The model at step 0, on `device`, ready to train."""
    networks = {
        # Channels-last is the layout that convolutions run fastest in, on CPUs and GPUs alike.
        name: network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for name, network in build_networks(config).items()
    }
    rng = stream(config.training.seed, "training", device)
    model: GenerativeModel = kind_of(config).code("build")(config, networks, rng)
    return model


def decode(config: RunConfig, network: nn.Module, z: Tensor, labels: Tensor) -> Tensor:
    """Samples (N, ...) from the network that draws, for latents (N, latent_dim) and labels (N, L)."""
    samples: Tensor = kind_of(config).code("decode")(config, network, z, labels)
    return samples


def sample_latents(config: RunConfig, count: int) -> Tensor:
    """The run's pinned latents (count, latent_dim), on the CPU: the first `count` of a fixed sequence.

    The sequence does not depend on `count`: each latent is a draw of its own.
    """
    rng = stream(config.training.seed, "samples")
    return torch.stack([torch.randn(config.network.latent_dim, generator=rng) for _ in range(count)])
