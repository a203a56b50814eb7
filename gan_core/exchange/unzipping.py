"""The files of a run out of a zip of unknown origin. Runs in a guarded process (`gan_core.processes.guarded`)."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_core.datasets import zips
from gan_core.hub import listing
from gan_core.hub.listing import Listed
from gan_core.processes.guarded import Start


def take(arguments: dict[str, Any], start: Start) -> Iterator[str]:
    """Writes the files of the run in the zip `zip` into the folder `folder`; gives their names. Other files are left out.

    Raises:
        ValueError: no zip, a damaged or hostile one, or one without a run.
    """
    path, folder = Path(arguments["zip"]), Path(arguments["folder"])
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(archive, path.name)
            for number, (name, entry) in enumerate(entries.items()):
                if number < start.first:
                    continue
                if start.fault and number == start.first:
                    raise ValueError(f"{name[:80]!r} in the zip cannot be read: {start.fault}")
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                yield name
    except zips.DAMAGE as error:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            raise
        raise ValueError(f"The zip is damaged ({str(error)[:120] or type(error).__name__}). Make it again.") from error


def _entries(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The files of the run: name within its directory -> entry. The directory may be the zip itself or its only folder."""
    listed = [entry for entry in archive.infolist() if not entry.is_dir()]
    for entry in listed:
        zips.check_names(entry.filename, entry)
    folders = {entry.filename.partition("/")[0] if "/" in entry.filename else "" for entry in listed}
    cut = len(folders.pop()) + 1 if len(folders) == 1 and "" not in folders else 0
    named = [(entry.filename[cut:], entry) for entry in listed]
    wanted = listing.wanted((Listed(inner, entry.file_size) for inner, entry in named), name, "zip")
    found = {inner: entry for inner, entry in named if inner in wanted}
    if len(found) != sum(inner in wanted for inner, _entry in named):
        raise ValueError("The zip holds two files of one name. Make it again.")
    zips.check_entries(
        list(found.values()), archive.start_dir, most=listing.MAX_PARTS, most_bytes=listing.MAX_TOTAL_BYTES
    )
    return found
