"""One training step of any model: every update is applied here, for runs and for the 2-D lab.

No optimiser steps on a loss or a gradient that is not finite. On the CPU the step ends there with `TrainingFailed`. On
another device nobody waits for the numbers: `skip_on_device` gives the optimisers a flag on the device, as PyTorch's GradScaler
does, after which none of them steps any more, and the recorder tells at its next flush.

Weights and optimiser states stay as they were before that update. Running averages and batch norm's statistics do not count:
a forward pass has moved the latter before its loss is known. They are never written, for a run that failed writes no checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress, Update
from gan_core.models.schedules import scheduled


class TrainingFailed(ValueError):
    """Training cannot continue; the message says at which step and why."""


def check_finite(step: int, named: Mapping[str, float]) -> None:
    """Raises TrainingFailed for the first metric of a step that is not finite."""
    for name, value in named.items():
        if not math.isfinite(value):
            raise TrainingFailed(
                f"{name} became {value} at step {step:,}: the numbers have grown without bound. "
                "Start again from an earlier checkpoint with a smaller learning rate."
            )


def skip_on_device(optimizers: Iterable[torch.optim.Optimizer], device: torch.device) -> None:
    """Lets optimisers that know how to (Adam, fused) skip their steps from the first number on that is not finite.

    To be called before anything wraps them. The others are waited for at every step.
    """
    flag = torch.zeros((), device=device)
    for optimizer in optimizers:
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            optimizer.found_inf = flag  # type: ignore[attr-defined]


def apply_updates(
    model: GenerativeModel,
    images: Tensor,
    labels: Tensor,
    progress: TrainingProgress,
    backward: Callable[[Update], None],
    trained: Collection[str] | None = None,
) -> Generator[Update, None, Metrics]:
    """A training step, update by update: backward pass, optimiser step, gradients cleared.

    It yields each update once it is made.

    Args:
        model: whose step.
        images, labels, progress: as in `GenerativeModel.train_step`.
        backward: computes the gradients of an update's loss.
        trained: optimisers that make their steps; all if None. The updates of others are skipped, and networks of other
            names keep weights and buffers bit for bit.

    Returns:
        The step's metrics, with those of every update that was made: grad_norm/*, the length of its gradient (on a device
        with a flag it is not finite either if the loss was not), and with a schedule rate/*, its learning rate.

    Raises:
        TrainingFailed: a loss or a gradient is not finite; its update is not made.
    """
    still = () if trained is None else [network for name, network in model.networks.items() if name not in trained]
    made: Metrics = {}
    with _unchanged(still):
        updates = model.train_step(images, labels, progress)
        while True:
            try:
                update = next(updates)
            except StopIteration as done:
                metrics: Metrics = done.value
                break
            if trained is not None and update.optimizer not in trained:
                continue
            optimizer = model.optimizers[update.optimizer]
            backward(update)
            made[f"grad_norm/{update.short}"] = _checked_norm(optimizer, update, progress.step + 1)
            with scheduled(optimizer, progress.step, progress.total_steps) as rate:
                optimizer.step()
            if rate is not None:
                norm = made[f"grad_norm/{update.short}"]
                made[f"rate/{update.short}"] = torch.full_like(norm, rate)  # filled on its device: nobody waits
            optimizer.zero_grad()
            yield update
    model.finish_step()
    return metrics | made


def _checked_norm(optimizer: torch.optim.Optimizer, update: Update, step: int) -> Tensor:
    """The length of an update's gradient, (); the optimiser makes no step if it or the loss is not finite.

    An optimiser with a flag on its device is told there, without waiting for the device.

    Raises:
        TrainingFailed: one of them is not finite, and the optimiser has no such flag.
    """
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    norm, loss = torch.nn.utils.get_total_norm(gradients), update.loss.detach()
    flag = getattr(optimizer, "found_inf", None)
    if flag is None:
        check_finite(step, {f"loss/{update.short}": float(loss), f"grad_norm/{update.short}": float(norm)})
        return norm
    norm = norm + 0 * loss  # not finite if either is not
    flag.masked_fill_(~torch.isfinite(norm), 1)
    return norm


@contextmanager
def _unchanged(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Restores weights and buffers of these networks afterwards: clipped weights, a spectral norm's power iteration."""
    tensors = [tensor for network in networks for tensor in (*network.parameters(), *network.buffers())]
    kept = [(tensor, tensor.detach().clone()) for tensor in tensors]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, before in kept:
                tensor.copy_(before)
