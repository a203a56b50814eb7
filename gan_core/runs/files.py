"""Files that survive a crash: written aside and renamed, or appended a whole line at a time."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from gan_core.config.strict import MAX_JSON_BYTES, read_strictly, strict_object

MAX_BYTES = 16_000_000  # of a file that holds one object
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


def overwrite_json(path: Path, value: Any) -> None:
    """`value` written over what `path` holds, in the room that it has: the last resort on a full disk, as it is not atomic."""
    with path.open("rb+") as file:
        file.write(json.dumps(value, allow_nan=False, separators=(",", ":")).encode())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when the file is missing or damaged (`damage` says so)."""
    try:
        data = read_strictly(path, MAX_BYTES)
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def damage(path: Path) -> str:
    """Why a file that should hold a JSON object cannot be read; "" when it can, or is missing."""
    try:
        if not isinstance(read_strictly(path, MAX_BYTES), dict):
            return f"{path.name} is damaged: it holds no object."
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror or error}."
    except ValueError as error:
        return f"{path.name} is damaged: {str(error).rstrip('.')}."
    return ""


def aside_name(path: Path, word: str) -> Path:
    """A free name beside `path`, such as metrics.jsonl.damaged-1."""
    number = 1
    while (found := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    return found


def sync_folder(folder: Path) -> None:
    """Makes renames within a folder durable, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, *, older_than_s: float = 0.0) -> None:
    """Removes what an interrupted write left aside in `folder`, at least so long ago: younger ones may be in the making."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            if abs(time.time() - leftover.stat().st_mtime) < older_than_s:
                continue
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink()


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


def cut_log(path: Path, last_step: int) -> tuple[int, str]:
    """Drops the lines of steps after `last_step`, so that a resumed run writes each step once, and those that are damaged.

    A line whose step does not lie between its neighbours' is damaged too.

    Returns:
        How many were damaged, and the name of the file that then keeps the log as it was; (0, "") if none was.
    """
    repair_tail(path)
    kept: list[tuple[int, bytes]] = []
    damaged = 0
    for line in whole_lines(path):
        record = parsed(line)
        if record is None or not is_metrics(record):
            damaged += bool(line.strip())
            continue
        step = record["step"]
        if kept and step <= kept[-1][0]:
            damaged += 1
            if len(kept) > 1 and step <= kept[-2][0]:
                continue  # it is the odd one
            kept.pop()  # the one before is
        kept.append((step, line))
    content = b"".join(line for step, line in kept if step <= last_step)
    if not damaged:
        if path.exists():
            os.truncate(path, len(content))
        return 0, ""
    aside = aside_name(path, "damaged")
    shutil.copyfile(path, aside)
    write_atomically(path, content)
    return damaged, aside.name


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every sound line of a JSON-lines file; none if it is missing. A half-written last line is left out."""
    return read_log(path)[0]


def read_log(path: Path, sound: Callable[[dict[str, Any]], bool] | None = None) -> tuple[list[dict[str, Any]], int]:
    """The sound lines of a JSON-lines file, in order, and how many are damaged: no JSON object, or refused by `sound`."""
    lines, damaged = [], 0
    for line in whole_lines(path):
        record = parsed(line)
        if record is not None and (sound is None or sound(record)):
            lines.append(record)
        elif line.strip():
            damaged += 1
    return lines, damaged


def parsed(line: bytes) -> dict[str, Any] | None:
    """The object in a line of a log; None if it is damaged."""
    try:
        return strict_object(line)
    except ValueError:
        return None


def whole_lines(path: Path, start: int = 0) -> Iterator[bytes]:
    """The lines of a file from a place in it, none if it is missing; one that is far too long comes in pieces, a torn last one not at all."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(start)
        while line := file.readline(MAX_JSON_BYTES):
            if line.endswith(b"\n") or len(line) == MAX_JSON_BYTES:
                yield line


def has_step(record: Mapping[str, Any]) -> bool:
    """Whether a line of a log names the step it belongs to."""
    step = record.get("step")
    return isinstance(step, int) and not isinstance(step, bool) and step >= 0


def is_metrics(record: Mapping[str, Any]) -> bool:
    """Whether a line of metrics.jsonl is one: a step and numbers."""
    return has_step(record) and all(map(is_number, record.values()))


def is_event(record: Mapping[str, Any]) -> bool:
    """Whether a line of events.jsonl is one: a step, a kind, and of a live change what it was."""
    if not has_step(record) or not isinstance(record.get("type"), str):
        return False
    changes, sequence = record.get("changes", {}), record.get("sequence", 0)
    if not isinstance(sequence, int) or isinstance(sequence, bool):
        return False
    return record["type"] != "override" or (isinstance(changes, dict) and all(map(is_number, changes.values())))


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite number; JSON's own readers here let no NaN or Infinity through."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
