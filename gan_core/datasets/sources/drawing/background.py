"""What is behind a portrait: gradients, a glow, blurred lights, soft stripes, a horizon, a wall with a frame's shadow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Canvas, grid, ramp, take
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray, hsv

GRADIENT, GLOW, LIGHTS, STRIPES, HORIZON, CLOUDS = range(6)
NUM_LIGHTS = 5


@dataclass(frozen=True)
class Background:
    """Kind (N, 1, 1), two colours (N, 3, 1, 1) and the numbers that place the pattern."""

    kind: FloatArray
    first: FloatArray
    second: FloatArray
    angle: FloatArray
    place: FloatArray
    frequency: FloatArray
    phase: FloatArray
    lights: FloatArray


def sample_background(draws: Draws) -> Background:
    """Two related colours, seldom bright enough to compete with the face."""
    hue = draws.uniform(0, 1)
    saturation = draws.uniform(0.05, 0.5)
    value = draws.uniform(0.35, 0.85)
    second = hsv(
        (hue + draws.normal(0, 0.08)) % 1,
        np.clip(saturation + draws.normal(0, 0.12), 0.03, 0.62),
        np.clip(value + draws.pick([1, 1]) * 0.44 - 0.22 + draws.normal(0, 0.05), 0.2, 0.95),
    )
    return Background(
        kind=draws.pick([0.26, 0.2, 0.16, 0.12, 0.12, 0.14]).astype(np.float32),
        first=hsv(hue, saturation, value),
        second=second,
        angle=draws.uniform(0, 2 * np.pi),
        place=draws.uniform(-0.3, 0.5),
        frequency=draws.uniform(5, 11),
        phase=draws.uniform(0, 2 * np.pi),
        lights=np.concatenate([draws.uniform(-1, 1) for _ in range(3 * NUM_LIGHTS)], axis=1),
    )


def paint_background(canvas: Canvas, background: Background) -> None:
    """Fills the pictures."""
    for kind, mixture in enumerate((_gradient, _glow, _lights, _stripes, _horizon, _clouds)):
        with canvas.only(background.kind == kind) as (some, rows):
            chosen = take(background, rows)
            share = np.clip(mixture(chosen, *grid(canvas.pixels.shape[-1])), 0, 1)[:, None]
            some.pixels[:] = chosen.first + share * (chosen.second - chosen.first)


def _along(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    return x * np.cos(background.angle) + y * np.sin(background.angle)


def _gradient(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    return 0.5 + 0.42 * _along(background, x, y)


def _glow(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    place = background.place
    return 1.25 * np.exp(-((x - place) ** 2 + (y + 0.1) ** 2) / 0.8)


def _lights(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    share = 0.18 + 0.15 * y
    for number in range(NUM_LIGHTS):
        across, down, size = np.split(background.lights[:, 3 * number : 3 * number + 3], 3, axis=1)
        distance = np.sqrt((x - 1.1 * across) ** 2 + (y - 1.0 * down) ** 2)
        share = share + (0.45 + 0.2 * size) * (1 - ramp(distance, 0.18 + 0.06 * size, 0.34 + 0.1 * size))
    return share


def _stripes(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    wave = np.sin(background.frequency * _along(background, x, y) + background.phase)
    return 0.5 + 0.4 * np.clip(1.6 * wave, -1, 1) + 0.1 * y


def _horizon(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    hills = 0.12 * np.sin(2.5 * x + background.phase) + 0.05 * np.sin(background.frequency * x)
    below = ramp(y - background.place - hills, -0.1, 0.1)
    return below * (0.85 - 0.25 * (y - background.place)) + (1 - below) * (0.12 + 0.12 * y)


def _clouds(background: Background, x: FloatArray, y: FloatArray) -> FloatArray:
    drift = 1.4 * np.sin(2.1 * y + background.angle)
    wave = np.sin(3.3 * x + drift + background.phase) + 0.6 * np.sin(5.1 * y - 2.7 * x + background.frequency)
    return 0.5 + 0.3 * wave
