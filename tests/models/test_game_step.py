"""What one step of the game asks of its networks: weights, turns, noise, packs and labels, on points in the plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
import torch.nn.functional as F
from helpers import tiny

from gan_core.models.base import TrainingProgress, Update
from gan_core.models.building import build
from gan_core.models.gan import GAN, logit_gap
from gan_core.models.objectives import OBJECTIVES

COUNT = 12


def game(**changes) -> GAN:
    points = {
        "dataset__name": "ring8",
        "network__name": "mlp",
        "training__ema_decay": 0.0,
        "training__batch_size": COUNT,
    }
    return build(tiny(**{**points, **changes}), "cpu")


def points(count: int = COUNT, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))


def step(model: GAN, real: torch.Tensor, labels: torch.Tensor | None = None, done: int = 0, total: int = 4):
    """One step, with the updates it asks for: ({optimiser: loss}, metrics)."""
    labels = torch.zeros(len(real), 0) if labels is None else labels
    updates: dict[str, torch.Tensor] = {}
    run = model.train_step(real, labels, TrainingProgress(done, total))
    try:
        while True:
            update: Update = next(run)
            updates[update.optimizer] = update.loss
            update.loss.backward()
            model.optimizers[update.optimizer].step()
            model.optimizers[update.optimizer].zero_grad()
    except StopIteration as end:
        return updates, end.value


@contextmanager
def watched(model: GAN) -> Iterator[list[tuple[torch.Tensor, object]]]:
    """What the discriminator gets and gives within it, a pair a call."""
    calls: list[tuple[torch.Tensor, object]] = []
    hook = model.networks["discriminator"].register_forward_hook(
        lambda module, inputs, output: calls.append((inputs[0].detach().clone(), output))
    )
    try:
        yield calls
    finally:
        hook.remove()


@pytest.mark.parametrize(("done", "spread"), [(0, 0.5), (1, 0.375), (3, 0.125)])
def test_instance_noise_falls_from_its_full_size_to_nothing(done, spread):
    """Normal noise of 0.5 * (1 - progress) on real and generated samples, in both networks' steps."""
    model, real = game(remedies__instance_noise=0.5), points(4000)
    with watched(model) as calls:
        step(model, real, done=done)
    noise = calls[0][0] - real
    assert noise.std().item() == pytest.approx(spread, rel=0.04) and abs(noise.mean().item()) < 0.05 * spread + 0.01
    between = calls[1][0] - calls[2][0]  # the same generated samples, with noise drawn twice
    assert between.std().item() == pytest.approx(2**0.5 * spread, rel=0.04)


def test_without_instance_noise_or_at_its_end_samples_are_seen_as_they_are():
    for model, done in ((game(), 0), (game(remedies__instance_noise=0.5), 4)):
        real = points()
        with watched(model) as calls:
            step(model, real, done=done)
        assert torch.equal(calls[0][0], real) and torch.equal(calls[1][0], calls[2][0])


def test_d_sees_images_augmented_in_both_steps_and_the_same_numbers_are_drawn_beside():
    images = {"dataset__name": "mnist5k", "network__name": "dcgan4"}
    model, plain = game(**images, augmentation__kinds="cutout"), game(**images)
    real = torch.ones(COUNT, 1, 8, 8)
    with watched(model) as calls:
        step(model, real)
        probe = model.probe()
    assert len(calls) == 6 and all((seen == 0).flatten(1).any(1).all() for seen, _ in calls)
    assert probe["spread/real"] == 0 and model.logits(real, torch.zeros(COUNT, 0)).unique().numel() == 1
    step(plain, real)
    assert torch.equal(model.rng.get_state(), plain.rng.get_state())


def test_the_generators_turn_comes_every_n_critic_steps():
    model = game(objective__n_critic=3)
    turns = [set(step(model, points(), done=done, total=8)[0]) for done in range(7)]
    both, alone = {"discriminator", "generator"}, {"discriminator"}
    assert turns == [alone, alone, both, alone, alone, both, alone]


@pytest.mark.parametrize("objective", [name for name, entry in OBJECTIVES.items() if not entry.is_paired])
def test_ds_loss_is_the_weighted_sum_of_its_two_parts(objective):
    model = game(objective__name=objective, objective__real_weight=0.3, objective__fake_weight=0.6)
    updates, metrics = step(model, points())
    expected = 0.3 * metrics["loss/d_real"] + 0.6 * metrics["loss/d_fake"]
    torch.testing.assert_close(metrics["loss/d"], expected)
    torch.testing.assert_close(updates["discriminator"].detach(), expected)
    torch.testing.assert_close(updates["generator"].detach(), metrics["loss/g"])


def test_label_smoothing_reaches_the_loss_on_real_samples_alone():
    model = game(remedies__label_smoothing=0.2)
    with watched(model) as calls:
        _, metrics = step(model, points())
    real, fake = calls[0][1][0], calls[1][1][0]
    torch.testing.assert_close(
        metrics["loss/d_real"], F.binary_cross_entropy_with_logits(real, torch.full((COUNT,), 0.8)).detach()
    )
    torch.testing.assert_close(metrics["loss/d_fake"], F.softplus(fake).mean().detach())


def test_the_penalty_is_added_with_its_weight():
    model = game(penalty__name="r1", penalty__weight=3.0)
    updates, metrics = step(model, points())
    assert metrics["loss/penalty"] > 0
    torch.testing.assert_close(updates["discriminator"].detach(), metrics["loss/d"] + 3 * metrics["loss/penalty"])


