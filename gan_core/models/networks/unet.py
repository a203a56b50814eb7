"""A small U-Net that predicts, from a noisy image and the time, what a diffusion model is trained on.

Source: Ho et al. 2020, appendix B: residual blocks with group norm, skips between equal resolutions, the time in every block.
Images are first folded, 2x2 pixels into channels (Shi et al. 2016, "sub-pixel convolution"): at half the size every layer costs
a quarter.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.models.networks.initialisation import default_init
from gan_core.models.networks.shapes import num_doublings
from gan_core.models.networks.time_embedding import TimeEmbedding

MOST_GROUPS, LEAST_CHANNELS = 8, 4


class ZeroConv2d(nn.Conv2d):
    """A convolution that begins at zero, so that a residual block begins as the identity."""


def init(module: nn.Module, rng: torch.Generator) -> None:
    """As torch begins its layers, but for those that begin at zero."""
    default_init(module, rng)
    if isinstance(module, ZeroConv2d):
        for parameter in module.parameters():
            nn.init.zeros_(parameter)


def group_norm(channels: int) -> nn.GroupNorm:
    """Group norm in up to MOST_GROUPS equal groups of LEAST_CHANNELS at least: of one channel it would take out the time."""
    return nn.GroupNorm(math.gcd(MOST_GROUPS, channels, max(1, channels // LEAST_CHANNELS)), channels)


class Block(nn.Module):
    """Maps features (N, before, H, W) and an embedded time (N, embedding) to features (N, after, H, W)."""

    def __init__(self, before: int, after: int, embedding: int) -> None:
        super().__init__()
        self.norm1 = group_norm(before)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.time = nn.Linear(embedding, after)
        self.norm2 = group_norm(after)
        self.conv2 = ZeroConv2d(after, after, 3, padding=1)
        self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        hidden = self.conv1(F.silu(self.norm1(x))) + self.time(F.silu(embedded))[:, :, None, None]
        output: Tensor = self.shortcut(x) + self.conv2(F.silu(self.norm2(hidden)))
        return output


class Attention(nn.Module):
    """Every place (N, channels, H, W) looks at every other: self-attention with one head and a residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = ZeroConv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, dim=2)
        found = F.scaled_dot_product_attention(query, key, value)
        output: Tensor = x + self.out(found.transpose(1, 2).reshape(x.shape))
        return output


class Denoiser(nn.Module):
    """Maps noisy images (N, C, H, W), shares of the process (N,) and conditions (N, num_conditions) to a prediction of the
    images' shape.

    Args:
        image_shape: (channels, size, size).
        width: channels at half the image's size; below that, down to 4x4, there are twice as many.
        num_conditions: size of a condition; 0 without labels.
        attention: whether the places of the lowest resolution look at each other.
    """

    def __init__(self, image_shape: tuple[int, ...], width: int, num_conditions: int, attention: bool) -> None:
        super().__init__()
        channels, size, _ = image_shape
        widths = [width, *[2 * width] * (num_doublings(size) - 1)]  # 32 px: 16, 8, 4
        embedding, deepest = 4 * width, widths[-1]
        self.embed = TimeEmbedding(num_conditions, embedding)
        self.fold = nn.PixelUnshuffle(2)
        self.first = nn.Conv2d(4 * channels, width, 3, padding=1)
        before = [width, *widths[:-1]]
        self.down = nn.ModuleList(Block(a, b, embedding) for a, b in zip(before, widths, strict=True))
        self.shrink = nn.ModuleList(nn.Conv2d(w, w, 3, stride=2, padding=1) for w in widths[:-1])
        self.middle = nn.ModuleList(Block(deepest, deepest, embedding) for _ in range(2))
        self.attention = Attention(deepest) if attention else nn.Identity()
        self.up = nn.ModuleList(Block(2 * w, w, embedding) for w in reversed(widths))
        self.enlarge = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1))
            for b, a in reversed(list(pairwise(widths)))
        )
        self.last = nn.Sequential(
            group_norm(width), nn.SiLU(), ZeroConv2d(width, 4 * channels, 3, padding=1), nn.PixelShuffle(2)
        )

    def forward(self, images: Tensor, shares: Tensor, condition: Tensor) -> Tensor:
        embedded = self.embed(shares, condition)
        x = self.first(self.fold(images).contiguous(memory_format=torch.channels_last))
        skips = []
        for level, block in enumerate(self.down):
            x = block(self.shrink[level - 1](x) if level else x, embedded)
            skips.append(x)
        x = self.middle[1](self.attention(self.middle[0](x, embedded)), embedded)
        for level, block in enumerate(self.up):
            x = block(torch.cat([self.enlarge[level - 1](x) if level else x, skips.pop()], dim=1), embedded)
        prediction: Tensor = self.last(x)
        return prediction
