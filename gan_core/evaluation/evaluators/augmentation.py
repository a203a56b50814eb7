"""Small changes to training pictures that leave their labels true, and make an evaluator robust on generated ones.

What a generator makes is blurred, noisy and off in brightness; an evaluator that was trained on clean pictures only misclassifies
it for that alone. Every change is drawn for each picture from the caller's generator.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MAX_SHIFT = 0.05  # of the picture's size
MAX_SCALE = 0.08
MAX_ROTATION = math.radians(6)
MAX_BRIGHTNESS = 0.15  # of the range -1 to 1
MAX_CONTRAST = 0.2
BLUR_PX = (0.8, 1.6)  # standard deviations between which half of the pictures are blurred
MAX_NOISE = 0.12  # standard deviation, for half of the pictures
MAX_CHANGE = 0.5  # share of the pictures that are blurred, and that are made noisy


def augment(images: Tensor, rng: torch.Generator, *, flips: bool) -> Tensor:
    """Pictures (N, C, H, W) in [-1, 1], each a little moved, turned, lit, blurred and made noisy; same shape and range.

    Args:
        images: on the generator's device.
        rng: draws every change.
        flips: mirror half of the pictures; a mirrored digit is another sign or none.
    """
    images = _move(images, rng, flips)
    images = _blur(images, rng)
    count = len(images)
    contrast = 1 + MAX_CONTRAST * _signed(count, rng)
    images = images * contrast + MAX_BRIGHTNESS * _signed(count, rng)
    spread = MAX_NOISE * _uniform(count, rng) * (_uniform(count, rng) < MAX_CHANGE)
    return (images + spread * torch.randn(images.shape, generator=rng, device=rng.device)).clamp(-1, 1)


def _move(images: Tensor, rng: torch.Generator, flips: bool) -> Tensor:
    """Shifted, scaled, turned and mirrored in one resampling; what comes in from outside repeats the border."""
    count = len(images)
    angle = MAX_ROTATION * _signed(count, rng).flatten()
    scale = 1 + MAX_SCALE * _signed(count, rng).flatten()
    side = torch.where(_uniform(count, rng).flatten() < 0.5, -1.0, 1.0) if flips else torch.ones_like(scale)
    shift = 2 * MAX_SHIFT * torch.stack([_signed(count, rng).flatten(), _signed(count, rng).flatten()], dim=1)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    turn = torch.stack([torch.stack([side * cos, -sin], 1), torch.stack([side * sin, cos], 1)], 1)
    grid = F.affine_grid(torch.cat([turn, shift[:, :, None]], 2), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _blur(images: Tensor, rng: torch.Generator) -> Tensor:
    """Half of the pictures blurred by a Gaussian of one width a batch, mixed with the sharp picture in any share."""
    low, high = BLUR_PX
    sigma = low + (high - low) * float(torch.rand((), generator=rng, device=rng.device))
    offsets = torch.arange(-4.0, 5.0, device=rng.device)
    line = torch.exp(-(offsets**2) / (2 * sigma**2))
    line = line / line.sum()
    channels = images.shape[1]
    kernel = (line[:, None] * line[None, :]).expand(channels, 1, 9, 9)
    blurred = F.conv2d(F.pad(images, (4, 4, 4, 4), mode="replicate"), kernel, groups=channels)
    share = _uniform(len(images), rng) * (_uniform(len(images), rng) < MAX_CHANGE)
    return torch.lerp(images, blurred, share)


def _uniform(count: int, rng: torch.Generator) -> Tensor:
    return torch.rand(count, 1, 1, 1, generator=rng, device=rng.device)


def _signed(count: int, rng: torch.Generator) -> Tensor:
    return 2 * _uniform(count, rng) - 1
