"""The uint8 cache: each data set is decoded once, then mapped into memory by every run that uses it.

One folder a data set and setting, named by a hash of everything that decides its content: images.npy, labels.npy,
meta.json, SHA256SUMS. It is built beside its place and renamed when complete, so a half-built one is never seen; a source may
go on with one whose builder was killed (`sources.continued`). Every
process checks the sums before it uses a folder for the first time; one that does not pass, or that an earlier version
wrote without sums, is built anew: its source is at hand, since the folder's name depends on it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from gan_core.config import DatasetConfig, read_strictly, settings
from gan_core.config.reasons import not_written
from gan_core.datasets.base import Dataset, Progress, Source, Uint8Array, content_digest
from gan_core.datasets.sources import continued

MAX_META_BYTES = 16_000_000  # it names every picture that was skipped
LAYOUT = 1  # part of every key: a new layout never meets old files
SUMS = "SHA256SUMS"  # in the layout of the command of that name
SUMMED = ("images.npy", "labels.npy", "meta.json")
_log = logging.getLogger(__name__)
_checked: set[tuple[str, tuple[int, ...]]] = set()  # folders that this process found sound, with their files' stamps


class _Damaged(ValueError):
    """A folder of the cache that must be built anew."""

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(f"The prepared data in {place} are damaged or from an earlier version ({reason}).")


def fetch(config: DatasetConfig, source: Source, progress: Progress) -> Dataset:
    """The prepared data set, built first when the cache does not hold it, and anew when it holds a damaged one.

    Raises:
        ValueError: as the source's `build` does, or if the cache folder cannot be read or written.
    """
    place = _place(config, source)
    try:
        try:
            return _open(place, config.name)
        except _Damaged:
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{place}.lock"):  # two runs that want the same data build it once
                return _built(place, config, source, progress)
    except OSError as error:
        raise ValueError(not_written(f"The cache folder {place.parent}", error, "GANVAS_CACHE_DIR")) from error


def holds(config: DatasetConfig, source: Source) -> bool:
    """Whether the prepared data set is in the cache. Raises ValueError as the source's `fingerprint` does."""
    return (_place(config, source) / SUMS).exists()


def skipped(config: DatasetConfig, source: Source) -> tuple[tuple[tuple[str, str], ...], int] | None:
    """The files that the prepared data set leaves out, as `Dataset.skipped` and `num_skipped`; None if it is not in the cache, or damaged."""
    place = _place(config, source)
    try:
        _check(place)
        return _skipped(read_strictly(place / "meta.json", MAX_META_BYTES))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _skipped(meta: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], int]:
    named = tuple((file, reason) for file, reason in meta["skipped"])
    return named, int(meta.get("num_skipped", len(named)))


def _built(place: Path, config: DatasetConfig, source: Source, progress: Progress) -> Dataset:
    """The data set, built unless it is there by now. The caller holds the folder's lock."""
    damage = ""
    if place.exists():
        try:
            return _open(place, config.name)
        except _Damaged as found:
            damage = f"{found} They cannot be rebuilt: "
            _log.warning("%s They are rebuilt.", found)
    try:
        _build(place, config, source, progress)
        return _open(place, config.name)
    except ValueError as refusal:
        raise ValueError(f"{damage}{refusal}") from refusal


