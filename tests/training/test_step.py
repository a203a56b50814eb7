"""No optimiser steps on numbers that are not finite, wherever they come from."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers import outcome, tiny, tiny_run
from torch import Tensor

from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress
from gan_core.models.building import build
from gan_core.runs import checkpoints
from gan_core.training import loop
from gan_core.training.step import TrainingFailed, skip_on_device
from tools.crash_numbers import POISONS, train_poisoned

CPU = torch.device("cpu")
FAMILIES: dict[str, tuple[dict[str, Any], str]] = {
    "gan": ({}, "d"),
    "vae": ({"network__name": "vae", "training__ema_decay": 0.0}, "vae"),
    "diffusion": ({"network__name": "unet"}, "diffusion"),
}
"""Kind of model -> what makes a run one, and the short name of the first update of a step."""

WORDS = {"gradient": "grad_norm/{} became nan", "infinite gradient": "grad_norm/{} became inf"}
"""Place -> what the failure names; all others are seen in the loss."""


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


@pytest.mark.parametrize("place", POISONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_step_ends_before_the_optimiser_wherever_the_number_comes_from(family, place):
    changes, short = FAMILIES[family]
    model, step = after_a_step(**changes)
    images = some_images()
    POISONS[place](model, images)
    before = kept(model)
    with pytest.raises(TrainingFailed, match=WORDS.get(place, "loss/{} became nan").format(short) + " at step 2"):
        step(images, 1)
    assert kept(model) == before


@pytest.mark.parametrize("name", ["adamax", "rmsprop", "sgd"])
@pytest.mark.parametrize("flagged", [False, True])
def test_so_it_does_with_every_optimiser(name, flagged):
    model, step = after_a_step(flagged, **FAMILIES["vae"][0], generator_optimizer__name=name)
    POISONS["gradient"](model, some_images())
    before = kept(model)
    with pytest.raises(TrainingFailed, match="grad_norm/vae became nan at step 2"):
        step(some_images(), 1)
    assert kept(model) == before


@pytest.mark.parametrize("place", POISONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_with_the_flag_no_optimiser_steps_any_more_and_the_metrics_say_so(family, place):
    changes, short = FAMILIES[family]
    model, step = after_a_step(flagged=True, **changes)
    model.averages.clear()  # they go on; see the module
    images = some_images()
    POISONS[place](model, images)
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
    with monkeypatch.context() as patched:
        if flagged:
            flagged_runs(patched)
        train_poisoned(run, 12, POISONS[place])
    status = run.status()
    assert status.state == "failed" and "at step 13: " in status.error
    assert [json.loads(line)["step"] for line in run.metrics_path.read_text().splitlines()] == [*range(1, 13)]
    assert run.checkpoint_steps() == [0, 5, 10] and run.sample_steps() == [0, 5, 10]
    checkpoints.load(run, 10, build(run.config(), "cpu"))  # finite, or it would be refused
    assert loop.train(run).state == "finished"
    assert outcome(run) == outcome(plain)
