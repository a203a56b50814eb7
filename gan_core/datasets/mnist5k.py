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
def _arrays() -> tuple[Uint8Array, Uint8Array]:
    """Images uint8 (5000, 28, 28) and digits uint8 (5000,), in an order that mixes the classes.

    The file is sorted by digit; a fixed shuffle makes "the first N images" a fair sample.
    """
    with np.load(FILE) as file:
        order = np.random.default_rng(0).permutation(len(file["digits"]))
        return file["images"][order], file["digits"][order]


class _Mnist5k:
    def fingerprint(self, config: DatasetConfig) -> str:
        return f"mnist5k shuffle 0 padding {PADDING}"

    def count(self, config: DatasetConfig) -> int:
        total = len(_arrays()[1])
        return min(config.num_images or total, total)

    def original(self, config: DatasetConfig, index: int) -> Image.Image:
        return Image.fromarray(_arrays()[0][index])

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        count = self.count(config)
        digits, classes = (array[:count] for array in _arrays())
        padded = np.pad(digits, ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
        images, labels = allocate(count, len(DIGITS))
        size = (config.image_size, config.image_size)
        for index, picture in enumerate(padded):
            resized = picture
            if picture.shape != size:
                resized = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
            images[index] = resized  # grey is repeated over the channels
            if index % 500 == 0:
                progress(index, count)
        labels[:] = np.eye(len(DIGITS), dtype=np.uint8)[classes]
        progress(count, count)
        return Built(count=count, label_names=DIGITS)


SOURCE = _Mnist5k()
