"""First weights, drawn from the run's own generator, never from torch's global one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)
Init = Callable[[nn.Module, torch.Generator], None]


def materialise(network: Network, init: Init, rng: torch.Generator | None) -> Network:
    """Gives a network that was built on the `meta` device its memory and its first weights.

    Building on `meta` keeps torch's layers from drawing weights of their own out of the global generator, which would
    make two runs in one process depend on each other.

    Args:
        network: built under `torch.device("meta")`.
        init: fills one module's own parameters and buffers; called in the order of `network.modules()`.
        rng: a CPU generator; with another thread count or device the weights stay the same. None leaves the network on
            `meta`.
    """
    if rng is None:
        return network
    network.to_empty(device="cpu")
    with torch.no_grad():
        for module in network.modules():
            init(module, rng)
    return network


def dcgan_init(module: nn.Module, rng: torch.Generator) -> None:
    """Convolutions N(0, 0.02), batch norm N(1, 0.02) with bias 0.

    Source: Radford et al. 2016, section 4, for the convolutions; the PyTorch example for batch norm.

    Raises:
        TypeError: a layer with weights that it has no rule for.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02, generator=rng)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02, generator=rng)
        nn.init.zeros_(module.bias)
        module.reset_running_stats()
    elif next(module.parameters(recurse=False), None) is not None:
        raise TypeError(f"No DCGAN initialisation for a {type(module).__name__} layer.")
