"""Residual networks of SNGAN.

Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", appendix B.4, tables 4 and 5,
whose widths double with depth, used for every size here. D halves the image down to 4x4 and sums over its places; the
authors' D for 64 px has a fifth block, to 2x2 with 16 times the width, which is left out here: four blocks at 64 px.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.models.networks.shapes import LatentNetwork, activation, norm, num_doublings


class UpBlock(nn.Module):
    """Batch norm, activation, 3x3 convolution, twice; nearest-neighbour upsampling before the first and on the shortcut."""

    def __init__(self, before: int, after: int, leak: float) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(before), nn.BatchNorm2d(after)
        self.conv1, self.conv2 = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)
        self.activation = activation(leak)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.interpolate(self.activation(self.norm1(x)), scale_factor=2)
        hidden = self.conv2(self.activation(self.norm2(self.conv1(hidden))))
        result: Tensor = hidden + self.shortcut(F.interpolate(x, scale_factor=2))
        return result


class DownBlock(nn.Module):
    """3x3 convolutions with ReLU before each (not before a network's first), average pooling at the end and on the shortcut."""

    def __init__(self, before: int, after: int, normalisation: str, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.norm1 = nn.Sequential(*([] if first else norm(normalisation, before)))
        self.norm2 = nn.Sequential(*norm(normalisation, after))
        self.conv1, self.conv2 = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = x if self.first else F.relu(self.norm1(x))
        hidden = self.conv2(F.relu(self.norm2(self.conv1(hidden))))
        result: Tensor = F.avg_pool2d(hidden, 2) + self.shortcut(F.avg_pool2d(x, 2))
        return result


class Generator(LatentNetwork):
    """Maps vectors (N, input_dim) to images (N, C, H, W) in [-1, 1]."""

    def __init__(self, input_dim: int, image_shape: tuple[int, ...], width: int, leak: float) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width * 2**level for level in reversed(range(num_doublings(size) + 1))]  # 1024 ... 64 at 64 px
        self.stem = nn.Linear(input_dim, widths[0] * 16)
        self.first_width = widths[0]
        self.blocks = nn.Sequential(*(UpBlock(before, after, leak) for before, after in pairwise(widths)))
        self.last = nn.Sequential(
            nn.BatchNorm2d(widths[-1]), activation(leak), nn.Conv2d(widths[-1], channels, 3, padding=1), nn.Tanh()
        )

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.last(self.blocks(self.stem(z).unflatten(1, (self.first_width, 4, 4))))
        return images

    def first_layers(self) -> Sequence[nn.Module]:
        """See `LatentNetwork`."""
        return (self.stem,)


class Backbone(nn.Module):
    """Maps images (N, C, H, W) to features (N, `num_features`), summed over the last 4x4 places."""

    head_bias = True

    def __init__(self, image_shape: tuple[int, ...], width: int, normalisation: str) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [channels, *(width * 2**level for level in range(num_doublings(size)))]
        self.blocks = nn.Sequential(
            *(DownBlock(a, b, normalisation, first=i == 0) for i, (a, b) in enumerate(pairwise(widths)))
        )
        self.num_features = widths[-1]
        self.feature_size = 0

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = F.relu(self.blocks(images)).sum((2, 3))
        return features
