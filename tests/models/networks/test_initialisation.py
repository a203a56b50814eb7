"""First weights: their distributions against torch's own and the papers' formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gan_core.models.networks.initialisation import dcgan_init, default_init, materialise, xavier_init


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def filled(layer: nn.Module, init) -> nn.Module:
    with torch.no_grad():
        for p in layer.parameters():
            p.fill_(7.0)
        init(layer, rng())
    return layer


def assert_uniform(values: torch.Tensor, bound: float) -> None:
    assert values.abs().max() <= bound and values.max() > 0.97 * bound and values.min() < -0.97 * bound
    assert values.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    assert abs(values.mean().item()) < 5 * bound / math.sqrt(3 * values.numel())


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [(nn.Linear(50, 200), 50), (nn.Conv2d(8, 300, 3), 72), (nn.ConvTranspose2d(16, 100, 4), 1600)],
)
def test_layers_begin_as_torchs_own_within_one_over_the_root_of_the_fan_in(layer, fan_in):
    """He et al. 2015 with a = sqrt(5): the bound of torch's reset_parameters, for weights and biases."""
    layer.reset_parameters()
    theirs = layer.weight.abs().max().item()
    assert_uniform(filled(layer, default_init).weight, 1 / math.sqrt(fan_in))
    assert theirs == pytest.approx(1 / math.sqrt(fan_in), rel=0.03)
    assert layer.bias.abs().max() <= 1 / math.sqrt(fan_in) and (layer.bias < 0).any() and (layer.bias > 0).any()
    assert filled(nn.Linear(5, 3, bias=False), default_init).bias is None


def test_dcgan_begins_with_normals_of_a_fiftieth():
    for layer in (nn.Conv2d(8, 64, 4), nn.ConvTranspose2d(8, 64, 4)):
        weights = filled(layer, dcgan_init).weight
        assert weights.mean().item() == pytest.approx(0, abs=0.001)
        assert weights.std().item() == pytest.approx(0.02, rel=0.03)
        assert torch.equal(layer.bias, torch.zeros(64))
    norm = nn.BatchNorm2d(4000)
    norm.running_mean.fill_(3.0)
    filled(norm, dcgan_init)
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.002)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert torch.equal(norm.bias, torch.zeros(4000)) and torch.equal(norm.running_mean, torch.zeros(4000))
    assert_uniform(filled(nn.Linear(50, 200), dcgan_init).weight, 1 / math.sqrt(50))


@pytest.mark.parametrize(
    ("layer", "bound"),
    [
        (nn.Linear(60, 90), math.sqrt(6 / 150)),
        (nn.Conv2d(10, 20, 1), math.sqrt(6 / 30)),
        (nn.Conv2d(10, 20, 3), math.sqrt(2) * math.sqrt(6 / (9 * 30))),  # SNGAN's gain before a ReLU
        (nn.ConvTranspose2d(10, 20, 3), math.sqrt(6 / (9 * 30))),
    ],
)
def test_xavier_has_equal_variance_in_both_directions(layer, bound):
    weights = filled(layer, xavier_init).weight
    assert weights.abs().max() <= bound and weights.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.08)
    assert torch.equal(layer.bias, torch.zeros_like(layer.bias))
    norm = filled(nn.BatchNorm2d(5), xavier_init)
    assert torch.equal(norm.weight, torch.ones(5)) and torch.equal(norm.bias, torch.zeros(5))


@pytest.mark.parametrize("init", [dcgan_init, default_init, xavier_init])
def test_a_layer_without_a_rule_is_refused_and_one_without_weights_is_left_alone(init):
    with pytest.raises(TypeError, match="No initialisation for a PReLU layer"):
        init(nn.PReLU(), rng())
    init(nn.ReLU(), rng())
    init(nn.Sequential(nn.PReLU()), rng())  # its parts are asked one by one


def test_a_network_gets_its_memory_and_keeps_none_without_a_generator():
    with torch.device("meta"):
        network = nn.Sequential(nn.Linear(3, 2))
    assert next(materialise(network, default_init, None).parameters()).is_meta
    made = materialise(network, default_init, rng())
    assert not made[0].weight.is_meta and made[0].weight.requires_grad
