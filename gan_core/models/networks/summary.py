"""An architecture layer by layer: output shapes and parameter counts, without running or allocating it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layer:
    """One line of the summary: a leaf module, its output shape without the batch, and its number of parameters."""

    name: str
    kind: str
    detail: str
    output_shape: tuple[int, ...]
    num_parameters: int


def summarise(network: nn.Module, *input_shapes: tuple[int, ...], batch: int = 2) -> list[Layer]:
    """The leaf layers in the order in which they run.

    Args:
        network: on any device; `meta` costs nothing.
        input_shapes: shape of each of its inputs, without the batch.
        batch: samples to imagine; a multiple of the packing where samples are packed.
    """
    layers: list[Layer] = []

    def record(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            count = sum(parameter.numel() for parameter in module.parameters())
            layers.append(Layer(name, _kind(module), module.extra_repr(), tuple(output.shape[1:]), count))

        return hook

    leaves = [(name, module) for name, module in network.named_modules() if _is_leaf(name, module)]
    handles = [module.register_forward_hook(record(name)) for name, module in leaves]  # type: ignore[arg-type]
    try:
        device = next(network.parameters()).device
        with torch.no_grad():
            network(*(torch.empty(batch, *shape, device=device) for shape in input_shapes))
    finally:
        for handle in handles:
            handle.remove()
    return layers


def _is_leaf(name: str, module: nn.Module) -> bool:
    """A layer of its own: without parts, or with nothing but spectral norm on its weight."""
    return "parametrizations" not in name and all(part == "parametrizations" for part, _ in module.named_children())


def _kind(module: nn.Module) -> str:
    """The layer's class, by the name it had before a parametrisation renamed it."""
    return type(module).__name__.removeprefix("Parametrized")
