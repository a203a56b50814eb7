"""Varied copies of a batch: mirrored, turned. Drawn from (seed, step) alone, so a resumed run sees the same."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

STREAM = 0xA06  # separates these random numbers from those that order the images


def augment(
    images: Tensor, seed: int, step: int, *, flip: bool, rotation_degrees: float, first: int = 0, whole: int = 0
) -> Tensor:
    """The images of step number `step`, each mirrored with probability 1/2 and turned by a random angle.

    Args:
        images: float (N, C, H, W).
        seed, step: of the random numbers.
        flip: whether to mirror, left to right.
        rotation_degrees: largest angle, either way; uniform, bilinear, edges filled by reflection.
        first, whole: the place of the first of these images in the step's batch, and how many that has; 0 for these alone.

    Returns:
        As `images`; `images` itself when nothing is switched on.
    """
    rng = np.random.default_rng([seed, step, STREAM])
    whole, own = whole or len(images), slice(first, first + len(images))
    coins, angles = rng.random(whole)[own] < 0.5, rng.uniform(-1, 1, whole)[own]
    if flip:
        mirrored = torch.from_numpy(coins).to(images.device)
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    if rotation_degrees:
        radians = torch.from_numpy(np.radians(rotation_degrees * angles)).float().to(images.device)
        images = rotate(images, radians)
    return images


def rotate(images: Tensor, radians: Tensor) -> Tensor:
    """Each image (N, C, H, W) turned counter-clockwise about its middle by its own angle (N,); edges are reflected."""
    cos, sin = radians.cos(), radians.sin()
    height, width = images.shape[-2:]
    stretch = height / width  # the sampling grid counts -1..1 along either side
    zero = torch.zeros_like(cos)
    # Where each output pixel comes from: turned clockwise, y pointing down.
    rows = [torch.stack([cos, -sin * stretch, zero], 1), torch.stack([sin / stretch, cos, zero], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
