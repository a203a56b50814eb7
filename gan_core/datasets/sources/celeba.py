"""`celeba`: CelebA in its official layout, with its official splits and 40 attributes.

    root/img_align_celeba/              000001.jpg ...
    root/list_attr_celeba.txt           a count, the attribute names, then one line a picture: name and 1 or -1 each
    root/list_eval_partition.txt        one line a picture: name and 0 (train), 1 (validation) or 2 (test)

torchvision's download puts all of this into a folder `celeba` below its root; either may be given.

R5's 40,000 training and 2,621 test pictures are here a seeded sample of each split: dataset.num_images. To keep only
some attributes, see `Dataset.with_labels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gan_core.config import DatasetConfig
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources.decoding import PictureFiles, check_present, existing_folder

IMAGES, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"
SPLITS = {"train": "0", "test": "2"}
LAYOUT = f"CelebA's folder has {IMAGES}/, {ATTRIBUTES} and {PARTITION}."


@dataclass(frozen=True)
class _Lists:
    """Both text files: the pictures of each split, in order, and every picture's attributes by name."""

    splits: dict[str, tuple[str, ...]]
    names: tuple[str, ...]
    rows: dict[str, int]
    labels: Uint8Array


def _root(config: DatasetConfig) -> Path:
    """The folder with the lists: the one that is named, or `celeba` in it, where torchvision's download puts them."""
    root = existing_folder(config.root, LAYOUT)
    below = root / "celeba"
    return below if not (root / ATTRIBUTES).is_file() and (below / ATTRIBUTES).is_file() else root


def _lists(root: Path) -> _Lists:
    times = []
    for name in (ATTRIBUTES, PARTITION):
        if not (root / name).is_file():
            raise ValueError(f"'{root}' holds no {name}. {LAYOUT}")
        times.append((root / name).stat().st_mtime_ns)
    return _read_lists(root, *times)


@lru_cache(maxsize=2)
def _read_lists(root: Path, _attributes_changed: int, _partition_changed: int) -> _Lists:
    """Reads both files (a second for the whole of CelebA), again when one changes."""
    names, rows, labels = _read_attributes(root / ATTRIBUTES)
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    by_number = {number: splits[split] for split, number in SPLITS.items()} | {"1": []}
    for line, text in enumerate(_lines(root / PARTITION), start=1):
        parts = text.split()
        if len(parts) != 2 or parts[1] not in by_number:
            raise ValueError(f"{PARTITION}, line {line} must be a file name and 0, 1 or 2.")
        if parts[0] not in rows:
            raise ValueError(f"{PARTITION}, line {line} names a picture for which {ATTRIBUTES} has no line.")
        by_number[parts[1]].append(parts[0])
    return _Lists({split: tuple(files) for split, files in splits.items()}, names, rows, labels)


def _read_attributes(file: Path) -> tuple[tuple[str, ...], dict[str, int], Uint8Array]:
    """Attribute names, each picture's row, and uint8 (pictures, attributes)."""
    lines = _lines(file)
    if len(lines) < 3 or not lines[0].strip().isdigit():
        raise ValueError(f"{file.name} must begin with the number of pictures, then the attribute names. {LAYOUT}")
    stated, names, body = int(lines[0]), tuple(lines[1].split()), lines[2:]
    if stated != len(body):
        raise ValueError(f"{file.name} says {stated} pictures in its first line and lists {len(body)}. Is it complete?")
    rows: dict[str, int] = {}
    labels = np.empty((len(body), len(names)), np.uint8)
    value = {"1": 1, "-1": 0}
    for row, text in enumerate(body):
        picture, *values = text.split()
        if Path(picture).name != picture:
            raise ValueError(f"{file.name}, line {row + 3} must begin with a plain file name.")
        if len(values) != len(names):
            raise ValueError(f"{file.name}, line {row + 3} has {len(values)} values for {len(names)} attributes.")
        try:
            labels[row] = [value[v] for v in values]
        except KeyError:
            raise ValueError(f"{file.name}, line {row + 3}: a value must be 1 or -1.") from None
        rows[picture] = row
    return names, rows, labels


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"'{file}' cannot be read as text ({getattr(error, 'strerror', None) or 'it is not UTF-8'})."
        ) from error


class _CelebA(PictureFiles):
    name, lists = "celeba", (ATTRIBUTES, PARTITION)

    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """As `PictureFiles.files`.

        Raises:
            ValueError: if a part of the layout is missing, or the lists do not match each other or the pictures.
        """
        root = _root(config)
        names = _lists(root).splits[config.split]
        if not names:
            raise ValueError(f"{PARTITION} puts no picture into the split '{config.split}' ({SPLITS[config.split]}).")
        files = [Path(IMAGES) / name for name in names]
        check_present(root, files, PARTITION)
        return root, files

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return _lists(_root(config)).names

    def all_labels(self, config: DatasetConfig) -> Uint8Array:
        root, files = self.files(config)
        lists = _lists(root)
        return lists.labels[[lists.rows[path.name] for path in files]]


SOURCE = _CelebA()
