"""Plain layers for points in the plane, where a GAN's whole world can be drawn.

Source: the size is that of Srivastava et al. 2017, "VEEGAN", for ring and grid (two hidden ReLU layers); any width here.
"""

from __future__ import annotations

from torch import Tensor, nn

from gan_core.models.networks.shapes import activation

LEAK = 0.2


class Generator(nn.Module):
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

    def first_response(self, z: Tensor) -> Tensor:
        """The first layer's response to z: (N, width)."""
        response: Tensor = self.layers[0](z)
        return response

    def first_weight(self) -> Tensor:
        """The matrix of the first layer's linear map, (width, input_dim): what SeFa looks at."""
        return self.layers[0].get_parameter("weight")


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
