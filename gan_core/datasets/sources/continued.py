"""A data set in the making whose builder was killed: how many of its pictures are in images.npy already.

The folder's name is a hash of all files, sizes and times, so that what is there belongs to the same pictures. Power may fail, too:
the images are on the disk before the note counts them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gan_core.config import read_strictly
from gan_core.datasets.base import Uint8Array

NOTE, IMAGES = "read.json", "images.npy"
MAX_NOTE_BYTES = 64_000_000
Skipped = dict[int, tuple[str, str]]
"""Number of a picture that cannot be read -> its file and the reason."""


def is_begun(folder: Path) -> bool:
    """Whether a builder left a note in it."""
    return (folder / NOTE).is_file() and (folder / IMAGES).is_file()


def images_of(folder: Path, shape: tuple[int, ...]) -> Uint8Array | None:
    """The images of a folder that was begun, to be written on; None if there are none of that shape."""
    if not is_begun(folder):
        return None
    try:
        images: Uint8Array = np.load(folder / IMAGES, mmap_mode="r+")
    except (OSError, ValueError):
        return None
    return images if images.shape == shape and images.dtype == np.uint8 else None


def read_until(images: Uint8Array) -> tuple[int, Skipped]:
    """How many of the first pictures were read, and which of them cannot be; (0, {}) where nothing is known."""
    try:
        note = read_strictly(_folder(images) / NOTE, MAX_NOTE_BYTES)
        done, skipped = (
            note["done"],
            {int(n): (str(file), str(reason)) for n, (file, reason) in note["skipped"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0, {}
    sound = isinstance(done, int) and not isinstance(done, bool) and 0 <= done <= len(images)
    return (done, skipped) if sound and all(0 <= number < done for number in skipped) else (0, {})


def note(images: Uint8Array, done: int, skipped: Mapping[int, tuple[str, str]]) -> None:
    """Notes that so many pictures are read."""
    folder = _folder(images)
    handle = os.open(folder / IMAGES, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    aside = folder / f"{NOTE}.new"
    aside.write_text(json.dumps({"done": done, "skipped": skipped}), encoding="ascii")
    aside.replace(folder / NOTE)


def forget(images: Uint8Array) -> None:
    """What was noted holds no longer: the rows move, or all are there."""
    (_folder(images) / NOTE).unlink(missing_ok=True)


def _folder(images: Uint8Array) -> Path:
    return Path(str(getattr(images, "filename", ""))).parent  # of a memory-mapped array
