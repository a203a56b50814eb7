"""Curves as a PNG: each where its values are, in its own colour."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageColor

from gan_core.figures.curve_picture import BOTTOM, COLORS, HEIGHT, TOP, curves_png


def rows_of(png: bytes, color: str, left: int, right: int) -> np.ndarray:
    """The rows in which a colour is, between two columns."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))[TOP:, left:right]
    return np.flatnonzero((pixels == ImageColor.getrgb(color)).all(-1).any(-1)) + TOP


def test_each_curve_is_where_its_values_are() -> None:
    low, high = [(step, 0.0) for step in range(10)], [(step, 1.0) for step in range(10)]
    png = curves_png({"loss/d": low, "loss/g": high}, "Losses")
    assert abs(int(np.median(rows_of(png, COLORS[0], 300, 900))) - (HEIGHT - BOTTOM)) <= 1
    assert abs(int(np.median(rows_of(png, COLORS[1], 300, 900))) - TOP) <= 1


def test_what_is_not_finite_is_left_out_and_a_long_run_is_thinned() -> None:
    points = [(float(step), math.nan if step == 7 else float(step)) for step in range(100_000)]
    assert len(curves_png({"loss/d": points}, "Losses")) < 100_000
    with pytest.raises(ValueError, match="There is nothing to draw"):
        curves_png({"loss/d": [(0.0, math.inf)]}, "Losses")
