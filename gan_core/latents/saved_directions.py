"""Directions that users named and saved: one small JSON file each, in `.directions/` in the user's runs folder.

    {"schema_version": 1, "id", "name", "run_id", "run_name", "step", "latent_dim", "found_by", "note", "created", "vector": [...]}

All sessions of this installation share them. Imported files are checked before they are stored. Loads no torch.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from gan_core.config import strict_json
from gan_core.runs.kept import Store, new_id
from gan_core.runs.run import checked_text

FOLDER = ".directions"
SCHEMA = 1
MAX_NAME, MAX_NOTE, MAX_LATENT, MAX_KEPT = 60, 200, 4096, 500
MAX_BYTES = 1_000_000  # of a file to import

FoundBy = Literal["pca", "sefa", "raw", "attribute", "sum"]


@dataclass(frozen=True)
class Direction:
    """A direction in a latent space, with a name.

    Attributes:
        name: the user's.
        run_id, run_name, step: the model in which it was found.
        vector: (latent_dim,); one unit of its slider moves z by this much.
        found_by: how: a principal direction, SeFa's closed form, one number of z, an attribute's labels, or a sum of sliders.
        note: what is known of it, such as its held-out accuracy; may be empty.
        id: its file's name; "" until it is kept.
        created: Unix time.
    """

    name: str
    run_id: str
    run_name: str
    step: int
    vector: tuple[float, ...]
    found_by: FoundBy
    note: str = ""
    id: str = ""
    created: float = 0.0

    @property
    def latent_dim(self) -> int:
        """Size of the latents that it moves."""
        return len(self.vector)


def fits(direction: Direction, latent_dim: int) -> bool:
    """Whether a model with latents of this size can use it."""
    return direction.latent_dim == latent_dim


def check_fits(direction: Direction, latent_dim: int, run_name: str) -> None:
    """Refuses a direction of another latent size. Raises ValueError if the sizes differ; the message says how to go on."""
    if not fits(direction, latent_dim):
        raise ValueError(
            f"The direction “{direction.name}” moves latents of {direction.latent_dim} numbers (it was found in "
            f"“{direction.run_name}”); those of “{run_name}” have {latent_dim}. Choose a model of the same latent size, or find "
            "the direction again in this one."
        )


def save(runs_dir: Path, direction: Direction) -> Direction:
    """Keeps a new direction; gives it with its id.

    Raises ValueError if the name is empty, too long or taken for this run, the vector is not a direction, too many are kept, or the
    folder cannot be written.
    """
    kept = list_directions(runs_dir)
    name = checked_text(direction.name, "name", MAX_NAME, empty=False)
    _check_vector(direction.vector)
    if len(kept) >= MAX_KEPT:
        raise ValueError(f"At most {MAX_KEPT} directions are kept here. Delete some first.")
    _check_free(kept, name, direction)
    new = replace(direction, name=name, note=direction.note[:MAX_NOTE], id=new_id(), created=time.time())
    STORE.save(runs_dir, new)
    return new


def rename(runs_dir: Path, direction_id: str, name: str) -> Direction:
    """Gives a kept direction another name. Raises ValueError if there is none with this id, or as `save`."""
    old = find(runs_dir, direction_id)
    name = checked_text(name, "name", MAX_NAME, empty=False)
    _check_free([d for d in list_directions(runs_dir) if d.id != old.id], name, old)
    new = replace(old, name=name)
    STORE.save(runs_dir, new)
    return new


def delete(runs_dir: Path, direction_id: str) -> None:
    """Removes a kept direction; one that is gone already is no fault."""
    STORE.remove(runs_dir, direction_id)


def place(runs_dir: Path, direction_id: str) -> Path:
    """Where a direction is kept."""
    return runs_dir / FOLDER / f"{direction_id}.json"


def find(runs_dir: Path, direction_id: str) -> Direction:
    """The kept direction with this id. Raises ValueError if there is none."""
    found = STORE.find(runs_dir, direction_id)
    if found is None:
        raise ValueError(f"There is no saved direction '{direction_id:.64}' any more. Reload the page.")
    return found


def list_directions(runs_dir: Path) -> list[Direction]:
    """Every kept direction, the newest first; a damaged file is left out, and named by `STORE.damaged`."""
    return STORE.all(runs_dir)


def exported(directions: Iterable[Direction]) -> bytes:
    """Directions as one JSON file, for another installation."""
    content = {"schema_version": SCHEMA, "directions": [_as_json(d) for d in directions]}
    return json.dumps(content, allow_nan=False).encode()


def imported(content: bytes) -> list[Direction]:
    """The directions in an uploaded file, none of them stored yet.

    Raises ValueError if it is too large, not JSON, not such a file, or a direction is invalid.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(
            f"A file of directions has at most {MAX_BYTES / 1e6:g} MB; this one has {len(content) / 1e6:.1f} MB."
        )
    try:
        data = strict_json(content)
    except ValueError as error:
        raise ValueError(f"This file is not the JSON of saved directions ({error}).") from error
    entries = data.get("directions") if isinstance(data, dict) else None
    if not isinstance(entries, list) or not entries or data.get("schema_version") != SCHEMA:
        raise ValueError("This file holds no saved directions. Export some on the tab Explore for an example.")
    return [replace(_parsed(entry), id="", created=0.0) for entry in entries]


def _as_json(direction: Direction) -> dict[str, Any]:
    return {**asdict(direction), "latent_dim": direction.latent_dim, "vector": [round(v, 7) for v in direction.vector]}


STORE = Store(
    FOLDER,
    "direction",
    lambda direction_id, data: replace(_parsed(data), id=direction_id),
    lambda direction: {"schema_version": SCHEMA, **_as_json(direction)},
)


def _parsed(data: object) -> Direction:
    """A direction from a file's content, with every field checked. Raises ValueError if a field is missing or invalid."""
    try:
        if not isinstance(data, dict) or data["found_by"] not in get_args(FoundBy):
            raise KeyError("found_by")
        vector = tuple(_number(v) for v in data["vector"])
        direction = Direction(
            checked_text(str(data["name"]), "name", MAX_NAME, empty=False),
            str(data["run_id"])[:64],
            str(data["run_name"])[:80],
            int(data["step"]),
            vector,
            data["found_by"],
            str(data.get("note", ""))[:MAX_NOTE],
            created=_number(data.get("created", 0.0)),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"A saved direction in this file has an invalid field ({error!s:.60}).") from error
    _check_vector(direction.vector)
    return direction


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r:.20} is not a number")
    return float(value)


def _check_vector(vector: Sequence[float]) -> None:
    if not 1 <= len(vector) <= MAX_LATENT or not all(math.isfinite(v) for v in vector) or not any(vector):
        raise ValueError(
            f"A direction is 1 to {MAX_LATENT:,} finite numbers that are not all 0; got {len(vector)}. "
            "Move a slider away from 0 first."
        )


def _check_free(kept: Iterable[Direction], name: str, direction: Direction) -> None:
    if any(d.name == name and d.run_id == direction.run_id for d in kept):
        raise ValueError(f"This model has a direction “{name}” already. Choose another name, or delete the old one.")
