"""What people delete goes to a bin beside it and can be taken back for seven days."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from gan_core.access import Actor, require

FOLDER = ".bin"
RECORDS = ("about.json", "upload.json", "sweep.json")
KEPT_S = 7 * 86_400.0
_NAME = re.compile(r"(\d{10,12})\.([A-Za-z0-9][A-Za-z0-9_.-]{0,80})", re.ASCII)


@dataclass(frozen=True)
class Binned:
    """Something in the bin.

    Attributes:
        path: where it lies.
        id: the name that it had.
        deleted_at: Unix time.
    """

    path: Path
    id: str
    deleted_at: float

    @property
    def record(self) -> dict[str, object]:
        """Its name and owner, as it was kept with them; empty where that cannot be read."""
        for file in [self.path] if self.path.is_file() else [self.path / name for name in RECORDS]:
            with contextlib.suppress(OSError, ValueError, RecursionError):
                found = json.loads(file.read_bytes())
                return found if isinstance(found, dict) else {}
        return {}

    @property
    def name(self) -> str:
        """What people called it."""
        return str(self.record.get("name") or self.id)

    def require(self, actor: Actor | None = None) -> None:
        """Raises `Refused` if it belongs to somebody else."""
        require("own", actor, str(self.record.get("owner") or ""))

    @property
    def days_left(self) -> int:
        """Days until it is removed for good, rounded up."""
        return max(0, -int(-(self.deleted_at + KEPT_S - time.time()) // 86_400))


def discard(path: Path) -> None:
    """Moves a file or folder into the bin of the folder that it is in: gone from every list at once."""
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    path.rename(folder / f"{int(time.time())}.{path.name}")


def binned(folder: Path) -> list[Binned]:
    """What the bin of a folder holds, the latest first."""
    try:
        entries = list((folder / FOLDER).iterdir())
    except OSError:
        return []
    found = [(entry, match) for entry in entries if (match := _NAME.fullmatch(entry.name))]
    return sorted(
        (Binned(entry, match[2], float(match[1])) for entry, match in found), key=lambda b: b.deleted_at, reverse=True
    )


def restore(thing: Binned, *, actor: Actor | None = None) -> None:
    """Puts something back where it was.

    Raises:
        ValueError: the actor may not, it is no longer there, or its place is taken.
    """
    thing.require(actor)
    target = thing.path.parent.parent / thing.id
    if target.exists():
        raise ValueError(f"'{thing.id}' is there again already.")
    try:
        thing.path.rename(target)
    except OSError as error:
        raise ValueError(f"'{thing.id}' cannot be put back ({error.strerror or error}).") from error


def empty(folder: Path, *, older_than_s: float = KEPT_S) -> int:
    """Removes for good what has been in the bin of a folder for so long. Returns how many."""
    removed = 0
    for thing in binned(folder):
        if time.time() - thing.deleted_at >= older_than_s:
            _remove(thing)
            removed += 1
    return removed


def remove(thing: Binned, *, actor: Actor | None = None) -> None:
    """Removes something for good. Raises ValueError if the actor may not."""
    thing.require(actor)
    _remove(thing)


def _remove(thing: Binned) -> None:
    with contextlib.suppress(OSError):
        if thing.path.is_dir() and not thing.path.is_symlink():
            shutil.rmtree(thing.path, ignore_errors=True)
        else:
            thing.path.unlink()
