"""Objectives against the formulas of their papers, written out in float64."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan_core.models import objectives
from gan_core.models.objectives import OBJECTIVES, LossParts

bce = OBJECTIVES["bce"]


def batch(*shape: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def discriminator(real, fake, objective=bce):
    return objective.discriminator(real, fake, 0.0)


def generator(fake, objective=bce):
    return objective.generator(None, fake)


def test_bce_is_the_textbook_cross_entropy():
    real, fake = batch(50), batch(70, seed=1)
    loss_real, loss_fake = discriminator(real, fake)
    torch.testing.assert_close(loss_real, -torch.log(torch.sigmoid(real)).mean())
    torch.testing.assert_close(loss_fake, -torch.log(1 - torch.sigmoid(fake)).mean())
    torch.testing.assert_close(generator(fake), -torch.log(torch.sigmoid(fake)).mean())


def test_bce_is_torchs_cross_entropy_with_labels_one_and_zero():
    criterion = torch.nn.BCEWithLogitsLoss()
    real, fake = batch(50), batch(50, seed=1)
    loss_real, loss_fake = discriminator(real, fake)
    torch.testing.assert_close(loss_real, criterion(real, torch.ones_like(real)))
    torch.testing.assert_close(loss_fake, criterion(fake, torch.zeros_like(fake)))
    torch.testing.assert_close(generator(fake), criterion(fake, torch.ones_like(fake)))


def test_bce_is_log_two_where_the_discriminator_cannot_tell():
    zeros = torch.zeros(8, dtype=torch.float64)
    losses = (*discriminator(zeros, zeros), generator(zeros))
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
    generator(again).backward()
    torch.testing.assert_close(again.grad, (torch.sigmoid(fake.detach()) - 1) / 10)


def test_the_non_saturating_loss_keeps_its_gradient_when_everything_is_rejected():
    logits = torch.full((4,), -50.0, requires_grad=True)
    generator(logits).backward()
    torch.testing.assert_close(logits.grad, torch.full((4,), -0.25))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("size", [1e4, -1e4])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_finite_at_extreme_logits(name, size, dtype):
    objective = OBJECTIVES[name]
    real = torch.full((4,), size, dtype=dtype, requires_grad=True)
    fake = torch.full((4,), -size, dtype=dtype, requires_grad=True)
    parts = discriminator(real, fake, objective)
    loss = (sum(parts) if isinstance(parts, LossParts) else parts) + objective.generator(real, fake)
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
    on_real, on_fake = discriminator(real, fake, objective)
    torch.testing.assert_close(on_real, ((real - 1) ** 2).mean() / 2)
    torch.testing.assert_close(on_fake, (fake**2).mean() / 2)
    torch.testing.assert_close(generator(fake, objective), ((fake - 1) ** 2).mean() / 2)


def test_wasserstein_losses_add_up_to_minus_the_gap():
    real, fake, objective = batch(50), batch(50, seed=1), OBJECTIVES["wasserstein"]
    torch.testing.assert_close(sum(discriminator(real, fake, objective)), fake.mean() - real.mean())
    torch.testing.assert_close(generator(fake, objective), -fake.mean())


def test_hinge_pays_nothing_beyond_the_margin():
    objective = OBJECTIVES["hinge"]
    assert discriminator(torch.tensor([1.0, 5.0]), torch.tensor([-1.0, -5.0]), objective) == (0, 0)
    assert discriminator(torch.tensor([0.0]), torch.tensor([0.0]), objective) == (1, 1)
    assert generator(torch.tensor([2.0, 4.0]), objective) == -3


def test_label_smoothing_is_cross_entropy_with_a_lower_target():
    real = batch(50)
    target = torch.full_like(real, 0.9)
    torch.testing.assert_close(
        bce.discriminator(real, real, 0.1).on_real,
        torch.nn.functional.binary_cross_entropy_with_logits(real, target),
    )
    smoothed = OBJECTIVES["least_squares"].discriminator(real, real, 0.1)
    torch.testing.assert_close(smoothed.on_real, ((real - 0.9) ** 2).mean() / 2)


def test_relativistic_losses_are_those_of_the_pairs_and_of_the_pairs_exchanged():
    real, fake, objective = batch(50), batch(50, seed=1), OBJECTIVES["relativistic"]
    torch.testing.assert_close(discriminator(real, fake, objective), -torch.log(torch.sigmoid(real - fake)).mean())
    torch.testing.assert_close(objective.generator(real, fake), -torch.log(torch.sigmoid(fake - real)).mean())
    assert torch.equal(discriminator(real, fake, objective), objective.generator(fake, real))
    assert discriminator(real, real, objective).item() == pytest.approx(math.log(2), abs=1e-15)
    torch.testing.assert_close(discriminator(real + 7, fake + 7, objective), discriminator(real, fake, objective))


def test_relativistic_losses_refuse_what_makes_no_pairs():
    objective = OBJECTIVES["relativistic"]
    with pytest.raises(ValueError, match="got 4 real and 1 fake"):
        discriminator(batch(4), batch(1), objective)
    with pytest.raises(ValueError, match="got 2 real and 3 fake"):
        objective.generator(batch(2), batch(3))
    with pytest.raises(ValueError, match="no real logits"):
        objective.generator(None, batch(3))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_only_a_paired_objective_has_no_parts_and_asks_for_real_logits(name):
    objective, fake = OBJECTIVES[name], batch(5)
    assert objective.is_paired != isinstance(discriminator(fake, fake, objective), LossParts)
    if not objective.is_paired:
        assert torch.isfinite(generator(fake, objective))


def test_without_smoothing_the_target_of_real_samples_is_1():
    """The lessons recompute a recorded loss without naming a smoothing."""
    logits = torch.tensor([-2.0, 0.5, 3.0])
    assert torch.equal(objectives.bce_real(logits), objectives.bce_real(logits, 0.0))
    assert torch.allclose(objectives.bce_real(logits), -torch.log(torch.sigmoid(logits)).mean())
