"""`celeba`: CelebA with its official splits and 40 attributes, as it is handed out and as people have it.

    img_align_celeba/              000001.jpg ...
    list_attr_celeba.txt           a count, the attribute names, then one line a picture: name and 1 or -1 each
    list_eval_partition.txt        one line a picture: name and 0 (train), 1 (validation) or 2 (test)

They may lie in folders of their own below the one that is named (torchvision's `celeba`, the authors' `Img`, `Anno` and
`Eval`, Kaggle's `img_align_celeba/img_align_celeba`), and the lists may be Kaggle's, in CSV. A picture is known by its
number or name, whatever its suffix (the authors' PNG edition has lists of .jpg). Where only part of the pictures is there,
that part is used; the others are left out, counted and named.

R5's 40,000 training and 2,621 test pictures are here a seeded sample of each split: dataset.num_images. To keep only
some attributes, see `Dataset.with_labels`.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gan_core.config import DatasetConfig
from gan_core.datasets.base import HEAD_BYTES, WEB_PAGE, Uint8Array, is_web_page
from gan_core.datasets.sources.decoding import PictureFiles, existing_folder
from gan_core.datasets.sources.layout import SUFFIXES

IMAGES, ATTRIBUTES, PARTITION = "img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"
SPLITS = {"train": "0", "test": "2"}
LAYOUT = f"CelebA's folder has {IMAGES}/, {ATTRIBUTES} and {PARTITION}; Kaggle's lists end in .csv."
PACKED = f"{IMAGES}.zip"
WANTED = {PACKED, *(name.replace(".txt", kind) for name in (ATTRIBUTES, PARTITION) for kind in (".txt", ".csv"))}
MAX_DEPTH = 4  # folders below the one that is named
MAX_LIST_BYTES = 100_000_000  # the whole list of attributes has about 26 MB


@dataclass(frozen=True)
class _Copy:
    """Where the parts of somebody's copy are: the folder that was named, and paths relative to it."""

    root: Path
    images: Path
    attributes: Path
    partition: Path


@dataclass(frozen=True)
class _Lists:
    """Both text files, a picture's key as of `_key`: the pictures of each split, in order, and every picture's attributes by name."""

    splits: dict[str, tuple[str, ...]]
    divided: frozenset[str]  # keys of all pictures that are in a split
    names: tuple[str, ...]
    rows: dict[str, int]  # by key
    labels: Uint8Array


def _copy(config: DatasetConfig) -> _Copy:
    """Raises ValueError if a part is missing."""
    root = existing_folder(config.root, LAYOUT)
    found: dict[str, Path] = {}
    for place, folders, names in os.walk(root):
        here = Path(place)
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        folders[:] = folders if len(here.relative_to(root).parts) < MAX_DEPTH else []
        for name in names:
            if name.lower() in WANTED:
                found.setdefault(name.lower(), (here / name).relative_to(root))
        if here.name.lower() in (IMAGES, f"{IMAGES}_png") and any(name.lower().endswith(SUFFIXES) for name in names):
            found.setdefault(IMAGES, here.relative_to(root))
    for name in (ATTRIBUTES, PARTITION):
        if (file := found.get(name) or found.get(name.replace(".txt", ".csv"))) is None:
            above = f" Name the folder above {IMAGES}." if root.name.lower().startswith(IMAGES) else ""
            raise ValueError(f"'{root}' holds no {name}. {LAYOUT}{above}")
        found[name] = file
    if IMAGES not in found:
        raise ValueError(f"'{root}' has no folder {IMAGES} with images. {_packed(root, found.get(PACKED)) or LAYOUT}")
    return _Copy(root, found[IMAGES], found[ATTRIBUTES], found[PARTITION])


def _packed(root: Path, packed: Path | None) -> str:
    """What is to be done with an archive of the pictures; "" if there is none."""
    if packed is None:
        return ""
    with (root / packed).open("rb") as file:
        return f"As for {packed}: {WEB_PAGE}" if is_web_page(file.read(HEAD_BYTES)) else f"Unpack {packed} there."


