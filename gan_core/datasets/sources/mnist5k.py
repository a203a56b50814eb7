"""`mnist5k`: 5,000 real MNIST digits that come with the program (see data/README.md for their source).

4,500 are there to learn from; the last 500 of the fixed shuffle are kept back as the test split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Allocate, Built, Pair, Progress, Uint8Array

FILE = Path(__file__).parent / "data" / "mnist5k.npz"
DIGITS = tuple(str(digit) for digit in range(10))
NUM_TRAIN = 4_500
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


def split(config: DatasetConfig) -> tuple[Uint8Array, Uint8Array]:
    """Images (N, 28, 28) and digits (N,) of the split, at most `config.num_images`."""
    part = slice(NUM_TRAIN) if config.split == "train" else slice(NUM_TRAIN, None)
    images, digits = (array[part][: config.num_images or None] for array in arrays())
    return images, digits


class _Mnist5k:
    def fingerprint(self, config: DatasetConfig) -> str:
        return f"mnist5k shuffle 0 padding {PADDING} {config.split} of {NUM_TRAIN}"

    def count(self, config: DatasetConfig) -> int:
        return len(split(config)[1])

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return DIGITS

    def labels(self, config: DatasetConfig) -> Uint8Array:
        return np.eye(len(DIGITS), dtype=np.uint8)[split(config)[1]]

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair]:
        digits, _ = split(config)
        for index in indices:
            yield Image.fromarray(digits[index]), pad_and_resize(digits[index], config.image_size)

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        digits, classes = split(config)
        count = len(digits)
        images, labels = allocate(count, len(DIGITS))
        for index, digit in enumerate(digits):
            images[index] = np.asarray(pad_and_resize(digit, config.image_size))  # grey, over all channels
            if index % 500 == 0:
                progress(index, count)
        labels[:] = np.eye(len(DIGITS), dtype=np.uint8)[classes]
        progress(count, count)
        return Built(count=count, label_names=DIGITS)


SOURCE = _Mnist5k()
