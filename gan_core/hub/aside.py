"""A folder of its own for every transfer, beside the runs and on the same disk, gone afterwards whatever happened."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

NAME = ".hub"  # begins with a dot, so that no listing takes it for a run


@contextmanager
def own_folder(runs_dir: Path) -> Iterator[Path]:
    """An empty folder for one transfer, locked while it is in use. What crashed servers left is swept on the way.

    Raises:
        OSError: if the runs folder cannot be written.
    """
    home = runs_dir / NAME
    home.mkdir(parents=True, exist_ok=True)
    for old in home.glob("*.lock"):
        _sweep(old)
    name = secrets.token_hex(6)
    lock = FileLock(home / f"{name}.lock")
    with lock:
        place = home / name
        place.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)


def _sweep(old: Path) -> None:
    """Removes a folder whose process has ended, which released its lock."""
    lock = FileLock(old)
    try:
        with lock.acquire(timeout=0):
            shutil.rmtree(old.with_suffix(""), ignore_errors=True)
            old.unlink(missing_ok=True)
    except (Timeout, OSError):
        return
