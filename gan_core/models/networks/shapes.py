"""Parts that several architectures share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

LEAK = 0.2  # of discriminators


def num_doublings(image_size: int) -> int:
    """How often 4x4 must be doubled to reach the image."""
    return int(math.log2(image_size)) - 2


def activation(leak: float) -> nn.Module:
    """LeakyReLU with slope `leak` for negative values; ReLU for 0."""
    return nn.LeakyReLU(leak, inplace=True) if leak else nn.ReLU(inplace=True)


def norm(kind: str, channels: int) -> list[nn.Module]:
    """The normalisation layer called `kind`, as a list to splice in: empty for "none"."""
    return [nn.BatchNorm2d(channels)] if kind == "batch" else []


def doubling_layers(channels: int, size: int, width: int, leak: float, kernel: int, *, bias: bool) -> list[nn.Module]:
    """Transposed convolutions of stride 2, batch norm between them, from features 4x4 to images in [-1, 1].

    `width` is the last features' number of channels; `bias` is the last layer's, others are followed by batch norm.
    """
    double = partial(
        nn.ConvTranspose2d, kernel_size=kernel, stride=2, padding=(kernel - 1) // 2, output_padding=kernel % 2
    )
    layers: list[nn.Module] = []
    widths = [width * 2**level for level in reversed(range(num_doublings(size)))]  # 512, 256, 128, 64 at 64 px
    for before, after in pairwise(widths):
        layers += [double(before, after, bias=False), nn.BatchNorm2d(after), activation(leak)]
    return [*layers, double(width, channels, bias=bias), nn.Tanh()]


class LatentNetwork(nn.Module, ABC):
    """A network that draws, whose first layer is a linear map of z (with the labels); directions are found in it."""

    @abstractmethod
    def first_layers(self) -> Sequence[nn.Module]:
        """The linear or transposed-convolution layer that receives z, and its batch norm where it has one."""

    def first_response(self, z: Tensor) -> Tensor:
        """The first layer's response to z, normalised, before its activation: (N, features).

        GANSpace finds its directions in it (see gan_core.latents.directions).
        """
        layers = self.first_layers()
        response = z if isinstance(layers[0], nn.Linear) else z[:, :, None, None]
        for layer in layers:
            response = layer(response)
        return response.flatten(1)

    def first_weight(self) -> Tensor:
        """The matrix of the first layer's linear map, (features, input_dim); SeFa decomposes it."""
        first = self.first_layers()[0]
        weight = first.get_parameter("weight")
        return weight if isinstance(first, nn.Linear) else weight.flatten(1).T  # (input_dim, width, 4, 4)


class HalvingBackbone(nn.Module):
    """Convolutions of stride 2: maps images (N, C, H, W) to features (N, `num_features`, 4, 4).

    An architecture sets `kernel`, and `head_bias`: whether layers have a bias also where none is needed.
    """

    kernel: int
    head_bias: bool
    feature_size = 4

    def __init__(self, image_shape: tuple[int, ...], width: int, normalisation: str) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width * 2**level for level in range(num_doublings(size))]  # 64, 128, 256, 512 at 64 px
        halve = partial(nn.Conv2d, kernel_size=self.kernel, stride=2, padding=(self.kernel - 1) // 2)
        layers = [halve(channels, width, bias=self.head_bias), nn.LeakyReLU(LEAK, inplace=True)]
        for before, after in pairwise(widths):
            layers += [
                halve(before, after, bias=self.head_bias or normalisation == "none"),
                *norm(normalisation, after),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.num_features = widths[-1]

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layers(images)
        return features
