"""A run that several processes train: what the leader and the others say to each other, and what the others do.

The leader is the loop itself. A follower has the same networks and makes the same steps on its share of each batch; it
writes nothing and takes no commands, and what the leader changes live reaches it before the step.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

import torch

from gan_core import datasets
from gan_core.config import RunConfig
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import Batches
from gan_core.models.base import GenerativeModel, TrainingProgress
from gan_core.models.building import build
from gan_core.processes import shards
from gan_core.runs import Run, checkpoints
from gan_core.training.plan import check_shares, total_steps


@dataclass(frozen=True)
class Beginning:
    """What the leader tells before the first step.

    Attributes:
        path: of the run's folder, which every process must see.
        step: of the checkpoint that all go on from; 0 for the first weights.
        data: digest of the training data.
    """

    path: str
    step: int
    data: str


def own_batches(config: RunConfig, dataset: Dataset, device: torch.device) -> Batches:
    """The batches of a run, this process's share of each.

    Raises:
        ValueError: a batch is too small for so many processes.
    """
    training, packing = config.training, config.remedies.packing
    check_shares(config, len(dataset), shards.count())
    return Batches(dataset, training.batch_size, training.seed, device, packing, shards.take)


def lead(model: GenerativeModel, *, leave: bool) -> None:
    """Tells the others whether to make another step, and at which learning rates."""
    shards.told_numbers([leave, *_rates(model)])


def take_part() -> bool:
    """Joins the other processes of this training; one that follows returns when it ends. Returns whether this one followed.

    Raises:
        ValueError: this process cannot take part, or the leader has ended.
    """
    if not shards.join():
        return False
    for number in (signal.SIGINT, signal.SIGTERM):  # the leader answers them, and tells the others when to end
        signal.signal(number, signal.SIG_IGN)
    try:
        follow()
    except RuntimeError as failure:
        if not shards.is_lost(failure):
            raise
        raise ValueError("The process that leads this training has ended.") from failure
    return True


def follow() -> None:
    """Trains along with the leader until that leaves.

    Raises:
        ValueError: this process cannot take part; the leader's run then fails with the same words.
    """
    from gan_core.training import loop  # which leads by means of this module

    told, problem = shards.told(Beginning("", 0, "")), ""
    run = Run(Path(told.path))
    try:
        if not run.path.is_dir():
            raise ValueError(
                f"It does not see the run's folder '{run.path}'. Keep runs in a folder that all computers share (--runs-dir)."
            )
        config = run.config()
        dataset = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
        if dataset.digest != told.data:
            raise ValueError("It has other training data than process 0. Give all computers the same files.")
        torch.set_num_threads(config.training.threads or torch.get_num_threads())
        fabric = loop.make_fabric(config)
        model = build(config, fabric.device)
        batches = own_batches(config, dataset, fabric.device)
        if told.step:
            checkpoints.load(run, told.step, model)
    except (ValueError, OSError) as failure:
        problem = str(failure)
    shards.agree(problem)
    loop.set_up(fabric, model)
    total = total_steps(config, len(dataset))
    for step in range(told.step, total):
        leave, *rates = shards.told_numbers([0.0, *_rates(model)])
        if leave:
            return
        _set_rates(model, rates)
        images, labels = batches.batch(step)
        loop.train_step(fabric, model, images, labels, TrainingProgress(step, total))


def _rates(model: GenerativeModel) -> list[float]:
    return [float(group["lr"]) for optimizer in model.optimizers.values() for group in optimizer.param_groups]


def _set_rates(model: GenerativeModel, rates: list[float]) -> None:
    groups = [group for optimizer in model.optimizers.values() for group in optimizer.param_groups]
    for group, rate in zip(groups, rates, strict=True):
        group["lr"] = rate
