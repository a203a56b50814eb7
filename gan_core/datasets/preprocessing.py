"""Preprocessing step by step: one picture after each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from gan_core.config import DatasetConfig
from gan_core.datasets import DATASETS
from gan_core.datasets.base import Dataset, Pair, Uint8Array
from gan_core.datasets.sources import mnist5k
from gan_core.figures.imaging import grid, middle_square, resize_shorter_side, scatter, to_picture

Name = Literal["original", "resized", "cropped", "padded", "drawn", "mirrored", "turned", "scaled"]
FRAME = (20, 184, 166)  # teal, seen on light and dark pictures alike


@dataclass(frozen=True)
class Step:
    """A picture after one step.

    Attributes:
        name: of the step.
        picture: what there is then; of a resized one that will be cut, the part to be kept is framed.
        low, high: its smallest and largest value: 0 to 255, or -1 to 1 after the last step.
    """

    name: Name
    picture: Image.Image
    low: float
    high: float


def step_names(config: DatasetConfig) -> tuple[Name, ...]:
    """The steps of this data set, in order; the random ones only if they are switched on."""
    made: dict[str, tuple[Name, ...]] = {
        "crop": ("original", "resized", "cropped"),
        "pad": ("original", "padded"),
        "draw": ("drawn",),
    }
    names = list(made[DATASETS.find(config.name).preparation])
    if config.flip:
        names.append("mirrored")
    if config.rotation_degrees:
        names.append("turned")
    return (*names, "scaled")


def steps(pair: Pair, config: DatasetConfig) -> list[Step]:
    """One picture after each step of `step_names`.

    Mirroring is always applied, rotation by the largest angle; in training both are random.
    """
    before, after = pair
    found: list[Step] = []
    current = before
    for name in step_names(config):
        shown = current
        if name == "resized":
            shown = current = resize_shorter_side(before, config.image_size)
            shown = _framed(shown, config.image_size)
        elif name in ("cropped", "padded", "drawn"):
            shown = current = after
        elif name == "mirrored":
            shown = current = current.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        elif name == "turned":
            shown = current = _turned(current, config.rotation_degrees)
        values = np.asarray(current, np.float32)
        values = values / 127.5 - 1 if name == "scaled" else values
        found.append(Step(name, shown, float(values.min()), float(values.max())))
    return found


def in_words(pair: Pair, config: DatasetConfig) -> str:
    """What preparing does to a picture, with its true sizes: "178x218, resized to 64x78, cut to 64x64"."""
    before, after = pair
    start, end = (f"{picture.width}x{picture.height}" for picture in pair)
    preparation = DATASETS.find(config.name).preparation
    if preparation == "draw":
        return f"rendered at {end}, no resizing"
    if before.size == after.size:
        return f"{end}, no resizing"
    if preparation == "pad":
        return f"{start}, padded by {margin(config)} on each side and resized to {end}"
    resized = resize_shorter_side(before, config.image_size)
    between = f"{resized.width}x{resized.height}"
    if resized.size == before.size:
        return f"{start}, cropped to {end}"
    if resized.size == after.size:
        return f"{start}, resized to {between}"
    return f"{start}, resized to {between}, cropped to {end}"


def margin(config: DatasetConfig) -> int:
    """Pixels that are added on each side of a digit."""
    return mnist5k.PADDING if DATASETS.find(config.name).preparation == "pad" else 0


def side_by_side(pairs: Sequence[Pair], columns: int) -> Image.Image:
    """The prepared pictures in a grid."""
    return to_picture(grid(np.stack([_planes(after) for _before, after in pairs]), columns))


def dots(dataset: Dataset, size_px: int, most: int = 5_000) -> tuple[Image.Image, int, float]:
    """Points as a picture. Returns it, how many of them it shows, and the coordinate at its edges."""
    shown = np.asarray(dataset.images[dataset.order[:most]], np.float64)
    reach = 1.1 * max(1e-6, float(np.abs(shown).max()))
    return scatter(shown, size_px, reach), len(shown), reach


def _planes(picture: Image.Image) -> Uint8Array:
    pixels = np.asarray(picture, np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _framed(picture: Image.Image, size: int) -> Image.Image:
    """The picture, with the square that will be kept framed if anything is cut off."""
    if picture.size == (size, size):
        return picture
    framed = picture.convert("RGB")
    left, top, right, bottom = middle_square(picture, size)
    ImageDraw.Draw(framed).rectangle((left, top, right - 1, bottom - 1), outline=FRAME)
    return framed


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    """The picture turned as a batch would be."""
    import torch

    from gan_core.datasets.augmentation import rotate
    from gan_core.datasets.batches import to_signed, to_uint8

    planes = torch.from_numpy(_planes(picture)[None].copy())
    turned = rotate(to_signed(planes), torch.tensor([np.radians(degrees)]).float())
    return to_picture(to_uint8(turned)[0])
