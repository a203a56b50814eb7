"""Small pieces that several architectures share."""

from __future__ import annotations

import math

from torch import nn


def num_doublings(image_size: int) -> int:
    """How often 4x4 must be doubled to reach the image."""
    return int(math.log2(image_size)) - 2


def activation(leak: float) -> nn.Module:
    """ReLU, or LeakyReLU where negative values shall pass with slope `leak`."""
    return nn.LeakyReLU(leak, inplace=True) if leak else nn.ReLU(inplace=True)


def norm(kind: str, channels: int) -> list[nn.Module]:
    """The normalisation layer called `kind`, as a list to splice in: empty for "none"."""
    return [nn.BatchNorm2d(channels)] if kind == "batch" else []
