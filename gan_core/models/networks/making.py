"""From a configuration's architecture to networks with their first weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from gan_core.config import RunConfig
from gan_core.config.registry import load
from gan_core.models.networks import NETWORKS
from gan_core.models.networks.initialisation import materialise


def load_module(config: RunConfig) -> Any:
    """The module of the configuration's architecture."""
    return importlib.import_module(NETWORKS.find(config.network.name).module)


def materialised(
    config: RunConfig, parts: Mapping[str, Callable[[], nn.Module]], rng: torch.Generator | None
) -> dict[str, nn.Module]:
    """Networks by name, made one after the other with the first weights that belong to their architecture.

    Args:
        config: whose architecture says how weights begin.
        parts: name -> what makes the network.
        rng: source of the weights, on the CPU; None leaves the networks on the `meta` device, without memory.
    """
    init = load(NETWORKS.find(config.network.name).init)
    networks = {}
    for name, make in parts.items():
        with torch.device("meta"):
            network = make()
        networks[name] = materialise(network, init, rng)
    return networks
