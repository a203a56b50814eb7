"""Skin and clothes of a portrait: shoulders, neck, ears and the head with the relief of the face, all lit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Canvas, Window, bump, choose, cover, coverage, ramp, slopes, take
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray, hsv
from gan_core.datasets.sources.drawing.people import DARK, PALE, People, View, window

TEE, V_NECK, SUIT, STRIPED, WIDE_NECK, TURTLENECK, SHIRT = range(7)
SKINS = np.array(
    [
        [[0.99, 0.92, 0.89], [0.96, 0.88, 0.85]],  # PALE
        [[0.94, 0.75, 0.62], [0.89, 0.69, 0.54]],  # FAIR
        [[0.84, 0.62, 0.45], [0.72, 0.50, 0.35]],  # TAN
        [[0.58, 0.38, 0.27], [0.38, 0.24, 0.175]],  # DARK
    ],
    np.float32,
)
SHADE = np.array([0.13, 0.02, 0.0], np.float32).reshape(1, 3, 1, 1)  # light that reaches skin's shadows: reddish


@dataclass(frozen=True)
class Figure:
    """Colours (N, 3, 1, 1) and sizes (N, 1, 1) of what is drawn here."""

    skin: FloatArray
    blush: FloatArray
    neck: FloatArray
    shoulders: FloatArray
    slope: FloatArray
    kind: FloatArray
    cloth: FloatArray
    accent: FloatArray
    frequency: FloatArray
    jaw: FloatArray
    ear: FloatArray
    nose: FloatArray
    nose_length: FloatArray
    freckles: FloatArray


def sample_figure(draws: Draws, people: People) -> Figure:
    """Men have wider necks, shoulders and jaws; suits are mostly theirs, wide necklines women's."""
    male, young = people.male, people.young
    bounds = SKINS[people.skin.astype(np.int64).ravel()][..., None, None]
    share = draws.uniform(0, 1)[:, None]
    kinds: list[float | FloatArray] = [0.26, 0.18, 0.04 + 0.22 * male, 0.14, 0.2 * (1 - male), 0.1, 0.12]
    hue, value = draws.uniform(0, 1), draws.uniform(0.22, 0.9)
    return Figure(
        skin=bounds[:, 0] * (1 - share) + bounds[:, 1] * share,
        blush=(0.10 + 0.22 * (1 - male) * young) * draws.uniform(0.3, 1.0) * choose(people.skin == DARK, 0.5, 1.0),
        neck=draws.normal(0.30, 0.02) + 0.10 * male,
        shoulders=draws.normal(1.32, 0.07) + 0.30 * male,
        slope=draws.normal(0.42, 0.05) - 0.08 * male,
        kind=draws.pick(kinds).astype(np.float32),
        cloth=hsv(hue, draws.uniform(0.05, 0.75), value),
        accent=hsv((hue + draws.uniform(0.3, 0.7)) % 1, draws.uniform(0.3, 0.8), 1.05 - 0.8 * value),
        frequency=draws.uniform(11, 19),
        jaw=np.clip(draws.normal(2.12, 0.08) + 0.42 * male, 2, 3),
        ear=draws.normal(0.17, 0.015) + 0.02 * male,
        nose=draws.normal(0.92, 0.09) + 0.16 * male + 0.08 * (1 - young),
        nose_length=draws.normal(0.27, 0.02) + 0.03 * male,
        freckles=draws.chance(0.12 * (people.skin <= PALE + 1) * young) * draws.uniform(0.1, 0.2),
    )


def lit(colour: FloatArray, light: FloatArray) -> FloatArray:
    """Skin under a light (N, H, W): its shadows stay a little red. (N, 3, H, W)."""
    return colour * (light[:, None] * (1 - SHADE) + SHADE)


def paint_body(canvas: Canvas, view: View, figure: Figure) -> None:
    """Neck, shoulders and clothes, from the chin down."""
    size = canvas.pixels.shape[-1]
    part = window(size, 0.45, 1, 0, 1)
    x, y = view.body_x[(..., *part)], view.body_y[(..., *part)]
    flare = 0.5 * np.clip(y - 1.02, 0, 0.5) ** 1.5
    across = x / (figure.neck + flare)
    neck = coverage(np.abs(across) - 1) * ramp(y, 0.2, 0.3)
    light = view.diffuse(np.clip(across, -1, 1), -0.1, np.sqrt(np.clip(1 - across * across, 0, 1)))
    light *= 1 - 0.42 * np.exp(-(((y - 0.92 - 0.1 * view.light[:, 1]) / 0.26) ** 2))  # the chin's shadow
    canvas.paint(neck, lit(figure.skin, light), part)

    spread = np.abs(x) / figure.shoulders
    top = 1.24 + figure.slope * spread**1.7 + 2.5 * np.maximum(spread - 0.88, 0) ** 1.5
    body = cover(top - y, 1.3 * view.pixel)
    light = view.diffuse(0.75 * x / figure.shoulders, -0.55 + 0.5 * np.clip(y - top, 0, 1), 0.75)
    canvas.paint(body, lit(figure.skin, light), part)
    _paint_clothes(canvas, view, figure, part, body, light)


