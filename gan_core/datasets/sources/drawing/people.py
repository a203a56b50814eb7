"""Who is drawn: the 13 attributes of each portrait, with their probabilities, and the pose and light it is seen in.

`Male` 45 %, `Young` 82 % of women and 68 % of men, and from there as `sample_people` says, line by line. Rare
attributes are more frequent than in CelebA (eyeglasses 16 %, not 6.5; bald 4 %, not 2), so that a small set has enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_core.datasets.sources.drawing.canvas import Window, grid
from gan_core.datasets.sources.drawing.draws import Draws, FloatArray

ATTRIBUTES = (
    "Male", "Smiling", "Eyeglasses", "Young", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald",
    "Mustache", "Wearing_Hat", "Wearing_Lipstick", "Pale_Skin",
)  # fmt: skip
BLACK, BLOND, BROWN, GRAY, RED = range(5)
PALE, FAIR, TAN, DARK = range(4)


@dataclass(frozen=True)
class People:
    """The attributes of N portraits, each (N, 1, 1), 0 or 1 unless said.

    Attributes:
        hair: BLACK, BLOND, BROWN, GRAY or RED (which CelebA has no attribute for); means nothing when bald.
        skin: PALE, FAIR, TAN or DARK.
    """

    male: FloatArray
    smiling: FloatArray
    glasses: FloatArray
    young: FloatArray
    bald: FloatArray
    mustache: FloatArray
    hat: FloatArray
    lipstick: FloatArray
    hair: FloatArray
    skin: FloatArray

    def labels(self) -> FloatArray:
        """(N, 13) in the order of ATTRIBUTES."""
        haired = 1 - self.bald
        colours = [haired * (self.hair == colour) for colour in (BLACK, BLOND, BROWN, GRAY)]
        columns = [self.male, self.smiling, self.glasses, self.young, *colours, self.bald, self.mustache, self.hat]
        columns += [self.lipstick, self.skin == PALE]
        return np.concatenate([np.asarray(column, np.float32).reshape(-1, 1) for column in columns], axis=1)


def sample_people(draws: Draws) -> People:
    """Attributes with plausible correlations; the probabilities are the documentation."""
    male = draws.chance(0.45)
    young = draws.chance(0.82 - 0.14 * male)
    skin = draws.pick([0.13 - 0.05 * male, 0.42, 0.23, 0.20]).astype(np.float32)
    bald = draws.chance(male * (0.05 + 0.18 * (1 - young)))
    hat = draws.chance((1 - bald) * 0.11)
    glasses = draws.chance(0.11 + 0.2 * (1 - young))
    mustache = draws.chance(male * (0.14 + 0.14 * (1 - young)))
    smiling = draws.chance(0.56 - 0.14 * male)
    lipstick = draws.chance((1 - male) * (0.74 - 0.14 * (1 - young)))
    fair, dark = (skin <= FAIR).astype(np.float32), (skin == DARK).astype(np.float32)
    gray = (1 - young) * 0.5 + young * 0.01
    hair = draws.pick([
        (1 - gray) * (0.22 * fair + 0.50 * (1 - fair) + 0.25 * dark),  # black
        (1 - gray) * (0.32 * fair + 0.12 * (1 - fair) - 0.07 * dark),  # blond
        (1 - gray) * (0.36 * fair + 0.35 * (1 - fair) - 0.15 * dark),  # brown
        gray,
        (1 - gray) * (0.10 * fair + 0.03 * (1 - fair) - 0.03 * dark),  # red
    ]).astype(np.float32)  # fmt: skip
    return People(male, smiling, glasses, young, bald, mustache, hat, lipstick, hair, skin)


@dataclass(frozen=True)
class View:
    """Where the head is, and every pixel's place on it.

    The head's own frame has its unit at about 20 pixels of 64: chin at y = 1, top of the skull at y = -1.08, x to
    the right. `u`, `v` are the same for a point on its surface once the head is turned: features are drawn there,
    and yaw and pitch move and foreshorten them.

    Attributes:
        x, y: planes (N, H, W) in the head's frame, turned with its tilt.
        body_x, body_y: the same, upright: neck, shoulders.
        u, v: the face's chart.
        pixel: size of a pixel in the head's frame.
        width: half the head's width, at the temples.
        narrowing: how much narrower the jaw is.
        yaw, pitch: in radians.
        light: towards the light, unit vector (N, 3, 1, 1): x right, y down, z to the viewer.
        ambient: brightness of what the light does not reach.
    """

    x: FloatArray
    y: FloatArray
    body_x: FloatArray
    body_y: FloatArray
    u: FloatArray
    v: FloatArray
    pixel: FloatArray
    width: FloatArray
    narrowing: FloatArray
    yaw: FloatArray
    pitch: FloatArray
    light: FloatArray
    ambient: FloatArray

    def diffuse(self, nx: FloatArray, ny: float | FloatArray, nz: float | FloatArray) -> FloatArray:
        """Brightness of a surface by its normal (need not be a unit vector): ambient to about 1.1."""
        length: FloatArray = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-6
        towards = nx * self.light[:, 0] + ny * self.light[:, 1] + nz * self.light[:, 2]
        towards /= length
        towards += 0.35  # light wraps around a soft surface
        towards *= 1 / 1.35
        np.maximum(towards, 0, out=towards)
        towards *= 1.12 - self.ambient
        towards += self.ambient
        return towards


def sample_view(draws: Draws, people: People, size: int) -> View:
    """Pose and light, with the planes of coordinates that follow from them."""
    male, young = people.male, people.young
    scale = draws.normal(0.69, 0.025)
    tilt, yaw, pitch = draws.normal(0, 0.07), draws.normal(0, 0.22), draws.normal(0, 0.5)
    centre_x, centre_y = draws.normal(0, 0.045) - 0.12 * yaw, draws.normal(0.055, 0.03)
    width = draws.normal(0.80, 0.03) + 0.02 * male
    narrowing = np.clip(draws.normal(0.29, 0.03) - 0.11 * male - 0.03 * (1 - young), 0.05, 0.4)
    light = np.stack([draws.uniform(-0.8, 0.8), draws.uniform(-0.85, -0.25), np.ones_like(male)], axis=1)
    light /= np.sqrt((light**2).sum(axis=1, keepdims=True))

    x, y = grid(size)
    body_x, body_y = (x - centre_x) / scale, (y - centre_y) / scale
    cos, sin = np.cos(tilt), np.sin(tilt)
    x, y = cos * body_x + sin * body_y, cos * body_y - sin * body_x
    across = np.clip(x / (width * (1 - narrowing * np.clip(y, 0, 1) ** 1.5)), -1, 1)
    depth = np.sqrt(1 - across * across)
    return View(
        x=x,
        y=y,
        body_x=body_x + 0.25 * yaw,  # the head turns about the neck: its front moves further than its axis
        body_y=np.broadcast_to(body_y, x.shape),
        u=width * (across * np.cos(yaw) - depth * np.sin(yaw)),
        v=y - 0.13 * pitch * depth,
        pixel=(2 / size) / scale,
        width=width,
        narrowing=narrowing,
        yaw=yaw,
        pitch=pitch,
        light=light.astype(np.float32),
        ambient=draws.uniform(0.42, 0.56),
    )


def window(size: int, top: float, bottom: float, left: float, right: float) -> Window:
    """The part of a picture between the given shares of its height and width."""
    return slice(int(top * size), int(np.ceil(bottom * size))), slice(int(left * size), int(np.ceil(right * size)))
