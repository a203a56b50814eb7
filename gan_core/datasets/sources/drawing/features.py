"""Eyes, brows, mouth, wrinkles, stubble and moustache, painted on the face's chart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Canvas, bump, choose, cover, ramp
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray, blend, hsv
from gan_core.datasets.sources.drawing.figure import Figure
from gan_core.datasets.sources.drawing.people import DARK, TAN, People, View, window

IRISES = [[0.20, 0.11, 0.06], [0.36, 0.21, 0.10], [0.42, 0.38, 0.16], [0.25, 0.45, 0.32], [0.30, 0.50, 0.72]]
INK = np.array([0.09, 0.06, 0.06], np.float32).reshape(1, 3, 1, 1)


@dataclass(frozen=True)
class Features:
    """Places, sizes (N, 1, 1) in the head's unit and colours (N, 3, 1, 1) of the face's parts."""

    eye_x: FloatArray
    eye_width: FloatArray
    eye_height: FloatArray
    slant: FloatArray
    gaze_x: FloatArray
    gaze_y: FloatArray
    iris: FloatArray
    lid: FloatArray
    lashes: FloatArray
    brow_y: FloatArray
    brow_width: FloatArray
    brow_arch: FloatArray
    brow_tilt: FloatArray
    mouth_y: FloatArray
    mouth_width: FloatArray
    curve: FloatArray
    open: FloatArray
    fullness: FloatArray
    lips: FloatArray
    stubble: FloatArray
    beard: FloatArray
    mustache_droop: FloatArray


def sample_features(draws: Draws, people: People, figure: Figure) -> Features:
    """Expression, and the facial differences by sex and age."""
    male, young, smiling = people.male, people.young, people.smiling
    dark = (people.skin == DARK).astype(np.float32)
    brown_eyes = np.clip(dark + (people.skin == DARK - 1) * 0.5, 0, 1)
    grins = smiling * draws.chance(0.72)
    gasps = (1 - smiling) * draws.chance(0.15)
    natural = figure.skin * np.array([0.87, 0.70, 0.68], np.float32).reshape(1, 3, 1, 1)
    painted = hsv(draws.normal(0.97, 0.022) % 1, draws.uniform(0.74, 0.94), draws.uniform(0.70, 0.92))
    return Features(
        eye_x=draws.normal(0.335, 0.015),
        eye_width=draws.normal(0.185, 0.008) + 0.012 * (1 - male),
        eye_height=(draws.normal(0.105, 0.01) + 0.022 * (1 - male)) * (0.82 + 0.18 * young) * (1 - 0.16 * grins),
        slant=draws.normal(0.06, 0.07),
        gaze_x=draws.normal(0, 0.035),
        gaze_y=draws.normal(0, 0.014),
        iris=blend(IRISES, draws.uniform(0, 4 - 3 * brown_eyes)),
        lid=draws.uniform(0.02, 0.032),
        lashes=(1 - male) * draws.uniform(0.7, 1.0),
        brow_y=draws.normal(-0.235, 0.018) - 0.03 * (1 - male) - 0.02 * gasps,
        brow_width=draws.normal(0.034, 0.005) + 0.026 * male,
        brow_arch=draws.normal(0.05, 0.015) - 0.03 * male,
        brow_tilt=draws.normal(0.0, 0.022),
        mouth_y=draws.normal(0.545, 0.018) - 0.01 * male,
        mouth_width=draws.normal(0.25, 0.015) + 0.02 * male + 0.075 * smiling - 0.05 * gasps,
        curve=draws.normal(-0.004, 0.012) + smiling * (draws.normal(0.122, 0.012) + 0.035 * (1 - grins)),
        open=grins * draws.uniform(0.085, 0.15) + gasps * draws.uniform(0.05, 0.09),
        fullness=(draws.normal(1.0, 0.1) - 0.22 * male - 0.15 * (1 - young)) * (1 + 0.35 * people.lipstick),
        lips=choose(people.lipstick[:, None] > 0, painted, natural),
        stubble=male * (1 - people.mustache) * draws.chance(0.5) * draws.uniform(0.14, 0.3),
        beard=people.mustache * draws.chance(0.42),
        mustache_droop=draws.normal(0.055, 0.02),
    )


def paint_eyes(canvas: Canvas, view: View, features: Features, people: People) -> None:
    """Both eyes: socket, white, iris and pupil that look where the gaze goes, lids, lashes, a glint of the light."""
    size = canvas.pixels.shape[-1]
    part = window(size, 0.2, 0.72, 0.1, 0.9)
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    right = u > 0
    along = np.abs(u) - features.eye_x  # outwards from the eye's middle
    down = v + 0.015 + features.slant * along
    pixel = view.pixel
    width, height = features.eye_width, features.eye_height
    bend = np.maximum(1 - (along / width) ** 2, -0.25)
    upper, lower = down + height * bend, down - 0.72 * height * bend
    inside = cover(np.maximum(-upper, lower), 1.2 * pixel)
    canvas.darken(0.4 * bump(along, down + 0.03, 1.4 * width, 1.6 * height), 0.72, part)

    white = np.array([0.97, 0.965, 0.96], np.float32).reshape(1, 3, 1, 1)
    shade = (1 - 0.35 * np.exp(-np.maximum(upper, 0) / 0.05)) * (0.55 + 0.5 * view.ambient + 0.2)
    canvas.paint(inside, white * shade[:, None], part)
    gaze = choose(right, features.gaze_x, -features.gaze_x)
    across, below = along - gaze, down - features.gaze_y + 0.012
    distance = np.sqrt(across * across + below * below)
    iris = features.iris * (0.75 + 0.55 * ramp(below, -0.09, 0.09))[:, None]
    radius = 0.098 + 0.008 * people.young
    iris = iris * (1 - 0.5 * ramp(distance, radius - 0.035, radius))[:, None]
    canvas.paint(inside * cover(distance - radius, 1.2 * pixel), iris, part)
    canvas.paint(inside * cover(distance - 0.047, 1.2 * pixel), INK * 0.6, part)
    glint_x = choose(right, 0.04, -0.04) * np.sign(view.light[:, 0] + 1e-6)
    glint = cover(np.sqrt((across - glint_x) ** 2 + (below + 0.04) ** 2) - 0.026, 1.2 * pixel)
    canvas.paint(glint * inside, white, part)
    _paint_lids(canvas, view, features, people)


def _paint_lids(canvas: Canvas, view: View, features: Features, people: People) -> None:
    part = window(canvas.pixels.shape[-1], 0.2, 0.72, 0.1, 0.9)
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    along = np.abs(u) - features.eye_x
    down = v + 0.015 + features.slant * along
    place = along / features.eye_width
    bend = np.maximum(1 - place**2, -0.3)
    pixel, lashes = view.pixel, features.lashes
    upper, lower = down + features.eye_height * bend, down - 0.72 * features.eye_height * bend
    thickness = features.lid + 0.016 * lashes * (1 + 0.6 * place)
    line = cover(np.maximum(np.abs(upper) - thickness, np.abs(place) - 1.04 - 0.1 * lashes * (u != 0)), 1.3 * pixel)
    canvas.paint(line * (0.72 + 0.28 * lashes), INK, part)
    wing = np.abs(down + 0.05 + 0.55 * (along - features.eye_width)) - 0.022  # lashes at the outer corner
    wing = np.maximum(wing, np.abs(along - features.eye_width - 0.03) - 0.055)
    canvas.paint(cover(wing, 1.3 * pixel) * lashes, INK, part)
    rim = cover(np.maximum(np.abs(lower) - 0.012, np.abs(place) - 0.9), 1.5 * pixel)
    canvas.darken(rim * 0.45, 0.45, part)
    fold = np.maximum(np.abs(upper + 0.055) - 0.011, np.abs(place) - 0.85)
    canvas.darken(cover(fold, 1.5 * pixel) * (0.35 + 0.3 * (1 - people.young)), 0.6, part)


def paint_brows(canvas: Canvas, view: View, features: Features, colour: FloatArray) -> None:
    """Two strokes that thin out towards the temples."""
    part = window(canvas.pixels.shape[-1], 0.12, 0.6, 0.1, 0.9)
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    place = (np.abs(u) - features.eye_x - 0.005) / 0.225
    curve = features.brow_y - features.brow_arch * (1 - (place - 0.25) ** 2) + features.brow_tilt * -place
    thickness = features.brow_width * (1 - 0.4 * ramp(place, -0.2, 1.0))
    stroke = np.maximum(np.abs(v - curve) - thickness, (np.abs(place) - 1) * 0.2)
    canvas.paint(0.92 * cover(stroke, 1.4 * view.pixel), colour, part)


def paint_nose(canvas: Canvas, view: View, figure: Figure) -> None:
    """Nostrils and the shadow under the tip; the nose itself is relief."""
    part = window(canvas.pixels.shape[-1], 0.4, 0.85, 0.15, 0.85)
    u, v = view.u[(..., *part)] - 0.10 * np.sin(view.yaw), view.v[(..., *part)] - figure.nose_length
    hole = bump(np.abs(u) - 0.062 * figure.nose, v - 0.085, 0.036, 0.026)
    canvas.darken(np.clip(1.1 * hole, 0, 1), 0.38, part)
    below = bump(u + 0.04 * view.light[:, 0], v - 0.105, 0.15 * figure.nose, 0.04)
    canvas.darken(0.42 * below, 0.66, part)


def paint_mouth(canvas: Canvas, view: View, features: Features) -> None:
    """Lips along a curve; open ones show teeth or dark."""
    part = window(canvas.pixels.shape[-1], 0.45, 0.98, 0.12, 0.88)
    u, v = view.u[(..., *part)] - 0.05 * np.sin(view.yaw), view.v[(..., *part)]
    pixel = view.pixel
    place = np.clip(u / features.mouth_width, -1.3, 1.3)
    bend = 1 - place * place
    middle = features.mouth_y + features.curve * (bend - 0.65)
    profile = np.sqrt(np.clip(bend, 0, 1))
    gap = features.open * np.clip(bend, 0, 1) ** 0.7
    bow = 1 - 0.3 * bump(place, 0 * place, 0.22, 1.0)  # the dip in the upper lip
    top = middle - 0.3 * gap - 0.062 * features.fullness * profile * bow
    bottom = middle + 0.7 * gap + 0.078 * features.fullness * profile
    ends = (np.abs(place) - 1) * 0.2
    lips = cover(np.maximum(np.maximum(top - v, v - bottom), ends), 1.3 * pixel)
    light = 0.8 + 0.35 * ramp(v, middle - 0.08, middle + 0.10) - 0.25 * ramp(v, bottom - 0.03, bottom + 0.03)
    canvas.paint(lips, features.lips * light[:, None], part)
    shine = bump(u - 0.3 * features.mouth_width * view.light[:, 0], v - middle - 0.7 * gap - 0.035, 0.07, 0.02)
    canvas.paint(0.3 * shine * lips, np.ones((1, 3, 1, 1), np.float32), part)

    hole = np.maximum(np.maximum(middle - 0.3 * gap - v, v - middle - 0.7 * gap), ends)
    opened = ramp(features.open, 0.0, 0.03)
    inside = cover(hole, 1.2 * pixel) * opened
    canvas.paint(inside, np.array([0.30, 0.07, 0.08], np.float32).reshape(1, 3, 1, 1), part)
    teeth = cover(v - middle - (0.7 * gap - 0.035) * ramp(features.curve, 0.03, 0.06), 1.3 * pixel)
    teeth *= ramp(features.curve, 0.03, 0.06)
    canvas.paint(inside * teeth, np.array([0.97, 0.96, 0.93], np.float32).reshape(1, 3, 1, 1), part)
    seam = cover(np.maximum(np.abs(v - middle) - 0.013, (np.abs(place) - 1.05) * 0.2), 1.3 * pixel)
    canvas.darken(seam * (1 - opened) * 0.8, 0.35, part)
    corner = bump(np.abs(u) - features.mouth_width * 1.02, v - middle + 0.005, 0.03, 0.03)
    canvas.darken(0.5 * corner, 0.5, part)
    canvas.darken(0.3 * bump(u, v - bottom - 0.04, 0.15, 0.03), 0.7, part)


def paint_wrinkles(canvas: Canvas, view: View, features: Features, people: People) -> None:
    """Lines of those who are not young: forehead, beside the nose, under and beside the eyes; a smile's own folds."""
    part = window(canvas.pixels.shape[-1], 0.06, 0.95, 0.08, 0.92)
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    old = 1 - people.young
    side = np.abs(u)
    lines = np.zeros_like(u)
    for height in (-0.40, -0.50, -0.60):
        wave = v - height - 0.05 * (u / 0.4) ** 2 + 0.02 * np.sin(9 * u + 20 * height)
        lines += np.exp(-((wave / 0.022) ** 2)) * (1 - ramp(side, 0.26, 0.46))
    bags = v - 0.165 - 0.06 * (1 - ((side - features.eye_x) / 0.2) ** 2)
    lines += 1.1 * np.exp(-((bags / 0.026) ** 2)) * (1 - ramp(np.abs(side - features.eye_x), 0.13, 0.2))
    fan = np.sin(24 * (v - 0.02) / (side - 0.2 + 1e-3 * (side < 0.21)) * 0.45 + 0.6)
    lines += 0.7 * np.clip(fan, 0, 1) * bump(side - features.eye_x - 0.27, v - 0.01, 0.06, 0.10)
    lines *= old
    nasolabial = side - 0.17 - 0.50 * (v - 0.30) - 0.02 * people.smiling
    span = ramp(v, 0.26, 0.36) * (1 - ramp(v, 0.56, 0.70))
    lines += (1.1 * old + 0.35 * people.smiling) * np.exp(-((nasolabial / 0.028) ** 2)) * span
    tint = np.array([0.62, 0.50, 0.47], np.float32).reshape(1, 3, 1, 1)
    tint = choose((people.skin >= TAN)[:, None], 0.72 * tint, tint)  # lines show less on dark skin
    canvas.darken(np.clip(0.85 * lines, 0, 0.9), tint, part)


def paint_freckles(canvas: Canvas, view: View, figure: Figure) -> None:
    """Small dots over nose and cheeks."""
    part = window(canvas.pixels.shape[-1], 0.3, 0.8, 0.1, 0.9)
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    dots = np.sin(47 * u + 13 * v) * np.sin(43 * v - 17 * u)
    band = bump(np.abs(u) - 0.27, v - 0.26, 0.22, 0.12)
    tint = np.array([0.75, 0.55, 0.42], np.float32).reshape(1, 3, 1, 1)
    canvas.darken(ramp(dots, 0.3, 0.9) * band * figure.freckles * 4, tint, part)
