"""From one latent to another, and around one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def slerp(start: FloatArray, end: FloatArray, count: int) -> FloatArray:
    """`count` latents from `start` to `end`, both included, along a great circle.

    Source: White 2016, "Sampling Generative Networks", section 2.1. A straight line would pass through short latents,
    which a normal prior in many dimensions almost never draws.

    Args:
        start, end: (latent_dim,).
        count: at least 2.

    Returns:
        float32 (count, latent_dim).

    Raises ValueError if count is below 2.
    """
    if count < 2:
        raise ValueError(f"An interpolation needs at least 2 points; got {count}.")
    t = np.linspace(0, 1, count)[:, None]
    cosine = np.dot(start / np.linalg.norm(start), end / np.linalg.norm(end)).clip(-1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:  # parallel: the circle is a line
        path = start + t * (end - start)
    else:
        path = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return path.astype(np.float32)


def neighbours(z: FloatArray, directions: FloatArray, size: int, reach: float) -> FloatArray:
    """Latents around z: a square along the first two directions, a line along the only one.

    Args:
        z: (latent_dim,).
        directions: (K, latent_dim), K at least 1.
        size: latents in a row, odd, so that z is in the middle.
        reach: how far the outermost ones are moved.

    Returns:
        float32 (size * size or size, latent_dim), row by row; the first direction grows to the right, the second downwards.
    """
    steps = np.linspace(-reach, reach, size, dtype=np.float32)
    row: FloatArray = z + steps[:, None] * directions[0]
    if len(directions) == 1:
        return row
    square: FloatArray = steps[:, None, None] * directions[1] + row[None]
    return square.reshape(-1, len(z))


def plane(latent_dim: int, axes: Sequence[int], size: int) -> FloatArray:
    """Latents over the plane of two axes, at equal shares of the prior; all others are 0.

    Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", figure 4: places of the unit square, at the middles of
    its cells here, through the inverse of the normal distribution function.

    Args:
        latent_dim: size of a latent.
        axes: numbers of the two, from 0: the first grows to the right, the second downwards.
        size: latents in a row and in a column.

    Returns:
        float32 (size * size, latent_dim), row by row.

    Raises ValueError if these are not two different axes of the latent.
    """
    if len(set(axes)) != 2 or len(axes) != 2 or not all(0 <= axis < latent_dim for axis in axes):
        given = ", ".join(map(str, axes))
        raise ValueError(f"A plane has two different axes of the latent, 0 to {latent_dim - 1}; got {given}.")
    quantiles = [NormalDist().inv_cdf((place + 0.5) / size) for place in range(size)]
    z = np.zeros((size, size, latent_dim), np.float32)
    z[..., axes[0]] = np.array(quantiles)[None, :]
    z[..., axes[1]] = np.array(quantiles)[:, None]
    return z.reshape(-1, latent_dim)
