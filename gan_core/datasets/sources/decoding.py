"""Picture files into arrays, in a guarded process: what all data sets that lie on disk as pictures have in common."""

from __future__ import annotations

import base64
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets import sampling
from gan_core.datasets.base import Allocate, Built, Pair, Progress, Uint8Array
from gan_core.datasets.sources import continued
from gan_core.figures.imaging import open_picture, png_bytes, reduced, resize_and_crop
from gan_core.processes import guarded
from gan_core.processes.guarded import Patience, Start

MAX_SKIPPED_NAMED = 200  # the rest are counted, not listed
READING = 2  # part of the fingerprint: to be raised when the same file becomes other pixels
NOTE_EVERY = 2000  # pictures: so many are read again after a kill
MAX_THREADS, CHUNK = 8, 32  # pictures of a chunk are decoded at the same time
PICTURE_S, FEW_S = 1.0, 120.0  # the time for all: so much a picture, and so much for any number
MAX_SHOWN_PX = 1024  # longer side of a picture as it is on disk, where it is shown


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


def as_utf8(name: str) -> str:
    """A file's name as it can be written and shown: bytes that are no UTF-8 become question marks."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


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
    """

    name: str

    @abstractmethod
    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """The folder of the split and all its picture files, relative to it."""

    @abstractmethod
    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        """As `Source.label_names`."""

    @abstractmethod
    def all_labels(self, config: DatasetConfig) -> Uint8Array:
        """The labels of all of `files`, uint8 (N, L)."""

    def labels(self, config: DatasetConfig) -> Uint8Array:
        labels = self.all_labels(config)
        return labels[sampling.sample(labels, config.num_images)] if config.num_images else labels

    def taken(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """The folder, and those of `files` that are used: all, or a sample of `config.num_images`."""
        root, files = self.files(config)
        if not config.num_images:
            return root, files
        return root, [files[number] for number in sampling.sample(self.all_labels(config), config.num_images)]

    def lists(self, config: DatasetConfig) -> Sequence[Path]:
        """Files in the folder that hold the labels. Raises ValueError as `files`."""
        return ()

    def left_out(self, config: DatasetConfig) -> Sequence[tuple[str, str]]:
        """(file, reason) of files that are no picture of the set, known without reading one. Raises ValueError as `files`."""
        return ()

    def fingerprint(self, config: DatasetConfig) -> str:
        root, files = self.taken(config)
        left_out = hashlib.sha256(repr(self.left_out(config)).encode()).hexdigest()
        names = f" {sampling.RULE} {self.label_names(config)}" if config.num_images else ""
        return f"{self.name} {READING} {digest_of(root, [*self.lists(config), *files])} {left_out}{names}"

    def count(self, config: DatasetConfig) -> int:
        there = len(self.files(config)[1])
        return min(config.num_images or there, there)

    def pairs(self, config: DatasetConfig, indices: Sequence[int]) -> Iterator[Pair | None]:
        root, files = self.taken(config)
        return pairs_of([root / files[index] for index in indices], config)

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        root, files = self.taken(config)
        label_names, labels = self.label_names(config), self.labels(config)
        images, rows = allocate(len(files), len(label_names))
        first, skipped = continued.read_until(images)
        kept = [number for number in range(first) if number not in skipped]
        with closing(_decode_all(root, files, config, images, first)) as outcomes:
            for number, reason in enumerate(outcomes, first):
                if reason:
                    skipped[number] = (files[number].as_posix(), reason)
                else:
                    kept.append(number)
                if (number + 1) % 50 == 0 or number + 1 == len(files):
                    progress(number + 1, len(files))
                if (number + 1) % NOTE_EVERY == 0:
                    continued.note(images, number + 1, skipped)
        if not kept:
            file, reason = skipped[0]
            raise ValueError(
                f"None of the {len(files)} pictures in '{config.root}' could be read. The first, {file}: {reason}"
            )
        if skipped:
            continued.forget(images)  # rows move from here on
        for row, number in enumerate(kept):
            if row != number:
                images[row] = images[number]
        rows[: len(kept)] = labels[kept]
        named = [*skipped.values(), *(others := self.left_out(config))][:MAX_SKIPPED_NAMED]
        return Built(
            len(kept), label_names, tuple((as_utf8(file), reason) for file, reason in named),
            len(skipped) + len(others), tuple(skipped),
        )  # fmt: skip


def to_pixels(picture: Image.Image, config: DatasetConfig) -> Uint8Array:
    """A picture, resized and cut, as uint8 (C, H, W)."""
    pixels = np.asarray(resize_and_crop(picture, config.image_size), np.uint8)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _decode_all(
    root: Path, files: Sequence[Path], config: DatasetConfig, images: Uint8Array, first: int
) -> Generator[str, None, None]:
    """Writes each picture from `first` on to its row of `images`, which is mapped to a file; yields "", or the reason why not."""
    if not isinstance(images, np.memmap):
        raise TypeError("Images are decoded into a memory-mapped array.")
    target = {"array": str(images.filename), "offset": images.offset + first * (images.nbytes // max(1, len(images)))}
    arguments = {
        "paths": [str(root / path) for path in files[first:]],
        "config": config.model_dump(mode="json"),
        **target,
    }
    patience = Patience(total_s=FEW_S + PICTURE_S * len(files))
    return guarded.each("gan_core.datasets.sources.decoding:decode", arguments, patience, at_once=True)


def decode(arguments: dict[str, Any], start: Start) -> Iterator[str]:
    """The guarded work of `_decode_all`: on several cores; what fails there is tried again alone, with all the memory."""
    config, paths = DatasetConfig(**arguments["config"]), [Path(path) for path in arguments["paths"]]
    then = min(len(paths), start.first + start.alone)

    def outcomes(pool: ThreadPoolExecutor) -> Iterator[Uint8Array | str]:
        if start.fault:
            yield start.fault
        yield from (_pixels(path, config) for path in paths[start.first + bool(start.fault) : then])
        for number in range(then, len(paths), CHUNK):
            chunk = paths[number : number + CHUNK]
            tried = list(pool.map(_pixels, chunk, repeat(config)))  # all of them, before one is tried alone
            for path, outcome in zip(chunk, tried, strict=True):
                yield _pixels(path, config) if isinstance(outcome, str) else outcome

    row = config.channels * config.image_size**2
    with (
        ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool,
        Path(arguments["array"]).open("rb+") as array,
    ):
        for number, outcome in enumerate(outcomes(pool), start.first):
            if not isinstance(outcome, str):
                array.seek(arguments["offset"] + number * row)
                array.write(outcome.tobytes())
                array.flush()
            yield outcome if isinstance(outcome, str) else ""


def _pixels(path: Path, config: DatasetConfig) -> Uint8Array | str:
    """The prepared picture in a file, or the reason why not."""
    try:
        return to_pixels(open_picture(path, config.channels), config)
    except ValueError as error:
        return str(error)
    except MemoryError:
        return guarded.TOO_MUCH


def pairs_of(paths: Sequence[Path], config: DatasetConfig) -> Iterator[Pair | None]:
    """The pictures in these files, as `Source.pairs`; of large ones the first of the two is reduced."""
    arguments = {"paths": [str(path) for path in paths], "config": config.model_dump(mode="json")}
    with closing(guarded.each("gan_core.datasets.sources.decoding:decode_pairs", arguments)) as found:
        for pair in found:
            yield None if isinstance(pair, str) else (_received(pair[0]), _received(pair[1]))


def read_one(path: Path, config: DatasetConfig) -> Image.Image:
    """The prepared picture in a file. Raises ValueError with the reason if it cannot be read."""
    arguments = {"paths": [str(path)], "config": config.model_dump(mode="json")}
    (pair,) = guarded.each("gan_core.datasets.sources.decoding:decode_pairs", arguments)
    if isinstance(pair, str):
        raise ValueError(pair)
    return _received(pair[1])


def decode_pairs(arguments: dict[str, Any], start: Start) -> Iterator[Any]:
    """The guarded work of `pairs_of`: a picture as it is and as it is prepared, or the reason why not."""
    config = DatasetConfig(**arguments["config"])
    for number, path in enumerate(arguments["paths"][start.first :]):
        try:
            if start.fault and not number:
                raise ValueError(start.fault)
            before = open_picture(Path(path), config.channels)
            after = resize_and_crop(before, config.image_size)
            yield _sent(reduced(before, MAX_SHOWN_PX)), _sent(after)
        except ValueError as error:
            yield str(error)
        except MemoryError:
            yield guarded.TOO_MUCH


def redraw(arguments: dict[str, Any], start: Start) -> Iterator[str]:
    """Guarded work: writes each picture anew as a PNG file of its pixels alone; "", or the reason why not."""
    for number, path in enumerate(map(Path, arguments["paths"][start.first :])):
        reason = start.fault if number == 0 else ""
        try:
            if not reason:
                path.write_bytes(png_bytes(open_picture(path, 3)))
        except ValueError as error:
            reason = str(error)
        except MemoryError:
            reason = guarded.TOO_MUCH
        yield reason


def _sent(picture: Image.Image) -> tuple[str, tuple[int, int], str]:
    return picture.mode, picture.size, base64.b64encode(picture.tobytes()).decode("ascii")


def _received(parts: tuple[str, tuple[int, int], str]) -> Image.Image:
    mode, size, pixels = parts
    return Image.frombytes(mode, tuple(size), base64.b64decode(pixels))  # type: ignore[arg-type]


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
            f"{listed_in} names {len(files)} images of which {len(missing)} are not in '{root}' (the first: "
            f"{missing[0].as_posix()}). Put them there, or remove their lines from {listed_in}."
        )
