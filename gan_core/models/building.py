"""From a configuration to a model: the only place that knows which parts make one."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gan_core.config import OptimizerConfig, RunConfig
from gan_core.models.gan import GAN
from gan_core.networks import NETWORKS
from gan_core.objectives import OBJECTIVES
from gan_core.registry import load

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
        config: a legal configuration.
        meta: leave them on the `meta` device, with shapes and no memory; else they are on the CPU, with first weights
            from the run's own "weights" stream.
    """
    rng = None if meta else stream(config.training.seed, "weights")
    entry = NETWORKS.find(config.network.name)
    shape = (config.dataset.channels, config.dataset.image_size, config.dataset.image_size)
    return {
        "generator": load(entry.generator)(config.network, shape, rng),
        "discriminator": load(entry.discriminator)(config.network, shape, rng),
    }


def build(config: RunConfig, device: str | torch.device) -> GAN:
    """The model at step 0, on `device`, ready to train."""
    networks = {
        # Channels-last is the layout that convolutions run fastest in, on CPUs and GPUs alike.
        name: network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for name, network in build_networks(config).items()
    }
    decay = config.training.ema_decay
    average = None
    if decay:
        average = AveragedModel(
            networks["generator"],
            multi_avg_fn=get_ema_multi_avg_fn(decay),  # type: ignore[no-untyped-call]
            use_buffers=True,
        )
        average.requires_grad_(False)
        average.n_averaged.fill_(1)  # it begins at the first weights; at 0 torch overwrites it, also after a resume
    return GAN(
        generator=networks["generator"],
        discriminator=networks["discriminator"],
        objective=OBJECTIVES.find(config.objective.name),
        optimizers={
            "generator": build_optimizer(config.generator_optimizer, networks["generator"]),
            "discriminator": build_optimizer(config.discriminator_optimizer, networks["discriminator"]),
        },
        average=average,
        rng=stream(config.training.seed, "training", device),
        latent_dim=config.network.latent_dim,
    )


def build_optimizer(config: OptimizerConfig, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of one network. Source of Adam: Kingma and Ba 2015."""
    return torch.optim.Adam(
        network.parameters(), lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True
    )


def sample_latents(config: RunConfig, count: int) -> torch.Tensor:
    """The run's pinned latents (count, latent_dim), on the CPU: the first `count` of a fixed sequence.

    The sequence does not depend on `count`: each latent is a draw of its own.
    """
    rng = stream(config.training.seed, "samples")
    return torch.stack([torch.randn(config.network.latent_dim, generator=rng) for _ in range(count)])
