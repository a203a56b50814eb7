"""`folder`: the user's own pictures, flat or one subfolder a class (the ImageFolder layout), divided or not.

What its files mean is `layout`'s. No link out of the folder is followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources.decoding import PictureFiles, as_utf8, existing_folder
from gan_core.datasets.sources.layout import SUFFIXES, Layout, Named, Placed, understand

_LISTED: ContextVar[dict[str, tuple[Path, Layout]] | None] = ContextVar("listed", default=None)


@contextmanager
def listed_once() -> Iterator[None]:
    """Within it each folder is read once, however many questions about its files are asked; what changes meanwhile is not seen."""
    token = _LISTED.set({})
    try:
        yield
    finally:
        _LISTED.reset(token)


def _files(root: Path, refused: list[Named]) -> Iterator[str]:
    """All files below a folder, and its empty folders with "/" at the end, as paths relative to it; adds to `refused` links and what cannot be read."""
    inside, waiting = root.resolve(), [""]
    while waiting:
        above = waiting.pop()
        try:
            with os.scandir(root / above) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not above:
                raise ValueError(f"The folder '{root}' cannot be read ({error.strerror or error}).") from error
            refused.append((above, f"the folder cannot be read ({error.strerror or error})."))
            continue
        if above and not found:
            yield above
        for entry in found:
            path = f"{above}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")
            elif reason := _why_no_file(entry, inside):
                refused.append((path, reason))
            else:
                yield path


def _why_no_file(entry: os.DirEntry[str], inside: Path) -> str:
    """ "" for a file that may be read; else the reason."""
    if entry.is_symlink():
        if entry.is_dir():
            return "a link to a folder; it is not followed."
        if not Path(entry).resolve().is_relative_to(inside):
            return "a link to outside the folder; it is not followed."
        if not entry.is_file():
            return "a broken link."
    return "" if entry.is_file() else "not a readable file."


class _Folder(PictureFiles):
    name = "folder"

    def _layout(self, config: DatasetConfig) -> tuple[Path, Layout]:
        listed = _LISTED.get()
        if listed is not None and config.root in listed:
            return listed[config.root]
        root = existing_folder(config.root, "Give the path of an existing folder of images.")
        refused: list[Named] = []
        files = list(_files(root, refused))
        try:
            layout = understand(files)
        except ValueError as refusal:
            raise ValueError(f"In the folder '{root}': {refusal}") from refusal
        found = root, Layout(layout.parts, [*refused, *layout.left_out])
        if listed is not None:
            listed[config.root] = found
        return found

    def _pictures(self, config: DatasetConfig) -> tuple[Path, Sequence[Placed]]:
        """The folder and all pictures of the split. Raises ValueError as `files`."""
        root, layout = self._layout(config)
        if not any(layout.parts.values()):
            others = (
                f" ({len(layout.left_out):,} other files; {': '.join(layout.left_out[0])})" if layout.left_out else ""
            )
            raise ValueError(
                f"The folder '{root}' holds no pictures. Files ending in {', '.join(SUFFIXES)} are read, "
                f"in the folder itself or in one subfolder a class{others}."
            )
        found = layout.parts.get(config.split) or (layout.parts.get("") if config.split == "train" else None)
        if not found and config.split == "train":
            raise ValueError("There are images for testing only. To train on them, rename their folder.")
        if not found:
            raise ValueError(
                f"The folder '{root}' is not divided into 'train' and 'test'. Make two subfolders of these names, or set "
                "dataset.split to train, which uses all images."
            )
        for picture in found:
            if as_utf8(picture.label) != picture.label:
                raise ValueError(
                    f"The class of '{as_utf8(picture.path)}' has a name that is not in UTF-8. Rename its folder."
                )
        return root, found

    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """As `PictureFiles.files`, sorted by path.

        Raises:
            ValueError: if it is no folder, has no picture or not this split, or can be understood in two ways.
        """
        root, found = self._pictures(config)
        return root, [Path(picture.path) for picture in found]

    def left_out(self, config: DatasetConfig) -> Sequence[Named]:
        return self._layout(config)[1].left_out

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return tuple(sorted({picture.label for picture in self._pictures(config)[1]} - {""}))

    def all_labels(self, config: DatasetConfig) -> Uint8Array:
        found = self._pictures(config)[1]
        column = {name: index for index, name in enumerate(sorted({picture.label for picture in found} - {""}))}
        labels = np.zeros((len(found), len(column)), np.uint8)
        for row, picture in enumerate(found):
            if picture.label:
                labels[row, column[picture.label]] = 1
        return labels


SOURCE = _Folder()
