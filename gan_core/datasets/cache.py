"""The uint8 cache: each data set is decoded once, then mapped into memory by every run that uses it.

One folder a data set and setting, named by a hash of everything that decides its content: images.npy, labels.npy,
meta.json. It is built beside its place and renamed when complete, so a half-built one is never seen.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from filelock import FileLock

from gan_core.config import DatasetConfig, read_strictly, settings
from gan_core.config.reasons import not_written
from gan_core.datasets.base import Dataset, Progress, Source, Uint8Array

MAX_META_BYTES = 16_000_000  # it names every picture that was skipped
LAYOUT = 1  # part of every key: a new layout never meets old files


def fetch(config: DatasetConfig, source: Source, progress: Progress) -> Dataset:
    """The prepared data set, built first when the cache does not hold it.

    Raises:
        ValueError: as the source's `build` does, or if the cache folder cannot be written.
    """
    place = _place(config, source)
    if not place.exists():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{place}.lock"):  # two runs that want the same data build it once
                if not place.exists():
                    _build(place, config, source, progress)
        except OSError as error:
            raise ValueError(not_written(f"The cache folder {place.parent}", error, "GANVAS_CACHE_DIR")) from error
    return _open(place, config.name)


def holds(config: DatasetConfig, source: Source) -> bool:
    """Whether the prepared data set is in the cache. Raises ValueError as the source's `fingerprint` does."""
    return _place(config, source).exists()


def _place(config: DatasetConfig, source: Source) -> Path:
    parts = [LAYOUT, config.image_size, config.channels, config.num_images, source.fingerprint(config)]
    key = json.dumps(parts)
    return settings.cache_dir() / f"{config.name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _build(place: Path, config: DatasetConfig, source: Source, progress: Progress) -> None:
    for leftover in place.parent.glob(f".{place.name}-*"):  # of a builder that was killed; the lock is ours
        shutil.rmtree(leftover, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:

        def allocate(count: int, num_labels: int) -> tuple[Uint8Array, Uint8Array]:
            size = config.image_size
            images = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
                aside / "images.npy", mode="w+", dtype=np.uint8, shape=(count, config.channels, size, size)
            )
            _reserve(aside / "images.npy")
            labels = (
                np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
                    aside / "labels.npy", mode="w+", dtype=np.uint8, shape=(count, num_labels)
                )
                if count * num_labels
                else np.zeros((count, num_labels), np.uint8)
            )
            arrays.extend((images, labels))
            return images, labels

        arrays: list[Uint8Array] = []
        built = source.build(config, allocate, progress)
        for array in arrays:
            if isinstance(array, np.memmap):
                array.flush()
        if not (aside / "labels.npy").exists():
            np.save(aside / "labels.npy", arrays[1])
        meta = {"count": built.count, "label_names": built.label_names, "skipped": built.skipped}
        (aside / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        aside.chmod(0o755)  # mkdtemp makes it private; a shared cache is read by others
        os.replace(aside, place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _reserve(file: Path) -> None:
    """Reserves a mapped file's disk space; writing to a mapping on a full disk kills the process. Raises OSError if full."""
    if hasattr(os, "posix_fallocate"):
        with file.open("rb+") as handle:
            os.posix_fallocate(handle.fileno(), 0, file.stat().st_size)


def _open(place: Path, name: str) -> Dataset:
    meta = read_strictly(place / "meta.json", MAX_META_BYTES)
    count = meta["count"]
    return Dataset(
        name=name,
        images=np.load(place / "images.npy", mmap_mode="r")[:count],
        labels=np.load(place / "labels.npy")[:count],
        label_names=tuple(meta["label_names"]),
        skipped=tuple((file, reason) for file, reason in meta["skipped"]),
    )
