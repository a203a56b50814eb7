"""Plain layers for points in the plane, where data, samples and D's outputs can all be drawn.

Source: the size is that of Srivastava et al. 2017, "VEEGAN", for ring and grid (two hidden ReLU layers); any width here.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gan_core.models.networks.shapes import LEAK, LatentNetwork, activation


class Generator(LatentNetwork):
    """Maps vectors (N, input_dim) to points (N, D), unbounded."""

    def __init__(self, input_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        (size,) = image_shape
        self.layers = nn.Sequential(
            nn.Linear(input_dim, width),
            activation(leak),
            nn.Linear(width, width),
            activation(leak),
            nn.Linear(width, size),
        )

    def forward(self, z: Tensor) -> Tensor:
        points: Tensor = self.layers(z)
        return points

    def first_layers(self) -> Sequence[nn.Module]:
        """See `LatentNetwork`."""
        return (self.layers[0],)


class Backbone(nn.Module):
    """Maps points (N, D) to features (N, `num_features`)."""

    head_bias = True

    def __init__(self, image_shape: tuple[int, ...], width: int, normalisation: str) -> None:
        super().__init__()
        (size,) = image_shape
        layers: list[nn.Module] = []
        for before in (size, width):
            layers += [
                nn.Linear(before, width),
                *([nn.BatchNorm1d(width)] if normalisation == "batch" else []),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.num_features = width
        self.feature_size = 0

    def forward(self, points: Tensor) -> Tensor:
        features: Tensor = self.layers(points)
        return features
