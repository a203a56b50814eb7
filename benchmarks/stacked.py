"""Several seeds of one configuration trained side by side: the lab's own networks and step, each operation made once for all.

A small network's step is mostly the price of calling operations, so ten seeds at once cost a third of ten in turn. The
mathematics is that of separate runs: every seed has its own weights (those that `build_networks` draws), its own batches
and its own latents, and its gradient is that of its own loss. tests/experiments/test_stacked.py trains both ways and compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from gan_core.config import RunConfig
from gan_core.models.building import build_networks, stream
from gan_core.models.gan import GAN

_LEFT, _RIGHT = "_u", "_v"  # torch's names for spectral norm's singular vectors


class Stacked(nn.Module):
    """Networks of one shape as one: of S equal parts of its input, each goes through a network of its own.

    Args:
        networks: of one class and shape; the only buffers that they may hold are the singular vectors of spectral norm.

    Raises:
        ValueError: networks with other buffers, such as batch norm's.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        weights, vectors = stack_module_state(list(networks))  # type: ignore[arg-type]
        if strange := [name for name in vectors if not name.endswith((_LEFT, _RIGHT))]:
            raise ValueError(f"Networks with buffers cannot be stacked; these have {', '.join(strange)}.")
        self.count = len(networks)
        self._names = list(weights)
        self._weights = nn.ParameterList([nn.Parameter(w.detach().clone()) for w in weights.values()])
        self._vectors = {name: vector.detach().clone() for name, vector in vectors.items()}
        template = networks[0].eval()  # so that spectral norm leaves its vectors alone: `_iterate` moves them

        def call(own: dict[str, Tensor], *inputs: Tensor) -> Tensor:
            made: Any = functional_call(template, own, inputs)
            return made if isinstance(made, Tensor) else made[0]  # a critic's logits, without its absent label logits

        self._call = vmap(call)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs (S * N, ...) -> outputs (S * M, ...)."""
        parts = [x.reshape(self.count, len(x) // self.count, *x.shape[1:]) for x in inputs]
        weights = dict(zip(self._names, self._weights, strict=True))
        if self._vectors and self.training:
            self._iterate(weights)
        made: Tensor = self._call({**weights, **self._vectors}, *parts)
        return made.flatten(0, 1)

    @torch.no_grad()
    def _iterate(self, weights: dict[str, Tensor]) -> None:
        """Spectral norm's one power iteration a forward pass, as torch's own does it in training mode."""
        for name in [name for name in self._vectors if name.endswith(_LEFT)]:
            place = name.removesuffix(_LEFT)
            matrix = weights[place.removesuffix("0.") + "original"]
            right = self._vectors[place + _RIGHT]
            left = F.normalize(torch.einsum("sij,sj->si", matrix, right), dim=1)
            self._vectors[name] = left
            self._vectors[place + _RIGHT] = F.normalize(torch.einsum("sij,si->sj", matrix, left), dim=1)


class StackedCritic(Stacked):
    """The same for discriminators, which answer in pairs."""

    def forward(self, *inputs: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        """Samples (S * N, ...) and their labels -> logits, no label logits."""
        return super().forward(*inputs), None


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
    networks = {
        "generator": Stacked([networks["generator"] for networks in built]),
        "discriminator": StackedCritic([networks["discriminator"] for networks in built]),
    }
    streams = [stream(config.training.seed, "training") for config in configs]
    # A penalty's mixing weights are one draw for all, from the first stream; latents come from each seed's own.
    model = StackedGAN(configs[0], networks, streams[0])
    model.streams = streams
    return model
