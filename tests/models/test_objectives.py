"""Objectives against the formulas of their papers, written out in float64."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan_core.models.objectives import OBJECTIVES

bce = OBJECTIVES["bce"]


def batch(*shape: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def discriminator(real, fake, objective=bce):
    return objective.real(real, 0.0), objective.fake(fake)


def test_bce_is_the_textbook_cross_entropy():
    real, fake = batch(50), batch(70, seed=1)
    loss_real, loss_fake = discriminator(real, fake)
    torch.testing.assert_close(loss_real, -torch.log(torch.sigmoid(real)).mean())
    torch.testing.assert_close(loss_fake, -torch.log(1 - torch.sigmoid(fake)).mean())
    torch.testing.assert_close(bce.generator(fake), -torch.log(torch.sigmoid(fake)).mean())


def test_bce_is_torchs_cross_entropy_with_labels_one_and_zero():
    criterion = torch.nn.BCEWithLogitsLoss()
    real, fake = batch(50), batch(50, seed=1)
    loss_real, loss_fake = discriminator(real, fake)
    torch.testing.assert_close(loss_real, criterion(real, torch.ones_like(real)))
    torch.testing.assert_close(loss_fake, criterion(fake, torch.zeros_like(fake)))
    torch.testing.assert_close(bce.generator(fake), criterion(fake, torch.ones_like(fake)))


def test_bce_is_log_two_where_the_discriminator_cannot_tell():
    zeros = torch.zeros(8, dtype=torch.float64)
    losses = (*discriminator(zeros, zeros), bce.generator(zeros))
    assert [loss.item() for loss in losses] == pytest.approx([math.log(2)] * 3, abs=1e-15)


def test_bce_of_real_and_fake_mirror_each_other():
    logits = batch(100)
    assert torch.equal(discriminator(logits, -logits)[0], discriminator(logits, -logits)[1])


def test_bce_gradients_are_those_of_the_formula():
    """d/dl of -log sigmoid(l) is sigmoid(l) - 1, of -log(1 - sigmoid(l)) is sigmoid(l); means divide by the batch."""
    real, fake = batch(10).requires_grad_(), batch(10, seed=1).requires_grad_()
    sum(discriminator(real, fake)).backward()
    torch.testing.assert_close(real.grad, (torch.sigmoid(real.detach()) - 1) / 10)
    torch.testing.assert_close(fake.grad, torch.sigmoid(fake.detach()) / 10)
    again = fake.detach().requires_grad_()
    bce.generator(again).backward()
    torch.testing.assert_close(again.grad, (torch.sigmoid(fake.detach()) - 1) / 10)


def test_the_non_saturating_loss_keeps_its_gradient_when_everything_is_rejected():
    logits = torch.full((4,), -50.0, requires_grad=True)
    bce.generator(logits).backward()
    torch.testing.assert_close(logits.grad, torch.full((4,), -0.25))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("size", [1e4, -1e4])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_finite_at_extreme_logits(name, size, dtype):
    objective = OBJECTIVES[name]
    real = torch.full((4,), size, dtype=dtype, requires_grad=True)
    fake = torch.full((4,), -size, dtype=dtype, requires_grad=True)
    loss = sum(discriminator(real, fake, objective)) + objective.generator(fake)
    loss.backward()
    assert all(torch.isfinite(t).all() for t in (loss, real.grad, fake.grad))


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_bce_is_never_negative_and_falls_as_real_logits_rise(values):
    logits = torch.tensor(values, dtype=torch.float64)
    loss = discriminator(logits, logits)[0]
    assert loss >= 0
    assert discriminator(logits + 1, logits)[0] <= loss


def test_least_squares_are_the_papers_with_targets_one_and_zero():
    real, fake, objective = batch(50), batch(50, seed=1), OBJECTIVES["least_squares"]
    torch.testing.assert_close(objective.real(real, 0.0), ((real - 1) ** 2).mean() / 2)
    torch.testing.assert_close(objective.fake(fake), (fake**2).mean() / 2)
    torch.testing.assert_close(objective.generator(fake), ((fake - 1) ** 2).mean() / 2)


def test_wasserstein_losses_add_up_to_minus_the_gap():
    real, fake, objective = batch(50), batch(50, seed=1), OBJECTIVES["wasserstein"]
    torch.testing.assert_close(objective.real(real, 0.0) + objective.fake(fake), fake.mean() - real.mean())
    torch.testing.assert_close(objective.generator(fake), -fake.mean())


def test_hinge_pays_nothing_beyond_the_margin():
    objective = OBJECTIVES["hinge"]
    assert objective.real(torch.tensor([1.0, 5.0]), 0.0) == 0 and objective.fake(torch.tensor([-1.0, -5.0])) == 0
    assert objective.real(torch.tensor([0.0]), 0.0) == 1 and objective.fake(torch.tensor([0.0])) == 1
    assert objective.generator(torch.tensor([2.0, 4.0])) == -3


def test_label_smoothing_is_cross_entropy_with_a_lower_target():
    real = batch(50)
    target = torch.full_like(real, 0.9)
    torch.testing.assert_close(bce.real(real, 0.1), torch.nn.functional.binary_cross_entropy_with_logits(real, target))
    torch.testing.assert_close(OBJECTIVES["least_squares"].real(real, 0.1), ((real - 0.9) ** 2).mean() / 2)
