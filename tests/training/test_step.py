"""No optimiser steps on numbers that are not finite, wherever they come from."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers import outcome, tiny, tiny_run
from torch import Tensor

from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress, Update
from gan_core.models.building import build
from gan_core.runs import checkpoints
from gan_core.training import loop
from gan_core.training.step import TrainingFailed, skip_on_device

CPU = torch.device("cpu")
FAMILIES: dict[str, tuple[dict[str, Any], str]] = {
    "gan": ({}, "d"),
    "vae": ({"network__name": "vae", "training__ema_decay": 0.0}, "vae"),
}
"""Kind of model -> what makes a run one, and the short name of the first update of a step."""

Spoil = Callable[[GenerativeModel, Tensor], None]


def weight(number: int) -> Spoil:
    def spoil(model: GenerativeModel, images: Tensor) -> None:
        next([*model.networks.values()][number].parameters()).data[:1] = math.nan

    return spoil


def gradient(value: float) -> Spoil:
    def spoil(model: GenerativeModel, images: Tensor) -> None:
        last = [*model.networks.values()][-1]
        next(last.parameters()).register_hook(lambda found: found.index_fill(0, torch.tensor([0]), value))

    return spoil


def loss(model: GenerativeModel, images: Tensor) -> None:
    """Adds NaN to the loss: its gradient stays as it was."""
    step = model.train_step

    def spoiled(*arguments: Any) -> Generator[Update, None, Metrics]:
        updates = step(*arguments)
        while True:
            try:
                update = next(updates)
            except StopIteration as done:
                metrics: Metrics = done.value
                return metrics
            yield replace(update, loss=update.loss + math.nan)

    model.train_step = spoiled  # type: ignore[method-assign]


PLACES: dict[str, tuple[Spoil, str]] = {
    "images": (lambda model, images: images.view(-1)[0].fill_(math.nan) and None, "loss/{} became nan"),
    "weight of the first network": (weight(0), "loss/{} became nan"),
    "weight of the second network": (weight(1), "loss/{} became nan"),
    "loss": (loss, "loss/{} became nan"),
    "gradient": (gradient(math.nan), "grad_norm/{} became nan"),
    "infinite gradient": (gradient(math.inf), "grad_norm/{} became inf"),
}


def kept(model: GenerativeModel) -> list[bytes]:
    """Every weight, running average of one, and state of an optimiser, as bytes: NaN equals itself."""
    tensors = [p for part in (model.networks, model.averages) for net in part.values() for p in net.parameters()]
    states = [optimizer.state_dict()["state"].values() for optimizer in model.optimizers.values()]
    tensors += [value for state in states for one in state for value in one.values()]
    return [tensor.detach().numpy().tobytes() for tensor in tensors]


def after_a_step(flagged: bool = False, **changes: Any) -> tuple[GenerativeModel, Callable[[Tensor, int], Metrics]]:
    """A model as a run trains it, one step old, and how it makes another on some images."""
    config = tiny(**changes)
    fabric, model = loop.make_fabric(config), build(config, "cpu")
    if flagged:  # what `set_up` does on a GPU; the CPU's fused Adam knows the flag too
        skip_on_device(model.optimizers.values(), CPU)
    loop.set_up(fabric, model)

    def step(images: Tensor, number: int) -> Metrics:
        return loop.train_step(fabric, model, images, torch.zeros(len(images), 0), TrainingProgress(number, 20))

    step(some_images(), 0)
    return model, step


def some_images() -> Tensor:
    return torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_step_ends_before_the_optimiser_wherever_the_number_comes_from(family, place):
    (changes, short), (spoil, words) = FAMILIES[family], PLACES[place]
    model, step = after_a_step(**changes)
    images = some_images()
    spoil(model, images)
    before = kept(model)
    with pytest.raises(TrainingFailed, match=words.format(short) + " at step 2"):
        step(images, 1)
    assert kept(model) == before


@pytest.mark.parametrize("name", ["adamax", "rmsprop", "sgd"])
@pytest.mark.parametrize("flagged", [False, True])
def test_so_it_does_with_every_optimiser(name, flagged):
    model, step = after_a_step(flagged, **FAMILIES["vae"][0], generator_optimizer__name=name)
    gradient(math.nan)(model, some_images())
    before = kept(model)
    with pytest.raises(TrainingFailed, match="grad_norm/vae became nan at step 2"):
        step(some_images(), 1)
    assert kept(model) == before


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("family", FAMILIES)
def test_with_the_flag_no_optimiser_steps_any_more_and_the_metrics_say_so(family, place):
    changes, short = FAMILIES[family]
    model, step = after_a_step(flagged=True, **changes)
    model.averages.clear()  # they go on; see the module
    images = some_images()
    PLACES[place][0](model, images)
    before = kept(model)
    assert not math.isfinite(step(images, 1)[f"grad_norm/{short}"])
    step(some_images(), 2)
    assert kept(model) == before


def flagged_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs on the CPU are skipped as on a GPU."""
    set_up = loop.set_up

    def with_flag(fabric: Any, model: GenerativeModel) -> None:
        skip_on_device(model.optimizers.values(), CPU)
        set_up(fabric, model)

    monkeypatch.setattr(loop, "set_up", with_flag)


def test_the_flag_changes_no_bit_of_a_sound_run(runs_dir, monkeypatch):
    plain, run = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain)
    flagged_runs(monkeypatch)
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(plain)


@pytest.mark.parametrize(("place", "flagged"), [("infinite gradient", False), ("loss", True)])
def test_a_run_fails_at_that_step_and_its_last_checkpoint_goes_on_as_if_nothing_had_been(
    runs_dir, monkeypatch, place, flagged
):
    plain, run = tiny_run(runs_dir), tiny_run(runs_dir)
    loop.train(plain)
    make = loop.train_step

    def spoiled(fabric: Any, model: GenerativeModel, images: Tensor, labels: Tensor, progress: TrainingProgress) -> Any:
        if progress.step == 12:
            images = images.clone()
            PLACES[place][0](model, images)
        return make(fabric, model, images, labels, progress)

    with monkeypatch.context() as patched:
        if flagged:
            flagged_runs(patched)
        patched.setattr(loop, "train_step", spoiled)
        status = loop.train(run)
    assert status.state == "failed" and "at step 13: " in status.error
    assert [json.loads(line)["step"] for line in run.metrics_path.read_text().splitlines()] == [*range(1, 13)]
    assert run.checkpoint_steps() == [0, 5, 10] and run.sample_steps() == [0, 5, 10]
    checkpoints.load(run, 10, build(run.config(), "cpu"))  # finite, or it would be refused
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(plain)
