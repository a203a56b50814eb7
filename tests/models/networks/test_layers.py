"""Every architecture layer by layer, and what its forward pass computes, written out with torch's functions."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gan_core.config import DatasetConfig, NetworkConfig, RunConfig, with_changes
from gan_core.datasets import image_shape
from gan_core.models.architecture import describe
from gan_core.models.building import build_networks
from gan_core.models.networks import NETWORKS
from gan_core.models.networks.initialisation import load_module

IMAGES = [name for name, entry in NETWORKS.items() if entry.domain == "images"]
OF_LATENTS = [name for name, entry in NETWORKS.items() if entry.model != "diffusion"]
DENOISERS = [name for name in NETWORKS if name not in OF_LATENTS]


def config(name: str, size: int = 32, **network) -> RunConfig:
    dataset = (
        DatasetConfig(name="ring8") if NETWORKS[name].domain == "points" else DatasetConfig(image_size=size, channels=3)
    )
    return RunConfig(dataset=dataset, network=NetworkConfig(name=name, **{"width": 4, "latent_dim": 5} | network))


def layers(name: str, part: str, **settings) -> list[tuple]:
    """Kind, inputs, outputs, (kernel, stride, padding, output padding) and whether it has a bias, of each linear layer."""
    found = []
    for m in build_networks(config(name, **settings), meta=True)[part].modules():
        if isinstance(m, nn.Linear):
            found.append(("linear", m.in_features, m.out_features, (), m.bias is not None))
        elif isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
            kind = "up" if isinstance(m, nn.ConvTranspose2d) else "conv"
            shape = (m.kernel_size[0], m.stride[0], m.padding[0], m.output_padding[0])
            found.append((kind, m.in_channels, m.out_channels, shape, m.bias is not None))
    return found


def kinds(name: str, part: str, **settings) -> list[str]:
    network = build_networks(config(name, **settings), meta=True)[part]
    return [type(m).__name__ for m in network.modules() if not list(m.children())]


def test_dcgan5_has_the_reports_layers():
    up, half = (5, 2, 2, 1), (5, 2, 2, 0)
    assert layers("dcgan5", "generator") == [
        ("linear", 5, 256, (), False), ("up", 16, 8, up, False), ("up", 8, 4, up, False), ("up", 4, 3, up, True),
    ]  # fmt: skip
    assert kinds("dcgan5", "generator") == (
        ["Linear", "BatchNorm1d", "ReLU"] + ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 2 + ["ConvTranspose2d", "Tanh"]
    )
    assert layers("dcgan5", "discriminator") == [
        ("conv", 3, 4, half, True), ("conv", 4, 8, half, True), ("conv", 8, 16, half, True), ("conv", 16, 1, (4, 1, 0, 0), True),
    ]  # fmt: skip
    assert kinds("dcgan5", "discriminator") == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 2 + [
        "Conv2d"
    ]


def test_dcgan4_has_biases_only_where_no_batch_norm_follows():
    half = (4, 2, 1, 0)
    plain = layers("dcgan4", "discriminator", discriminator_norm="none")
    assert [bias for *_, bias in plain] == [False, True, True, False]
    assert [bias for *_, bias in layers("dcgan4", "discriminator")] == [False] * 4
    assert plain[:3] == [("conv", 3, 4, half, False), ("conv", 4, 8, half, True), ("conv", 8, 16, half, True)]
    assert "BatchNorm2d" not in kinds("dcgan4", "discriminator", discriminator_norm="none")


def test_resnet_has_the_layers_of_sngans_table_5():
    same, one = (3, 1, 1, 0), (1, 1, 0, 0)
    block = lambda a, b: [("conv", a, b, same, True), ("conv", b, b, same, True), ("conv", a, b, one, True)]  # noqa: E731
    assert layers("resnet", "generator") == [
        ("linear", 5, 512, (), True), *block(32, 16), *block(16, 8), *block(8, 4), ("conv", 4, 3, same, True),
    ]  # fmt: skip
    assert layers("resnet", "discriminator") == [
        *block(3, 4), *block(4, 8), *block(8, 16), ("linear", 16, 1, (), True),
    ]  # fmt: skip


def test_mlp_has_two_hidden_layers():
    assert layers("mlp", "generator") == [
        ("linear", 5, 4, (), True), ("linear", 4, 4, (), True), ("linear", 4, 2, (), True),
    ]  # fmt: skip
    assert layers("mlp", "discriminator") == [
        ("linear", 2, 4, (), True), ("linear", 4, 4, (), True), ("linear", 4, 1, (), True),
    ]  # fmt: skip
    assert kinds("mlp", "discriminator") == ["Linear", "BatchNorm1d", "LeakyReLU"] * 2 + ["Linear"]
    assert kinds("mlp", "discriminator", discriminator_norm="none") == ["Linear", "LeakyReLU"] * 2 + ["Linear"]


def test_vae_has_the_reports_layers():
    three, five, up = (3, 1, 1, 0), (5, 1, 2, 0), (4, 2, 1, 0)
    assert layers("vae", "encoder") == [
        ("conv", 3, 4, three, True), ("conv", 4, 4, three, True), ("conv", 4, 8, five, True), ("conv", 8, 8, five, True),
        ("conv", 8, 16, five, True), ("conv", 16, 16, five, True), ("linear", 256, 5, (), True), ("linear", 256, 5, (), True),
    ]  # fmt: skip
    assert kinds("vae", "encoder") == ["Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d"] * 3 + [
        "Flatten",
        "Linear",
        "Linear",
    ]
    assert layers("vae", "decoder") == [
        ("linear", 5, 256, (), True), ("up", 16, 16, up, True), ("up", 16, 16, up, True), ("up", 16, 3, up, True),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in OF_LATENTS if name != "resnet"])
@pytest.mark.parametrize("leak", [0.0, 0.3])
def test_leaks_are_a_fifth_in_discriminators_and_as_wished_in_generators(name, leak):
    networks = build_networks(config(name, generator_leak=leak), meta=True)
    slopes = {
        part: {m.negative_slope for m in n.modules() if isinstance(m, nn.LeakyReLU)} for part, n in networks.items()
    }
    assert slopes.get("discriminator", {0.2}) == {0.2}
    assert slopes["decoder" if name == "vae" else "generator"] == ({leak} if leak else set())


@pytest.mark.parametrize("name", OF_LATENTS)
@pytest.mark.parametrize("size", [8, 16, 64])
def test_shapes_at_every_size(name, size):
    made = config(name, size)
    networks, shape = build_networks(made), (2,) if name == "mlp" else (3, size, size)
    x = torch.rand(4, *shape)
    if name == "vae":
        assert [t.shape for t in networks["encoder"](x)] == [(4, 5), (4, 5)]
        assert networks["decoder"](torch.randn(4, 5)).shape == (4, *shape)
    else:
        assert networks["generator"](torch.randn(4, 5)).shape == (4, *shape)
        assert networks["discriminator"](x, torch.zeros(4, 0))[0].shape == (4,)


def block(network: nn.Module, x: torch.Tensor, number: int) -> torch.Tensor:
    """An upsampling block of the residual generator."""
    b = network.blocks[number]
    hidden = F.interpolate(F.relu(b.norm1(x)), scale_factor=2)
    hidden = b.conv2(F.relu(b.norm2(b.conv1(hidden))))
    return hidden + b.shortcut(F.interpolate(x, scale_factor=2))


def test_the_residual_generator_is_its_papers():
    network, z = build_networks(config("resnet"))["generator"].eval(), torch.randn(3, 5)
    x = network.stem(z).view(3, 32, 4, 4)
    for number in range(3):
        x = block(network, x, number)
    norm, _, conv, _ = network.last
    torch.testing.assert_close(network(z), torch.tanh(conv(F.relu(norm(x)))))


@pytest.mark.parametrize("normalisation", ["none", "batch"])
def test_the_residual_discriminator_is_its_papers(normalisation):
    network = build_networks(config("resnet", discriminator_norm=normalisation))["discriminator"].eval()
    images = x = torch.rand(3, 3, 32, 32)
    for number, b in enumerate(network.backbone.blocks):
        hidden = x if number == 0 else F.relu(b.norm1(x))
        hidden = b.conv2(F.relu(b.norm2(b.conv1(hidden))))
        x = F.avg_pool2d(hidden, 2) + b.shortcut(F.avg_pool2d(x, 2))
    expected = network.head(F.relu(x).sum((2, 3))).flatten()
    torch.testing.assert_close(network(images, torch.zeros(3, 0))[0], expected)
    norms = [len(list(b.norm1.children())) for b in network.backbone.blocks]
    assert norms == ([0, 1, 1] if normalisation == "batch" else [0, 0, 0])


@pytest.mark.parametrize("name", OF_LATENTS)
def test_the_first_weight_is_the_matrix_of_the_first_linear_map(name):
    """The first response to two latents differs by the matrix times their difference, but for batch norm's scale."""
    network = build_networks(config(name))["decoder" if name == "vae" else "generator"].eval()
    one, two = torch.randn(1, 5), torch.randn(1, 5)
    weight = network.first_weight()
    assert weight.shape == (*network.first_response(one).shape[1:], 5)
    for module in network.modules():  # as if there were none: mean 0, variance 1, weight 1
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            module.eps = 0.0
    difference = network.first_response(one) - network.first_response(two)
    torch.testing.assert_close(difference, (one - two) @ weight.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("size", [4, 12, 0])
def test_image_networks_want_a_power_of_two_from_eight_on(name, size):
    NETWORKS[name].check_size(8)
    NETWORKS[name].check_size(64)
    with pytest.raises(ValueError, match=f"at least 8; got {size}"):
        NETWORKS[name].check_size(size)


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("size", [8, 16, 64])
def test_a_denoiser_keeps_the_shape_begins_at_its_last_layers_bias_and_heeds_time_and_condition(name, size):
    """Layers that begin at zero are given weights: then every input counts."""
    torch.manual_seed(0)
    made = config(name, size)
    made = with_changes(made, {"conditioning.name": "concat", "conditioning.labels": ("3", "1")})
    shape = image_shape(made.dataset)
    network, x, told = build_networks(made)["denoiser"], torch.rand(4, *shape), torch.eye(4)[:, :3]
    if name == "unet":
        assert not network(x, torch.full((4,), 0.5), told).any()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.rand_like(parameter)
    plain = network(x, torch.full((4,), 0.5), told)
    assert plain.shape == x.shape
    for other in (network(x, torch.full((4,), 0.6), told), network(x, torch.full((4,), 0.5), 1 - told)):
        assert (plain - other).abs().max() > 1e-3


def test_the_u_net_has_its_resolutions_and_skips():
    """Of 32 px: 16, 8 and 4, with twice the width below the first."""

    def found(made):
        return [
            (m.name, m.output_shape[1:], m.detail.split(",")[0])
            for m in describe(made)["denoiser"]
            if m.kind == "Conv2d"
        ]

    three = found(config("unet"))
    assert [row[1] for row in three if row[0].endswith("conv1")] == [(16, 16), (8, 8), *[(4, 4)] * 4, (8, 8), (16, 16)]
    assert [int(row[2]) for row in three if row[0].endswith("conv1")] == [4, 4, 8, 8, 8, 16, 16, 8]
    with_attention = with_changes(config("unet"), {"diffusion.attention": True})
    assert [row[1] for row in found(with_attention) if row[0].startswith("attention")] == [(4, 4)]
    total = sum(p.numel() for p in build_networks(with_attention, meta=True)["denoiser"].parameters())
    assert sum(layer.num_parameters for layer in describe(with_attention)["denoiser"]) == total


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize(("size", "width"), [(8, 16), (32, 32), (64, 64)])
def test_the_estimate_of_weights_is_right_within_a_factor_of_three(name, size, width):
    made = config(name, size, width=width, latent_dim=64)
    count = sum(p.numel() for n in build_networks(made, meta=True).values() for p in n.parameters())
    assert 1 / 3 < NETWORKS[name].weights(width, size, 64) / count < 3


def test_networks_for_points_take_any_size():
    NETWORKS["mlp"].check_size(7)


def test_the_table_of_layers_counts_every_weight_once_and_imagines_whole_packs():
    made = config("dcgan4")
    packed = RunConfig(
        dataset=made.dataset, network=made.network, remedies=type(made.remedies)(packing=3), training=made.training
    )
    table = describe(packed)["discriminator"]
    assert table[0].detail.startswith("9, 4") and table[0].output_shape == (4, 16, 16)
    total = sum(p.numel() for p in build_networks(packed, meta=True)["discriminator"].parameters())
    assert sum(layer.num_parameters for layer in table) == total
    spectral = RunConfig(dataset=made.dataset, network=NetworkConfig(width=4, latent_dim=5, spectral_norm=True))
    layers = describe(spectral)["discriminator"]
    assert [layer.kind for layer in layers][:2] == ["Conv2d", "LeakyReLU"]
    assert sum(layer.num_parameters for layer in layers) == sum(
        p.numel() for p in build_networks(spectral, meta=True)["discriminator"].parameters()
    )


def test_labels_widen_the_generators_input_only():
    from gan_core.config import ConditioningConfig

    made = config("dcgan4")
    labelled = RunConfig(
        dataset=made.dataset, network=made.network, conditioning=ConditioningConfig(name="acgan", labels=("3", "1"))
    )
    generator = build_networks(labelled, meta=True)["generator"]
    assert next(m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)).in_channels == 7
    assert describe(labelled)["generator"][0].num_parameters == 7 * 16 * 16
    assert load_module(labelled).__name__.endswith("dcgan4")
