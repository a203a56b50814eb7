"""Numbers that are not finite, put into a step of a run: where, and what became of the weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gan_core.models.base import GenerativeModel, Metrics, Update
from gan_core.runs import Run
from gan_core.training import loop

Poison = Callable[[GenerativeModel, Tensor], object]


def _weight(network: int) -> Poison:
    def poison(model: GenerativeModel, _images: Tensor) -> None:
        next([*model.networks.values()][network].parameters()).data[:1] = math.nan

    return poison


def _gradient(value: float) -> Poison:
    """Into the gradient of the network that steps first."""

    def poison(model: GenerativeModel, _images: Tensor) -> None:
        weight = next([*model.networks.values()][-1].parameters())
        weight.register_hook(lambda gradient: gradient.index_fill(0, torch.tensor([0]), value))

    return poison


def _loss(model: GenerativeModel, _images: Tensor) -> None:
    """Adds NaN to the loss, whose gradient stays as it is."""
    step = model.train_step

    def poisoned(*arguments: Any) -> Generator[Update, None, Metrics]:
        updates = step(*arguments)
        while True:
            try:
                update = next(updates)
            except StopIteration as done:
                metrics: Metrics = done.value
                return metrics
            yield replace(update, loss=update.loss + math.nan)

    model.train_step = poisoned  # type: ignore[method-assign]


POISONS: dict[str, Poison] = {
    "image": lambda _model, images: images[:1].fill_(math.nan),
    "weight of the first network": _weight(0),
    "weight of the last network": _weight(-1),
    "loss": _loss,
    "gradient": _gradient(math.nan),
    "infinite gradient": _gradient(math.inf),
}


def train_poisoned(run: Run, at: int, poison: Poison) -> tuple[list[Tensor], list[Tensor]]:
    """Trains a run whose step `at` (steps done before it) is poisoned; the weights after it, and those before it."""
    make, after, before = loop.train_step, list[Tensor](), list[Tensor]()

    def poisoned(fabric: Any, model: GenerativeModel, images: Tensor, labels: Tensor, progress: Any) -> Metrics:
        if progress.step == at:
            images = images.clone()
            poison(model, images)
            after.extend(weight.data for network in model.networks.values() for weight in network.parameters())
            before.extend(weight.clone() for weight in after)
        return make(fabric, model, images, labels, progress)

    loop.train_step = poisoned
    try:
        loop.train(run)
    finally:
        loop.train_step = make
    return after, before
