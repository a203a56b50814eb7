"""DCGAN with 4x4 kernels: `G-k4` and `D-k4` of the reports.

Source: Radford, Metz, Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", in the form of the PyTorch example (no biases, the last Sigmoid folded into the loss).
Parametrised by width, latent size, channels and image size; the report's own are 64, 100, 3 and 64.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gan_core.models.networks.shapes import HalvingBackbone, LatentNetwork, activation, doubling_layers, num_doublings


class Generator(LatentNetwork):
    """Maps vectors (N, input_dim), the latent and any labels, to images (N, C, H, W) in [-1, 1]."""

    def __init__(self, input_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        channels, size, _ = image_shape
        first_width = width * 2 ** (num_doublings(size) - 1)
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(input_dim, first_width, 4, bias=False),  # 1x1 -> 4x4
            nn.BatchNorm2d(first_width),
            activation(leak),
            *doubling_layers(channels, size, width, leak, kernel=4, bias=False),
        )

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(z[:, :, None, None])
        return images

    def first_layers(self) -> Sequence[nn.Module]:
        """See `LatentNetwork`."""
        return self.layers[0], self.layers[1]


class Backbone(HalvingBackbone):
    """See `HalvingBackbone`."""

    kernel, head_bias = 4, False
