"""The published page of a run as files: made in a task, packed for a download, written for a static Space. Loads no torch."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.config import read_bounded
from gan_core.exchange import run_zip
from gan_core.hub.orders import TAG
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.report.formats import stamp_of
from gan_core.runs import Run

README = "README.md"
MAX_BYTES = 10_000_000


def readme(name: str, licence: str = "") -> str:
    """The README.md of a static Space: what the Hub reads of it, and a mark that it is the page of a run."""
    told = {"title": name, "tags": [TAG]} | ({"license": licence} if licence else {}) | {"sdk": "static"}
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told.items() if key != "sdk")
    return "---\n" + "\n".join([*lines, "sdk: static"]) + "\n---\n"


def task(run: Run, language: str = "en") -> Task:
    """The background work that makes the page of a run, for a download or a Space."""
    return Task.of("gan_core.report.web_page:make", run=str(run.path), language=language, stamp=stamp_of(run))


def make(arguments: dict[str, Any], report: Report) -> Arrays:
    """The work of `task`. Returns `names` (F,) of the files, and the bytes of each as `file_0` ...

    Raises:
        ValueError: as `publishing.publish`.
    """
    from gan_core.report import publishing

    with tempfile.TemporaryDirectory() as folder:
        publishing.publish(Run(Path(arguments["run"])), Path(folder, "page"), arguments["language"], report)
        files = sorted(Path(folder, "page").iterdir())
        contents = [read_bounded(file, MAX_BYTES) for file in files]
    names = np.array([file.name for file in files], np.str_)
    return {"names": names} | {f"file_{i}": np.frombuffer(content, np.uint8) for i, content in enumerate(contents)}


def write_files(made: Arrays, place: Path, name: str, licence: str = "") -> None:
    """Writes what `make` gave into a new folder, its README.md with the run's name and a licence."""
    place.mkdir()
    for number, file in enumerate(made["names"]):
        (place / str(file)).write_bytes(made[f"file_{number}"].tobytes())
    (place / README).write_text(readme(name, licence), encoding="utf-8")


def zipped(made: Arrays, name: str, licence: str = "") -> bytes:
    """What `write_files` writes, as a zip."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(made, Path(folder, "page"), name, licence)
        run_zip.pack(Path(folder, "page"), Path(folder, "page.zip"))
        return read_bounded(Path(folder, "page.zip"), 2 * MAX_BYTES)
