"""What a data set is, in memory and as an entry of the table."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets import sampling

Progress = Callable[[int, int], None]
"""Called with (images done, images in all) while a data set is prepared."""

HEAD_BYTES = 1024
WEB_PAGE = (
    "it is a web page, which servers send instead of a file that cannot be downloaded now (too many downloads, or not signed "
    "in). Open it to see why, and download the file again."
)

Uint8Array = npt.NDArray[np.uint8]

Pair = tuple[Image.Image, Image.Image]
"""A picture as it is on disk, or as it is drawn at its own size, and the same after preprocessing."""


def is_web_page(head: bytes) -> bool:
    """Whether a file that begins with these bytes (up to HEAD_BYTES) is HTML."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or (
        text.startswith(b"<") and b"<html" in text
    )


@dataclass(frozen=True)
class Dataset:
    """Prepared images and their labels.

    Attributes:
        name: the data set's name in the table.
        images: uint8 (N, C, H, W), usually mapped from the cache file and read as it is used; float32 (N, 2) for points.
        labels: uint8 (N, L) of 0 and 1, one- or multi-hot; L may be 0.
        label_names: L names.
        skipped: (file, reason) of files that are left out: pictures that cannot be read, and what is none; the first of them.
        num_skipped: how many those are in all.
        unread: the numbers of those that cannot be read, among the pictures of the set.
        mixed: whether the images come in an order in which the first n are a sample already.
        flip, rotation_degrees: how batches vary the images; see `gan_core.datasets.augmentation`.
        digest: `content_digest` of all that was prepared, whichever of it is used.
    """

    name: str
    images: Uint8Array
    labels: Uint8Array
    label_names: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    num_skipped: int = 0
    unread: tuple[int, ...] = ()
    mixed: bool = False
    flip: bool = False
    rotation_degrees: float = 0.0
    digest: str = ""

    def with_labels(self, names: tuple[str, ...]) -> Dataset:
        """The same images with only these labels, in this order. Raises ValueError if the data set lacks one of them."""
        for name in names:
            if name not in self.label_names:
                raise ValueError(
                    f"The data set '{self.name}' has no label '{name}'. It has: {', '.join(self.label_names[:60])}."
                )
        columns = [self.label_names.index(name) for name in names]
        return replace(self, labels=self.labels[:, columns], label_names=names)

    def part(self, numbers: sampling.Numbers) -> Dataset:
        """The images with these numbers, in this order; not copied where they are the first ones."""
        rows = slice(len(numbers)) if np.array_equal(numbers, np.arange(len(numbers))) else numbers
        return replace(self, images=self.images[rows], labels=self.labels[rows])

    @property
    def order(self) -> sampling.Numbers:
        """The numbers of the images in the order in which a part of them is taken (`sampling.order`)."""
        return np.arange(len(self)) if self.mixed else sampling.order(self.labels)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(channels, height, width), or (2,) for points."""
        return self.images.shape[1:]


def content_digest(images: npt.NDArray[Any], labels: Uint8Array, label_names: Sequence[str]) -> str:
    """SHA-256, in hexadecimal, of prepared images (N, ...), their labels (N, L) and the labels' names."""
    head = [images.shape, str(images.dtype), labels.shape, list(label_names)]
    digest = hashlib.sha256(json.dumps(head).encode())
    for array in (images, labels):
        for start in range(0, len(array), 1024):  # a part at a time: images may be larger than the memory
            digest.update(array[start : start + 1024].tobytes())
    return digest.hexdigest()


def left_out_in_words(named: Sequence[tuple[str, str]], count: int) -> str:
    """The (file, reason) of files that are left out, `count` in all: how many, and a line for each of the first reasons."""
    by_reason: dict[str, list[str]] = {}
    for file, reason in named:
        by_reason.setdefault(reason, []).append(file)
    lines = [f"{count:,} files left out:" if count > 1 else "1 file left out:"]
    for reason, files in list(by_reason.items())[:5]:
        lines.append(f"  {', '.join(files[:3])}{f' and {len(files) - 3} more' if len(files) > 3 else ''}: {reason}")
    told = sum(map(len, list(by_reason.values())[:5]))
    return "\n".join([*lines, f"  and {count - told:,} more." if count > told else ""]).rstrip()


class Source(Protocol):
    """How one kind of picture data is found, counted and decoded. A module per data set implements it."""

    def fingerprint(self, config: DatasetConfig) -> str:
        """Text that changes whenever the prepared images would."""

    def count(self, config: DatasetConfig) -> int:
        """Images there are, at most `config.num_images`; unreadable ones are found out only when it is prepared."""

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        """The names of the labels, in the order of the label columns, however many images are taken; none without labels."""

    def labels(self, config: DatasetConfig) -> Uint8Array:
        """The labels of all `count` images, uint8 (N, L), without decoding one."""

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair | None]:
        """The images with these numbers before and after preprocessing, one by one; None for an unreadable one."""

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        """Decodes and preprocesses every picture into the arrays that `allocate(count, num_labels)` gives."""


Allocate = Callable[[int, int], tuple[Uint8Array, Uint8Array]]
"""(count, num_labels) -> images uint8 (count, C, H, W), mapped to a file, and labels uint8 (count, num_labels), to be filled."""


@dataclass(frozen=True)
class Built:
    """What `Source.build` did: how many rows it filled, from the front, and which files it left out.

    Attributes:
        skipped, num_skipped, unread: as `Dataset`'s.
    """

    count: int
    label_names: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    num_skipped: int = 0
    unread: tuple[int, ...] = ()


class PointSource(ABC):
    """What stands in a `Source`'s place for points in the plane, which are small: loaded whole, kept in no cache."""

    @abstractmethod
    def load(self, config: DatasetConfig) -> Dataset:
        """All of it: float32 points (N, 2) and their labels."""

    def fingerprint(self, config: DatasetConfig) -> str:
        """As `Source.fingerprint`."""
        return hashlib.sha256(self.load(config).images.tobytes()).hexdigest()

    def count(self, config: DatasetConfig) -> int:
        """Points there are, at most `config.num_images`."""
        return len(self.load(config))

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        """As `Source.label_names`."""
        return self.load(config).label_names

    def labels(self, config: DatasetConfig) -> Uint8Array:
        """As `Source.labels`."""
        return self.load(config).labels

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair | None]:
        """None: points are used as they are."""
        return iter(())


@dataclass(frozen=True)
class DatasetEntry:
    """A line of the table of data sets.

    Attributes:
        title, description: for people.
        source: import path of the object that implements `Source`, or for points of a `PointSource`.
        needs_root: whether the user must name a folder.
        exclusive_labels: whether an image has exactly one label (classes) rather than any number (attributes).
        domain: "images", or "points" for samples (2,) that are float and not preprocessed.
        usual_size, usual_channels: what the presets use it with.
        preparation: how a picture becomes a square of the wanted size: "crop" (shorter side resized, middle cut out), "pad"
            (digits: a wider margin, then resized) or "draw" (drawn at that size).
        mirrored_is_false: whether a mirrored picture is none of the set's: digits and letters.
        mixed: as `Dataset.mixed`.
    """

    title: str
    description: str
    source: str
    needs_root: bool = False
    exclusive_labels: bool = True
    domain: str = "images"
    usual_size: int = 64
    usual_channels: Literal[1, 3] = 3
    preparation: Literal["crop", "pad", "draw"] = "crop"
    mirrored_is_false: bool = False
    mixed: bool = False
