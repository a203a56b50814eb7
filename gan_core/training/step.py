"""One training step of any model: every update is applied here, for runs and for the 2-D lab."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress, Update


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
        The step's metrics, with grad_norm/* of every update that was made: the length of its gradient.
    """
    still = () if trained is None else [network for name, network in model.networks.items() if name not in trained]
    norms: Metrics = {}
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
            gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            norms[f"grad_norm/{update.short}"] = torch.nn.utils.get_total_norm(gradients)
            optimizer.step()
            optimizer.zero_grad()
            yield update
    model.finish_step()
    return metrics | norms


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
