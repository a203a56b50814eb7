"""Glasses and hats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Canvas, choose, cover, coverage, ramp
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray, hsv
from gan_core.datasets.sources.drawing.people import View, window

BEANIE, CAP, BRIM = range(3)


@dataclass(frozen=True)
class Accessories:
    """Sizes, kinds (N, 1, 1) and colours (N, 3, 1, 1)."""

    frame: FloatArray
    thickness: FloatArray
    lens_width: FloatArray
    lens_height: FloatArray
    squareness: FloatArray
    tint: FloatArray
    hat: FloatArray
    cloth: FloatArray
    band: FloatArray
    low: FloatArray


def sample_accessories(draws: Draws) -> Accessories:
    """One pair of glasses in eight is dark."""
    hue, saturation, value = draws.uniform(0, 1), draws.uniform(0.15, 0.85), draws.uniform(0.25, 0.9)
    coloured = draws.chance(0.3)
    return Accessories(
        frame=hsv(draws.uniform(0, 1), 0.75 * coloured, 0.10 + 0.35 * coloured),
        thickness=draws.uniform(0.026, 0.04),
        lens_width=draws.uniform(0.235, 0.275),
        lens_height=draws.uniform(0.175, 0.225),
        squareness=draws.uniform(2.0, 4.5),
        tint=draws.chance(0.12),
        hat=draws.pick([0.36, 0.34, 0.30]).astype(np.float32),
        cloth=hsv(hue, saturation, value),
        band=hsv((hue + draws.uniform(0.3, 0.7)) % 1, 0.8 * saturation, 1.0 - 0.75 * value),
        low=draws.normal(-0.50, 0.03),
    )


def paint_glasses(canvas: Canvas, view: View, accessories: Accessories, eye_x: FloatArray) -> None:
    """Frame, bridge, temples, and lenses with a reflection."""
    part = window(canvas.pixels.shape[-1], 0.15, 0.75, 0.05, 0.95)
    u, v = view.u[(..., *part)] - 0.06 * np.sin(view.yaw), view.v[(..., *part)] - 0.02
    side, pixel, thickness = np.abs(u), view.pixel, accessories.thickness
    beside = np.abs(view.x[(..., *part)]) - 1.03 * view.width  # off the head the chart means nothing
    power = accessories.squareness
    across = np.abs(side - eye_x - 0.015) / accessories.lens_width
    down = np.abs(v) / accessories.lens_height
    radius = (across**power + down**power) ** (1 / power)
    edge = np.maximum((radius - 1) * accessories.lens_height, beside)
    lens = cover(edge, 1.2 * pixel)
    dark = accessories.tint
    grey = np.array([0.10, 0.09, 0.11], np.float32).reshape(1, 3, 1, 1)
    canvas.paint(lens * 0.93 * dark, grey, part)
    white = np.ones((1, 3, 1, 1), np.float32)
    canvas.paint(lens * 0.10, white, part)
    glare = ramp(np.sin(9 * (u + 0.8 * v) + 2.2 * view.light[:, 0]), 0.75, 1.0)
    canvas.paint(lens * glare * (0.26 - 0.1 * dark), white, part)
    canvas.darken(cover(np.maximum(np.abs(edge - 0.05) - 0.03, beside), 2 * pixel) * 0.3, 0.6, part)

    bridge = np.maximum(np.abs(v + 0.05 + 0.8 * (0.07 - u * u)) - thickness, side - eye_x + accessories.lens_width)
    temple = np.maximum(np.abs(v + 0.06) - thickness, eye_x + accessories.lens_width - 0.01 - side)
    frame = np.maximum(np.minimum(np.minimum(np.abs(edge) - thickness, bridge), temple), beside)
    light = 0.85 + 0.4 * ramp(-v, 0.0, 0.2)
    canvas.paint(cover(frame, 1.3 * pixel), accessories.frame * light[:, None], part)


def _dome(view: View, accessories: Accessories) -> tuple[FloatArray, FloatArray]:
    """The hat's crown as an implicit shape, and its height above the hat's edge (positive inside)."""
    depth = np.sqrt(np.clip(1 - (view.x / (view.width * 1.12)) ** 2, 0, 1))
    kind = accessories.hat
    edge = accessories.low + 0.10 * depth * (0.6 + view.pitch * 0.6) + choose(kind == BEANIE, 0.06, 0.0)
    tall = choose(kind == BEANIE, 1.34, choose(kind == CAP, 1.27, 1.36))
    power = choose(kind == BRIM, 3.2, 2.2)
    half = view.width + choose(kind == BEANIE, 0.15, choose(kind == CAP, 0.11, 0.08))
    radius = np.abs(view.x / half) ** power + (np.clip(-view.y, 0, None) / tall) ** power
    return np.maximum(radius - 1, view.y - edge), edge - view.y


def paint_hat(canvas: Canvas, view: View, accessories: Accessories) -> None:
    """A knitted cap with a fold, a cap with a peak, or a hat with a brim all round."""
    shape, height = _dome(view, accessories)
    kind = accessories.hat
    half = view.width + 0.12
    shadow = ramp(height, -0.24, -0.02) * cover(np.abs(view.x) - 0.98 * view.width, 0.1)
    canvas.darken(shadow * 0.55 * ramp(height, 0.02, -0.02), 0.55)
    up = np.clip(-view.y, 0, None) / 1.3
    nx = view.x / half
    light = view.diffuse(nx, -up, np.sqrt(np.clip(1 - nx * nx - up * up, 0.03, 1)))
    rib = choose(kind == BEANIE, 0.92 + 0.10 * np.sin(24 * np.arcsin(np.clip(nx, -1, 1)) - 8 * view.yaw), 1.0)
    seam = choose(kind == CAP, 1 - 0.25 * np.exp(-(((view.u + 0.1 * view.y) / 0.03) ** 2)), 1.0)
    canvas.paint(coverage(shape), accessories.cloth * (light * rib * seam)[:, None])
    width = choose(kind == BEANIE, 0.24, choose(kind == BRIM, 0.15, 0.0))
    stripe = coverage(np.maximum(shape, height - width)) * (kind != CAP)
    colour = choose(kind[:, None] == BEANIE, 0.5 * accessories.cloth + 0.5 * accessories.band, accessories.band)
    canvas.paint(stripe, colour * (light * rib * 1.05)[:, None])

    front = view.width * np.sin(view.yaw) * -1.0
    x = view.x + choose(kind == CAP, front, 0.3 * front)
    y = view.y - accessories.low - 0.055 * (0.6 + view.pitch) - choose(kind == CAP, 0.12, 0.0)
    wide, thin = choose(kind == CAP, 0.66, 1.22), choose(kind == CAP, 0.17, 0.13)
    bent = y + choose(kind == CAP, 0.20, 0.10) * x * x - 0.02
    peak = coverage(np.sqrt((x / wide) ** 2 + (bent / thin) ** 2) - 1) * (kind != BEANIE)
    canvas.darken(
        np.exp(-(((bent - 0.17) / 0.1) ** 2)) * cover(np.abs(x) - 0.9 * wide, 0.2) * 0.4 * (kind != BEANIE), 0.6
    )
    tone = (0.62 + 0.55 * ramp(-bent, -0.13, 0.13)) * (0.8 + 0.3 * view.light[:, 2])
    tone = tone * (1 + 0.25 * x * view.light[:, 0])
    colour = choose(kind[:, None] == CAP, 0.75 * accessories.band + 0.1, accessories.cloth)
    canvas.paint(peak, colour * tone[:, None] * 0.95)
