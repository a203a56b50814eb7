"""Hair of a portrait: one shape for all styles, from a shaven head to long waves; its numbers make the style.

The outside is the head's outline, grown; the inside leaves the face open below the hairline. Long hair has a back,
painted before the neck, and a front, painted over the face.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Canvas, choose, coverage, ramp
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray, blend
from gan_core.datasets.sources.drawing.people import BLACK, BLOND, BROWN, GRAY, RED, TAN, People, View
from gan_core.datasets.sources.drawing.styles import STYLES, weights

COLOURS = {
    BLACK: [[0.055, 0.05, 0.06], [0.115, 0.10, 0.105]],
    BLOND: [[0.80, 0.62, 0.30], [0.95, 0.84, 0.55]],
    BROWN: [[0.30, 0.175, 0.095], [0.47, 0.30, 0.17]],
    GRAY: [[0.60, 0.61, 0.63], [0.84, 0.85, 0.87]],
    RED: [[0.56, 0.20, 0.07], [0.74, 0.33, 0.12]],
}
CROWN_Y = -1.7  # strands run from a point above the head


@dataclass(frozen=True)
class Hair:
    """A `Style` for each portrait, jittered, with colour (N, 3, 1, 1) and the phases of its strands."""

    top: FloatArray
    side: FloatArray
    line: FloatArray
    open: FloatArray
    front: FloatArray
    back: FloatArray
    sweep: FloatArray
    tent: FloatArray
    flare: FloatArray
    wave: FloatArray
    curl: FloatArray
    bun: FloatArray
    parting: FloatArray
    colour: FloatArray
    phase: FloatArray


def sample_hair(draws: Draws, people: People) -> Hair:
    """A style that fits the person, in the colour of the label."""
    table = np.array([astuple(style) for style in STYLES.values()], np.float32)
    style = draws.pick(weights(people))
    columns = iter(np.moveaxis(table[style], -1, 0))  # each (N, 1, 1)
    tones = np.array([COLOURS[colour] for colour in sorted(COLOURS)], np.float32)
    bounds = tones[people.hair.astype(np.int64).ravel()]
    share = draws.uniform(0, 1)
    grown = draws.uniform(0.8, 1.25)
    side_of_parting = np.sign(draws.uniform(-1, 1))
    long = ramp(np.asarray(table[style][..., 4]), 0.3, 0.5)
    return Hair(
        top=next(columns) * grown * (1 - 0.8 * people.hat),  # pressed flat under a hat
        side=next(columns) * grown * (1 - 0.4 * people.hat),
        line=next(columns) + draws.normal(0, 0.025),
        open=next(columns) + draws.normal(0, 0.012),
        front=next(columns) + long * draws.normal(0, 0.10),
        back=next(columns) + long * draws.normal(0, 0.10),
        sweep=next(columns) * side_of_parting * draws.uniform(0.7, 1.2),
        tent=next(columns) * draws.uniform(0.8, 1.15),
        flare=next(columns) * draws.uniform(0.5, 1.5),
        wave=next(columns) * draws.uniform(0.7, 1.3),
        curl=next(columns) * draws.uniform(0.8, 1.2),
        bun=next(columns) * draws.uniform(0.85, 1.2) * (1 - people.hat),
        parting=-side_of_parting * draws.uniform(0.0, 0.3),
        colour=bounds[:, 0, :, None, None] + (bounds[:, 1] - bounds[:, 0])[..., None, None] * share[:, None],
        phase=draws.uniform(0, 2 * np.pi),
    )


def _outside(view: View, hair: Hair, grow: float | FloatArray = 0.0) -> FloatArray:
    """The head's outline grown by the hair's thickness, falling straight below the temples."""
    x, y = view.x, view.y
    long = ramp(hair.front, 0.3, 0.6)
    below = np.clip(y, 0, None)
    x = x + hair.wave * np.sin(6.5 * y + hair.phase + 1.3 * np.sign(x)) * ramp(y, -0.2, 0.3)
    thickness = hair.side * (1 - (1 - long) * ramp(y, -0.5, 0.2))
    half = view.width + thickness + hair.flare * below + grow
    up = np.clip(-y, 0, None) / (1.08 + hair.top + grow)
    radius: FloatArray = np.sqrt((x / half) ** 2 + up * up)
    angle = np.arctan2(x, -y) if hair.curl.any() else x
    return radius - 1 - hair.curl * np.abs(np.sin(5.5 * angle + hair.phase)) + 0.4 * hair.curl


def face_opening(view: View, hair: Hair) -> FloatArray:
    """The free face as an implicit shape: negative where no hair hangs."""
    u, v = view.u, view.v
    line = hair.line + hair.sweep * (u + 0.3 * np.sign(hair.sweep)) + hair.tent * np.abs(u - hair.parting) ** 1.3
    line = line + 0.016 * np.sin(23 * u + hair.phase)  # strands
    bottom = 0.30
    up = np.clip((bottom - v) / np.clip(bottom - line, 0.2, None), 0, None)
    across = np.abs(u) / hair.open
    square = across * across
    return np.sqrt(np.sqrt(square * square * (0.4 + 0.6 * square) + up**4)) - 1


def shade_hair(view: View, hair: Hair) -> FloatArray:
    """The hair's colours (N, 3, H, W): light, strands or curls, and a gloss that follows the light."""
    half = view.width + hair.side
    nx, up = view.x / half, np.clip(-view.y, 0, None) / (1.08 + hair.top)
    light = view.diffuse(nx, -up, np.sqrt(np.clip(1 - nx * nx - up * up, 0.02, 1)))
    strands = _strands(view, hair)
    band = view.y + 0.60 + 0.30 * view.light[:, 1] - 0.5 * nx * nx
    gloss = np.exp(-((band / 0.17) ** 2)) * (0.55 + 0.2 * strands) * (0.6 + nx * view.light[:, 0])
    gloss = np.clip(gloss, 0, 1) * choose(hair.curl > 0, 0.5, 1.0)
    light *= 1 + 0.085 * strands
    shine = np.array([0.30, 0.30, 0.31], np.float32).reshape(1, 3, 1, 1) * (0.55 + 0.45 * hair.colour)
    result: FloatArray = hair.colour * light[:, None]
    result += shine * gloss[:, None]
    return result


