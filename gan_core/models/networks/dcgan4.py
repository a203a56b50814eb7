"""DCGAN with 4x4 kernels: `G-k4` and `D-k4` of the reports.

Source: Radford, Metz, Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", in the form of the PyTorch example (no biases, the last Sigmoid folded into the loss).
Parametrised by width, latent size, channels and image size; the report's own are 64, 100, 3 and 64.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from gan_core.models.networks.shapes import activation, norm, num_doublings

LEAK = 0.2


class Generator(nn.Module):
    """Maps vectors (N, input_dim), the latent and any labels, to images (N, C, H, W) in [-1, 1]."""

    def __init__(self, input_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width * 2**level for level in reversed(range(num_doublings(size)))]  # 512, 256, 128, 64 at 64 px
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(input_dim, widths[0], 4, bias=False),  # 1x1 -> 4x4
            nn.BatchNorm2d(widths[0]),
            activation(leak),
        ]
        for before, after in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),  # twice the size
                nn.BatchNorm2d(after),
                activation(leak),
            ]
        layers += [nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(z[:, :, None, None])
        return images

    def first_response(self, z: Tensor) -> Tensor:
        """The first layer's response to z, normalised, before its activation: (N, 16 * first width).

        What GANSpace finds its directions in (see gan_core.latents.directions).
        """
        response: Tensor = self.layers[1](self.layers[0](z[:, :, None, None]))
        return response.flatten(1)

    def first_weight(self) -> Tensor:
        """The matrix of the first layer's linear map, (16 * first width, input_dim): what SeFa looks at."""
        weight = self.layers[0].get_parameter("weight")  # (input_dim, first width, 4, 4)
        return weight.flatten(1).T


class Backbone(nn.Module):
    """Maps images (N, C, H, W) to features (N, `num_features`, 4, 4)."""

    head_bias = False

    def __init__(self, image_shape: tuple[int, ...], width: int, normalisation: str) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width * 2**level for level in range(num_doublings(size))]  # 64, 128, 256, 512 at 64 px
        layers: list[nn.Module] = [
            nn.Conv2d(channels, widths[0], 4, stride=2, padding=1, bias=False),  # half the size
            nn.LeakyReLU(LEAK, inplace=True),
        ]
        for before, after in pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 4, stride=2, padding=1, bias=normalisation == "none"),
                *norm(normalisation, after),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.num_features = widths[-1]
        self.feature_size = 4

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layers(images)
        return features
