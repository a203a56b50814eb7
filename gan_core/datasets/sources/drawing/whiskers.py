"""Stubble, beards and moustaches."""

from __future__ import annotations

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Canvas, cover, ramp
from gan_core.datasets.sources.drawing.draws import FloatArray
from gan_core.datasets.sources.drawing.features import Features
from gan_core.datasets.sources.drawing.people import View, window


def paint_stubble(canvas: Canvas, view: View, features: Features, head: FloatArray) -> None:
    """A shade on jaw and chin."""
    part = window(canvas.pixels.shape[-1], 0.4, 1, 0.08, 0.92)
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    grain = 0.93 + 0.07 * np.sin(61 * u) * np.sin(57 * v)
    alpha = _beard_area(u, v) * grain * features.stubble * head[(..., *part)]
    canvas.paint(alpha, np.array([0.22, 0.21, 0.24], np.float32).reshape(1, 3, 1, 1), part)


def _beard_area(u: FloatArray, v: FloatArray) -> FloatArray:
    edge = 0.66 - 0.72 * np.clip(np.abs(u) - 0.12, 0, None) ** 1.15
    return ramp(v - edge, -0.06, 0.08)


def paint_whiskers(canvas: Canvas, view: View, features: Features, colour: FloatArray, outline: FloatArray) -> None:
    """Beard, standing out from the chin, and moustache, which hangs over the upper lip."""
    part = window(canvas.pixels.shape[-1], 0.4, 1, 0.05, 0.95)
    inner = (..., *part)
    u, v = view.u[inner], view.v[inner]
    strands = 0.86 + 0.14 * np.sin(34 * u / (1.4 - v * 0.5) + 3 * np.sin(9 * v))
    light = view.diffuse(view.x[inner] / view.width, 0.5 * view.y[inner], 0.7)
    hair = colour * (light * strands)[:, None]
    outside = cover(outline[inner] - 0.10 * ramp(v, 0.35, 0.9), 1.5 * view.pixel)
    canvas.paint(_beard_area(u, v) * outside * features.beard * 0.96, hair, part)

    middle = u - 0.06 * np.sin(view.yaw)
    place = np.abs(middle) / (features.mouth_width + 0.05)
    top = 0.37 + 0.10 * place**1.6 + features.mustache_droop * place**2
    bottom = features.mouth_y - 0.03 + features.mustache_droop * 1.6 * place**1.5 - 0.03 * (1 - place)
    shape = np.maximum(np.maximum(top - v, v - bottom), (place - 1) * 0.25)
    canvas.paint(0.97 * cover(shape, 1.6 * view.pixel), hair, part)
