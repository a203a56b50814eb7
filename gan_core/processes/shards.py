"""One run over several processes: each has its share of every batch, and all of them make the step that one process would.

torchrun starts them (also over several machines), torch.distributed connects them: gloo between processors, NCCL between GPUs.
Every process draws the random numbers of the whole batch and keeps those of its share; batch statistics, gradients and metrics
are those of the whole batch. Weights are therefore the same everywhere without being sent. Process 0 leads: it alone reads
commands and writes the run's folder. With one process nothing here does anything.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from gan_core.config.devices import check_processes

Answer = TypeVar("Answer")
PATIENCE = timedelta(
    hours=6
)  # of processes that wait while the leader prepares its data; one that ends is noticed at once


@dataclass(frozen=True)
class BatchShare:
    """This process's rows of the whole batch: `start` to `stop` of `total`."""

    start: int
    stop: int
    total: int

    @property
    def weight(self) -> float:
        """Share of the batch: what a mean over these rows counts in that over all."""
        return (self.stop - self.start) / self.total


class _Now:
    share: BatchShare | None = None  # of the step that is being made; None where there is one process


_now = _Now()


def count() -> int:
    """How many processes train the run."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """This process's number among them; 0 leads."""
    return dist.get_rank() if count() > 1 else 0


def join() -> bool:
    """Joins the processes that torchrun started with this one. Returns whether it has to follow another.

    Raises:
        ValueError: they cannot be reached.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and "MASTER_ADDR" in os.environ and not dist.is_initialized():
        try:
            backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
            dist.init_process_group(backend, timeout=PATIENCE)
        except (RuntimeError, ValueError) as failure:
            raise ValueError(
                f"The other processes of this training cannot be reached ({failure}). Start all of them with torchrun."
            ) from failure
    return rank() > 0


def is_lost(failure: Exception) -> bool:
    """Whether an error means that another process has gone."""
    return count() > 1 and (isinstance(failure, dist.DistError) or "gloo" in str(failure))


def own_device(device: str) -> str:
    """The device of this process, where the leader's is `device`: on GPUs a process has one of its own.

    Raises:
        ValueError: there are fewer GPUs on this computer than processes.
    """
    kind = device.partition(":")[0]
    if count() == 1 or kind == "cpu":
        return device
    there, here = torch.cuda.device_count() if kind == "cuda" else 1, int(os.environ.get("LOCAL_RANK", "0"))
    check_processes(max(here + 1, int(os.environ.get("LOCAL_WORLD_SIZE", "1"))), device, there)
    return f"{kind}:{here}"


# what the leader tells


def told(what: Answer) -> Answer:
    """What the leader calls it with, in every process."""
    held = [what]
    if count() > 1:
        dist.broadcast_object_list(held, src=0)
    return held[0]


def told_numbers(numbers: Sequence[float]) -> list[float]:
    """The leader's numbers in every process; all give as many. A message of this kind at every step costs little."""
    if count() == 1:
        return list(numbers)
    held = torch.tensor(numbers, dtype=torch.float64)
    dist.broadcast(held, src=0)
    return held.tolist()


def agree(problem: str) -> None:
    """Every process says what keeps it from beginning, "" for nothing.

    Raises:
        ValueError: in all of them, with what the first said that said something.
    """
    if count() == 1:
        if problem:
            raise ValueError(problem)
        return
    said: list[str] = [""] * count()
    dist.all_gather_object(said, problem)
    for number, sentence in enumerate(said):
        if sentence:
            raise ValueError(f"Process {number} of {count()}: {sentence}")


# the share of a batch


