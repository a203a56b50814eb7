"""From one latent to another."""

from __future__ import annotations

import torch
from torch import Tensor


def slerp(start: Tensor, end: Tensor, count: int) -> Tensor:
    """`count` latents from `start` to `end`, both included, along a great circle.

    Source: White 2016, "Sampling Generative Networks", section 2.1. A straight line would pass through short latents,
    which a normal prior in many dimensions almost never draws.

    Args:
        start, end: (latent_dim,).
        count: at least 2.

    Returns:
        (count, latent_dim).
    """
    if count < 2:
        raise ValueError(f"An interpolation needs at least 2 points; got {count}.")
    t = torch.linspace(0, 1, count)[:, None]
    cosine = torch.dot(start / start.norm(), end / end.norm()).clamp(-1, 1)
    angle = torch.arccos(cosine)
    if angle.sin() < 1e-4:  # parallel: the circle is a line
        return start + t * (end - start)
    return (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / angle.sin()


def neighbours(z: Tensor, first: Tensor, second: Tensor, size: int, reach: float) -> Tensor:
    """A square of latents around z, spread along two directions.

    Args:
        z, first, second: (latent_dim,).
        size: latents in a row, odd, so that z is in the middle.
        reach: how far the outermost ones are moved.

    Returns:
        (size * size, latent_dim), row by row; `second` grows downwards, `first` to the right.
    """
    steps = torch.linspace(-reach, reach, size)
    return (z + steps[:, None, None] * second + steps[None, :, None] * first).reshape(-1, len(z))
