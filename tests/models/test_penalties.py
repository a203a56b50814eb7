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


COUNT, SHAPE = 6, (2, 3, 4)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = COUNT, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, *SHAPE, generator=rng(seed), dtype=torch.float64)


def half_squared_norm(x: torch.Tensor) -> torch.Tensor:
    """Its gradient is x."""
    return x.flatten(1).square().sum(1) / 2


def linear(weights: torch.Tensor):
    """Its gradient is `weights` everywhere."""
    return lambda x: (x * weights).flatten(1).sum(1)


def seen_by(name: str, real: torch.Tensor, fake: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """The samples at which a penalty measures the critic's slope."""
    seen = []

    def critic(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.detach().clone())
        return half_squared_norm(x)

    PENALTIES[name].compute(critic, real, fake, rng(seed))
    (samples,) = seen
    return samples


def test_r1_is_half_the_mean_squared_gradient_on_real_samples_alone():
    real, fake = images(), images(seed=1)
    expected = real.flatten(1).square().sum(1).mean() / 2
    torch.testing.assert_close(PENALTIES["r1"].compute(half_squared_norm, real, fake, rng()), expected)
    weights = images(1)[0]
    torch.testing.assert_close(PENALTIES["r1"].compute(linear(weights), real, fake, rng()), weights.square().sum() / 2)
    assert torch.equal(seen_by("r1", real, fake), real)


@pytest.mark.parametrize("name", ["gradient", "dragan"])
def test_two_sided_penalties_are_the_squared_distance_of_the_norm_from_one(name):
    weights = images(1)[0]
    expected = (weights.square().sum().sqrt() - 1) ** 2
    torch.testing.assert_close(PENALTIES[name].compute(linear(weights), images(), images(seed=1), rng()), expected)
    unit = weights / weights.norm()
    assert PENALTIES[name].compute(linear(unit), images(), images(seed=1), rng()).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", ["gradient", "dragan"])
def test_two_sided_penalties_average_over_samples_each_with_its_own_norm(name):
    real = images()
    norms = seen_by(name, real, real).flatten(1).square().sum(1).sqrt()
    found = PENALTIES[name].compute(half_squared_norm, real, real, rng())
    torch.testing.assert_close(found, (norms - 1).square().mean())


@pytest.mark.parametrize("name", ["gradient", "dragan"])
def test_a_flat_critic_is_charged_one_and_its_weights_get_a_finite_gradient(name):
    weights = torch.zeros(SHAPE, dtype=torch.float64, requires_grad=True)
    found = PENALTIES[name].compute(linear(weights), images(), images(seed=1), rng())
    found.backward()
    assert found.item() == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(weights.grad).all()


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("r1", lambda w: w),  # of ||w||^2 / 2
        ("gradient", lambda w: 2 * (w.norm() - 1) * w / w.norm()),  # of (||w|| - 1)^2
        ("dragan", lambda w: 2 * (w.norm() - 1) * w / w.norm()),
    ],
)
def test_penalties_can_be_learned_from(name, slope):
    weights = images(1)[0].requires_grad_()
    real = images()
    PENALTIES[name].compute(linear(weights), real, images(seed=1), rng()).backward()
    torch.testing.assert_close(weights.grad, slope(weights.detach()))
    assert not real.requires_grad


def test_the_gradient_penalty_looks_between_real_and_fake_at_one_place_a_pair():
    real, fake = images(200), images(200, seed=1)
    share = (seen_by("gradient", real, fake) - real) / (fake - real)
    each = share.flatten(1).mean(1)
    torch.testing.assert_close(share, each.view(-1, 1, 1, 1).expand_as(share))
    assert 0 <= each.min() < 0.05 and 0.95 < each.max() <= 1  # uniform: all places between the two
    assert each.mean().item() == pytest.approx(0.5, abs=0.06)  # three standard errors of 200
    same = seen_by("gradient", real, real)
    torch.testing.assert_close(same, real)


def test_dragans_noise_reaches_half_a_standard_deviation_above_real_samples():
    """Uniform up to std / 2, times a uniform share of the sample: an eighth of a standard deviation on average."""
    real = 3 * images(4000) + 1
    noise = seen_by("dragan", real, -real) - real
    spread = real.std().item()
    assert noise.min() >= 0 and 0.45 * spread < noise.max().item() < 0.5 * spread
    assert noise.mean().item() == pytest.approx(spread / 8, rel=0.03)
    shares = noise.flatten(1).max(1).values / (0.5 * spread)  # each sample's own share, nearly: 24 draws a sample
    assert shares.min() < 0.05 and shares.max() > 0.95


def test_penalties_have_their_default_weights_and_only_r1_and_r2_bear_batch_norm():
    table = {name: (p.default_weight, p.allows_batch_norm) for name, p in PENALTIES.items() if p is not None}
    assert table == {
        "gradient": (10.0, False), "r1": (10.0, True), "r2": (10.0, True), "r1_r2": (10.0, True), "dragan": (10.0, False),
    }  # fmt: skip
    assert PENALTIES["none"] is None
