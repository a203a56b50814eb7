"""G-k4 and D-k4: layers, counts, shapes and first weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gan_core.config import DatasetConfig, NetworkConfig, RunConfig, TrainingConfig, with_changes
from gan_core.models.architecture import describe, diagrams
from gan_core.models.building import build_networks
from gan_core.models.networks import NETWORKS

REPORT = RunConfig(
    dataset=DatasetConfig(image_size=64, channels=3), network=NetworkConfig(name="dcgan4", width=64, latent_dim=100)
)


def kinds(network: nn.Module) -> list[str]:
    return [type(m).__name__ for m in network.modules() if not list(m.children())]


def test_the_reports_generator_layer_by_layer():
    convolutions = [m for m in build_networks(REPORT, meta=True)["generator"].modules() if hasattr(m, "kernel_size")]
    described = [
        (m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0], m.padding[0], m.bias) for m in convolutions
    ]
    assert described == [
        (100, 512, 4, 1, 0, None),
        (512, 256, 4, 2, 1, None),
        (256, 128, 4, 2, 1, None),
        (128, 64, 4, 2, 1, None),
        (64, 3, 4, 2, 1, None),
    ]
    layers = kinds(build_networks(REPORT, meta=True)["generator"])
    assert layers == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 4 + ["ConvTranspose2d", "Tanh"]


def test_the_reports_discriminator_layer_by_layer():
    network = build_networks(REPORT, meta=True)["discriminator"]
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    described = [
        (m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0], m.padding[0], m.bias) for m in convolutions
    ]
    assert described == [
        (3, 64, 4, 2, 1, None),
        (64, 128, 4, 2, 1, None),
        (128, 256, 4, 2, 1, None),
        (256, 512, 4, 2, 1, None),
        (512, 1, 4, 1, 0, None),
    ]
    assert kinds(network) == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 3 + ["Conv2d"]
    assert {m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)} == {0.2}


def test_the_report_has_as_many_weights_as_the_pytorch_example():
    """By hand: 16 weights a pair of channels, 2 a channel of batch norm."""
    generator = 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (512 + 256 + 128 + 64)
    discriminator = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 1) + 2 * (128 + 256 + 512)
    assert (generator, discriminator) == (3_576_704, 2_765_568)
    tables = describe(REPORT)
    assert sum(layer.num_parameters for layer in tables["generator"]) == generator
    assert sum(layer.num_parameters for layer in tables["discriminator"]) == discriminator
    networks = build_networks(REPORT, meta=True)
    assert sum(p.numel() for p in networks["generator"].parameters()) == generator
    assert sum(p.numel() for p in networks["discriminator"].parameters()) == discriminator


def test_the_table_of_layers_has_the_true_output_shapes():
    tables = describe(REPORT)
    shapes = [layer.output_shape for layer in tables["generator"] if layer.kind == "ConvTranspose2d"]
    assert shapes == [(512, 4, 4), (256, 8, 8), (128, 16, 16), (64, 32, 32), (3, 64, 64)]
    assert [layer.output_shape for layer in tables["discriminator"]][-1] == (1, 1, 1)


def small(size: int = 16, channels: int = 1, width: int = 4, seed: int = 0) -> RunConfig:
    return RunConfig(
        dataset=DatasetConfig(image_size=size, channels=channels),
        network=NetworkConfig(width=width, latent_dim=5),
        training=TrainingConfig(seed=seed),
    )


@pytest.mark.parametrize("size", [8, 16, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_range_at_every_size(size, channels):
    networks = build_networks(small(size, channels))
    images = networks["generator"](torch.randn(3, 5))
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1
    assert networks["discriminator"](images, torch.zeros(3, 0))[0].shape == (3,)


@pytest.mark.parametrize("size", [4, 5, 12, 24, 48, 100])
def test_a_size_that_the_network_cannot_make_is_refused_with_a_way_out(size):
    with pytest.raises(ValueError, match=rf"power of two, at least 8; got {size}. Set dataset.image_size to 32 or 64"):
        NETWORKS["dcgan4"].check_size(size)


def test_first_weights_have_the_papers_distributions():
    networks = build_networks(REPORT)
    for network in networks.values():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                weights, expected = module.weight, 0.0
            elif isinstance(module, nn.BatchNorm2d):
                weights, expected = module.weight, 1.0
                assert torch.equal(module.bias, torch.zeros_like(module.bias))
                assert torch.equal(module.running_mean, torch.zeros_like(module.running_mean))
                assert torch.equal(module.running_var, torch.ones_like(module.running_var))
            else:
                continue
            n = weights.numel()
            assert abs(weights.mean().item() - expected) < 5 * 0.02 / math.sqrt(n)
            assert abs(weights.std().item() - 0.02) < 5 * 0.02 / math.sqrt(2 * n)


def weights(config: RunConfig) -> list[torch.Tensor]:
    return [t for network in build_networks(config).values() for t in network.state_dict().values()]


def test_first_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = weights(small())
    torch.manual_seed(2)
    second = weights(small())
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], weights(small(seed=1))[0])


def test_building_leaves_the_global_generator_untouched():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    build_networks(small())
    assert torch.equal(torch.get_rng_state(), before)


def test_describing_a_large_network_allocates_nothing():
    large = with_changes(REPORT, {"network.width": 1024, "dataset.image_size": 1024})
    assert all(p.is_meta for network in build_networks(large, meta=True).values() for p in network.parameters())
    assert sum(layer.num_parameters for layer in describe(large)["generator"]) > 10**9


def test_an_image_depends_on_its_own_latent_alone():
    """In evaluation mode, after batch norm has seen some batches."""
    generator = build_networks(small(width=8))["generator"]
    for _ in range(3):
        generator(torch.randn(16, 5))
    generator.eval()
    z = torch.randn(10, 5)
    with torch.no_grad():
        torch.testing.assert_close(generator(z)[3:4], generator(z[3:4]), rtol=0, atol=1e-6)
        torch.testing.assert_close(generator(z.flip(0)).flip(0), generator(z), rtol=0, atol=1e-6)


def test_the_diagram_has_a_block_a_convolution_with_its_shape_and_all_its_parameters():
    blocks = diagrams(REPORT)["generator"]
    assert [block.shape for block in blocks] == [
        (100,),
        (512, 4, 4),
        (256, 8, 8),
        (128, 16, 16),
        (64, 32, 32),
        (3, 64, 64),
    ]
    assert [block.title for block in blocks] == ["input", *5 * ["ConvTranspose2d"]]
    assert blocks[1].lines == ("kernel 4, stride 1", "BatchNorm2d", "ReLU")
    assert sum(block.num_parameters for block in blocks) == 3_576_704
    assert sum(block.num_parameters for block in diagrams(REPORT)["discriminator"]) == 2_765_568