def _paint_clothes(
    canvas: Canvas, view: View, figure: Figure, part: Window, body: FloatArray, light: FloatArray
) -> None:
    x, y = view.body_x[(..., *part)], view.body_y[(..., *part)]
    kind = figure.kind
    width = choose(kind == WIDE_NECK, 0.95, choose(kind == TURTLENECK, 0.05, 0.47)) + 0.1 * (figure.neck - 0.3)
    depth = choose(kind == WIDE_NECK, 0.34, 0.26)
    rounded = (x / width) ** 2 + ((y - 1.18) / depth) ** 2 - 1
    pointed = np.abs(x) / 0.34 + (y - 1.24) / 0.52 - 1
    is_pointed = (kind == V_NECK) | (kind == SUIT) | (kind == SHIRT)
    opening = coverage(choose(is_pointed, pointed, rounded))
    opening *= kind != TURTLENECK
    folds = 0.94 + 0.06 * np.sin(7 * x + 3.0 * y * figure.slope * 10)
    colour = figure.cloth * (light * folds)[:, None]
    stripe = (kind == STRIPED) * cover(np.sin(figure.frequency * (y - 0.1 * x * x)), 0.9)
    colour += stripe[:, None] * (figure.accent * light[:, None] - colour)
    canvas.paint(body * (1 - opening), colour, part)
    trim = coverage(np.abs(choose(is_pointed, pointed, rounded) - 0.12) - 0.12) * body
    trim *= choose((kind == SUIT) | (kind == SHIRT), 0.0, 0.35)
    canvas.darken(trim, 0.72, part)

    with canvas.only(kind == TURTLENECK) as (some, rows):
        _paint_roll(some, take(view, rows), take(figure, rows), part)
    with canvas.only((kind == SUIT) | (kind == SHIRT)) as (some, rows):
        _paint_collar(some, take(view, rows), take(figure, rows), part)


def _paint_roll(canvas: Canvas, view: View, figure: Figure, part: Window) -> None:
    x, y = view.body_x[(..., *part)], view.body_y[(..., *part)]
    across = x / (figure.neck * 1.18)
    roll = coverage(np.abs(across) - 1) * ramp(y, 0.98, 1.02)
    light = view.diffuse(np.clip(across, -1, 1), -0.2, np.sqrt(np.clip(1 - across * across, 0, 1)))
    light *= 1 - 0.13 * np.cos(38 * (y + 0.06 * across * across))  # folds
    canvas.paint(roll, figure.cloth * light[:, None], part)


def _paint_collar(canvas: Canvas, view: View, figure: Figure, part: Window) -> None:
    """A shirt's collar; under a suit the shirt itself and a tie."""
    x, y = view.body_x[(..., *part)], view.body_y[(..., *part)]
    suit = figure.kind == SUIT
    white = np.array([0.93, 0.94, 0.97], np.float32).reshape(1, 3, 1, 1)
    light = view.diffuse(0.6 * x, -0.3, 0.8)
    front = coverage(np.abs(x) / 0.34 + (y - 1.24) / 0.62 - 1) * ramp(y, 1.16, 1.2)
    canvas.paint(front * suit, white * light[:, None], part)
    tie = coverage(np.maximum(np.abs(x) - 0.05 - 0.06 * np.clip(y - 1.3, 0, 0.5), 1.26 - y))
    canvas.paint(tie * suit, figure.accent * light[:, None], part)
    edge = np.abs(np.abs(x) / 0.36 + (y - 1.24) / 0.56 - 1) - 0.2
    wing = coverage(np.maximum(edge, np.abs(y - 1.28) - 0.17))
    fabric = choose(suit[:, None], white, np.minimum(figure.cloth * 1.18 + 0.03, 1))
    canvas.paint(wing, fabric * (0.93 * light)[:, None], part)


def head_outline(view: View, figure: Figure) -> FloatArray:
    """The head as an implicit shape: 0 on the outline, -1 in the middle."""
    below = np.clip(view.y, 0, None)
    across = view.x / (view.width * (1 - view.narrowing * np.clip(below, 0, 1) ** 1.5))
    up = np.clip(-view.y, 0, None) / 1.08
    radius = across * across + up * up + below**figure.jaw
    return np.asarray(np.sqrt(radius) - 1)


