"""`iclevr`: a folder of i-CLEVR's own layout, or one that `gan_core.datasets.sources.blocks.write_folder` wrote.

root/images/            the pictures
root/train.json         file name -> object names, e.g. {"CLEVR_train_000000_0.png": ["red sphere"], ...}
root/objects.json       object name -> index 0..23
root/test.json, root/new_test.json      lists of conditions, each a list of object names
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from gan_core.config import DatasetConfig, read_strictly
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.sources.decoding import PictureFiles, check_present, existing_folder
from gan_core.datasets.sources.objects24 import INDEX, OBJECTS, Which, check_condition, drawn_conditions, multi_hot

IMAGES = "images"
MAX_JSON_BYTES = 100_000_000  # i-CLEVR's train.json has about 1.5 MB


def conditions(root: str | Path | None, which: Which) -> tuple[list[list[str]], Uint8Array]:
    """The conditions on which a model is tested: names of the objects asked for, and their multi-hot labels.

    Args:
        root: an i-CLEVR folder; None for the lists of the drawn `blocks`.
        which: "test" or "new_test".

    Returns:
        N lists of object names, and uint8 (N, 24).

    Raises:
        ValueError: if a file is missing, is no list of lists of names, or names an unknown object.
    """
    if root is None:
        names = [list(condition) for condition in drawn_conditions(which)]
        return names, multi_hot(names)
    folder = _folder(str(root))
    index = object_index(folder)
    file = folder / f"{which}.json"
    content = _read(file)
    if not isinstance(content, list) or not content:
        raise ValueError(f"'{file}' must hold a list of conditions such as [[\"red sphere\"]].")
    names = [
        check_condition(c, f"{file.name}, condition {n}", index, quote=False) for n, c in enumerate(content, start=1)
    ]
    return names, multi_hot(names, index)


def object_index(folder: Path) -> dict[str, int]:
    """Name -> label column, from objects.json. Raises ValueError if it does not number the 24 objects 0 to 23."""
    file = folder / "objects.json"
    content = _read(file)
    if not isinstance(content, dict) or set(content) != set(INDEX):
        odd = sorted(set(INDEX) - set(content))[:3] if isinstance(content, dict) else []
        raise ValueError(
            f"'{file}' must name the 24 objects from '{OBJECTS[0]}' to '{OBJECTS[-1]}', and nothing else"
            + (f"; it lacks {', '.join(odd)}." if odd else ".")
        )
    if sorted(content.values(), key=str) != sorted(range(len(OBJECTS)), key=str):
        raise ValueError(f"'{file}' must number the objects 0 to 23, each number once.")
    return {str(name): int(place) for name, place in content.items()}


def training_list(config: DatasetConfig) -> tuple[Path, list[Path], list[list[str]], dict[str, int]]:
    """The folder, its picture files in the order of train.json, their objects, the index.

    Raises:
        ValueError: if a part of the layout is missing, or the labels do not match the pictures.
    """
    if config.split != "train":
        raise ValueError(
            "i-CLEVR has images for training only; its test.json and new_test.json list test conditions. Set dataset.split to "
            "train."
        )
    folder = _folder(config.root)
    index = object_index(folder)
    files, names = _listed(
        folder, (folder / "train.json").stat().st_mtime_ns if (folder / "train.json").exists() else 0
    )
    check_present(folder, files, "train.json")
    return folder, files, names, index


@lru_cache(maxsize=4)
def _listed(folder: Path, _changed: int) -> tuple[list[Path], list[list[str]]]:
    """train.json, read again when it changes."""
    file = folder / "train.json"
    content = _read(file)
    if not isinstance(content, dict) or not content:
        raise ValueError(f"'{file}' must map file names to lists of object names.")
    for name in content:
        if Path(name).name != name:
            raise ValueError(f"'{file}' must hold plain file names of pictures in {IMAGES}/.")
    names = [
        check_condition(objects, f"train.json, entry {n}", quote=False) for n, objects in enumerate(content.values(), 1)
    ]
    return [Path(IMAGES) / name for name in content], names


def _folder(root: str) -> Path:
    return existing_folder(root, "Give the path of an i-CLEVR folder (images/, train.json, ...).")


def _read(file: Path) -> Any:
    """The content of a JSON file. Raises ValueError if it is missing, too large, or not JSON."""
    try:
        return read_strictly(file, MAX_JSON_BYTES)
    except FileNotFoundError:
        raise ValueError(
            f"'{file.parent}' holds no {file.name}. An i-CLEVR folder has images/, train.json, objects.json, "
            "test.json and new_test.json."
        ) from None
    except OSError as error:
        raise ValueError(f"'{file}' cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise ValueError(f"'{file}' is not JSON ({error}).") from error


class _IClevr(PictureFiles):
    name = "iclevr"

    def lists(self, config: DatasetConfig) -> Sequence[Path]:
        return Path("train.json"), Path("objects.json")

    def files(self, config: DatasetConfig) -> tuple[Path, list[Path]]:
        return training_list(config)[:2]

    def label_names(self, config: DatasetConfig) -> tuple[str, ...]:
        index = object_index(_folder(config.root))
        return tuple(sorted(index, key=index.__getitem__))

    def all_labels(self, config: DatasetConfig) -> Uint8Array:
        _, _, names, index = training_list(config)
        return multi_hot(names, index)


SOURCE = _IClevr()
