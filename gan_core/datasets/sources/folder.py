"""`folder`: the user's own pictures, flat or one subfolder a class (the ImageFolder layout).

A folder that holds only `train` and `test` (and perhaps `val`) is divided: each of them is flat or has one subfolder a
class, and `dataset.split` chooses.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources.decoding import PictureFiles, existing_folder

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
PARTS, OTHER_PARTS = ("train", "test"), ("val", "valid", "validation")


def _split_folder(root: Path, split: str) -> Path:
    """root/train or root/test if both exist, else root, for training only. Raises ValueError if there is no test split."""
    try:
        inside = [entry for entry in root.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise ValueError(f"The folder '{root}' cannot be read ({error.strerror or error}).") from error
    folders = {entry.name for entry in inside if entry.is_dir()}
    pictures = any(entry.suffix.lower() in SUFFIXES for entry in inside if entry.is_file())
    if set(PARTS) <= folders <= {*PARTS, *OTHER_PARTS} and not pictures:
        return root / split
    if split != "train":
        raise ValueError(
            f"The folder '{root}' is not divided into 'train' and 'test'. Make two subfolders of these names, or set "
            "dataset.split to train, which uses all pictures."
        )
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


class _Folder(PictureFiles):
    name = "folder"

    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """As `PictureFiles.files`, sorted by path.

        Raises:
            ValueError: if it is no folder, or has no picture or not this split.
        """
        whole = existing_folder(config.root, "Give the path of an existing folder of pictures.")
        root = _split_folder(whole, config.split)
        found = sorted(_walk(root))
        if not found:
            raise ValueError(
                f"The folder '{root}' holds no pictures. Files ending in {', '.join(SUFFIXES)} are read, "
                "in the folder itself or in one subfolder a class."
            )
        return root, found

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return class_names(self.files(config)[1])

    def all_labels(self, config: DatasetConfig) -> Uint8Array:
        _, pictures = self.files(config)
        names = class_names(pictures)
        labels = np.zeros((len(pictures), len(names)), np.uint8)
        if names:
            column = {name: index for index, name in enumerate(names)}
            labels[np.arange(len(pictures)), [column[path.parts[0]] for path in pictures]] = 1
        return labels


SOURCE = _Folder()