def take(images: int, packing: int) -> tuple[int, int]:
    """Begins a step on a batch of so many images.

    Returns:
        First and last (exclusive) of this process's images, whole packs of them.
    """
    if count() == 1:
        return 0, images
    packs = images // packing
    start, stop = (packing * (packs * part // count()) for part in (rank(), rank() + 1))
    _now.share = BatchShare(start, stop, packs * packing)
    return start, stop


@contextmanager
def alone() -> Iterator[None]:
    """Within it this process works by itself, on what it has: for measurements that the others do not make."""
    kept, _now.share = _now.share, None
    try:
        yield
    finally:
        _now.share = kept


def drawn(sampler: Callable[[tuple[int, ...]], Tensor], *shape: int, dim: int = 0) -> Tensor:
    """Random numbers for this process's rows of a batch.

    Args:
        sampler: gives numbers of a shape.
        shape: of what is wanted.
        dim: in which the rows lie.
    """
    if _now.share is None:
        return sampler(shape)
    whole = (*shape[:dim], _now.share.total, *shape[dim + 1 :])
    return sampler(whole).narrow(dim, _now.share.start, shape[dim])


# sums over all processes


def moments(values: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and biased variance over dimensions of which 0 is one, of the rows of all processes; and how many values they are of.

    Differentiable twice, like the layers that use them.
    """
    number = torch.tensor(
        values.numel() / max(1, _size_without(values, dims)), device=values.device, dtype=values.dtype
    )
    number = _total(number)
    mean = _total(values.sum(dims, keepdim=True)) / number
    variance = _total((values - mean).square().sum(dims, keepdim=True)) / number
    return mean, variance, number


def _size_without(values: Tensor, dims: tuple[int, ...]) -> int:
    """Elements along the other dimensions."""
    size = 1
    for dim, length in enumerate(values.shape):
        size *= 1 if dim in dims else length
    return size


class _Sum(torch.autograd.Function):
    """The sum over all processes. What any of them makes of it depends on each one's values, hence the same sum backwards."""

    @staticmethod
    def forward(_ctx: object, values: Tensor) -> Tensor:  # type: ignore[override]
        summed = values.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(_ctx: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
        summed: Tensor = _Sum.apply(gradient)
        return summed


def _total(values: Tensor) -> Tensor:
    summed: Tensor = values if _now.share is None else _Sum.apply(values)
    return summed


def is_shared() -> bool:
    """Whether other processes have rows of the batch, too."""
    return _now.share is not None


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes (N, ...), without gradient: for measurements."""
    rows = rows.detach()
    if _now.share is None:
        return rows
    each = len(rows) / (_now.share.stop - _now.share.start)  # fewer than images where a row is a pack
    whole = rows.new_zeros(round(_now.share.total * each), *rows.shape[1:])
    first = round(_now.share.start * each)
    whole[first : first + len(rows)] = rows
    dist.all_reduce(whole)
    return whole


def summed_gradients(weights: Iterable[nn.Parameter]) -> None:
    """Adds up the gradients of all processes, each of its loss times `weight()`."""
    if _now.share is None:
        return
    gradients = [p.grad for p in weights if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def weight() -> float:
    """What this process's mean loss counts in that of the whole batch."""
    return 1.0 if _now.share is None else _now.share.weight


def averaged(metrics: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Metrics that are means over the batch, of the whole batch; others must be the same everywhere."""
    if _now.share is None or not metrics:
        return dict(metrics)
    values = torch.stack([value.detach().float() for value in metrics.values()]) * _now.share.weight
    dist.all_reduce(values)
    return dict(zip(metrics, values, strict=True))


def share_batch_norm(networks: Iterable[nn.Module]) -> None:
    """Lets batch norm normalise by the statistics of the whole batch; torch's SyncBatchNorm needs a GPU and differentiates once."""
    if count() == 1:
        return
    for network in networks:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.forward = functools.partial(_normalised, module)  # type: ignore[method-assign]


def _normalised(layer: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    """Batch norm, in training by all processes' rows. Source: Ioffe and Szegedy 2015, algorithm 1."""
    if not layer.training or _now.share is None:
        return type(layer).forward(layer, x)
    dims = tuple(dim for dim in range(x.dim()) if dim != 1)
    exact = x if x.dtype == torch.float64 else x.float()
    mean, variance, number = moments(exact, dims)
    if layer.running_mean is not None and layer.running_var is not None and layer.num_batches_tracked is not None:
        with torch.no_grad():
            share = layer.momentum if layer.momentum is not None else 1 / (int(layer.num_batches_tracked) + 1)
            layer.num_batches_tracked += 1
            layer.running_mean.lerp_(mean.flatten(), share)
            layer.running_var.lerp_((variance * number / (number - 1)).flatten(), share)
    normal = (exact - mean) * torch.rsqrt(variance + layer.eps)
    shape = (1, -1, *[1] * (x.dim() - 2))
    if layer.weight is not None:
        normal = normal * layer.weight.view(shape) + layer.bias.view(shape)
    return normal.to(x.dtype)
