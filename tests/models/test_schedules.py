"""The factor of each schedule at known places, and steps of optimisers by hand with it."""

from __future__ import annotations

import pytest
import torch
from helpers import tiny

from gan_core.config import OptimizerConfig, choices, field_names
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.models.optimizers import build_optimizer
from gan_core.models.schedules import rate_factor, scheduled
from gan_core.training import loop

SCHEDULES = choices(field_names()["generator_optimizer.schedule"])
KNOWN = {
    "constant": {0: 1, 50: 1, 100: 1, 150: 1},
    "linear": {0: 1, 49: 1, 50: 1, 75: 0.5, 99: 0.02, 100: 0, 150: 0},
    "cosine": {0: 1, 25: (2 + 2**0.5) / 4, 50: 0.5, 75: (2 - 2**0.5) / 4, 100: 0, 150: 0},
    "warmup": {0: 0.2, 1: 0.4, 4: 1, 5: 1, 50: 1, 100: 1, 150: 1},
}  # schedule -> steps done of 100 -> factor


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_has_its_known_factors(schedule):
    found = {step: rate_factor(schedule, step, 100) for step in KNOWN[schedule]}
    assert found == pytest.approx(KNOWN[schedule], abs=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("total", [1, 2, 19, 1000])
def test_a_factor_stays_between_nothing_and_one_and_no_step_of_a_run_is_lost(schedule, total):
    factors = [rate_factor(schedule, step, total) for step in range(2 * total)]
    assert all(0 <= factor <= 1 for factor in factors) and all(factor > 0 for factor in factors[:total])


def test_a_longer_run_follows_its_own_length():
    assert (rate_factor("linear", 75, 100), rate_factor("linear", 75, 200)) == (0.5, 1)


def test_two_steps_of_adam_with_a_linear_fall_by_hand():
    """Kingma and Ba 2015: with beta1 and beta2 of 0 a step is the rate times the sign of the gradient."""
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = build_optimizer(OptimizerConfig(learning_rate=0.1, beta1=0, beta2=0, schedule="linear"), [weight])
    places = []
    for step in (2, 3):  # of 4: factors 1 and 0.5
        weight.grad = torch.tensor([7.0])
        with scheduled(optimizer, step, 4):
            optimizer.step()
        places.append(weight.item())
    assert places == pytest.approx([0.9, 0.85], abs=1e-6)
    assert optimizer.param_groups[0]["lr"] == 0.1  # a checkpoint or a live change sees the base rate


def test_both_networks_take_the_rate_of_the_same_step_and_no_checkpointed_rate_moves():
    config = tiny(
        objective__n_critic=2, generator_optimizer__schedule="linear", discriminator_optimizer__schedule="linear",
        generator_optimizer__learning_rate=0.01, discriminator_optimizer__learning_rate=0.02,
    )  # fmt: skip
    fabric, model = loop.make_fabric(config), build(config, "cpu")
    rates: list[float] = []
    recorded = []
    for optimizer in model.optimizers.values():
        optimizer.register_step_pre_hook(lambda made, *_: rates.append(made.param_groups[0]["lr"]))
    loop.set_up(fabric, model)
    for step in (6, 7):
        images, labels = torch.zeros(16, 1, 8, 8), torch.zeros(16, 0)
        recorded.append(loop.train_step(fabric, model, images, labels, TrainingProgress(step, 8)))
    assert rates == pytest.approx([0.02 / 2, 0.02 / 4, 0.01 / 4])  # D; D and G
    assert [float(recorded[1][name]) for name in ("rate/d", "rate/g")] == pytest.approx(rates[1:])
    assert "rate/g" not in recorded[0]  # D's step alone
    assert [o.state_dict()["param_groups"][0]["lr"] for o in model.optimizers.values()] == [0.01, 0.02]
