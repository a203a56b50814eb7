"""Random streams and pinned latents of a run."""

from __future__ import annotations

import torch
from helpers import tiny

from gan_core.models.building import build, sample_latents, stream


def draw(seed: int, purpose: str) -> torch.Tensor:
    return torch.randn(100, generator=stream(seed, purpose))


def test_streams_of_one_seed_differ_and_repeat():
    draws = [draw(0, purpose) for purpose in ("weights", "training", "samples")]
    assert not any(torch.equal(a, b) for i, a in enumerate(draws) for b in draws[:i])
    assert torch.equal(draw(0, "training"), draw(0, "training"))
    assert not torch.equal(draw(0, "training"), draw(1, "training"))


def test_pinned_latents_do_not_depend_on_how_many_are_asked_for():
    config = tiny()
    assert torch.equal(sample_latents(config, 64)[:5], sample_latents(config, 5))


def test_pinned_latents_are_standard_normal():
    z = sample_latents(tiny(network__latent_dim=100), 256)
    assert abs(z.mean().item()) < 0.02 and abs(z.std().item() - 1) < 0.02


def test_without_a_decay_there_is_no_average():
    assert build(tiny(training__ema_decay=0.0), "cpu").averages == {}


def test_each_network_has_the_optimiser_of_its_configuration():
    model = build(tiny(generator_optimizer__learning_rate=0.01, discriminator_optimizer__beta1=0.3), "cpu")
    groups = {name: optimizer.param_groups[0] for name, optimizer in model.optimizers.items()}
    assert (groups["generator"]["lr"], groups["generator"]["betas"]) == (0.01, (0.5, 0.999))
    assert (groups["discriminator"]["lr"], groups["discriminator"]["betas"]) == (0.0002, (0.3, 0.999))
