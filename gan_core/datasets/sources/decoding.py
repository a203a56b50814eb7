"""Picture files into arrays, on every core: what all data sets that lie on disk as pictures have in common."""

from __future__ import annotations

import contextlib
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Allocate, Built, Pair, Progress, Uint8Array
from gan_core.figures.imaging import open_picture, resize_and_crop

MAX_SKIPPED_NAMED = 200  # the rest are counted, not listed


def existing_folder(root: str, way_out: str) -> Path:
    """The folder of that name. Raises ValueError, with a message that ends in `way_out`, if there is none."""
    try:
        folder = Path(root).expanduser()
        exists = folder.is_dir()
    except (OSError, RuntimeError, ValueError):  # too long a name, an unknown user, a NUL
        exists = False
    if not exists:
        raise ValueError(f"There is no folder '{root:.300}'. {way_out}")
    return folder


def digest_of(root: Path, files: Sequence[Path]) -> str:
    """Text that changes when a file's name, size or time does."""
    root = root.resolve()
    digest = hashlib.sha256(str(root).encode(errors="surrogateescape"))
    for path in files:
        digest.update(f"{path}|{_stamp(root / path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _stamp(path: Path) -> str:
    """Size and time of a file; a link to nowhere has none, and is skipped when the pictures are read."""
    try:
        stat = path.stat()
    except OSError:
        return "missing"
    return f"{stat.st_size}|{stat.st_mtime_ns}"


class PictureFiles(ABC):
    """A `Source` of picture files.

    Attributes:
        name: begins the fingerprint.
        lists: files in the folder that hold the labels.
    """

    name: str
    lists: tuple[str, ...] = ()

    @abstractmethod
    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """The folder of the split and its picture files, relative to it, at most `config.num_images`."""

    @abstractmethod
    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        """As `Source.label_names`."""

    @abstractmethod
    def labels(self, config: DatasetConfig) -> Uint8Array:
        """As `Source.labels`."""

    def fingerprint(self, config: DatasetConfig) -> str:
        root, files = self.files(config)
        return f"{self.name} {digest_of(root, [*map(Path, self.lists), *files])}"

    def count(self, config: DatasetConfig) -> int:
        return len(self.files(config)[1])

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair]:
        root, files = self.files(config)
        for index in indices:
            with contextlib.suppress(ValueError):
                before = open_picture(root / files[index], config.channels)
                yield before, resize_and_crop(before, config.image_size)

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        root, files = self.files(config)
        label_names, labels = self.label_names(config), self.labels(config)
        images, rows = allocate(len(files), len(label_names))
        count, skipped = 0, []
        for done, (path, outcome) in enumerate(_decode_all(root, files, config), start=1):
            if isinstance(outcome, str):
                skipped.append((path.as_posix(), outcome))
            else:
                images[count], rows[count] = outcome, labels[done - 1]
                count += 1
            if done % 50 == 0 or done == len(files):
                progress(done, len(files))
        if count == 0:
            file, reason = skipped[0]
            raise ValueError(
                f"None of the {len(files)} pictures in '{config.root}' could be read. The first, {file}: {reason}"
            )
        return Built(count=count, label_names=label_names, skipped=_named(skipped))


def to_pixels(picture: Image.Image, config: DatasetConfig) -> Uint8Array:
    """A picture, resized and cut, as uint8 (C, H, W)."""
    pixels = np.asarray(resize_and_crop(picture, config.image_size), np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _decode_all(root: Path, files: Sequence[Path], config: DatasetConfig) -> Iterator[tuple[Path, Uint8Array | str]]:
    """(path, pixels or the reason why not), in order; Pillow decodes on every core."""

    def decode(path: Path) -> Uint8Array | str:
        try:
            return to_pixels(open_picture(root / path, config.channels), config)
        except ValueError as error:
            return str(error)

    chunks = iter(files)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while chunk := list(islice(chunks, 256)):  # bounded: decoded pictures never pile up
            yield from zip(chunk, pool.map(decode, chunk), strict=True)


def _named(skipped: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if len(skipped) <= MAX_SKIPPED_NAMED:
        return tuple(skipped)
    rest = len(skipped) - MAX_SKIPPED_NAMED
    return (*skipped[:MAX_SKIPPED_NAMED], (f"and {rest} more", "not listed"))


def check_present(root: Path, files: Sequence[Path], listed_in: str) -> None:
    """Raises ValueError if pictures that a list of labels names are missing."""
    there: dict[Path, set[str]] = {}
    missing = []
    for path in files:
        folder = path.parent
        if folder not in there:
            there[folder] = set(os.listdir(root / folder)) if (root / folder).is_dir() else set()
        if path.name not in there[folder]:
            missing.append(path)
    if missing:
        raise ValueError(
            f"{listed_in} names {len(files)} pictures of which {len(missing)} are not in '{root}' "
            f"(the first: {missing[0].as_posix()}). Put them there, or set dataset.num_images to use only the first ones."
        )
