"""What a repository lists, before anything of it is fetched: which files are a run's, and whether one forbids the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gan_core.config import MAX_JSON_BYTES
from gan_core.runs import portable
from gan_core.runs.portable import RunFile

MAX_LISTED = 5_000
MAX_PARTS = 500
MAX_TOTAL_BYTES = 4_000_000_000
MAX_BYTES = {
    **dict.fromkeys(("config", "about", "status", "manifest", "pinned", "state", "environment"), MAX_JSON_BYTES),
    **{"metrics": 200_000_000, "events": 10_000_000, "evaluations": 10_000_000, "sample": 20_000_000},
    **{"model": 1_000_000_000, "ema": 1_000_000_000, "optimizer": 2_500_000_000},
}
PICKLES = frozenset(
    (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".npz", ".mar", ".h5")
)


@dataclass(frozen=True)
class Listed:
    """A file as the Hub lists it: its name, size, and a hash (of a large file its SHA-256, else git's)."""

    name: str
    size: int | None
    sha256: str | None = None
    git: str | None = None


def wanted(listed: Iterable[Listed], repo: str, holder: str = "repository") -> dict[str, Listed]:
    """The files of a run among those of a repository, or of another `holder`, once none of them forbids it.

    Raises:
        ValueError: if there is a pickle, a path that leads out of it, too many or too large files, or no run.
    """
    found: dict[str, Listed] = {}
    for number, file in enumerate(listed):
        path = PurePosixPath(file.name)
        if number >= MAX_LISTED:
            raise ValueError(f"The {holder} '{repo}' has more than {MAX_LISTED:,} files; that is no run of Ganvas.")
        if path.is_absolute() or ".." in path.parts or "\\" in file.name or ":" in file.name or "\0" in file.name:
            raise ValueError(f"The {holder} '{repo}' has a file whose name leads elsewhere: {file.name[:80]!r}.")
        if path.suffix.lower() in PICKLES:
            raise ValueError(
                f"The {holder} '{repo}' holds {file.name[:80]!r}, a pickle or a format that may hold one: opening such a "
                "file can run any program on this computer. Only safetensors are read; ask its author for those."
            )
        part = portable.part(file.name)
        if part is not None:
            _check_size(file, part, repo)
            found[file.name] = file
    kinds = {part.kind for part in parts(found)}
    missing = [portable.JSON_NAMES[kind] for kind in ("config", "manifest") if kind not in kinds]
    if missing or "model" not in kinds:
        absent = " and ".join([*missing, *([] if "model" in kinds else ["a checkpoint"])])
        raise ValueError(f"The {holder} '{repo}' is no run of Ganvas: it has no {absent}.")
    total = sum(file.size or 0 for file in found.values())
    if len(found) > MAX_PARTS or total > MAX_TOTAL_BYTES:
        raise ValueError(
            f"The run in '{repo}' has {len(found):,} files with {total:,} bytes; at most {MAX_PARTS} with "
            f"{MAX_TOTAL_BYTES:,} are fetched."
        )
    return found


def _check_size(file: Listed, part: RunFile, repo: str) -> None:
    if file.size is None or file.size > MAX_BYTES[part.kind]:
        size = "no size" if file.size is None else f"{file.size:,} bytes"
        raise ValueError(f"The file {file.name} of '{repo}' has {size}; at most {MAX_BYTES[part.kind]:,} are fetched.")


def parts(names: Iterable[str]) -> list[RunFile]:
    """The parts of a run among these names."""
    return [part for part in map(portable.part, names) if part is not None]