def _strands(view: View, hair: Hair) -> FloatArray:
    """Light and dark streaks from a point above the head, or spots for curls; about -2 to 2."""
    combed = choose(hair.front < 0.3, 0.7 * np.sign(hair.parting), 0.0)  # short hair lies sideways
    along = np.arctan2(view.x - hair.parting - combed, view.y - CROWN_Y - 0.6 * np.abs(combed))
    along = along + 0.4 * hair.wave * np.sin(6.5 * view.y + hair.phase)
    strands: FloatArray = np.sin(36 * along + hair.phase) + 0.7 * np.sin(61 * along - 2 * hair.phase)
    strands += 0.8 * np.sin(17 * along + 3 * hair.phase)
    rows = np.flatnonzero(hair.curl)
    x, y = view.x[rows], view.y[rows]
    bent_x, bent_y = 8 * x + 2 * np.sin(5 * y + hair.phase[rows]), 9 * y + 2 * np.sin(6 * x)
    strands[rows] = 2.2 * np.sin(bent_x + 0.8 * bent_y) * np.sin(1.1 * bent_y - 0.7 * bent_x)
    return strands


def _ends(view: View, hair: Hair, length: FloatArray) -> FloatArray:
    """Above the tips of the strands: negative."""
    return view.y - length + 0.22 * view.x**2 - 0.04 * np.sin(15 * view.x + hair.phase)


def paint_back_hair(canvas: Canvas, view: View, hair: Hair, people: People, shading: FloatArray) -> None:
    """What hangs behind the neck, and a bun behind the head."""
    bare = 1 - people.bald
    if (hair.back > 0.4).any():
        shape = np.maximum(_outside(view, hair, -0.02), _ends(view, hair, hair.back))
        canvas.paint(coverage(shape) * (hair.back > 0.4) * bare, 0.66 * shading)
    if hair.bun.any():
        x, y = view.x + 0.55 * np.sin(view.yaw), view.y + 1.08 + 0.62 * hair.bun
        distance = np.sqrt(x * x + 1.25 * y * y) / np.maximum(hair.bun, 1e-3) - 1
        light = view.diffuse(x / 0.3, y / 0.3, np.full_like(x, 0.7))
        swirl = 1 + 0.12 * np.sin(16 * np.sqrt(x * x + y * y) + 3 * x)
        canvas.paint(coverage(distance) * (hair.bun > 0), hair.colour * (light * swirl)[:, None])


def paint_hair_shadow(
    canvas: Canvas, view: View, hair: Hair, opening: FloatArray, head: FloatArray, people: People
) -> None:
    """The soft shadow of the hair on forehead and cheeks."""
    near = 1 - ramp(view.y - hair.front, -0.25, 0.1)
    tint = np.array([0.60, 0.47, 0.45], np.float32).reshape(1, 3, 1, 1)
    canvas.darken(0.75 * ramp(opening, -0.26, 0.02) * near * head * (1 - people.bald), tint)


def paint_front_hair(
    canvas: Canvas, view: View, hair: Hair, people: People, opening: FloatArray, shading: FloatArray
) -> None:
    """Top, sides and the strands before the shoulders."""
    outside = np.maximum(_outside(view, hair), _ends(view, hair, hair.front))
    by_the_ears = ((np.abs(view.x) / view.width - 1) / 0.22) ** 2 + ((view.y + 0.08) / 0.30) ** 2 - 1
    outside = choose(people.bald > 0, np.maximum(outside, by_the_ears), outside)
    alpha = coverage(outside)
    alpha *= 1 - coverage(opening)
    canvas.paint(alpha, shading)


def brow_colour(hair: Hair, people: People) -> FloatArray:
    """Brows and whiskers: the hair's colour, but dark enough for the skin. (N, 3, 1, 1)."""
    black = blend(COLOURS[BLACK], np.zeros_like(hair.top))
    share = choose(people.hair == BLOND, 0.45, choose(people.hair == GRAY, 0.25, 0.15))
    share = choose((people.skin >= TAN) & (people.hair != GRAY), 0.7, share)[:, None]
    return hair.colour * (1 - share) * 0.9 + black * share
