"""The folder of runs: making one, finding one, listing them all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from gan_core.access import Actor, require
from gan_core.config import RunConfig, settings
from gan_core.config.reasons import not_written
from gan_core.datasets import DATASETS, uploads
from gan_core.presets import PRESETS
from gan_core.runs import files
from gan_core.runs.run import ID_PATTERN, MAX_NAME, MAX_TITLE, Run, checked_text
from gan_core.runs.status import Control, Status

BEST_FIRST = (
    "digits-acgan",
    "faces-dcgan",
    "faces-vae",
    "blocks-ddpm",
    "digits-dcgan",
    "faces-acgan",
    "digits-ddpm",
    "blocks-cgan",
)


def create(runs_dir: Path, config: RunConfig, name: str = "", *, title: str = "", actor: Actor | None = None) -> Run:
    """A new run directory, complete or not there at all.

    Args:
        runs_dir: the folder of runs; made if missing.
        config: resolved.
        name: the user's name for it.
        title: what it is called without one, in English; if empty, its preset's title, on other data than the preset's that of
            the data, from the second of them on with a number: "DCGAN on anime faces (R3) #2".
        actor: whose it is; None for `access.current`.

    Raises:
        ValueError: the actor may not train, the folder cannot be written, or the name is too long.
    """
    name = checked_text(name, "name", MAX_NAME, empty=True)
    check_writable(runs_dir)
    above = runs_dir / f"{files.TEMPORARY}{secrets.token_hex(8)}"
    aside = Run(above / "run")
    try:
        aside.samples_dir.mkdir(parents=True)
        aside.checkpoints_dir.mkdir()
        files.write_atomically(aside.path / "config.json", config.to_json().encode())
        called = title[:MAX_TITLE] or _next_title(runs_dir, config)
        about = {"name": name, "title": called, "note": "", "owner": require("train", actor).id}
        files.write_json(aside.path / "about.json", about)
        files.write_json(aside.path / "control.json", asdict(Control()))
        aside.write_status(Status(device=config.training.device))
        return move_in(aside.path, runs_dir, config.preset)
    except OSError as error:
        raise _refusal(runs_dir, error) from error
    finally:
        shutil.rmtree(above, ignore_errors=True)


def move_in(place: Path, runs_dir: Path, prefix: str) -> Run:
    """Moves a complete run directory into the folder of runs, under a new id: the prefix, the time, four random digits.

    Raises:
        OSError: the folder cannot be written.
    """
    for _attempt in range(1000):  # two in one second may draw the same digits
        run = Run(runs_dir / f"{prefix[:40]}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        try:
            place.rename(run.path)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        else:
            return run
    raise FileExistsError(errno.EEXIST, "no free name for a run", str(runs_dir))


def _next_title(runs_dir: Path, config: RunConfig) -> str:
    """The preset's or the data's title, with a number if a run has it; two processes at once may take the same."""
    preset, dataset = PRESETS.find(config.preset), config.dataset
    stem = preset.title
    if dataset.name != preset.config.dataset.name:
        name = uploads.name_of(dataset)[:40]
        stem = DATASETS.find(name).title if name == dataset.name else name
    taken = {title for run in list_runs(runs_dir) for title in (run.name, run.title) if title.startswith(stem)}
    number, title = 1, stem
    while title in taken:
        number += 1
        title = f"{stem} #{number}"
    return title


def check_writable(runs_dir: Path) -> None:
    """Makes the folder of runs if it is missing.

    Raises:
        ValueError: it cannot be made, or nothing can be written into it.
    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=runs_dir):
            pass
    except OSError as error:
        raise _refusal(runs_dir, error) from error


def _refusal(runs_dir: Path, error: OSError) -> ValueError:
    return ValueError(not_written(f"The runs folder {runs_dir}", error, "GANVAS_RUNS_DIR"))


def find(runs_dir: Path, run_id: str) -> Run:
    """The run with this id, or with this name if there is only one; failing that, one that comes with the program, or in
    the folder of this path.

    Raises:
        ValueError: none, or several of that name.
    """
    own = list_runs(runs_dir)
    named = [run for run in own if run.id == run_id] or [run for run in own if run.name == run_id]
    named = named or [run for run in shipped_runs() if run_id in (run.id, run.name)]
    if len(named) == 1:
        return named[0]
    if named:
        raise ValueError(
            f"{len(named)} runs are called '{run_id:.80}'. Use one's id: {', '.join(r.id for r in named)}."
        )
    with contextlib.suppress(OSError, RuntimeError):  # no path that could be one; an unknown user's home
        path = Path(run_id).expanduser()
        if (path / "config.json").is_file():
            return Run(path.resolve())
    raise ValueError(
        f"There is no run '{run_id:.80}' in {runs_dir}. List the runs there are with: python -m gan_core runs."
    )


def list_runs(runs_dir: Path) -> list[Run]:
    """The runs in a folder, newest first. A folder that is no run is passed over; a missing one holds none."""
    try:
        entries = [Path(e.path) for e in os.scandir(runs_dir) if ID_PATTERN.fullmatch(e.name) and e.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [(path, _created(path)) for path in entries]
    found.sort(key=lambda item: (item[1], item[0].name), reverse=True)
    return [Run(path) for path, created in found if created]


def shipped_runs() -> list[Run]:
    """The trained runs that come with the program, those that show their idea best first: to look at, never to change."""
    rank = {name: place for place, name in enumerate(BEST_FIRST)}
    return sorted(list_runs(settings.pretrained_dir()), key=lambda run: (rank.get(run.id, len(rank)), run.id))


def _created(path: Path) -> int:
    """When config.json was written (it never changes), in ns; 0 when there is none."""
    try:
        return (path / "config.json").stat().st_mtime_ns
    except OSError:
        return 0
