"""DCGAN with 5x5 kernels and a linear stem: `G-k5` and `D-k5` (also `C-k5`) of report R3.

Source: Radford et al. 2016, in the form of the report: the stem is a linear layer to 4x4, kernels are 5x5 with stride 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gan_core.models.networks.shapes import HalvingBackbone, LatentNetwork, activation, doubling_layers, num_doublings


class Generator(LatentNetwork):
    """Maps vectors (N, input_dim) to images (N, C, H, W) in [-1, 1]."""

    def __init__(self, input_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        channels, size, _ = image_shape
        self.first_width = width * 2 ** (num_doublings(size) - 1)
        features = self.first_width * 16
        self.stem = nn.Sequential(
            nn.Linear(input_dim, features, bias=False), nn.BatchNorm1d(features), activation(leak)
        )
        self.layers = nn.Sequential(*doubling_layers(channels, size, width, leak, kernel=5, bias=True))

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(self.stem(z).unflatten(1, (self.first_width, 4, 4)))
        return images

    def first_layers(self) -> Sequence[nn.Module]:
        """See `LatentNetwork`."""
        return self.stem[0], self.stem[1]


class Backbone(HalvingBackbone):
    """See `HalvingBackbone`."""

    kernel, head_bias = 5, True
