"""The discriminator's assembly, with a backbone that passes its input through; spectral norm and clipping by hand."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gan_core.config import RunConfig, with_changes
from gan_core.models.building import build_networks
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.networks.critic import Critic, clip_saturation, clip_weights, normalise_spectrum


class Through(nn.Module):
    """A backbone whose features are its input."""

    def __init__(self, shape: tuple[int, ...], head_bias: bool = False) -> None:
        super().__init__()
        self.num_features, self.feature_size, self.head_bias = shape[0], shape[1] if len(shape) > 1 else 0, head_bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def critic(shape: tuple[int, ...], num_labels: int = 0, conditioning: str = "none", **options: bool) -> Critic:
    torch.manual_seed(0)
    return Critic(Through, shape, num_labels, CONDITIONINGS[conditioning], **options).double()


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


NONE = torch.zeros(6, 0)


def test_the_head_is_one_linear_map_of_all_features():
    network, x = critic((2, 4, 4)), normal(6, 2, 4, 4)
    assert network.head.bias is None and network.head.weight.shape == (1, 2, 4, 4)
    logits, label_logits = network(x, NONE)
    torch.testing.assert_close(logits, (x * network.head.weight).flatten(1).sum(1))
    assert label_logits is None
    points = critic((3,))
    torch.testing.assert_close(points(normal(6, 3), NONE)[0], normal(6, 3) @ points.head.weight[0])
    assert Critic(lambda shape: Through(shape, True), (3,), 0, CONDITIONINGS["none"]).head.bias is not None


def test_a_leaky_output_lets_a_fifth_of_negative_logits_through():
    network, x = critic((3,), leaky_output=True), normal(6, 3)
    plain = x @ network.head.weight[0]
    assert (plain < 0).any() and (plain > 0).any()
    torch.testing.assert_close(network(x, NONE)[0], torch.where(plain < 0, 0.2 * plain, plain))


def test_packed_images_are_judged_together_joined_along_channels():
    network, x = critic((2, 4, 4), packing=3), normal(6, 2, 4, 4)
    together = torch.stack([torch.cat([x[0], x[1], x[2]]), torch.cat([x[3], x[4], x[5]])])
    torch.testing.assert_close(network(x, NONE)[0], (together * network.head.weight).flatten(1).sum(1))
    points, y = critic((2,), packing=2), normal(6, 2)
    torch.testing.assert_close(points(y, NONE)[0], y.reshape(3, 4) @ points.head.weight[0])


def test_minibatch_std_appends_the_mean_standard_deviation_over_the_batch():
    network, x = critic((2, 4, 4), minibatch_std=True), normal(6, 2, 4, 4)
    std = (x - x.mean(0)).square().mean(0).sqrt().mean()
    plane = std.expand(6, 1, 4, 4)
    expected = (torch.cat([x, plane], 1) * network.head.weight).flatten(1).sum(1)
    torch.testing.assert_close(network(x, NONE)[0], expected, rtol=1e-6, atol=1e-6)


def test_minibatch_std_of_equal_samples_is_next_to_nothing_and_can_be_learned_from():
    network, x = critic((3,), minibatch_std=True), normal(1, 3).repeat(6, 1).requires_grad_()
    logits, _ = network(x, NONE)
    torch.testing.assert_close(logits, x @ network.head.weight[0, :3] + 1e-4 * network.head.weight[0, 3])  # sqrt(1e-8)
    logits.sum().backward()
    assert torch.isfinite(x.grad).all()


def test_labels_at_the_input_are_a_plane_beside_the_image():
    network, x, y = critic((2, 4, 4), 5, "concat"), normal(6, 2, 4, 4), torch.eye(5, dtype=torch.float64)[:5]
    y = torch.cat([y, y[:1]])
    plane = F.linear(y, network.label_plane.weight, network.label_plane.bias).view(6, 1, 4, 4)
    expected = (torch.cat([x, plane], 1) * network.head.weight).flatten(1).sum(1)
    torch.testing.assert_close(network(x, y)[0], expected)
    points = critic((2,), 5, "concat")
    z = normal(6, 2)
    torch.testing.assert_close(points(z, y)[0], torch.cat([z, y], 1) @ points.head.weight[0])


def test_a_label_head_reads_the_features_with_a_bias():
    network, x = critic((2, 4, 4), 5, "acgan"), normal(6, 2, 4, 4)
    _, label_logits = network(x, torch.zeros(6, 5))
    weight, bias = network.label_head.weight, network.label_head.bias
    torch.testing.assert_close(label_logits, x.flatten(1) @ weight.flatten(1).T + bias)


def test_projection_adds_the_inner_product_of_features_and_label():
    """Miyato and Koyama 2018, equation 3, with features summed over the places."""
    network, x, y = critic((2, 4, 4), 3, "projection"), normal(6, 2, 4, 4), normal(6, 3, seed=1)
    expected = (x * network.head.weight).flatten(1).sum(1) + ((y @ network.projection.weight.T) * x.sum((2, 3))).sum(1)
    torch.testing.assert_close(network(x, y)[0], expected)
    assert network.projection.bias is None
    points, z = critic((2,), 3, "projection"), normal(6, 2)
    expected = z @ points.head.weight[0] + ((y @ points.projection.weight.T) * z).sum(1)
    torch.testing.assert_close(points(z, y)[0], expected)


def test_the_ways_to_condition_differ_as_their_papers_do():
    ways = {name: (c.uses_labels, c.at_input, c.label_head, c.projection) for name, c in CONDITIONINGS.items()}
    assert ways["none"] == (False, False, False, False)
    assert ways["concat"] == (True, True, False, False)
    assert ways["acgan"] == (True, False, True, False)
    assert ways["projection"] == (True, False, False, True)


def singular_values(network: nn.Module) -> list[float]:
    """The largest of each weight, as torch takes a convolution for a matrix: outputs by everything else."""
    network.eval()  # a forward pass in training would iterate once more
    return [
        torch.linalg.matrix_norm(m.weight.detach().flatten(1), ord=2).item()
        for m in network.modules()
        if isinstance(m, nn.Conv2d | nn.Linear)
    ]


def test_spectral_norm_is_near_one_from_the_first_step_on():
    """Miyato et al. 2018, algorithm 1. Before any pass: fifteen power iterations at the start leave a few hundredths."""
    config = with_changes(
        RunConfig(),
        {"network.spectral_norm": True, "network.width": 16, "dataset.image_size": 16, "dataset.channels": 1},
    )
    found = singular_values(build_networks(config)["discriminator"])
    assert len(found) == 3
    assert found == pytest.approx([1] * 3, abs=0.05)


def test_spectral_norm_of_a_known_matrix_divides_by_its_largest_singular_value():
    layer = nn.Sequential(nn.Linear(3, 3, bias=False), nn.ReLU(), nn.Conv2d(1, 1, 3, bias=False))
    with torch.no_grad():
        layer[0].weight.copy_(torch.diag(torch.tensor([5.0, 2.0, 1.0])))
        layer[2].weight.zero_()[0, 0, 1, 1] = 4.0
    normalise_spectrum(layer, torch.Generator().manual_seed(0))
    layer.eval()
    torch.testing.assert_close(layer[0].weight, torch.diag(torch.tensor([1.0, 0.4, 0.2])), rtol=1e-4, atol=1e-4)
    assert layer[2].weight[0, 0, 1, 1].item() == pytest.approx(1)


def test_the_largest_singular_value_of_each_layer_equals_the_scale():
    config = with_changes(
        RunConfig(),
        {"network.spectral_norm": True, "network.spectral_scale": 3, "network.width": 16, "dataset.image_size": 16},
    )
    scaled = build_networks(config)["discriminator"]
    plain = build_networks(with_changes(config, {"network.spectral_scale": 1}))["discriminator"]
    assert scaled.state_dict().keys() == plain.state_dict().keys()  # checkpoints of either fit
    assert singular_values(scaled) == pytest.approx([3 * value for value in singular_values(plain)], rel=1e-5)
    layers = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
    normalise_spectrum(layers, torch.Generator().manual_seed(0), 3)
    assert singular_values(layers) == pytest.approx([3, 3], rel=1e-4)
    x, step = normal(500, 2).float(), 0.1 * F.normalize(normal(500, 2, seed=1).float())
    assert ((layers(x + step) - layers(x)).abs() / 0.1).max() <= 9 * 1.001  # scale ** layers


def test_spectral_norm_draws_from_its_own_generator_alone():
    def made(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(6, 5))
        nn.init.constant_(network[0].weight, 0.1)
        before = torch.get_rng_state()
        normalise_spectrum(network, torch.Generator().manual_seed(3))
        assert torch.equal(torch.get_rng_state(), before)
        return list(network.state_dict().values())[1:]

    assert all(torch.equal(a, b) for a, b in zip(made(1), made(2), strict=True))


def test_clipping_cuts_at_the_limit_on_both_sides_and_saturation_counts_what_lies_there():
    network = nn.Linear(4, 1, bias=False)
    network.weight.data = torch.tensor([[-0.5, -0.01, 0.005, 2.0]])
    clip_weights(network, 0.01)
    torch.testing.assert_close(network.weight.data, torch.tensor([[-0.01, -0.01, 0.005, 0.01]]))
    assert clip_saturation(network, 0.01).item() == 0.75
    assert clip_saturation(network, 0.02).item() == 0
    network.weight.data = torch.full((1, 4), 0.01 * (1 - 1e-4))  # near the bound is not at it
    assert clip_saturation(network, 0.01).item() == 0
    assert not math.isnan(clip_saturation(network, 0.01).item())
