"""How weights are changed: the optimisers, and the running average of a network's weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from gan_core.config import OptimizerConfig


def build_optimizer(config: OptimizerConfig, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser over some weights; `schedules.scheduled` gives each step its rate.

    Source: Kingma and Ba 2015, "Adam", algorithms 1 (Adam) and 2 (Adamax); Tieleman and Hinton 2012 (RMSprop).
    """
    rate, betas = config.learning_rate, (config.beta1, config.beta2)
    optimizer: torch.optim.Optimizer
    match config.name:
        case "adam":
            optimizer = torch.optim.Adam(weights, lr=rate, betas=betas, fused=True)
        case "adamax":
            optimizer = torch.optim.Adamax(weights, lr=rate, betas=betas)
        case "rmsprop":
            optimizer = torch.optim.RMSprop(weights, lr=rate, alpha=config.beta2)
        case "sgd":
            optimizer = torch.optim.SGD(weights, lr=rate, momentum=config.beta1)
    optimizer.defaults["schedule"] = config.schedule  # for `scheduled`; no checkpoint holds it
    return optimizer


def state_names(optimizer: torch.optim.Optimizer, settings: Mapping[str, Any]) -> frozenset[str]:
    """The names of what an optimiser of this kind keeps for each weight once it has stepped, such as exp_avg.

    Args:
        optimizer: of the kind.
        settings: its momentum, if they hold one, counts instead of the optimiser's own.
    """
    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    own = {**optimizer.defaults, **settings}
    momentum = {"momentum": 0.5 if own["momentum"] else 0.0} if "momentum" in optimizer.defaults else {}
    kind: Callable[..., torch.optim.Optimizer] = type(optimizer)
    other = kind([weight], lr=1.0, **momentum)
    other.step()
    return frozenset(other.state[weight])


def running_average(generator: nn.Module, decay: float) -> AveragedModel | None:
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
