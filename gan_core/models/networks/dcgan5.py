"""DCGAN with 5x5 kernels and a linear stem: `G-k5` and `D-k5` (also `C-k5`) of report R3.

Source: Radford et al. 2016, in the form of the report: the stem is a linear layer to 4x4, kernels are 5x5 with stride 2.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from gan_core.models.networks.shapes import activation, norm, num_doublings

LEAK = 0.2


class Generator(nn.Module):
    """Maps vectors (N, input_dim) to images (N, C, H, W) in [-1, 1]."""

    def __init__(self, input_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width * 2**level for level in reversed(range(num_doublings(size)))]  # 512, 256, 128, 64 at 64 px
        self.first_width = widths[0]
        self.stem = nn.Sequential(
            nn.Linear(input_dim, widths[0] * 16, bias=False), nn.BatchNorm1d(widths[0] * 16), activation(leak)
        )
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(before, after, 5, stride=2, padding=2, output_padding=1, bias=False),
                nn.BatchNorm2d(after),
                activation(leak),
            ]
        layers += [nn.ConvTranspose2d(widths[-1], channels, 5, stride=2, padding=2, output_padding=1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(self.stem(z).unflatten(1, (self.first_width, 4, 4)))
        return images

    def first_response(self, z: Tensor) -> Tensor:
        """The stem's response to z, normalised, before its activation: (N, 16 * first width)."""
        response: Tensor = self.stem[1](self.stem[0](z))
        return response

    def first_weight(self) -> Tensor:
        """The matrix of the stem's linear map, (16 * first width, input_dim): what SeFa looks at."""
        return self.stem[0].get_parameter("weight")


class Backbone(nn.Module):
    """Maps images (N, C, H, W) to features (N, `num_features`, 4, 4)."""

    head_bias = True

    def __init__(self, image_shape: tuple[int, ...], width: int, normalisation: str) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width * 2**level for level in range(num_doublings(size))]
        layers: list[nn.Module] = [
            nn.Conv2d(channels, widths[0], 5, stride=2, padding=2),
            nn.LeakyReLU(LEAK, inplace=True),
        ]
        for before, after in pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 5, stride=2, padding=2),
                *norm(normalisation, after),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.num_features = widths[-1]
        self.feature_size = 4

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layers(images)
        return features
