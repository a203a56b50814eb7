"""What a configuration makes of a model: streams, optimisers, the running average, samples; all by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import tiny

from gan_core.config import OptimizerConfig
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build, build_networks, decode, sample_latents, stream
from gan_core.models.optimizers import build_optimizer

POINTS = {"dataset__name": "ring8", "network__name": "mlp"}


@pytest.mark.parametrize(("purpose", "number"), [("weights", 0), ("training", 1), ("samples", 2)])
def test_a_stream_is_seeded_by_63_bits_of_numpys_seed_sequence(purpose, number):
    """Runs that are stored were drawn from these: they must never change."""
    first, second = map(int, np.random.SeedSequence(7, spawn_key=(number,)).generate_state(2))
    assert stream(7, purpose).initial_seed() == first * 2**31 + second // 2


def test_pinned_latents_are_one_draw_each_from_the_stream_of_samples():
    rng = stream(0, "samples")
    assert torch.equal(sample_latents(tiny(), 3), torch.stack([torch.randn(8, generator=rng) for _ in range(3)]))


def test_optimisers_take_the_numbers_of_their_papers():
    weights = [torch.nn.Parameter(torch.zeros(2))]

    def settings(name: str) -> tuple[type, dict]:
        optimizer = build_optimizer(OptimizerConfig(name=name, learning_rate=0.01, beta1=0.3, beta2=0.7), weights)
        return type(optimizer), optimizer.param_groups[0]

    for name, kind in (("adam", torch.optim.Adam), ("adamax", torch.optim.Adamax)):
        made, group = settings(name)
        assert made is kind and (group["lr"], group["betas"]) == (0.01, (0.3, 0.7))
    made, group = settings("rmsprop")
    assert made is torch.optim.RMSprop and (group["lr"], group["alpha"], group["momentum"]) == (0.01, 0.7, 0)
    made, group = settings("sgd")
    assert made is torch.optim.SGD and (group["lr"], group["momentum"]) == (0.01, 0.3)


@pytest.mark.parametrize("decay", [0.15, 0.9])
def test_the_average_forgets_faster_while_it_is_young(decay):
    """After n steps it keeps min(decay, (1 + n) / (10 + n)) of itself: 2/11, 3/12, 4/13, unless the decay is smaller."""
    model = build(tiny(**POINTS, training__ema_decay=decay), "cpu")
    generator, average = model.networks["generator"], model.averages["generator"]
    expected = [p.detach().clone() for p in generator.parameters()]
    for step in range(3):
        for _ in model.train_step(torch.randn(8, 2), torch.zeros(8, 0), TrainingProgress(step, 3)):
            pass
        with torch.no_grad():
            for p in generator.parameters():
                p.add_(1.0)
        model.finish_step()
        kept = min(decay, (2 + step) / (11 + step))
        expected = [kept * a + (1 - kept) * p.detach() for a, p in zip(expected, generator.parameters(), strict=True)]
    for mine, theirs in zip(average.parameters(), expected, strict=True):
        torch.testing.assert_close(mine, theirs)
        assert not mine.requires_grad


def test_networks_without_memory_are_made_only_when_asked_for():
    assert not any(p.is_meta for n in build_networks(tiny(**POINTS)).values() for p in n.parameters())
    assert all(p.is_meta for n in build_networks(tiny(**POINTS), meta=True).values() for p in n.parameters())


def test_a_gan_decodes_latents_joined_with_labels_and_a_vae_its_logits():
    config = tiny(network__name="dcgan4", conditioning__name="acgan", conditioning__labels="3,1")
    network, z, labels = build_networks(config)["generator"].eval(), torch.randn(4, 8), torch.eye(2).repeat(2, 1)
    torch.testing.assert_close(decode(config, network, z, labels), network(torch.cat([z, labels], 1)))
    vae = tiny(network__name="vae", training__ema_decay=0.0)
    decoder = build_networks(vae)["decoder"]
    torch.testing.assert_close(decode(vae, decoder, z, torch.zeros(4, 0)), 2 * torch.sigmoid(decoder(z)) - 1)


def test_a_vae_learns_from_its_whole_loss_on_pixels_between_nothing_and_one():
    changes = {"network__name": "vae", "training__ema_decay": 0.0, "vae__kl_weight": 0.3, "vae__kl_reduction": "sum"}
    model, images = build(tiny(**changes), "cpu"), torch.rand(6, 1, 8, 8) * 2 - 1
    with torch.no_grad():  # as if trained: variances other than 1, and a decoder whose images depend on z
        next(reversed([m for m in model.networks["encoder"].modules() if isinstance(m, torch.nn.Linear)])).bias.add_(1)
        for weight in model.networks["decoder"].parameters():
            weight.mul_(5)
    state = model.rng.get_state()
    steps = model.train_step(images, torch.zeros(6, 0), TrainingProgress(0, 4))
    update = next(steps)
    rng = torch.Generator()
    rng.set_state(state)
    mean, log_variance = model.networks["encoder"](images)
    z = mean + torch.exp(log_variance).sqrt() * torch.randn(mean.shape, generator=rng)
    pixels = torch.sigmoid(model.networks["decoder"](z))
    squares = (pixels - (images + 1) / 2).square().mean()
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
    torch.testing.assert_close(update.loss, squares + 0.3 * kl)
    with pytest.raises(StopIteration) as end:
        next(steps)
    metrics = end.value.value
    torch.testing.assert_close(metrics["loss/vae"], (squares + 0.3 * kl).detach())
    torch.testing.assert_close(metrics["loss/reconstruction"], squares.detach())
    torch.testing.assert_close(metrics["loss/kl"], kl.detach())
    assert {len(g["params"]) for g in model.optimizers["autoencoder"].param_groups} == {
        sum(1 for n in model.networks.values() for _ in n.parameters())
    }
