"""Gradients layer by layer: how much of the loss's push reaches each layer of a network.

Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", section 3 and figure 1b: with clipped weights the
gradient with respect to the layers' activations vanishes or explodes from layer to layer, with a gradient penalty it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gan_core.models.base import Metrics, unwrapped

LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
Outputs = dict[str, list[Tensor]]
"""Layer -> its outputs (N, ...), one a call, in the order of the first call."""


@contextmanager
def recorded(network: nn.Module) -> Iterator[Outputs]:
    """Collects the outputs of a network's layers within it, each before its activation."""
    outputs: Outputs = {}

    def keep(name: str) -> Any:
        def hook(_layer: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            outputs.setdefault(name, []).append(output)
            return output.clone()  # the activation may change it in place

        return hook

    hooks = [
        layer.register_forward_hook(keep(name))
        for name, layer in unwrapped(network).named_modules()
        if isinstance(layer, LAYERS)
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def norms(loss: Tensor, outputs: Outputs, short: str, *, keep_graph: bool = False) -> Metrics:
    """The length of a loss's gradient with respect to each layer's output, as a mean over samples.

    Args:
        loss: a mean over samples.
        outputs: as `recorded` collects them.
        short: the network's name in metrics, such as "d".
        keep_graph: for another loss that shares it.

    Returns:
        "grad_layer/SHORT/NUMBER-LAYER" -> (), numbered in the order of calls; without layers that the loss does not depend on.
    """
    flat = [(name, output) for name, calls in outputs.items() for output in calls]
    gradients = torch.autograd.grad(loss, [output for _, output in flat], allow_unused=True, retain_graph=keep_graph)
    lengths: dict[str, list[Tensor]] = {}
    for (name, _), gradient in zip(flat, gradients, strict=True):
        if gradient is not None:  # of the mean: times N it is each sample's own
            lengths.setdefault(name, []).append(len(gradient) * gradient.float().flatten(1).norm(dim=1))
    return {
        f"grad_layer/{short}/{i:02d}-{name}": torch.cat(found).mean() for i, (name, found) in enumerate(lengths.items())
    }