def paint_ears(canvas: Canvas, view: View, figure: Figure, head: FloatArray) -> None:
    """The ear that the head turns towards is behind it."""
    for side in (-1.0, 1.0):
        part = window(canvas.pixels.shape[-1], 0.28, 0.8, 0 if side < 0 else 0.5, 0.5 if side < 0 else 1)
        turned = side * view.yaw
        x = (view.x - side * view.width * (1.0 - 0.35 * np.clip(-turned, 0, 1)))[(..., *part)]
        y = (view.y - 0.06 + 0.05 * view.pitch)[(..., *part)]
        x = side * x - 0.12 * y
        width = 0.62 * figure.ear
        shape = (x / width) ** 2 + (y / (1.35 * figure.ear)) ** 2 - 1
        near = ramp(-turned, -0.05, 0.12)
        alpha = coverage(shape) * (1 - head[(..., *part)] * (1 - near))
        light = view.diffuse(side * np.clip(x / width, -1, 1), y / figure.ear, 0.8)
        light *= 1 - 0.3 * bump(x - 0.1 * figure.ear, y, 0.35 * figure.ear, 0.8 * figure.ear)
        canvas.paint(alpha, lit(figure.skin * 0.97, light), part)


def paint_head(canvas: Canvas, view: View, figure: Figure, people: People, outline: FloatArray) -> FloatArray:
    """The head's skin with the relief of nose, cheeks, brows and chin. Returns its coverage (N, H, W)."""
    head = coverage(outline)
    depth = np.sqrt(np.clip(1 - (outline + 1) ** 2, 0, 1))
    nx = view.x / view.width
    ny = choose(view.y < 0, view.y / 1.08, view.y) * 0.8
    part = window(canvas.pixels.shape[-1], 0.1, 0.98, 0.08, 0.92)
    along_x, along_y = slopes(_relief(view, figure, people, part))
    inner = (..., *part)
    nx = np.ascontiguousarray(nx)
    nx[inner] -= along_x / view.pixel
    ny[inner] -= along_y / view.pixel
    light = view.diffuse(nx, ny, depth + 0.12)
    canvas.paint(head, lit(figure.skin, light))

    u, v = view.u[inner], view.v[inner]
    red = bump(np.abs(u) - 0.42, v - 0.30, 0.19, 0.15) + 0.6 * bump(u, v - figure.nose_length, 0.1, 0.09)
    rosy = np.array([1.0, 0.62, 0.60], np.float32).reshape(1, 3, 1, 1)
    canvas.darken(red * figure.blush * 1.6 * head[inner], rosy, part)
    shine = bump(u - 0.25 * view.light[:, 0], v + 0.52 - 0.1 * view.light[:, 1], 0.22, 0.13)
    shine += 0.9 * bump(u - 0.03 * view.light[:, 0], v - figure.nose_length + 0.05, 0.05, 0.07)
    canvas.paint(0.16 * shine * head[inner], np.ones((1, 3, 1, 1), np.float32), part)
    return head


def _relief(view: View, figure: Figure, people: People, part: Window) -> FloatArray:
    """Heights of the face above an egg, in the head's unit."""
    u, v = view.u[(..., *part)], view.v[(..., *part)]
    mirrored = np.abs(u)
    tip = u - 0.16 * np.sin(view.yaw)  # the tip stands out, so it moves further as the head turns
    length = figure.nose_length
    old, male = 1 - people.young, people.male
    heights = 0.085 * figure.nose * bump(tip * (1.15 - 0.5 * np.clip(v, 0, 0.3)), v - length + 0.16, 0.085, 0.2)
    heights += 0.11 * figure.nose * bump(tip, v - length, 0.105 * figure.nose, 0.09)
    heights += 0.045 * figure.nose * bump(mirrored - 0.115 * figure.nose, v - length - 0.02, 0.06, 0.06)
    heights += (0.07 + 0.035 * people.smiling) * bump(mirrored - 0.43, v - 0.31, 0.23, 0.17)
    heights -= 0.075 * bump(mirrored - 0.33, v + 0.03, 0.2, 0.12)
    heights += (0.02 + 0.05 * male) * bump(mirrored - 0.3, v + 0.26, 0.24, 0.07)
    heights += (0.06 + 0.03 * male) * bump(u, v - 0.86, 0.2, 0.11)
    heights -= 0.04 * bump(u, v - 0.71, 0.22, 0.06)
    heights -= 0.05 * old * bump(mirrored - 0.5, v - 0.55, 0.11, 0.16)  # hollow cheeks
    return heights
