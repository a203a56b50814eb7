"""Several seeds of one configuration trained side by side: the lab's own networks and step, each operation made once for all.

A small network's step is mostly the price of calling operations, so ten seeds at once cost a third of ten in turn. The
mathematics is that of separate runs: every seed has its own weights (those that `build_networks` draws), its own batches
and its own latents, and its gradient is that of its own loss. tests/experiments/test_stacked.py trains both ways and compares.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gan_core.config import RunConfig
from gan_core.models.building import build_networks, stream
from gan_core.models.gan import GAN


class StackedLinear(nn.Module):
    """S linear layers of one shape as one: of S equal parts of its input, each goes through a layer of its own.

    Args:
        layers: with a bias. Spectral norm that is on them, scaled or not, is kept.
    """

    left: Tensor
    right: Tensor

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers])[:, None])  # (S, 1, O)
        self.has_spectral_norm = parametrize.is_parametrized(layers[0], "weight")
        if not self.has_spectral_norm:
            self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))  # (S, O, I)
            return
        found: list[Any] = [layer.parametrizations["weight"] for layer in layers]  # type: ignore[index]
        self.weight = nn.Parameter(torch.stack([one.original.detach() for one in found]))
        self.register_buffer(
            "left", torch.stack([one[0]._u for one in found])
        )  # torch's names for the singular vectors
        self.register_buffer("right", torch.stack([one[0]._v for one in found]))
        self.scale = found[0][1].scale if len(found[0]) > 1 else 1.0

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (S * N, I) -> outputs (S * N, O)."""
        parts = x.reshape(len(self.weight), -1, x.shape[1])
        return torch.baddbmm(self.bias, parts, self._normalised().mT).flatten(0, 1)

    def _normalised(self) -> Tensor:
        """The weights; with spectral norm divided by their norm, after one power iteration in training mode, as torch does it."""
        if not self.has_spectral_norm:
            return self.weight
        if self.training:
            with torch.no_grad():
                self.left = F.normalize(torch.einsum("sij,sj->si", self.weight, self.right), dim=1)
                self.right = F.normalize(torch.einsum("sij,si->sj", self.weight, self.left), dim=1)
        norms = torch.einsum("si,sij,sj->s", self.left, self.weight, self.right)
        return self.weight * (self.scale / norms)[:, None, None]


def stacked(networks: Sequence[nn.Module]) -> nn.Module:
    """Networks of one class and shape as one that takes the inputs (N, ...) of each, one after the other: (S * N, ...).

    Raises:
        ValueError: networks with weights or buffers outside linear layers, such as batch norm's, which would mix the seeds.
    """
    together = copy.deepcopy(networks[0])
    for name, module in list(together.named_modules()):
        if hasattr(module, "inplace"):
            module.inplace = False  # in place on a view, as a stacked layer's output is, autograd copies it whole
        if isinstance(module, nn.Linear):
            together.set_submodule(name, StackedLinear([network.get_submodule(name) for network in networks]))  # type: ignore[misc]
    strange = [
        f"{place}.{name}".lstrip(".")
        for place, module in together.named_modules()
        if not isinstance(module, StackedLinear)
        for name, _ in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
    ]
    if strange:
        raise ValueError(f"Only linear layers can be stacked; these networks have {', '.join(strange)}.")
    return together


class StackedGAN(GAN):
    """A GAN whose networks are stacked; each seed draws its latents from its own stream."""

    streams: list[torch.Generator]

    def draw_latents(self, count: int) -> Tensor:
        """Latents (count, latent_dim), an equal share from each seed."""
        share = count // len(self.streams)
        return torch.cat([torch.randn(share, self.latent_dim, generator=rng) for rng in self.streams])


class Alone:
    """What a training step asks of Fabric, where there is one process and fp32: the backward pass.

    Losses are means over the batch. Over S stacked batches that makes each seed's gradient S times too small, so the loss
    is multiplied by S.
    """

    def __init__(self, num_seeds: int = 1) -> None:
        self.num_seeds = num_seeds

    def backward(self, loss: Tensor) -> None:
        """Gradients of the sum over the seeds of each one's mean loss."""
        (loss * self.num_seeds if self.num_seeds > 1 else loss).backward()


def build_stacked(configs: Sequence[RunConfig]) -> StackedGAN:
    """The models of several resolved configurations that differ in their seed, as one, on the CPU."""
    built = [build_networks(config) for config in configs]
    networks = {name: stacked([networks[name] for networks in built]) for name in ("generator", "discriminator")}
    streams = [stream(config.training.seed, "training") for config in configs]
    # A penalty's mixing weights are one draw for all, from the first stream; latents come from each seed's own.
    model = StackedGAN(configs[0], networks, streams[0])
    model.streams = streams
    return model
