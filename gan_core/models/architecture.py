"""A configuration's networks as tables and as diagrams, without allocating them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gan_core.config import RunConfig
from gan_core.datasets import image_shape
from gan_core.figures.diagram import NetworkBlock
from gan_core.models.building import build_networks
from gan_core.models.kinds import kind_of
from gan_core.models.networks.summary import Layer, summarise

_ = str
"""Marks words for translation where there is no language yet."""


def describe(config: RunConfig) -> dict[str, list[Layer]]:
    """Network name -> its layers in order, with output shapes (without the batch) and parameter counts."""
    inputs = _inputs(config)
    return {
        name: summarise(network.eval(), *inputs[name], batch=2 * config.remedies.packing)
        for name, network in build_networks(config, meta=True).items()
    }


def diagrams(config: RunConfig) -> dict[str, list[NetworkBlock]]:
    """Network name -> its blocks in order, the inputs first, as `figures.diagram` draws them."""
    inputs = _inputs(config)
    return {
        name: [*(NetworkBlock(_("input"), (), shape) for shape in inputs[name] if shape != (0,)), *blocks(layers)]
        for name, layers in describe(config).items()
    }


def blocks(layers: Sequence[Layer]) -> list[NetworkBlock]:
    """The layers in blocks: each begins with a layer that has weights and is no norm, and goes on to the next such layer."""
    groups: list[list[Layer]] = []
    for layer in layers:
        if not groups or (layer.num_parameters and "Norm" not in layer.kind):
            groups.append([])
        groups[-1].append(layer)
    return [
        NetworkBlock(
            first.kind,
            tuple(filter(None, (_settings(first), *(layer.kind for layer in rest)))),
            (first, *rest)[-1].output_shape,
            sum(layer.num_parameters for layer in (first, *rest)),
        )
        for first, *rest in groups
    ]


def _settings(layer: Layer) -> str:
    """Kernel and stride of a convolution."""
    kernel, stride = (re.search(rf"{name}=\((\d+)", layer.detail) for name in ("kernel_size", "stride"))
    return f"kernel {kernel[1]}, stride {stride[1]}" if kernel and stride else ""


def _inputs(config: RunConfig) -> dict[str, tuple[tuple[int, ...], ...]]:
    sizes = image_shape(config.dataset), config.network.latent_dim, len(config.conditioning.labels)
    return {name: tuple(shapes(*sizes)) for name, shapes in kind_of(config).networks.items()}
