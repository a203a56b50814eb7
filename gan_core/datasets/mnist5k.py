"""`mnist5k`: 5,000 real MNIST digits that come with the program (see data/README.md for their source)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Allocate, Built, Progress, Uint8Array

FILE = Path(__file__).parent / "data" / "mnist5k.npz"
DIGITS = tuple(str(digit) for digit in range(10))
PADDING = 2  # 28 -> 32, a power of two; MNIST's own margin is black as well


@cache
def arrays() -> tuple[Uint8Array, Uint8Array]:
    """Images uint8 (5000, 28, 28) and digits uint8 (5000,), in an order that mixes the classes.

    The file is sorted by digit; a fixed shuffle makes "the first N images" a fair sample.
    """
    with np.load(FILE) as file:
        order = np.random.default_rng(0).permutation(len(file["digits"]))
        return file["images"][order], file["digits"][order]


def pad_and_resize(digit: Uint8Array, size: int) -> Image.Image:
    """A digit (28, 28) with MNIST's margin widened to 32x32, then resized if another size is wanted."""
    picture = Image.fromarray(np.pad(digit, PADDING))
    return picture if picture.size == (size, size) else picture.resize((size, size), Image.Resampling.BILINEAR)


class _Mnist5k:
    def fingerprint(self, config: DatasetConfig) -> str:
        return f"mnist5k shuffle 0 padding {PADDING}"

    def count(self, config: DatasetConfig) -> int:
        total = len(arrays()[1])
        return min(config.num_images or total, total)

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return DIGITS

    def preview(self, config: DatasetConfig, count: int) -> list[tuple[Image.Image, Image.Image]]:
        digits = arrays()[0][: min(count, self.count(config))]
        return [(Image.fromarray(digit), pad_and_resize(digit, config.image_size)) for digit in digits]

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        count = self.count(config)
        digits, classes = (array[:count] for array in arrays())
        images, labels = allocate(count, len(DIGITS))
        for index, digit in enumerate(digits):
            images[index] = np.asarray(pad_and_resize(digit, config.image_size))  # grey, over all channels
            if index % 500 == 0:
                progress(index, count)
        labels[:] = np.eye(len(DIGITS), dtype=np.uint8)[classes]
        progress(count, count)
        return Built(count=count, label_names=DIGITS)


SOURCE = _Mnist5k()
