"""The process of diffusion against closed forms and hand values, its sampler where the best denoiser is known, and guidance."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from helpers import tiny
from torch import Tensor

from gan_core.config import DiffusionConfig
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build, build_networks, decode
from gan_core.models.diffusion import Process, alpha_bars, conditions, guided, noise_of, timeline
from gan_core.models.networks.time_embedding import sinusoids

OBJECTIVES = ("epsilon", "x0", "v")
MEAN, STD = 1.5, 0.5  # of the data in the Gaussian case


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_linear_schedule_has_the_betas_of_ho_et_al():
    bars = alpha_bars("linear", 1000)
    betas = 1 - bars[1:] / bars[:-1]
    assert bars[0] == 1 and len(bars) == 1001
    assert [betas[0].item(), betas[-1].item()] == pytest.approx([1e-4, 0.02])
    assert betas[499].item() == pytest.approx(1e-4 + 499 / 999 * 0.0199)
    assert bars[-1].item() == pytest.approx(4.036e-5, rel=1e-3)
    by_hand = (1 - 1e-4) * (1 - 1e-4 - 0.0199 / 999)
    assert bars[2].item() == pytest.approx(by_hand)
    assert alpha_bars("linear", 100)[-1].item() == pytest.approx(2.05e-5, rel=0.02)  # as noisy in a tenth of the steps


def test_the_cosine_schedule_is_its_curve_until_beta_is_cut():
    bars = alpha_bars("cosine", 1000)
    curve = [math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(1001)]
    assert bars[:1000].tolist() == pytest.approx([value / curve[0] for value in curve[:1000]])
    assert bars[500].item() == pytest.approx(0.4938, abs=1e-4)
    assert (bars[1000] / bars[999]).item() == pytest.approx(0.001)  # the curve ends at 0: beta would be 1


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("steps", [2, 10, 1000])
def test_schedules_fall_and_never_reach_nothing(schedule, steps):
    bars = alpha_bars(schedule, steps)
    assert bool((bars.diff() < 0).all()) and 0 < bars[-1] < 0.01


def test_the_timeline_visits_both_ends_and_no_time_twice():
    assert timeline(1000, 4) == [1000, 750, 500, 250, 0]
    assert timeline(10, 10) == list(range(10, -1, -1))
    for steps, sampling in itertools.product((7, 100, 1000), (1, 3, 7)):
        times = timeline(steps, sampling)
        assert (times[0], times[-1], len(set(times))) == (steps, 0, sampling + 1)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_the_closed_form_has_the_moments_of_noise_added_step_by_step(schedule):
    """x_t = sqrt(1 - beta) x_{t-1} + sqrt(beta) noise, 40 times."""
    process = Process.of(DiffusionConfig(schedule=schedule, steps=50))
    mean, variance, t = 0.7, 0.0, 40
    for step in range(1, t + 1):
        kept = (process.alpha_bars[step] / process.alpha_bars[step - 1]).item()
        mean, variance = math.sqrt(kept) * mean, kept * variance + 1 - kept
    x = process.noised(torch.full((20_000, 1), 0.7), torch.full((20_000,), t), normal(20_000, 1))
    assert process.signal[t].item() * 0.7 == pytest.approx(mean, rel=1e-5)
    assert process.spread[t].item() ** 2 == pytest.approx(variance, rel=1e-5)
    assert x.mean().item() == pytest.approx(mean, abs=4 * math.sqrt(variance / 20_000))
    assert x.var().item() == pytest.approx(variance, rel=0.04)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_true_prediction_splits_a_noisy_image_into_its_parts(objective):
    process = Process.of(DiffusionConfig(objective=objective, steps=20))
    data, noise, t = normal(20, 3, 4, 4), normal(20, 3, 4, 4, seed=1), torch.arange(1, 21)
    x = process.noised(data, t, noise)
    found = process.split(x, t, process.target(data, t, noise))
    torch.testing.assert_close(found[0][:19], data[:19], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found[1], noise, rtol=1e-3, atol=1e-3)
    clipped, rest = process.split(x, t, process.target(data, t, noise), clip=True)
    assert clipped.abs().max() <= 1
    torch.testing.assert_close(process.noised(clipped, t, rest), x, rtol=1e-4, atol=1e-4)


def test_v_by_hand():
    process = Process.of(DiffusionConfig(objective="v"))
    a, s = process.signal[300].item(), process.spread[300].item()
    v = process.target(torch.tensor([[2.0]]), torch.tensor([300]), torch.tensor([[3.0]]))
    assert v.item() == pytest.approx(3 * a - 2 * s, rel=1e-5)


def gaussian(process: Process):
    """The best prediction for data N(MEAN, STD^2): the expected noise, x_0 or v of an x_t, in closed form."""

    def predict(x: Tensor, t: Tensor) -> Tensor:
        signal, spread = process.signal[t][:, None], process.spread[t][:, None]
        gain = signal * STD**2 / (signal**2 * STD**2 + spread**2)
        data = MEAN + gain * (x - signal * MEAN)
        return process.target(data, t, (x - signal * data) / spread)

    return predict


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(("steps", "eta"), [(300, 1.0), (300, 0.0), (50, 0.0), (100, 0.5)])
def test_with_the_best_denoiser_samples_have_the_mean_and_spread_of_the_data(objective, steps, eta):
    process = Process.of(DiffusionConfig(objective=objective, steps=300))
    z = normal(4000, 1)
    noise = (normal(4000, 1, seed=i) for i in itertools.count(1))
    x = last(process.walk(gaussian(process), z, steps, eta, noise, clip=False))
    assert x.mean().item() == pytest.approx(MEAN, abs=0.04)
    assert x.std().item() == pytest.approx(STD, rel=0.06)
    if not eta:  # the ordinary differential equation of a Gaussian only shifts and scales
        torch.testing.assert_close(x, MEAN + STD * z, rtol=0.05, atol=0.05)


def last(way) -> Tensor:
    """Where a way ends."""
    *_, moment = way
    return moment.x


def no_noise():
    raise AssertionError("eta 0 draws no noise")
    yield


def test_ddim_is_a_function_of_the_latent_and_its_inversion_finds_the_latent_again():
    process = Process.of(DiffusionConfig())
    z, predict = normal(200, 1), gaussian(process)
    data = last(process.walk(predict, z, 50, 0.0, no_noise(), clip=False))
    assert torch.equal(data, last(process.walk(predict, z, 50, 0.0, no_noise(), clip=False)))
    errors = [(last(process.invert(predict, data, 50, iterations=n)) - z).abs().max().item() for n in (1, 2, 4)]
    assert errors[0] < 0.1 and errors[1] < 0.01 and errors[2] < 1e-3
    found = last(process.invert(predict, data, 50, iterations=4))
    torch.testing.assert_close(
        last(process.walk(predict, found, 50, 0.0, no_noise(), clip=False)), data, rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_score_is_the_slope_of_the_log_density(objective):
    """x_t of normal data is normal: the slope of its log density is (mean - x) / variance."""
    process = Process.of(DiffusionConfig(objective=objective))
    x, t = normal(200, 1), torch.full((200,), 400)
    a, s = process.signal[400].item(), process.spread[400].item()
    expected = (a * MEAN - x) / (a**2 * STD**2 + s**2)
    torch.testing.assert_close(process.score(gaussian(process), x, t), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("schedule", "objective", "far"), [
    ("cosine", "epsilon", True), ("linear", "epsilon", False), ("cosine", "v", False), ("cosine", "x0", False),
])  # fmt: skip
def test_a_small_error_of_the_noise_is_borne_unless_it_is_divided_by_the_end_of_a_cosine(schedule, objective, far):
    process = Process.of(DiffusionConfig(schedule=schedule, objective=objective))
    best, z = gaussian(process), normal(500, 1)
    x = last(process.walk(lambda x, t: best(x, t) + 0.01, z, 50, 0.0, no_noise(), clip=False))
    assert bool((x - MEAN).abs().max() > 5 * STD) == far


def test_ddpm_adds_the_variance_of_its_posterior():
    """At eta 1, x_{t-1} of x_t and x_0 has the mean and variance of q(x_{t-1} | x_t, x_0): Ho et al. 2020, equations 6 and 7."""
    process = Process.of(DiffusionConfig(objective="x0", steps=2))
    first, second = process.alpha_bars[1].item(), process.alpha_bars[2].item()
    beta = 1 - second / first
    seen = []

    def predict(x: Tensor, t: Tensor) -> Tensor:
        seen.append(x)
        return torch.full_like(x, 0.3)

    x = torch.tensor([[2.0]])
    for noise in (0.0, 1.0):
        last(process.walk(predict, x, 2, 1.0, itertools.repeat(torch.tensor([[noise]])), clip=False))
    mean = math.sqrt(first) * beta / (1 - second) * 0.3 + math.sqrt(second / first) * (1 - first) / (1 - second) * 2
    assert seen[1].item() == pytest.approx(mean, rel=1e-4)
    assert (seen[3] - seen[1]).item() ** 2 == pytest.approx((1 - first) / (1 - second) * beta, rel=1e-4)


LABELLED = {
    "network__name": "unet", "conditioning__name": "concat", "conditioning__labels": "3,1", "diffusion__sampling_steps": 3,
    "diffusion__preview_steps": 2,
}  # fmt: skip


def trained_a_little(config):
    """The denoiser of a configuration with weights in its last layers, which begin at zero."""
    network = build_networks(config)["denoiser"]
    with torch.no_grad():
        for seed, parameter in enumerate(network.parameters()):
            parameter += 0.2 * normal(*parameter.shape, seed=seed)
    return network


def test_guidance_zero_is_unconditional_one_is_plain_and_more_extrapolates():
    config = tiny(**LABELLED)
    network, process = trained_a_little(config), Process.of(config.diffusion)
    x, t, labels = normal(4, 1, 8, 8), torch.tensor([900, 500, 100, 1]), torch.eye(2).repeat(2, 1)
    with torch.no_grad():
        free, plain, strong = (guided(network, process, labels, scale)(x, t) for scale in (0.0, 1.0, 3.0))
        nothing = network(x, t / 1000, torch.zeros(4, 3))
        other = guided(network, process, 1 - labels, 0.0)(x, t)
    assert torch.equal(free, nothing) and torch.equal(free, other)
    torch.testing.assert_close(plain, network(x, t / 1000, torch.cat([labels, torch.ones(4, 1)], 1)).detach())
    assert not torch.allclose(plain, free)
    torch.testing.assert_close(strong, free + 3 * (plain - free), rtol=1e-4, atol=1e-5)


def test_dropped_labels_are_zeros_and_no_labels_stay_none():
    labels = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert conditions(labels, torch.tensor([True, False])).tolist() == [[0, 1, 1], [0, 0, 0]]
    assert conditions(labels[:, :0], torch.tensor([True, False])).shape == (2, 0)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_a_sample_depends_on_its_own_latent_alone(eta):
    config = tiny(**LABELLED, diffusion__eta=eta, diffusion__guidance=2.0)
    network, z = trained_a_little(config), normal(5, 64)
    labels = torch.eye(2)[[0, 1, 0, 1, 0]]
    with torch.no_grad():
        all_five, alone = decode(config, network, z, labels), decode(config, network, z[3:4], labels[3:4])
    torch.testing.assert_close(all_five[3:4], alone, rtol=1e-4, atol=1e-5)
    assert all_five.abs().max() <= 1 and all_five.shape == (5, 1, 8, 8)


def test_noise_of_latents_is_standard_normal_and_new_in_every_step():
    stream = noise_of(normal(50, 4), (3, 5, 5))
    first, second = next(stream), next(stream)
    assert first.shape == (50, 3, 5, 5) and not torch.equal(first, second)
    both = torch.cat([first, second])
    assert abs(both.mean().item()) < 0.03 and both.std().item() == pytest.approx(1, abs=0.03)


def test_times_and_noise_of_a_step_are_a_function_of_seed_and_step():
    """Whatever was trained before: the same step of an untrained model has the same loss."""
    images, labels = normal(16, 1, 8, 8), torch.zeros(16, 0)

    def loss(model, step: int) -> float:
        return next(model.train_step(images, labels, TrainingProgress(step, 20))).loss.item()

    one, two = (build(tiny(network__name="unet"), "cpu") for _ in range(2))
    loss(one, 0), loss(one, 1), one.probe()
    assert loss(one, 5) == loss(two, 5) != loss(two, 6)
    assert loss(build(tiny(network__name="unet", training__seed=1), "cpu"), 5) != loss(two, 5)


def test_the_quarters_have_the_times_of_their_part():
    model = build(tiny(network__name="unet"), "cpu")
    times = []
    model.networks["denoiser"].register_forward_hook(
        lambda module, inputs, output: times.append((inputs[1] * 1000).round())
    )
    next(model.train_step(normal(16, 1, 8, 8), torch.zeros(16, 0), TrainingProgress(0, 20)))
    model.finish_step()
    assert {f"loss/quarter_{number}" for number in range(1, 5)} < {*model.probe()}
    assert times[0].min() >= 1 and times[0].max() <= 1000
    for number, part in enumerate(times[1].chunk(4)):
        assert len(part) == 16 and part.min() > 250 * number and part.max() <= 250 * (number + 1)


def test_the_embedding_of_time_by_hand():
    table = sinusoids(torch.tensor([0.0, 2.0]))
    assert table[0].tolist() == [0.0] * 32 + [1.0] * 32
    assert table[1, [0, 31, 32]].tolist() == pytest.approx([math.sin(2), 2e-4, math.cos(2)])
