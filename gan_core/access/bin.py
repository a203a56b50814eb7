"""What people delete goes to a bin beside it and can be taken back for seven days.

FOLDER/.bin/TIME.ID/    record.json: name and owner; what was deleted, under its own name; .seen-DAY for every day on which
                        it was looked at there, so that a clock which jumps ahead makes nothing old
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gan_core.access import Actor, require
from gan_core.access.classroom import folder_bytes
from gan_core.config import one_line, read_strictly
from gan_core.config.reasons import not_written

FOLDER, RECORD = ".bin", "record.json"
KEPT_DAYS = 7
KEPT_S = KEPT_DAYS * 86_400.0
_NAME = re.compile(r"(\d{1,12})\.([A-Za-z0-9][A-Za-z0-9_.-]{0,80})", re.ASCII)


@dataclass(frozen=True)
class Binned:
    """Something in the bin.

    Attributes:
        path: its folder there.
        id: the name that its file or folder had.
        deleted_at: Unix time.
        name: what people called it.
        owner: id of the student whose it is; "" for nobody's in particular.
    """

    path: Path
    id: str
    deleted_at: float
    name: str
    owner: str

    @property
    def days_left(self) -> int:
        """Days until it is removed for good, rounded up."""
        return max(0, -int(-(self.deleted_at + KEPT_S - time.time()) // 86_400))


def discard(path: Path, *, name: str = "", owner: str = "") -> None:
    """Moves a file or folder into the bin of the folder that it is in: gone from every list at once.

    Raises:
        ValueError: it cannot be moved. On a full disk it is, though nothing may be left to say whose it was.
    """
    try:
        place = _new_place(path)
        try:
            path.rename(place / path.name)
        except OSError:
            place.rmdir()
            raise
    except OSError as error:
        raise ValueError(not_written(f"The bin of {path.parent}", error)) from error
    with contextlib.suppress(OSError):
        (place / RECORD).write_text(json.dumps({"name": name[:200], "owner": owner}), encoding="utf-8")


def _new_place(path: Path) -> Path:
    """A new folder in the bin; a thing of the same name may have been deleted in this second."""
    stamp = max(0, int(time.time()))
    while True:
        place = path.parent / FOLDER / f"{stamp}.{path.name}"
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            stamp += 1
        else:
            return place


def binned(folder: Path) -> list[Binned]:
    """What the bin of a folder holds, the latest first."""
    try:
        entries = list((folder / FOLDER).iterdir())
    except OSError:
        return []
    matches = [(entry, match) for entry in entries if (match := _NAME.fullmatch(entry.name))]
    found = [_read(entry, match) for entry, match in matches if (entry / match[2]).exists()]
    return sorted(found, key=lambda thing: thing.deleted_at, reverse=True)


def bytes_of(folder: Path, owner: str) -> int:
    """How many bytes a student's things in the bin of a folder take; 0 for nobody's in particular."""
    return sum(folder_bytes(thing.path) for thing in binned(folder) if owner and thing.owner == owner)


def restore(thing: Binned, *, actor: Actor | None = None) -> None:
    """Puts something back where it was.

    Raises:
        ValueError: the actor may not, it is no longer there, or its place is taken.
    """
    require("own", actor, thing.owner)
    target = thing.path.parent.parent / thing.id
    if target.exists():
        raise ValueError(f"'{thing.id}' exists again already.")
    try:
        (thing.path / thing.id).rename(target)
    except OSError as error:
        raise ValueError(f"'{thing.id}' cannot be restored ({error.strerror or error}).") from error
    shutil.rmtree(thing.path, ignore_errors=True)


def empty(folder: Path) -> int:
    """Removes for good what has been in the bin of a folder for KEPT_DAYS, and was seen there on as many. Returns how many."""
    now, removed = time.time(), 0
    for thing in binned(folder):
        with contextlib.suppress(OSError):
            (thing.path / f".seen-{int(now // 86_400)}").touch()
        if now - thing.deleted_at >= KEPT_S and len(list(thing.path.glob(".seen-*"))) >= KEPT_DAYS:
            shutil.rmtree(thing.path, ignore_errors=True)
            removed += 1
    return removed


def remove(thing: Binned, *, actor: Actor | None = None) -> None:
    """Removes something for good. Raises ValueError if the actor may not, or some of it cannot be removed."""
    require("own", actor, thing.owner)
    shutil.rmtree(thing.path, ignore_errors=True)
    if thing.path.exists():
        raise ValueError(
            f"'{thing.name}' could not be removed: a file in {thing.path} is in use, or belongs to another user of this "
            "computer. Try again later, or remove that folder yourself."
        )


def remove_own(things: Iterable[Binned], *, actor: Actor | None = None) -> None:
    """Removes for good those of these things that are the actor's own. Raises ValueError if the actor may not."""
    actor = require("own", actor)
    for thing in things:
        if thing.owner == actor.id:
            remove(thing, actor=actor)


def _read(entry: Path, match: re.Match[str]) -> Binned:
    """A thing without a readable record is nobody's: teachers alone may take it back."""
    record: dict[str, object] = {}
    with contextlib.suppress(OSError, ValueError):
        found = read_strictly(entry / RECORD)
        record = found if isinstance(found, dict) else {}
    name, owner = (one_line(record.get(key), 200) for key in ("name", "owner"))
    return Binned(entry, match[2], float(match[1]), name or match[2], owner)
