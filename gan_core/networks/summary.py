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


def summarise(network: nn.Module, input_shape: tuple[int, ...]) -> list[Layer]:
    """The leaf layers in the order in which they run, for one input of `input_shape` (without the batch)."""
    layers: list[Layer] = []

    def record(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            count = sum(parameter.numel() for parameter in module.parameters(recurse=False))
            shape = tuple(output.shape[1:])
            layers.append(Layer(name, type(module).__name__, module.extra_repr(), shape, count))

        return hook

    leaves = [(name, module) for name, module in network.named_modules() if not list(module.children())]
    handles = [module.register_forward_hook(record(name)) for name, module in leaves]  # type: ignore[arg-type]
    try:
        device = next(network.parameters()).device
        with torch.no_grad():
            network(torch.empty(2, *input_shape, device=device))
    finally:
        for handle in handles:
            handle.remove()
    return layers
