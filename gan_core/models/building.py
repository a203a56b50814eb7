"""From a configuration to a model: the only place that knows which parts make one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from gan_core.config import OptimizerConfig, RunConfig
from gan_core.config.registry import load
from gan_core.datasets import image_shape
from gan_core.models.base import GenerativeModel
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.gan import GAN, Rules
from gan_core.models.networks import NETWORKS
from gan_core.models.networks.critic import Critic, normalise_spectrum
from gan_core.models.networks.initialisation import materialise
from gan_core.models.objectives import OBJECTIVES
from gan_core.models.penalties import PENALTIES
from gan_core.models.vae import VAE, to_signed_images

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
    entry = NETWORKS.find(config.network.name)
    parts = {"gan": _gan_parts, "vae": _vae_parts}[entry.model](config)
    networks = {}
    for name, make in parts.items():
        with torch.device("meta"):
            network = make()
        networks[name] = materialise(network, load(entry.init), rng)
    if config.network.spectral_norm:
        normalise_spectrum(networks["discriminator"], rng)
    return networks


def _gan_parts(config: RunConfig) -> dict[str, Callable[[], nn.Module]]:
    network, shape = config.network, image_shape(config.dataset)
    module = load_module(config)
    num_labels = len(config.conditioning.labels)
    return {
        "generator": lambda: module.Generator(
            network.latent_dim + num_labels, shape, network.width, network.generator_leak
        ),
        "discriminator": lambda: Critic(
            lambda seen: module.Backbone(seen, network.width, network.discriminator_norm),
            shape,
            num_labels,
            CONDITIONINGS.find(config.conditioning.name),
            packing=config.remedies.packing,
            minibatch_std=config.remedies.minibatch_std,
            leaky_output=network.leaky_output,
        ),
    }


def _vae_parts(config: RunConfig) -> dict[str, Callable[[], nn.Module]]:
    network, shape = config.network, image_shape(config.dataset)
    module = load_module(config)
    return {
        "encoder": lambda: module.Encoder(network.latent_dim, shape, network.width),
        "decoder": lambda: module.Decoder(network.latent_dim, shape, network.width, network.generator_leak),
    }


def load_module(config: RunConfig) -> Any:
    """The module of the configuration's architecture."""
    return importlib.import_module(NETWORKS.find(config.network.name).module)


def build(config: RunConfig, device: str | torch.device) -> GenerativeModel:
    """The model at step 0, on `device`, ready to train."""
    networks = {
        # Channels-last is the layout that convolutions run fastest in, on CPUs and GPUs alike.
        name: network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for name, network in build_networks(config).items()
    }
    rng = stream(config.training.seed, "training", device)
    if NETWORKS.find(config.network.name).model == "vae":
        weights = [*networks["encoder"].parameters(), *networks["decoder"].parameters()]
        optimizer = build_optimizer(config.generator_optimizer, weights)
        return VAE(networks["encoder"], networks["decoder"], config.vae, optimizer, rng, config.network.latent_dim)
    return GAN(
        generator=networks["generator"],
        discriminator=networks["discriminator"],
        rules=_rules(config),
        optimizers={
            "generator": build_optimizer(config.generator_optimizer, networks["generator"].parameters()),
            "discriminator": build_optimizer(config.discriminator_optimizer, networks["discriminator"].parameters()),
        },
        average=_average(networks["generator"], config.training.ema_decay),
        rng=rng,
        latent_dim=config.network.latent_dim,
    )


def _rules(config: RunConfig) -> Rules:
    objective, remedies = config.objective, config.remedies
    return Rules(
        objective=OBJECTIVES.find(objective.name),
        real_weight=objective.real_weight,
        fake_weight=objective.fake_weight,
        label_smoothing=remedies.label_smoothing,
        penalty=PENALTIES.find(config.penalty.name),
        penalty_weight=config.penalty.weight,
        weight_clip=objective.weight_clip,
        n_critic=objective.n_critic,
        instance_noise=remedies.instance_noise,
        packing=remedies.packing,
        label_weight=config.conditioning.label_weight,
        exclusive_labels=config.conditioning.exclusive,
    )


def _average(generator: nn.Module, decay: float) -> AveragedModel | None:
    """The generator's running average; None for a decay of 0.

    While it is young it forgets faster, min(decay, (1 + n) / (10 + n)) after n steps (the rule of TensorFlow's
    ExponentialMovingAverage), or short runs would show their first random weights. Batch norm's statistics are copied,
    not averaged: they begin at 1 for activations far smaller, and averaging would keep them too large for thousands of
    steps, which turns every picture grey.
    """
    if not decay:
        return None

    def move(averaged: list[torch.Tensor], current: list[torch.Tensor], _: torch.Tensor) -> None:
        steps = int(average.n_averaged)  # kept on the CPU: a copy on the GPU would have to be waited for
        torch._foreach_lerp_(averaged, current, 1 - min(decay, (1 + steps) / (10 + steps)))

    average = AveragedModel(generator, multi_avg_fn=move)  # type: ignore[arg-type]
    average.requires_grad_(False)
    return average


def build_optimizer(config: OptimizerConfig, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser over some weights.

    Source: Kingma and Ba 2015, "Adam", algorithms 1 (Adam) and 2 (Adamax); Tieleman and Hinton 2012 (RMSprop).
    """
    rate, betas = config.learning_rate, (config.beta1, config.beta2)
    match config.name:
        case "adam":
            return torch.optim.Adam(weights, lr=rate, betas=betas, fused=True)
        case "adamax":
            return torch.optim.Adamax(weights, lr=rate, betas=betas)
        case "rmsprop":
            return torch.optim.RMSprop(weights, lr=rate, alpha=config.beta2)
        case "sgd":
            return torch.optim.SGD(weights, lr=rate, momentum=config.beta1)


SAMPLED = {"gan": "generator", "vae": "decoder"}
"""Kind of model -> the network that makes samples."""


def decode(config: RunConfig, network: nn.Module, z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Samples (N, ...) from a configuration's sampling network, for latents (N, latent_dim) and labels (N, L)."""
    if NETWORKS.find(config.network.name).model == "vae":
        return to_signed_images(network(z))
    samples: torch.Tensor = network(torch.cat([z, labels], dim=1))
    return samples


def sample_latents(config: RunConfig, count: int) -> torch.Tensor:
    """The run's pinned latents (count, latent_dim), on the CPU: the first `count` of a fixed sequence.

    The sequence does not depend on `count`: each latent is a draw of its own.
    """
    rng = stream(config.training.seed, "samples")
    return torch.stack([torch.randn(config.network.latent_dim, generator=rng) for _ in range(count)])
