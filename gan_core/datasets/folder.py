"""`folder`: the user's own pictures, flat or one subfolder a class (the ImageFolder layout)."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Allocate, Built, Progress, Uint8Array
from gan_core.imaging import open_picture, resize_and_crop

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MAX_SKIPPED_NAMED = 200  # the rest are counted, not listed


def list_pictures(config: DatasetConfig) -> list[Path]:
    """The picture files below the folder, sorted by path, relative to it; at most `config.num_images`.

    Raises:
        ValueError: not a folder, or no picture in it.
    """
    found = sorted(_walk(_root(config)))
    if not found:
        raise ValueError(
            f"The folder '{config.root}' holds no pictures. Files ending in {', '.join(SUFFIXES)} are read, "
            "in the folder itself or in one subfolder a class."
        )
    return found[: config.num_images or None]


def _root(config: DatasetConfig) -> Path:
    try:
        root = Path(config.root).expanduser()
        exists = root.is_dir()
    except (OSError, RuntimeError, ValueError):  # too long a name, an unknown user, a NUL
        exists = False
    if not exists:
        raise ValueError(f"There is no folder '{config.root:.300}'. Give the path of an existing folder of pictures.")
    return root


def _walk(root: Path) -> Iterator[Path]:
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield (Path(folder) / name).relative_to(root)


def class_names(pictures: list[Path]) -> tuple[str, ...]:
    """The names of the subfolders when every picture is in one and there are at least two; else none."""
    if any(len(path.parts) < 2 for path in pictures):
        return ()
    names = sorted({path.parts[0] for path in pictures})
    return tuple(names) if len(names) > 1 else ()


class _Folder:
    def fingerprint(self, config: DatasetConfig) -> str:
        root = _root(config).resolve()
        digest = hashlib.sha256(str(root).encode())
        for path in list_pictures(config):
            digest.update(f"{path}|{_stamp(root / path)}\n".encode(errors="surrogateescape"))
        return f"folder {digest.hexdigest()}"

    def count(self, config: DatasetConfig) -> int:
        return len(list_pictures(config))

    def preview(self, config: DatasetConfig, count: int) -> list[tuple[Image.Image, Image.Image]]:
        root = _root(config)
        pairs = []
        for path in list_pictures(config)[: 10 * count]:  # some may be unreadable; do not search for ever
            with contextlib.suppress(ValueError):
                before = open_picture(root / path, config.channels)
                pairs.append((before, resize_and_crop(before, config.image_size)))
            if len(pairs) == count:
                break
        return pairs

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        root = _root(config)
        pictures = list_pictures(config)
        names = class_names(pictures)
        images, labels = allocate(len(pictures), len(names))
        count, skipped = 0, []
        for done, (path, outcome) in enumerate(_decode_all(root, pictures, config), start=1):
            if isinstance(outcome, str):
                skipped.append((path.as_posix(), outcome))
            else:
                images[count] = outcome
                if names:
                    labels[count, names.index(path.parts[0])] = 1
                count += 1
            if done % 50 == 0 or done == len(pictures):
                progress(done, len(pictures))
        if count == 0:
            file, reason = skipped[0]
            raise ValueError(
                f"None of the {len(pictures)} pictures in '{config.root}' could be read. The first, {file}: {reason}"
            )
        return Built(count=count, label_names=names, skipped=_named(skipped))


def _stamp(path: Path) -> str:
    """Size and time of a file; a link to nowhere has none, and is skipped when the pictures are read."""
    try:
        stat = path.stat()
    except OSError:
        return "missing"
    return f"{stat.st_size}|{stat.st_mtime_ns}"


def _decode_all(root: Path, pictures: list[Path], config: DatasetConfig) -> Iterator[tuple[Path, Uint8Array | str]]:
    """(path, pixels or the reason why not), in order; Pillow decodes on every core."""

    def decode(path: Path) -> Uint8Array | str:
        try:
            picture = resize_and_crop(open_picture(root / path, config.channels), config.image_size)
        except ValueError as error:
            return str(error)
        pixels = np.asarray(picture, np.uint8)
        return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)

    chunks = iter(pictures)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while chunk := list(islice(chunks, 256)):  # bounded: decoded pictures never pile up
            yield from zip(chunk, pool.map(decode, chunk), strict=True)


def _named(skipped: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if len(skipped) <= MAX_SKIPPED_NAMED:
        return tuple(skipped)
    rest = len(skipped) - MAX_SKIPPED_NAMED
    return (*skipped[:MAX_SKIPPED_NAMED], (f"and {rest} more", "not listed"))


SOURCE = _Folder()