@pytest.mark.parametrize(("names", "exclusive"), [("", True), ("3,1", False)])
def test_label_losses_of_real_and_generated_samples_are_added_with_their_weight(names, exclusive):
    """All digits exclude each other; of two of them an image may have neither."""
    labelled = {"conditioning__name": "acgan", "conditioning__labels": names, "conditioning__label_weight": 0.7}
    model = game(dataset__name="mnist5k", network__name="dcgan4", **labelled)
    width = model.networks["discriminator"].label_head.out_channels
    real, labels = torch.rand(COUNT, 1, 8, 8) * 2 - 1, torch.eye(width)[torch.arange(COUNT) % width]
    with watched(model) as calls:
        updates, metrics = step(model, real, labels)
    loss = F.cross_entropy if exclusive else F.binary_cross_entropy_with_logits
    on_real, on_fake, on_fake_again = (loss(call[1][1], labels).detach() for call in calls)
    torch.testing.assert_close(metrics["loss/label_real"], on_real)
    torch.testing.assert_close(metrics["loss/label_fake"], on_fake)
    torch.testing.assert_close(updates["discriminator"].detach(), metrics["loss/d"] + 0.7 * (on_real + on_fake))
    torch.testing.assert_close(updates["generator"].detach(), metrics["loss/g"] + 0.7 * on_fake_again)


def test_weights_are_clipped_after_each_of_ds_steps_and_their_share_at_the_bound_is_probed():
    model = game(objective__name="wasserstein", objective__weight_clip=0.02)
    step(model, points())
    weights = torch.cat([p.detach().flatten() for p in model.networks["discriminator"].parameters()])
    assert weights.abs().max().item() == pytest.approx(0.02)
    share = (weights.abs() > 0.0199999).float().mean()
    assert 0 < share < 1
    torch.testing.assert_close(model.probe()["clip/saturation"], share)
    assert "clip/saturation" not in probed(game())


def probed(model: GAN) -> dict[str, torch.Tensor]:
    step(model, points())
    return model.probe()


def test_a_batch_that_does_not_fill_its_packs_is_cut():
    model = game(remedies__packing=3)
    with watched(model) as calls:
        step(model, points(11))
    assert [len(call[0]) for call in calls] == [9, 9, 9] and len(calls[0][1][0]) == 3
    assert model.logits(points(11), torch.zeros(11, 0)).shape == (3,)
    nine = points(11)[:9]
    torch.testing.assert_close(model.logits(points(11), torch.zeros(11, 0)), model.logits(nine, torch.zeros(9, 0)))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_ds_output_is_a_probability_for_cross_entropy_and_a_score_otherwise(objective):
    model = game(objective__name=objective)
    with watched(model) as calls:
        _, metrics = step(model, points())
        probe = model.probe()
    kind, read = ("prob", torch.sigmoid) if objective == "bce" else ("score", lambda logits: logits)
    outputs = [read(call[1][0].detach()).mean() for call in calls]
    if OBJECTIVES[objective].is_paired:
        del outputs[2]  # the real logits that the generator's loss is compared with
    for name, value in zip(("real", "fake_before", "fake_after"), outputs, strict=False):
        torch.testing.assert_close(metrics[f"{kind}/{name}"], value)
    torch.testing.assert_close(probe[f"{kind}/fake_after_g"], outputs[3])


def test_the_probed_spread_is_the_standard_deviation_over_the_batch():
    model, real = game(), points()
    step(model, real)
    with watched(model) as calls:
        probe = model.probe()
    for name, samples in (("real", real), ("fake", calls[0][0])):
        expected = (samples - samples.mean(0)).square().mean(0).sqrt().mean()
        torch.testing.assert_close(probe[f"spread/{name}"], expected)


def test_samples_that_repeat_have_no_distance_from_their_nearest_fellow_however_far_the_others_are():
    model = game()
    step(model, torch.tensor([[0.0, 0.0], [9.0, 9.0]]).repeat(COUNT // 2, 1))
    assert model.probe()["nearest/real"] == 0 and model.probe()["spread/real"] == 4.5
    corners = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [7.0, 0.0]])
    step(model, corners)
    assert model.probe()["nearest/real"] == pytest.approx((2 + 2 + 2 + 5) / 4 / 2**0.5)


def test_of_a_batch_of_one_there_is_no_nearest_fellow():
    model = build(tiny(), "cpu")
    step(model, torch.zeros(1, 1, 8, 8))
    assert "spread/fake" in model.probe() and "nearest/fake" not in model.probe()


@pytest.mark.parametrize(
    ("real", "fake", "wanted"), [((1, 3), (0, 2), 1.0), ((0, 2), (1, 3), -1.0), ((1, 1), (1, 1), 0.0)]
)
def test_the_gap_of_the_logits_is_in_standard_deviations_whatever_their_scale(real, fake, wanted):
    for scale in (1.0, 1000.0):
        found = logit_gap(scale * torch.tensor(real).float(), scale * torch.tensor(fake).float())
        assert found.item() == pytest.approx(wanted)


def test_only_cross_entropy_is_a_probability_and_only_two_objectives_have_a_target():
    table = {name: (o.has_target, o.is_probability) for name, o in OBJECTIVES.items()}
    assert table["bce"] == (True, True) and table["least_squares"] == (True, False)
    assert table["wasserstein"] == table["hinge"] == table["relativistic"] == (False, False)
