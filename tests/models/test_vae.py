"""The VAE's terms against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from gan_core.config import VAEConfig
from gan_core.models.vae import equivalent_beta, kl_divergence, reconstruction_loss, to_signed_images


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_kl_of_the_prior_is_zero_and_by_hand_otherwise():
    zeros = torch.zeros(3, 4)
    assert kl_divergence(zeros, zeros, "sum") == kl_divergence(zeros, zeros, "mean") == 0
    mean, log_variance = torch.full((1, 2), 3.0), torch.full((1, 2), math.log(4.0))
    one = 0.5 * (9 + 4 - 1 - math.log(4.0))  # of N(3, 4) from N(0, 1)
    assert kl_divergence(mean, log_variance, "sum").item() == pytest.approx(2 * one)
    assert kl_divergence(mean, log_variance, "mean").item() == pytest.approx(one)


def test_the_kl_is_torchs_summed_over_dimensions_and_averaged_over_the_batch():
    mean, log_variance = normal(5, 3), normal(5, 3, seed=1)
    theirs = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    )
    torch.testing.assert_close(kl_divergence(mean, log_variance, "sum"), theirs.sum(1).mean())
    torch.testing.assert_close(kl_divergence(mean, log_variance, "mean"), theirs.mean())


def test_reconstruction_losses_are_means_over_pixels():
    logits, targets = normal(4, 1, 3, 3), torch.sigmoid(normal(4, 1, 3, 3, seed=1))
    p = torch.sigmoid(logits)
    torch.testing.assert_close(reconstruction_loss(logits, targets, "mse"), ((p - targets) ** 2).mean())
    cross_entropy = -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()
    torch.testing.assert_close(reconstruction_loss(logits, targets, "bce"), cross_entropy)


@pytest.mark.parametrize(("reduction", "beta"), [("sum", 0.003 * 768 / 2), ("mean", 0.003 * 768 / 2 / 16)])
def test_the_equivalent_beta_by_hand(reduction, beta):
    assert equivalent_beta(VAEConfig(kl_weight=0.003, kl_reduction=reduction), 768, 16) == pytest.approx(beta)


@pytest.mark.parametrize("kind", ["mse", "bce"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_with_the_equivalent_beta_both_losses_are_one_up_to_a_factor(reduction, kind):
    """factor * (weight * KL + loss) = -log p(x|z) + beta * KL, summed over dimensions and pixels, up to a constant."""
    config = VAEConfig(kl_weight=0.02, kl_reduction=reduction, reconstruction=kind)
    logits, targets = normal(4, 3, 5, 5), torch.sigmoid(normal(4, 3, 5, 5, seed=1))
    mean, log_variance = normal(4, 7, seed=2), normal(4, 7, seed=3)
    loss = reconstruction_loss(logits, targets, kind) + config.kl_weight * kl_divergence(mean, log_variance, reduction)
    p = torch.sigmoid(logits)
    bernoulli = -(targets * p.log() + (1 - targets) * (1 - p).log())
    each = (p - targets).square() / 2 if kind == "mse" else bernoulli
    beta_vae = each.flatten(1).sum(1).mean() + equivalent_beta(config, 75, 7) * kl_divergence(mean, log_variance, "sum")
    torch.testing.assert_close(loss * 75 / (2 if kind == "mse" else 1), beta_vae)


def test_logits_become_images_between_minus_one_and_one():
    images = to_signed_images(torch.tensor([-100.0, 0.0, math.log(3.0), 100.0]))
    torch.testing.assert_close(images, torch.tensor([-1.0, 0.0, 0.5, 1.0]))
