"""Points of the plane that flow among arrows, as pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

GROUND, ARROW, POINT = (20, 20, 20), (120, 135, 160), (250, 200, 90)
HEAD, RADIUS_PX = 0.35, 2

FloatArray = npt.NDArray[np.float32]


def square(side: int, reach: float) -> FloatArray:
    """The middles of side x side cells (side * side, 2) of a square from -reach to reach."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 * reach - reach
    middles: FloatArray = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype(np.float32)
    return middles


def arrow_lengths(vectors: FloatArray, longest: float) -> FloatArray:
    """Vectors (M, 2) in their own directions, none as long as `longest`: the median one is half of it."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    usual = max(float(np.median(lengths)), 1e-12)
    shortened: FloatArray = (vectors / (lengths + usual) * longest).astype(np.float32)
    return shortened


def flow_frame(
    points: FloatArray, places: FloatArray, vectors: FloatArray, reach: float, size_px: int = 420
) -> Image.Image:
    """Points (N, 2) as dots over arrows, on a square from -reach to reach.

    Args:
        points: those outside are not seen.
        places: where arrows begin (M, 2), as `square` gives them.
        vectors: (M, 2), which way; see `arrow_lengths`.
    """
    canvas = Image.new("RGB", (size_px, size_px), GROUND)
    pen = ImageDraw.Draw(canvas)
    scale = size_px / 2 / reach

    def pixels(where: FloatArray) -> FloatArray:
        return np.stack([(where[:, 0] + reach) * scale, (reach - where[:, 1]) * scale], axis=1)

    cell = 2 * reach / np.sqrt(len(places))
    arrows = arrow_lengths(vectors, float(cell))
    begins, ends = pixels(places), pixels(places + arrows)
    for (x, y), (u, v) in zip(begins, ends, strict=True):
        pen.line((x, y, u, v), fill=ARROW)
        for turn in (1, -1):  # the head: two short lines back from the end
            back_x, back_y = (x - u) * HEAD, (y - v) * HEAD
            pen.line((u, v, u + back_x - turn * back_y, v + back_y + turn * back_x), fill=ARROW)
    for x, y in pixels(points):
        pen.ellipse((x - RADIUS_PX, y - RADIUS_PX, x + RADIUS_PX, y + RADIUS_PX), fill=POINT)
    return canvas
