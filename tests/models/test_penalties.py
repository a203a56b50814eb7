"""Penalties of a critic whose gradient is known in closed form."""

from __future__ import annotations

import pytest
import torch

from gan_core.models.penalties import PENALTIES

RNG = torch.Generator()


def samples(seed: int) -> torch.Tensor:
    return torch.randn(20, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def critic(x: torch.Tensor) -> torch.Tensor:
    """||x||^2, with gradient 2 x."""
    return x.square().sum(1)


@pytest.mark.parametrize(("name", "on_real", "on_fake"), [("r1", 1, 0), ("r2", 0, 1), ("r1_r2", 1, 1)])
def test_r1_and_r2_are_half_the_squared_slope_on_real_and_on_generated_samples(name, on_real, on_fake):
    real, fake = samples(0), samples(1)
    expected = on_real * 2 * real.square().sum(1).mean() + on_fake * 2 * fake.square().sum(1).mean()
    torch.testing.assert_close(PENALTIES[name].compute(critic, real, fake, RNG), expected)


@pytest.mark.parametrize("name", ["r1", "r2", "r1_r2"])
def test_a_flat_critic_has_no_penalty_and_the_samples_take_no_gradient(name):
    real, fake = samples(0).requires_grad_(), samples(1).requires_grad_()
    weight = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    penalty = PENALTIES[name].compute(lambda x: x @ weight, real, fake, RNG)
    assert penalty == 0
    penalty.backward()
    assert real.grad is None and fake.grad is None and weight.grad is not None
