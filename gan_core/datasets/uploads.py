"""What users brought through the browser: zips of pictures, unpacked as `folder` data sets, and points they drew.

    data_dir/pictures-<name>-<chance>/     upload.json and pictures/: flat, or one subfolder a class
    data_dir/points-<name>-<chance>/       upload.json and points.json

Each is made beside its place and renamed when complete. What a visitor sent is checked by `gan_core.datasets.zips`.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from gan_core.access import Actor, bin, require
from gan_core.access.classroom import check_share, folder_bytes
from gan_core.config import DatasetConfig, one_line, read_strictly, settings
from gan_core.config.reasons import not_written
from gan_core.datasets import zips
from gan_core.datasets.base import Progress
from gan_core.datasets.sources import folder, points

MAX_NAME = 80
KINDS = ("pictures", "points")
_ID = re.compile(r"(pictures|points)-[a-z0-9][a-z0-9_-]{0,62}")
_INCOMING, _STALE_S = ".incoming-", 3600.0


@dataclass(frozen=True)
class Own:
    """A data set that a user uploaded or drew.

    Attributes:
        id: its folder's name.
        kind: "pictures" or "points".
        name: as its owner called it.
        count: pictures or points in it.
        classes: names of the subfolders; none for a flat one.
        skipped: (file, reason) of what was in the zip and was not taken, the first of them.
        num_skipped: how many those are in all.
        made_at: seconds since 1970.
        owner: id of the student whose it is; "" for nobody's in particular.
        encoding: how the names in the zip were read, where the zip did not say it; see `zip_names`.
    """

    id: str
    kind: Literal["pictures", "points"]
    name: str
    count: int
    classes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    num_skipped: int = 0
    made_at: float = 0.0
    owner: str = ""
    encoding: str = ""

    @property
    def dataset(self) -> str:
        """The name of its entry in the table of data sets."""
        return "folder" if self.kind == "pictures" else "points"

    @property
    def root(self) -> str:
        """What `dataset.root` must be to use it."""
        return str(settings.data_dir() / self.id / ("pictures" if self.kind == "pictures" else "points.json"))


def add_zip(
    file: BinaryIO, name: str, progress: Progress | None = None, *, encoding: str = "", actor: Actor | None = None
) -> Own:
    """Unpacks an untrusted zip of pictures as a data set called `name`; `encoding` as `zips.unpack`.

    Raises:
        ValueError: if the zip is damaged, dangerous, too large or has no picture, the actor would keep more than their share, or
            the disk cannot be written.
    """
    actor = require("train", actor)
    name = checked_name(name)
    with _new("pictures", name, actor) as (place, keep):
        unpacked = zips.unpack(file, place / "pictures", progress or (lambda done, total: None), encoding)
        config = DatasetConfig(name="folder", root=str(place / "pictures"))
        own = Own(
            id=place.name,
            kind="pictures",
            name=name,
            count=unpacked.count,
            classes=folder.SOURCE.label_names(config),
            skipped=unpacked.skipped,
            num_skipped=unpacked.num_skipped,
            made_at=time.time(),
            owner=actor.id,
            encoding=unpacked.encoding,
        )
        return keep(own)


def add_points(rows: Sequence[object], name: str, *, actor: Actor | None = None) -> Own:
    """Stores points as a data set. Raises ValueError as `points.checked` does, or as `add_zip` for the share and the disk."""
    actor = require("train", actor)
    name = checked_name(name)
    checked = points.checked(rows, name)
    with _new("points", name, actor) as (place, keep):
        content = {"name": name, "points": [[round(float(x), 5), round(float(y), 5)] for x, y in checked]}
        (place / "points.json").write_text(json.dumps(content), encoding="utf-8")
        return keep(Own(place.name, "points", name, len(checked), made_at=time.time(), owner=actor.id))


def list_own() -> list[Own]:
    """All uploads, newest first; a damaged one is left out, and named by `damaged`. Other folders are ignored."""
    found = [own for own in map(_read, _folders()) if not isinstance(own, str)]
    return sorted(found, key=lambda own: (-own.made_at, own.id))


def bytes_of(owner: str) -> int:
    """How many bytes the uploads of a student take, with those in the bin; 0 for nobody's in particular."""
    kept = sum(folder_bytes(settings.data_dir() / own.id) for own in list_own() if owner and own.owner == owner)
    return kept + bin.bytes_of(settings.data_dir(), owner)


