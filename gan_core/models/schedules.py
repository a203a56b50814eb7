"""How an optimiser's learning rate moves over a run: one factor, for every family of models. Free of torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gan_core.config import Schedule

if TYPE_CHECKING:
    import torch

WARM_UP = 0.05  # share of the steps


def rate_factor(schedule: Schedule, step: int, total_steps: int) -> float:
    """What a step's learning rate is multiplied by, in [0, 1].

    Source: "linear" Zhu et al. 2017, "Unpaired Image-to-Image Translation" (CycleGAN), section 4; "cosine" Loshchilov and
    Hutter 2017, "SGDR", equation 5, one fall to 0; "warmup" Goyal et al. 2017, "Accurate, Large Minibatch SGD",
    section 2.2.

    Args:
        schedule: as in `OptimizerConfig.schedule`.
        step: the steps done before it. All of a step's updates have one factor, also where `n_critic` is above 1.
        total_steps: those of the resolved run; beyond them a fall stays at 0. A continued run that gets more steps follows
            the new number from there on.
    """
    share = min(step / total_steps, 1.0)
    match schedule:
        case "constant":
            return 1.0
        case "linear":
            return min(1.0, 2 * (1 - share))
        case "cosine":
            return (1 + math.cos(math.pi * share)) / 2
        case "warmup":
            return min(1.0, (step + 1) / (WARM_UP * total_steps))  # the first step is not lost


@contextmanager
def scheduled(optimizer: torch.optim.Optimizer, step: int, total_steps: int) -> Iterator[float | None]:
    """Gives an optimiser of `build_optimizer` the learning rate of a step; afterwards it has its base rate back.

    So checkpoints, branches and live changes hold and change the base rate alone.

    Yields:
        The rate; None for the schedule "constant".
    """
    schedule, base = optimizer.defaults["schedule"], optimizer.param_groups[0]["lr"]
    if schedule == "constant":
        yield None
        return
    rate = base * rate_factor(schedule, step, total_steps)
    try:
        for group in optimizer.param_groups:
            group["lr"] = rate
        yield rate
    finally:
        for group in optimizer.param_groups:
            group["lr"] = base
