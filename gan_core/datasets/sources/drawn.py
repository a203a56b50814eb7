"""What the drawn data sets have in common: pictures by number, in blocks of fixed size, on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Allocate, Built, Pair, Progress, Uint8Array

BLOCK = 8  # pictures drawn at once: planes that fit the processor's cache
LARGEST_BLOCK_SIZE = 128  # above, one at a time: memory, not speed, is short

Draw = Callable[[int, Sequence[int], int], tuple[Uint8Array, Uint8Array]]
"""(stream, indices, size) -> images uint8 (N, 3, size, size) and labels uint8 (N, L)."""

Label = Callable[[int, Sequence[int]], Uint8Array]
"""(stream, indices) -> labels uint8 (N, L), without drawing."""


@dataclass(frozen=True)
class Split:
    """A split: its own stream of random numbers, and how many pictures it has by default and at most."""

    stream: int
    standard: int
    largest: int


@dataclass(frozen=True)
class Drawn:
    """A `Source` whose pictures are drawn. Picture i is the same however many are asked for.

    Attributes:
        name: for the fingerprint.
        version: raised whenever the pictures or labels change, so that old ones in the cache are not used.
        splits: name of a split -> its random numbers and size.
        names: of the labels.
        draw: draws some pictures.
        label: labels of some pictures, without drawing them.
        native_size: in pixels; previews show it as the picture before preprocessing.
        needs_colour: whether the pictures mean nothing in grey.
    """

    name: str
    version: int
    splits: dict[str, Split]
    names: tuple[str, ...]
    draw: Draw
    label: Label
    native_size: int = 64
    needs_colour: bool = False

    def fingerprint(self, config: DatasetConfig) -> str:
        return f"{self.name} drawing {self.version} {config.split}"

    def count(self, config: DatasetConfig) -> int:
        if self.needs_colour and config.channels != 3:
            raise ValueError(
                f"'{self.name}' needs 3 colour channels; got {config.channels}. Set dataset.channels to 3."
            )
        part = self.splits[config.split]
        return min(config.num_images or part.standard, part.largest)

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return self.names

    def labels(self, config: DatasetConfig) -> Uint8Array:
        return self.label(self.splits[config.split].stream, range(self.count(config)))

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair]:
        self.count(config)  # refuses what cannot be drawn
        stream, size = self.splits[config.split].stream, config.image_size
        block = BLOCK if max(size, self.native_size) <= LARGEST_BLOCK_SIZE else 1
        for start in range(0, len(indices), block):
            wanted = list(indices[start : start + block])
            whole = wanted + [wanted[-1] + extra for extra in range(1, block - len(wanted) + 1)]  # see `pictures`
            final = self.draw(stream, whole, size)[0]
            native = final if size == self.native_size else self.draw(stream, whole, self.native_size)[0]
            for before, after in zip(native[: len(wanted)], final, strict=False):
                yield _to_picture(before), _to_picture(_channels(after, config))

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        count = self.count(config)
        images, labels = allocate(count, len(self.names))
        for index, (image, label) in enumerate(self.pictures(config, count)):
            images[index] = _channels(image, config)
            labels[index] = label
            if (index + 1) % 64 == 0 or index + 1 == count:
                progress(index + 1, count)
        return Built(count=count, label_names=self.names)

    def pictures(
        self, config: DatasetConfig, count: int, size: int | None = None
    ) -> Iterator[tuple[Uint8Array, Uint8Array]]:
        """(image (3, H, W), label (L,)) of the first pictures, in order.

        Whole blocks are drawn whatever the count, so that a picture's very last bit does not depend on it.
        """
        size = size or config.image_size
        block = BLOCK if size <= LARGEST_BLOCK_SIZE else 1
        stream = self.splits[config.split].stream

        def draw(start: int) -> tuple[Uint8Array, Uint8Array]:
            return self.draw(stream, range(start, start + block), size)

        starts, left = iter(range(0, count, block)), count
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy lets other threads run while it computes
            while chunk := list(islice(starts, 64)):  # bounded: pictures never pile up
                for images, labels in pool.map(draw, chunk):
                    yield from zip(images[:left], labels[:left], strict=True)
                    left -= len(images)


def _channels(image: Uint8Array, config: DatasetConfig) -> Uint8Array:
    """RGB (3, H, W) as it is, or in grey (1, H, W) by the weights of television, as Pillow does."""
    if config.channels == 3:
        return image
    return np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L"))[None]


def _to_picture(image: Uint8Array) -> Image.Image:
    return Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
