"""Networks of an architecture with their first weights, drawn from the run's own generator, never from torch's global one."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import nn

from gan_core.config import RunConfig
from gan_core.config.registry import load
from gan_core.models.networks import NETWORKS

Network = TypeVar("Network", bound=nn.Module)
Init = Callable[[nn.Module, torch.Generator], None]
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def materialise(network: Network, init: Init, rng: torch.Generator | None) -> Network:
    """Gives a network that was built on the `meta` device its memory and its first weights.

    Building on `meta` keeps torch's layers from drawing weights from the global generator, which would make two runs in
    one process depend on each other.

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


def load_module(config: RunConfig) -> Any:
    """The module of the configuration's architecture."""
    return importlib.import_module(NETWORKS.find(config.network.name).module)


def materialised(
    config: RunConfig, parts: Mapping[str, Callable[[], nn.Module]], rng: torch.Generator | None
) -> dict[str, nn.Module]:
    """Networks by name, built in the order of `parts` (name -> constructor), as `materialise` leaves them."""
    init = load(NETWORKS.find(config.network.name).init)
    networks = {}
    for name, make in parts.items():
        with torch.device("meta"):
            network = make()
        networks[name] = materialise(network, init, rng)
    return networks


def dcgan_init(module: nn.Module, rng: torch.Generator) -> None:
    """Convolutions N(0, 0.02), batch norm N(1, 0.02) with bias 0; other layers as torch begins them.

    Source: Radford et al. 2016, section 4, for the convolutions; the PyTorch example for batch norm. Both leave linear
    layers to torch's default.

    Raises:
        TypeError: a layer with weights that it has no rule for.
    """
    if isinstance(module, CONVOLUTIONS):
        nn.init.normal_(module.weight, 0.0, 0.02, generator=rng)
        _zero_bias(module)
    elif isinstance(module, BATCH_NORMS):
        nn.init.normal_(module.weight, 1.0, 0.02, generator=rng)
        nn.init.zeros_(module.bias)
        module.reset_running_stats()
    else:
        default_init(module, rng)


def default_init(module: nn.Module, rng: torch.Generator) -> None:
    """What torch's own layers begin with, but from `rng`: uniform within 1/sqrt(fan_in), for weights and biases alike.

    Source: torch's `reset_parameters` (He et al. 2015 with a = sqrt(5)).

    Raises:
        TypeError: a layer with weights that it has no rule for.
    """
    if isinstance(module, (*CONVOLUTIONS, nn.Linear)):
        fan_in, _ = nn.init._calculate_fan_in_and_fan_out(module.weight)
        bound = 1 / math.sqrt(fan_in)
        nn.init.uniform_(module.weight, -bound, bound, generator=rng)
        if module.bias is not None:
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)
    elif isinstance(module, (*BATCH_NORMS, nn.GroupNorm)):
        module.reset_parameters()
    elif next(module.parameters(recurse=False), None) is not None:
        raise TypeError(f"No initialisation for a {type(module).__name__} layer.")


def xavier_init(module: nn.Module, rng: torch.Generator) -> None:
    """Uniform with equal variance in both directions (Glorot and Bengio 2010), as in SNGAN; biases 0."""
    if isinstance(module, (*CONVOLUTIONS, nn.Linear)):
        is_3x3 = isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3)
        nn.init.xavier_uniform_(module.weight, gain=math.sqrt(2) if is_3x3 else 1.0, generator=rng)
        _zero_bias(module)
    else:
        default_init(module, rng)


def _zero_bias(module: nn.Module) -> None:
    if isinstance(getattr(module, "bias", None), nn.Parameter):
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]
