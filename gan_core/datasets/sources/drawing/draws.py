"""Random choices of a batch of pictures: each picture's are its own, whatever is drawn beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray = npt.NDArray[np.floating[Any]]
"""Always float32 at work; the type is the wider one because numpy's own annotations are."""
COLUMNS = 48  # numbers a picture and part may use


class Draws:
    """Random numbers for one part (say, the hair) of a batch of pictures, handed out one column after another.

    Picture i's numbers depend on (seed, stream, i, part) only: not on the batch, nor on what other parts draw.
    Everything returned has the shape (N, 1, 1), ready to meet planes (N, H, W).

    Args:
        seed: of the whole set.
        stream: which family of pictures; train and test have one each.
        part: number of the part.
        indices: the pictures' numbers, N of them.
    """

    def __init__(self, seed: int, stream: int, part: int, indices: Sequence[int]) -> None:
        rows = [np.random.default_rng((seed, stream, part, index)).random(COLUMNS, np.float32) for index in indices]
        self._uniform: FloatArray = np.stack(rows)
        self._used = 0

    def _next(self) -> FloatArray:
        self._used += 1
        return self._uniform[:, self._used - 1, None, None]

    def uniform(self, low: float | FloatArray, high: float | FloatArray) -> FloatArray:
        """Even between two bounds, which may differ from picture to picture."""
        return (low + (high - low) * self._next()).astype(np.float32)

    def normal(self, mean: float | FloatArray, deviation: float | FloatArray) -> FloatArray:
        """Gaussian, cut at two and a half deviations."""
        cut: FloatArray = np.clip(ndtri(np.clip(self._next(), 1e-6, 1 - 1e-6)), -2.5, 2.5)
        return (mean + deviation * cut).astype(np.float32)

    def chance(self, probability: float | FloatArray) -> FloatArray:
        """1 with the given probability, else 0."""
        return (self._next() < probability).astype(np.float32)

    def pick(self, weights: Sequence[float | FloatArray]) -> npt.NDArray[np.int64]:
        """A choice 0..K-1 with probabilities in proportion to K weights."""
        heap = np.cumsum(np.stack(np.broadcast_arrays(*weights, np.zeros((1, 1, 1))))[:-1], axis=0)
        chosen: npt.NDArray[np.int64] = (self._next()[None] * heap[-1:] >= heap).sum(axis=0)
        return np.minimum(chosen, len(weights) - 1)

    def colour(
        self, hue: tuple[float, float], saturation: tuple[float, float], value: tuple[float, float]
    ) -> FloatArray:
        """A colour (N, 3, 1, 1) from ranges of hue (turns), saturation and value."""
        return hsv(self.uniform(*hue), self.uniform(*saturation), self.uniform(*value))


def hsv(hue: FloatArray, saturation: FloatArray, value: FloatArray) -> FloatArray:
    """Hue (in turns), saturation and value, each (N, 1, 1), as RGB (N, 3, 1, 1)."""
    corner = np.array([5.0, 3.0, 1.0], np.float32).reshape(1, 3, 1, 1)
    k = (corner + 6.0 * hue[:, None]) % 6.0
    rgb = value[:, None] * (1 - saturation[:, None] * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.asarray(rgb, np.float32)


def blend(table: npt.ArrayLike, position: FloatArray) -> FloatArray:
    """Colours (N, 3, 1, 1) along a palette of K colours; position (N, 1, 1) runs from 0 to K - 1."""
    palette = np.asarray(table, np.float32)
    place = np.clip(position.reshape(-1, 1), 0, len(palette) - 1.001)
    lower = place.astype(np.int64)[:, 0]
    rest = place - lower[:, None]
    return (palette[lower] * (1 - rest) + palette[lower + 1] * rest).astype(np.float32).reshape(-1, 3, 1, 1)