def damaged() -> list[str]:
    """A sentence for each upload that cannot be read."""
    found = {place.name: _read(place) for place in _folders()}
    return [f"The data set in '{name}' cannot be read: {why}" for name, why in found.items() if isinstance(why, str)]


def _folders() -> list[Path]:
    try:
        return sorted(entry for entry in settings.data_dir().iterdir() if _ID.fullmatch(entry.name))
    except OSError:
        return []


def find(own_id: str) -> Own:
    """The upload with this id. Raises ValueError if there is none."""
    own = next((own for own in list_own() if own.id == own_id), None)
    if own is None:
        raise ValueError(f"There is no data set '{own_id:.80}' of your own; it may have been deleted.")
    return own


def name_of(dataset: DatasetConfig) -> str:
    """What somebody calls a data set: an upload's name, the folder's or file's of a place of one's own, else the entry's key."""
    if dataset.name not in ("folder", "points") or not dataset.root:
        return dataset.name
    own = next((own.name for own in list_own() if own.root == dataset.root), "")
    return own or Path(dataset.root).stem or dataset.name


def delete(own_id: str, *, actor: Actor | None = None) -> None:
    """Moves an upload to the bin (see `access.bin`). Raises ValueError if there is none of this id, the actor may not, or
    it cannot be moved."""
    own = find(own_id)
    require("own", actor, own.owner)
    bin.discard(settings.data_dir() / own.id, name=own.name, owner=own.owner)


def sweep() -> int:
    """Removes what an interrupted upload left an hour ago or earlier, and what its bin has kept long enough. Returns how
    many folders."""
    removed = bin.empty(settings.data_dir())
    for leftover in settings.data_dir().glob(f"{_INCOMING}*"):
        try:
            if time.time() - leftover.stat().st_mtime > _STALE_S:
                shutil.rmtree(leftover)
                removed += 1
        except OSError:  # another server is faster, or it is not ours to remove
            continue
    return removed


def checked_name(name: str) -> str:
    """The name without surplus blanks. Raises ValueError if it is empty or longer than MAX_NAME."""
    name = " ".join(name.split())
    if not name:
        raise ValueError("Give the data set a name.")
    if len(name) > MAX_NAME:
        raise ValueError(f"The name has {len(name)} characters; at most {MAX_NAME} are kept.")
    return name


Keep = Callable[[Own], Own]


@contextmanager
def _new(kind: str, name: str, actor: Actor) -> Iterator[tuple[Path, Keep]]:
    """A folder to fill, and the function that makes it a data set once it is; what was not kept is removed."""
    check_share(bytes_of(actor.id), actor)  # before any work
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30]
    data_dir = settings.data_dir()
    final = data_dir / "-".join(part for part in (kind, slug, secrets.token_hex(4)) if part)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        above = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=data_dir))
    except OSError as error:
        raise _cannot_write(data_dir, error) from error
    aside = above / final.name

    def keep(own: Own) -> Own:
        check_share(bytes_of(actor.id) + folder_bytes(aside), actor)
        (aside / "upload.json").write_text(json.dumps(asdict(own)), encoding="utf-8")
        aside.rename(final)
        return own

    try:
        aside.mkdir()
        yield aside, keep
    except OSError as error:
        raise _cannot_write(data_dir, error) from error
    finally:
        shutil.rmtree(above, ignore_errors=True)


def _cannot_write(folder: Path, error: OSError) -> ValueError:
    return ValueError(not_written(f"The folder {folder}", error, "GANVAS_DATA_DIR"))


def _read(place: Path) -> Own | str:
    """The upload in a folder; a sentence when it holds none."""
    try:
        about = read_strictly(place / "upload.json")
        skipped = tuple((str(file), str(reason)) for file, reason in about["skipped"])
        classes = tuple(str(name) for name in about["classes"])
        kind: Literal["pictures", "points"] = "pictures" if place.name.startswith("pictures-") else "points"
        return Own(
            id=place.name,
            kind=kind,
            name=one_line(about["name"], MAX_NAME) or place.name,
            count=int(about["count"]),
            classes=classes,
            skipped=skipped,
            num_skipped=int(about["num_skipped"]),
            made_at=float(about["made_at"]),
            owner=str(about.get("owner") or ""),
            encoding=one_line(about.get("encoding"), MAX_NAME),
        )
    except KeyError as error:
        return f"its upload.json has no {error}."
    except (OSError, ValueError, TypeError, OverflowError) as error:
        return f"{str(error).rstrip('.')}."