def _lists(copy: _Copy) -> _Lists:
    files = (copy.root / copy.attributes, copy.root / copy.partition)
    return _read_lists(*files, *(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=2)
def _read_lists(attributes: Path, partition: Path, _attributes_changed: int, _partition_changed: int) -> _Lists:
    """Reads both files (a second for the whole of CelebA), again when one changes."""
    names, rows, labels = _read_attributes(attributes)
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    by_number = {number: splits[split] for split, number in SPLITS.items()} | {"1": []}
    seen: dict[str, int] = {}
    for line, parts in enumerate(_lines(partition), start=1):
        if line == 1 and len(parts) == 2 and "." not in parts[0] and not parts[1].isdigit():
            continue  # the names of Kaggle's columns
        if len(parts) != 2 or (number := parts[1].removesuffix(".0")) not in by_number:
            raise ValueError(f"{partition.name}, line {line} must be a file name and 0, 1 or 2.")
        key = _key(parts[0])
        if key not in rows:
            raise ValueError(f"{partition.name}, line {line} names an image for which {attributes.name} has no line.")
        _once(seen, key, partition.name, line)
        by_number[number].append(parts[0])
    return _Lists({split: tuple(files) for split, files in splits.items()}, frozenset(seen), names, rows, labels)


def _key(name: str) -> str:
    """What makes a picture's name the same in lists and folders: no suffix, small letters, no zeros before a number."""
    stem = name.lower()
    stem = stem.rpartition(".")[0] if stem.endswith(SUFFIXES) else stem
    return stem.lstrip("0") or stem


def _once(seen: dict[str, int], key: str, file: str, line: int) -> None:
    """Raises ValueError if a picture has a second line."""
    if (first := seen.setdefault(key, line)) != line:
        raise ValueError(f"{file}, line {line} repeats the image of line {first}. Delete one of the two lines.")


def _read_attributes(file: Path) -> tuple[tuple[str, ...], dict[str, int], Uint8Array]:
    """Attribute names, each picture's row, and uint8 (pictures, attributes)."""
    lines = _lines(file)
    if len(lines) > 2 and len(lines[0]) == 1 and lines[0][0].isdigit():
        stated, names, body = int(lines[0][0]), lines[1], lines[2:]
        if names[0].lower().endswith(SUFFIXES):
            raise ValueError(f"{file.name} lacks the attribute names in its second line.")
        if stated != len(body):
            raise ValueError(
                f"{file.name} says {stated} pictures in its first line and lists {len(body)}. Check that it is complete."
            )
    elif len(lines) > 1 and 1 < len(lines[0]) == len(lines[1]) and "." not in lines[0][0]:  # Kaggle's
        names, body = lines[0][1:], lines[1:]
    else:
        raise ValueError(
            f"{file.name} must begin with the number of images, then the attribute names; or, as Kaggle's, with column names. "
            f"{LAYOUT}"
        )
    rows: dict[str, int] = {}
    labels = np.empty((len(body), len(names)), np.uint8)
    value = {"1": 1, "1.0": 1, "true": 1} | dict.fromkeys(("-1", "-1.0", "0", "0.0", "false"), 0)
    seen: dict[str, int] = {}
    for row, (picture, *values) in enumerate(body):
        line = row + 1 + len(lines) - len(body)
        if not picture or Path(picture).name != picture:
            raise ValueError(f"{file.name}, line {line} must begin with a plain file name.")
        if len(values) != len(names):
            raise ValueError(f"{file.name}, line {line} has {len(values)} values for {len(names)} attributes.")
        try:
            labels[row] = [value[v.lower()] for v in values]
        except KeyError:
            raise ValueError(f"{file.name}, line {line}: a value must be 1 or -1 (or 0).") from None
        _once(seen, _key(picture), file.name, line)
        rows[_key(picture)] = row
    return tuple(names), rows, labels


def _lines(file: Path) -> list[list[str]]:
    """The cells of each line that is not empty: parted by commas (semicolons, tabs) if the first line is, else by blanks."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_LIST_BYTES + 1)
        if len(content) > MAX_LIST_BYTES:
            raise ValueError(f"'{file}' has more than {MAX_LIST_BYTES:,} bytes: it is not CelebA's list.")
        if is_web_page(content[:HEAD_BYTES]):
            raise ValueError(f"'{file}' is not the list: {WEB_PAGE}")
        text = content.decode(
            "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        )
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"'{file}' cannot be read as text ({getattr(error, 'strerror', None) or 'it is not UTF-8'})."
        ) from error
    lines = [line for line in text.splitlines() if line.strip()]
    comma = next((mark for mark in ",;\t" if lines and mark in lines[0].strip()), None)
    if comma is None:
        return [line.split() for line in lines]
    table = [[cell.strip().strip('"') for cell in line.split(comma)] for line in lines]
    first = 1 if table[0][0] in ("", "Unnamed: 0") else 0  # the index that pandas writes
    return [cells[first:] for cells in table]


class _CelebA(PictureFiles):
    name = "celeba"

    def lists(self, config: DatasetConfig) -> Sequence[Path]:
        copy = _copy(config)
        return (copy.attributes, copy.partition)

    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        """As `PictureFiles.files`: those of the split that are there.

        Raises:
            ValueError: if a part of the layout is missing, the lists do not match each other, or no picture is there.
        """
        copy = _copy(config)
        names = _lists(copy).splits[config.split]
        if not names:
            number = SPLITS[config.split]
            raise ValueError(f"{copy.partition.name} assigns no image to the split '{config.split}' ({number}).")
        folder = copy.root / copy.images
        files = _paths(folder, copy.images, names, folder.stat().st_mtime_ns)
        if not files:
            raise ValueError(
                f"None of the {len(names):,} pictures that {copy.partition.name} puts into the split '{config.split}' is in "
                f"'{copy.root / copy.images}' (the first: {names[0]}). Put them there."
            )
        return copy.root, list(files)

    def left_out(self, config: DatasetConfig) -> Sequence[tuple[str, str]]:
        copy = _copy(config)
        lists, there = _lists(copy), _pictures_in(copy)
        left_out: list[tuple[str, str]] = []
        for name in lists.splits[config.split]:
            if not (names := there.get(_key(name))):
                left_out.append((name, f"{copy.partition.name} names it, and it is not there."))
            elif len(names) > 1:
                used = _chosen(name, names)
                left_out += [(other, f"'{used}' is the same image, and is used.") for other in names if other != used]
        for key in sorted(there.keys() - lists.divided):
            file = copy.partition.name if key in lists.rows else copy.attributes.name
            left_out += [(name, f"{file} has no line for it.") for name in there[key]]
        return left_out

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        return _lists(_copy(config)).names

    def all_labels(self, config: DatasetConfig) -> Uint8Array:
        lists = _lists(_copy(config))
        return lists.labels[[lists.rows[_key(path.name)] for path in self.files(config)[1]]]


def _pictures_in(copy: _Copy) -> dict[str, list[str]]:
    """Names in the folder of pictures by key, but for what systems write."""
    folder = copy.root / copy.images
    return _listed(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _listed(folder: Path, _changed: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(os.listdir(folder)):
        if name.lower().endswith(SUFFIXES) and name[0] != ".":
            found.setdefault(_key(name), []).append(name)
    return found


def _chosen(name: str, there: Sequence[str]) -> str:
    """Of files that are the same picture the one that has the listed name, else the first."""
    return name if name in there else there[0]


@lru_cache(maxsize=4)
def _paths(folder: Path, images: Path, names: tuple[str, ...], changed: int) -> tuple[Path, ...]:
    """The paths of those of the names that are there; kept, for pages ask again and again."""
    there = _listed(folder, changed)
    return tuple(images / _chosen(name, found) for name in names if (found := there.get(_key(name))))


SOURCE = _CelebA()
