"""Saved objects in the runs folder, such as directions and studies: a JSON file `FOLDER/ID.json` each.

Every session and every viewer of this installation sees them. A file with an invalid name or content is left out, and named
by `Store.damaged`. No torch.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from gan_core.access import Actor, bin, require
from gan_core.config import one_line, read_strictly
from gan_core.config.reasons import not_written
from gan_core.runs import files
from gan_core.runs.folder import check_writable

LATEST = 1e11  # Unix time, far ahead, that a date can still be made of
_ID = re.compile(r"[a-z0-9-]{1,64}")


class Entry(Protocol):
    """What can be kept."""

    @property
    def id(self) -> str:
        """Its file's name."""

    @property
    def created(self) -> float:
        """Unix time."""


E = TypeVar("E", bound=Entry)


def is_id(text: str) -> bool:
    """Whether a text can be the id of something kept; ids come from links, so anything may be in them."""
    return bool(_ID.fullmatch(text))


def new_id(prefix: str = "") -> str:
    """An id that nothing has yet: the prefix, the time, six random digits."""
    parts = (prefix, time.strftime("%Y%m%d-%H%M%S"), secrets.token_hex(3))
    return "-".join(part for part in parts if part)


@dataclass(frozen=True)
class Store(Generic[E]):
    """One kind of things that are kept.

    Attributes:
        folder: theirs, in the runs folder.
        noun: what one is called in sentences.
        read: (id, content of its file) -> the thing; raises ValueError, KeyError or TypeError for invalid content.
        write: the thing -> content of its file, without NaN.
    """

    folder: str
    noun: str
    read: Callable[[str, dict[str, Any]], E]
    write: Callable[[E], Mapping[str, Any]]

    def all(self, runs_dir: Path) -> list[E]:
        """Every one, the newest first."""
        found = (self._read(path) for path in self._files(runs_dir))
        return sorted(
            (one for one in found if not isinstance(one, str)), key=lambda one: (one.created, one.id), reverse=True
        )

    def damaged(self, runs_dir: Path) -> list[str]:
        """A sentence for each file that cannot be read."""
        found = ((path.name, self._read(path)) for path in self._files(runs_dir))
        return [f"The {self.noun} in {name} cannot be read: {why}" for name, why in found if isinstance(why, str)]

    def find(self, runs_dir: Path, entry_id: str) -> E | None:
        """The one with this id, or None."""
        found = self._read(self._path(runs_dir, entry_id)) if is_id(entry_id) else ""
        return None if isinstance(found, str) else found

    def owner(self, runs_dir: Path, entry_id: str) -> str | None:
        """The id of the student whose it is; "" for nobody's in particular, None if there is none of this id."""
        path = self._path(runs_dir, entry_id)
        return str(files.read_json(path).get("owner") or "") if is_id(entry_id) and path.exists() else None

    def save(self, runs_dir: Path, entry: E, *, actor: Actor | None = None) -> None:
        """Writes its file, whole or not at all; a new one belongs to the actor.

        Raises:
            ValueError: the actor may not, or the folder cannot be written.
        """
        owner = self.owner(runs_dir, entry.id)
        actor = require("train", actor) if owner is None else require("own", actor, owner)
        check_writable(runs_dir)
        try:
            (runs_dir / self.folder).mkdir(exist_ok=True)
            whose = {"owner": actor.id if owner is None else owner}
            files.write_json(self._path(runs_dir, entry.id), {**self.write(entry), **whose})
        except OSError as error:
            words = not_written(f"The runs folder {runs_dir}", error, "GANVAS_RUNS_DIR")
            raise ValueError(f"The {self.noun} could not be kept in {self.folder}. {words}") from error

    def remove(self, runs_dir: Path, entry_id: str, *, actor: Actor | None = None) -> None:
        """Moves its file to the bin (see `access.bin`); no error if it is missing. Raises ValueError if the actor may not."""
        owner = self.owner(runs_dir, entry_id)
        if owner is not None:
            require("own", actor, owner)
            path = self._path(runs_dir, entry_id)
            bin.discard(path, name=one_line(files.read_json(path).get("name"), 80), owner=owner)

    def _path(self, runs_dir: Path, entry_id: str) -> Path:
        return runs_dir / self.folder / f"{entry_id}.json"

    def _files(self, runs_dir: Path) -> list[Path]:
        return sorted(path for path in (runs_dir / self.folder).glob("*.json") if is_id(path.stem))

    def _read(self, path: Path) -> E | str:
        """What a file holds; a sentence when that is nothing of this kind."""
        try:
            found = self.read(path.stem, read_strictly(path, files.MAX_BYTES))
            if not 0 <= found.created < LATEST:
                raise ValueError(f"it was made at {found.created:g} s, which is not a valid time.")
        except KeyError as error:
            return f"it has no {error}."
        except (ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
            return f"{str(error).rstrip('.')}."
        return found
