"""A batch of pictures that is painted on in layers, and the functions that layers are made of.

A shape is a plane of numbers (N, H, W), negative inside, zero on its edge (an implicit function; a signed distance
where that matters). `coverage` turns it into the share of each pixel that lies inside, so edges are smooth.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gan_core.datasets.sources.drawing.draws import FloatArray

Struct = TypeVar("Struct")
Window = tuple[slice, slice]
"""Rows and columns of the part of a picture that a layer can touch."""
WHOLE: Window = (slice(None), slice(None))


class Canvas:
    """Colours float32 (N, 3, H, W) in 0..1, painted on from back to front."""

    def __init__(self, pixels: FloatArray) -> None:
        self.pixels = pixels

    @classmethod
    def blank(cls, count: int, size: int) -> Canvas:
        """N black pictures."""
        return cls(np.zeros((count, 3, size, size), np.float32))

    @contextmanager
    def only(self, wanted: FloatArray) -> Iterator[tuple[Canvas, npt.NDArray[np.int64]]]:
        """A canvas of the pictures for which `wanted` (N, 1, 1) is not 0, and their rows; what is painted stays."""
        rows = np.flatnonzero(wanted)
        some = Canvas(self.pixels[rows])
        yield some, rows
        self.pixels[rows] = some.pixels

    def paint(self, alpha: FloatArray, colour: FloatArray, window: Window = WHOLE) -> None:
        """Covers the window with a colour, (N, 3, 1, 1) or a plane each, weighted by alpha (N, h, w)."""
        view = self.pixels[(slice(None), slice(None), *window)]
        layer = colour - view
        layer *= alpha[:, None]
        view += layer

    def darken(self, alpha: FloatArray, factor: float | FloatArray, window: Window = WHOLE) -> None:
        """Multiplies by a factor, a number or RGB (N, 3, 1, 1), weighted by alpha (N, h, w)."""
        view = self.pixels[(slice(None), slice(None), *window)]
        if isinstance(factor, np.ndarray):
            view *= 1 - alpha[:, None] * (1 - factor)
        else:
            view *= (1 - alpha * (1 - factor))[:, None]

    def reduced(self, factor: int) -> npt.NDArray[np.uint8]:
        """The pictures as uint8, each factor x factor block of pixels averaged into one."""
        count, channels, height, width = self.pixels.shape
        blocks = self.pixels.reshape(count, channels, height // factor, factor, width // factor, factor)
        means = blocks.sum(axis=5).sum(axis=3) * np.float32(255 / factor**2)
        return np.asarray(np.clip(means + 0.5, 0, 255), np.uint8)


def grid(size: int) -> tuple[FloatArray, FloatArray]:
    """x to the right and y down, (1, H, W) each, from -1 to 1 between the picture's edges, at pixel centres."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1).astype(np.float32)
    return np.broadcast_to(axis[None, None, :], (1, size, size)), np.broadcast_to(axis[None, :, None], (1, size, size))


def coverage(shape: FloatArray) -> FloatArray:
    """Share of each pixel inside an implicit shape, from how fast its values change from pixel to pixel."""
    along_x, along_y = np.empty_like(shape), np.empty_like(shape)
    np.subtract(shape[..., 2:], shape[..., :-2], out=along_x[..., 1:-1])
    np.subtract(shape[..., 2:, :], shape[..., :-2, :], out=along_y[..., 1:-1, :])
    along_x[..., 0], along_x[..., -1] = along_x[..., 1], along_x[..., -2]
    along_y[..., 0, :], along_y[..., -1, :] = along_y[..., 1, :], along_y[..., -2, :]
    along_x *= along_x
    along_y *= along_y
    along_x += along_y
    np.sqrt(along_x, out=along_x)
    along_x += 1e-6
    share = np.divide(shape, along_x, out=along_x)
    share *= -2.0  # the differences above span two pixels
    share += 0.5
    return np.clip(share, 0, 1, out=share)


def cover(distance: FloatArray, softness: float | FloatArray) -> FloatArray:
    """1 inside, 0 outside, with an edge `softness` wide (in the distance's own unit) in between."""
    share = distance * (-1.0 / softness)
    share += 0.5
    return np.clip(share, 0, 1, out=share)


def choose(condition: npt.NDArray[np.bool_], yes: float | FloatArray, no: float | FloatArray) -> FloatArray:
    """`np.where` that stays in float32, also between two plain numbers."""
    return np.where(condition, np.asarray(yes, np.float32), np.asarray(no, np.float32))


def ramp(values: FloatArray, low: float | FloatArray, high: float | FloatArray) -> FloatArray:
    """Smooth step: 0 at `low`, 1 at `high`, with no corner at either."""
    t: FloatArray = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bump(x: FloatArray, y: FloatArray, width: float | FloatArray, height: float | FloatArray) -> FloatArray:
    """A Gaussian hill: 1 at the origin."""
    return np.exp(-((x / width) ** 2 + (y / height) ** 2))


def slopes(heights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Central differences of a plane along x and y, per pixel; 0 on the border."""
    along_x, along_y = np.zeros_like(heights), np.zeros_like(heights)
    np.subtract(heights[..., 2:], heights[..., :-2], out=along_x[..., 1:-1])
    np.subtract(heights[..., 2:, :], heights[..., :-2, :], out=along_y[..., 1:-1, :])
    along_x *= 0.5
    along_y *= 0.5
    return along_x, along_y


def take(struct: Struct, rows: npt.NDArray[np.int64]) -> Struct:
    """The same dataclass for some pictures of the batch: every array in it, and in dataclasses within, indexed."""
    if not is_dataclass(struct):
        raise TypeError(f"take() needs a dataclass; got {type(struct).__name__}.")
    chosen: dict[str, Any] = {}
    for field in fields(struct):
        value = getattr(struct, field.name)
        if isinstance(value, np.ndarray):
            chosen[field.name] = value[rows] if len(value) > 1 else value  # shared by all
        elif is_dataclass(value):
            chosen[field.name] = take(value, rows)
    return replace(struct, **chosen)  # type: ignore[type-var]
