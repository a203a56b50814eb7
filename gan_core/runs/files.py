"""Files that survive a crash: written aside and renamed, or appended a whole line at a time."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

TEMPORARY = ".tmp-"  # every file or folder written aside begins so; `sweep` removes what a crash left


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces `path` with `content`: after a crash at any moment it holds the old bytes or the new, never a mixture.

    Raises:
        OSError: the disk is full or may not be written; `path` keeps its old content.
    """
    aside = path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """`value` as strict JSON, written atomically."""
    write_atomically(path, json.dumps(value, allow_nan=False, indent=1).encode())


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when the file is missing or holds something else."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def sync_folder(folder: Path) -> None:
    """Makes renames within a folder durable, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Removes what an interrupted write left aside in `folder`."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


class Reserve:
    """Room on the disk, kept so that a run which fills it can still write down that it did.

    Taken while the context lasts; without effect on a disk that is full already.
    """

    def __init__(self, path: Path, num_bytes: int = 65536) -> None:
        self._path = path
        self._num_bytes = num_bytes

    def __enter__(self) -> Reserve:
        with contextlib.suppress(OSError):
            self._path.write_bytes(bytes(self._num_bytes))
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Frees the room."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


class LineLog:
    """Appends JSON lines to a file: unbuffered, fsynced on `sync`, a torn last line repaired when it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        repair_tail(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def append(self, record: Mapping[str, Any]) -> None:
        """Writes one line.

        Raises:
            OSError: the line could not be written whole (a full disk).
            ValueError: a value is NaN or infinite.
        """
        line = json.dumps(record, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        if (written := os.write(self._file, line)) != len(line):
            message = f"Only {written} of {len(line)} bytes were written; the disk may be full"
            raise OSError(28, message, str(self._path))

    def sync(self) -> None:
        """Forces what was appended to the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Syncs and closes."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1


def append_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Appends JSON lines to a file and syncs it; makes the file if it is missing. Raises as `LineLog.append`."""
    log = LineLog(path)
    try:
        for line in lines:
            log.append(line)
    finally:
        log.close()


def repair_tail(path: Path) -> None:
    """Cuts off a last line without its newline: it was torn by a crash and would poison the next append."""
    with contextlib.suppress(FileNotFoundError), path.open("rb+") as file:
        content_end = _last_newline(file) + 1
        if file.seek(0, os.SEEK_END) != content_end:
            file.truncate(content_end)


def _last_newline(file: Any, block: int = 65536) -> int:
    """Offset of the last newline, or -1."""
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        start = max(0, position - block)
        file.seek(start)
        found = file.read(position - start).rfind(b"\n")
        if found >= 0:
            return int(start + found)
        position = start
    return -1


def cut_log(path: Path, last_step: int) -> None:
    """Drops the lines of steps after `last_step`, so that a resumed run writes each step once."""
    repair_tail(path)
    if not path.exists():
        return
    kept = 0
    with path.open("rb") as file:
        for line in file:
            if json.loads(line)["step"] > last_step:
                break
            kept += len(line)
    if kept != path.stat().st_size:
        os.truncate(path, kept)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line of a JSON-lines file; none if it is missing. A half-written last line is left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


def is_number(value: Any) -> bool:
    """Whether it is a finite number; JSON's own readers here let no NaN or Infinity through."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
