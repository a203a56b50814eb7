"""`mnist5k`: 5,000 real MNIST digits that come with the program (see data/README.md for their source).

4,500 are there to learn from; the last 500 of the fixed shuffle are kept back as the test split.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
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

    The file is sorted by digit; a fixed shuffle makes the first N images a sample, whatever N is.
    """
    with np.load(FILE) as file:
        order = np.random.default_rng(0).permutation(len(file["digits"]))
        return file["images"][order], file["digits"][order]


def pad_and_resize(digit: Uint8Array, size: int) -> Image.Image:
    """A digit (28, 28) with MNIST's margin widened to 32x32, then resized if another size is wanted."""
    picture = Image.fromarray(np.pad(digit, PADDING))
    return picture if picture.size == (size, size) else picture.resize((size, size), Image.Resampling.BILINEAR)


class PictureArrays(ABC):
    """A `Source` whose pictures are one array, each of one class."""

    @abstractmethod
    def load(self, config: DatasetConfig) -> tuple[Uint8Array, Uint8Array]:
        """Pictures uint8 (N, H, W) or (N, H, W, 3) and classes (N,) of the split, at most `config.num_images`."""

    @abstractmethod
    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        """As `Source.label_names`."""

    def preprocess(self, picture: Uint8Array, config: DatasetConfig) -> Image.Image:
        """A picture of `load` at the configured size and number of channels."""
        return pad_and_resize(picture, config.image_size)

    def labels(self, config: DatasetConfig) -> Uint8Array:
        return np.eye(len(self.label_names(config)), dtype=np.uint8)[self.load(config)[1]]

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair]:
        images, _ = self.load(config)
        for index in indices:
            yield Image.fromarray(images[index]), self.preprocess(images[index], config)

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        pictures, classes = self.load(config)
        names = self.label_names(config)
        images, labels = allocate(len(pictures), len(names))
        for index, picture in enumerate(pictures):
            pixels = np.asarray(self.preprocess(picture, config))
            images[index] = pixels if pixels.ndim == 2 else pixels.transpose(2, 0, 1)  # grey goes into every channel
            if index % 500 == 0:
                progress(index, len(pictures))
        labels[:] = np.eye(len(names), dtype=np.uint8)[classes]
        progress(len(pictures), len(pictures))
        return Built(count=len(pictures), label_names=names)


class _Mnist5k(PictureArrays):
    def load(self, config: DatasetConfig) -> tuple[Uint8Array, Uint8Array]:
        part = slice(NUM_TRAIN) if config.split == "train" else slice(NUM_TRAIN, None)
        images, digits = (array[part][: config.num_images or None] for array in arrays())
        return images, digits

    def fingerprint(self, config: DatasetConfig) -> str:
        return f"mnist5k shuffle 0 padding {PADDING} {config.split} of {NUM_TRAIN}"

    def count(self, config: DatasetConfig) -> int:
        return len(self.load(config)[1])

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return DIGITS


SOURCE = _Mnist5k()
