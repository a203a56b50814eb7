"""`folder`: the user's own pictures, flat or one subfolder a class (the ImageFolder layout)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Allocate, Built, Progress
from gan_core.datasets.decoding import build_from_files, digest_of, existing_folder, preview_files

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


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


def _root(config: DatasetConfig) -> Path:
    return existing_folder(config.root, "Give the path of an existing folder of pictures.")


class _Folder:
    def fingerprint(self, config: DatasetConfig) -> str:
        return f"folder {digest_of(_root(config), list_pictures(config))}"

    def count(self, config: DatasetConfig) -> int:
        return len(list_pictures(config))

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return class_names(list_pictures(config))

    def preview(self, config: DatasetConfig, count: int) -> list[tuple[Image.Image, Image.Image]]:
        return preview_files(_root(config), list_pictures(config), config, count)

    def build(self, config: DatasetConfig, allocate: Allocate, progress: Progress) -> Built:
        pictures = list_pictures(config)
        names = class_names(pictures)
        labels = np.zeros((len(pictures), len(names)), np.uint8)
        if names:
            column = {name: index for index, name in enumerate(names)}
            labels[np.arange(len(pictures)), [column[path.parts[0]] for path in pictures]] = 1
        return build_from_files(_root(config), pictures, labels, names, config, allocate, progress)


SOURCE = _Folder()