def _place(config: DatasetConfig, source: Source) -> Path:
    parts = [LAYOUT, config.image_size, config.channels, config.num_images, source.fingerprint(config)]
    key = json.dumps(parts)
    return settings.cache_dir() / f"{config.name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _build(place: Path, config: DatasetConfig, source: Source, progress: Progress) -> None:
    aside = place.with_name(f".{place.name}-partial")
    _remove_leftovers(place, but=aside)
    if not continued.is_begun(aside):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
    try:
        arrays: list[Uint8Array] = []

        def allocate(count: int, num_labels: int) -> tuple[Uint8Array, Uint8Array]:
            size = config.image_size
            arrays[:] = _allocated(aside, (count, config.channels, size, size), num_labels)
            return arrays[0], arrays[1]

        built = source.build(config, allocate, progress)
        for array in arrays:
            if isinstance(array, np.memmap):
                array.flush()
        if not (aside / "labels.npy").exists():
            np.save(aside / "labels.npy", arrays[1])
        digest = content_digest(arrays[0][: built.count], arrays[1][: built.count], built.label_names)
        meta = {
            "count": built.count,
            "label_names": built.label_names,
            "skipped": built.skipped,
            "num_skipped": built.num_skipped,
            "unread": built.unread,
            "digest": digest,
        }
        (aside / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        (aside / SUMS).write_text(_sums(aside), encoding="ascii")
        (aside / continued.NOTE).unlink(missing_ok=True)
        aside.chmod(0o755)  # it was private; a shared cache is read by others
        if place.exists():
            place.rename(place.with_name(f"{aside.name}-old"))
        os.replace(aside, place)
        _remove_leftovers(place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _allocated(folder: Path, shape: tuple[int, ...], num_labels: int) -> tuple[Uint8Array, Uint8Array]:
    """Images of this shape and labels, mapped into files of a folder; the images are those of a killed builder where it left any."""
    images = continued.images_of(folder, shape)
    if images is None:
        (folder / continued.NOTE).unlink(missing_ok=True)
        images = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            folder / "images.npy", mode="w+", dtype=np.uint8, shape=shape
        )
        _reserve(folder / "images.npy")
    count = shape[0]
    labels = (
        np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            folder / "labels.npy", mode="w+", dtype=np.uint8, shape=(count, num_labels)
        )
        if count * num_labels
        else np.zeros((count, num_labels), np.uint8)
    )
    return images, labels


def _reserve(file: Path) -> None:
    """Reserves a mapped file's disk space; writing to a mapping on a full disk kills the process. Raises OSError if full."""
    if hasattr(os, "posix_fallocate"):
        with file.open("rb+") as handle:
            os.posix_fallocate(handle.fileno(), 0, file.stat().st_size)


def _remove_leftovers(place: Path, but: Path | None = None) -> None:
    """Removes what a builder that was killed, or a damaged folder, left beside `place`. The caller holds its lock."""
    for leftover in place.parent.glob(f".{place.name}-*"):
        if leftover == but:
            continue
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def _sums(place: Path) -> str:
    lines = []
    for name in SUMMED:
        with (place / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    return "".join(lines)


def _check(place: Path) -> None:
    """Compares a folder's files with their sums, unless this process has done so since they were last written.

    Raises:
        _Damaged: they differ, or one is missing.
        OSError: a file cannot be read, for a reason that is none of its own.
    """
    try:
        stats = [(place / name).stat() for name in (*SUMMED, SUMS)]
        stamps = tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_size, stat.st_ino))
        if (str(place), stamps) in _checked:
            return
        with (place / SUMS).open("rb") as file:
            same = file.read(MAX_META_BYTES) == _sums(place).encode()
        if not same:
            raise _Damaged(place, f"a file differs from {SUMS}")
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError) or error.errno == errno.EIO:
            raise _Damaged(place, f"{Path(error.filename or place).name}: {error.strerror}") from error
        raise
    _checked.add((str(place), stamps))


def _open(place: Path, name: str) -> Dataset:
    _check(place)
    meta = read_strictly(place / "meta.json", MAX_META_BYTES)
    count, (named, num_skipped) = meta["count"], _skipped(meta)
    if num_skipped and "unread" not in meta:
        raise _Damaged(place, "it does not list the unreadable images")
    return Dataset(
        name=name,
        images=np.load(place / "images.npy", mmap_mode="r")[:count],
        labels=np.load(place / "labels.npy")[:count],
        label_names=tuple(meta["label_names"]),
        skipped=named,
        digest=meta["digest"],
        num_skipped=num_skipped,
        unread=tuple(meta.get("unread", ())),
    )
