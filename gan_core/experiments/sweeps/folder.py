"""Sweeps in the runs folder: `.sweeps/ID/` with the plan, the user's command, and the process that works on it.

sweep.json    the plan, and where its study is stored
order.json    {"command": "run" or "stop"} of the user; the error of its process
journal.log   the study, unless it is stored elsewhere
task-MACHINE/ the task of that machine's process (`gan_core.jobs.task`), with its output
"""

from __future__ import annotations

import platform
import re
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from gan_core import runs
from gan_core.access import Actor, bin, for_owner, require
from gan_core.config import one_line, read_strictly
from gan_core.config.reasons import not_written
from gan_core.config.settings import Settings
from gan_core.experiments.sweeps.plan import Sweep
from gan_core.experiments.sweeps.storage import to_keep
from gan_core.experiments.sweeps.study import SweepStudy, open_study
from gan_core.jobs import task as tasks
from gan_core.jobs.task import Task
from gan_core.runs import files
from gan_core.runs.kept import LATEST, new_id

FOLDER = ".sweeps"
PLAN, ORDER, JOURNAL = "sweep.json", "order.json", "journal.log"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class SweepFolder:
    """A sweep's folder in the runs folder.

    Attributes:
        path: its folder; the name is the sweep's id.
        sweep: its plan.
        storage: of its study, kept without its password; "" for the journal beside the plan.
        created: Unix time.
        owner: id of the student whose it is; "" for nobody's in particular.
    """

    path: Path
    sweep: Sweep
    storage: str
    created: float
    owner: str = ""

    @property
    def id(self) -> str:
        """Its name in files, addresses and the storage."""
        return self.path.name

    @property
    def name(self) -> str:
        """The user's name for it."""
        return self.sweep.name

    @property
    def runs_dir(self) -> Path:
        """The folder of its runs."""
        return self.path.parent.parent

    @property
    def address(self) -> str:
        """The storage of its study."""
        return self.storage or str(self.path / JOURNAL)

    def study(self) -> SweepStudy:
        """Its study.

        Raises:
            ValueError: if the storage cannot be used.
        """
        return open_study(self.id, self.address, self.sweep)

    @property
    def should_run(self) -> bool:
        """Whether its last command is to run."""
        return files.read_json(self.path / ORDER).get("command") == "run"

    @property
    def error(self) -> str:
        """The error that ended its process, also one that was killed; "" where there is none."""
        error = str(files.read_json(self.path / ORDER).get("error") or "")
        return error or (tasks.progress(self.task).error if self.should_run else "")

    def order(self, command: str, error: str = "", *, actor: Actor | None = None) -> None:
        """Commands its process to run or to stop. Raises ValueError if the actor may not, or the disk cannot be written."""
        require("own", actor, self.owner)
        try:
            files.write_json(self.path / ORDER, {"command": command, "error": error, "time": time.time()})
        except OSError as failure:
            raise ValueError(not_written(f"The folder of the sweep '{self.name}'", failure)) from failure

    @contextmanager
    def work(self) -> Iterator[bool]:
        """Holds the lock of its process on this machine; gives False where another process has it."""
        lock = FileLock(self.path / f".worker-{platform.node()}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    @property
    def task(self) -> Task:
        """The task of this machine's process."""
        task = Task.of("gan_core.experiments.sweeps.worker:sweep", runs_dir=str(self.runs_dir), id=self.id)
        return replace(task, place=str(self.path / f"task-{platform.node()}"), in_turn=False)

    def is_active(self) -> bool:
        """Whether a process of this machine works on it, or is starting."""
        return self.has_worker() or tasks.progress(self.task).state == "running"

    def has_worker(self) -> bool:
        """Whether a process of this machine works on it."""
        with self.work() as free:
            return not free


def open_folder(runs_dir: Path, sweep: Sweep, storage: str = "", sweep_id: str = "") -> SweepFolder:
    """The folder of a sweep, new or existing, with its study created and its trials enqueued.

    Args:
        runs_dir: the folder of runs.
        sweep: the plan.
        storage: file or address; "" for a journal in the runs folder.
        sweep_id: "" for a new sweep with an id of its own.

    Raises:
        ValueError: if the folder or the storage cannot be used, or there is another sweep of that id.
    """
    runs.check_writable(runs_dir)
    sweep_id = sweep_id or new_id(id_of(sweep.name)[:40])
    known = find_or_none(runs_dir, sweep_id)
    storage = storage or (known.storage if known else "")
    actor = require("own", owner=known.owner) if known else require("train")
    created, owner = (known.created, known.owner) if known else (time.time(), actor.id)
    folder = SweepFolder(runs_dir / FOLDER / sweep_id, sweep, storage, created, owner)
    plan = {"sweep": sweep.to_dict(), "storage": to_keep(storage), "created": created, "owner": owner}
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.study().enqueue_missing()
        files.write_json(folder.path / PLAN, plan)
    except (OSError, ValueError) as failure:
        if not known:
            shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(failure, ValueError):
            raise
        raise ValueError(not_written(f"The runs folder {runs_dir}", failure, "GANVAS_RUNS_DIR")) from failure
    return folder


def id_of(name: str) -> str:
    """The id that a sweep of this name has on every machine."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64].strip("-")
    return plain or f"sweep-{name.encode().hex()[:40]}"


def list_folders(runs_dir: Path) -> list[SweepFolder]:
    """Every sweep, newest first; a damaged one is left out, and named by `damaged_folders`."""
    found = [folder for name in _names(runs_dir) if not isinstance(folder := _open(runs_dir / FOLDER / name), str)]
    return sorted(found, key=lambda folder: (folder.created, folder.id), reverse=True)


def damaged_folders(runs_dir: Path) -> list[str]:
    """A sentence for each sweep that cannot be read."""
    found = {name: _open(runs_dir / FOLDER / name) for name in _names(runs_dir)}
    return [f"The sweep '{name}' cannot be read: {why}" for name, why in found.items() if isinstance(why, str)]


def _names(runs_dir: Path) -> list[str]:
    try:
        names = [entry.name for entry in (runs_dir / FOLDER).iterdir()]
    except OSError:
        return []
    return sorted(name for name in names if _ID.fullmatch(name))


def find_or_none(runs_dir: Path, sweep_id: str) -> SweepFolder | None:
    """The sweep with this id, or None; ids come from links, so anything may be in them."""
    if not _ID.fullmatch(sweep_id):
        return None
    found = _open(runs_dir / FOLDER / sweep_id)
    return None if isinstance(found, str) else found


def _open(path: Path) -> SweepFolder | str:
    """The sweep in a folder; a sentence when it holds none."""
    try:
        data = read_strictly(path / PLAN)
        sweep, created = Sweep.from_dict(data["sweep"]), float(data["created"])
        if not isinstance(sweep.name, str) or not 0 <= created < LATEST:
            raise ValueError("its name or time is invalid")
        return SweepFolder(path, sweep, str(data["storage"]), created, one_line(data.get("owner"), 80))
    except KeyError as error:
        return f"its {PLAN} has no {error}."
    except (TypeError, ValueError, AttributeError, OSError) as error:
        return f"{str(error).rstrip('.')}."


def begin(settings: Settings, sweep: Sweep) -> SweepFolder:
    """Saves a new sweep and starts its process, whose runs this server's queue trains.

    Raises:
        ValueError: if the runs folder cannot be written.
    """
    folder = open_folder(settings.runs_dir, sweep)
    resume(folder)
    return folder


def resume(folder: SweepFolder, *, actor: Actor | None = None) -> None:
    """Starts the process of a sweep unless one works on it. It outlives this server. Raises ValueError if the actor may not."""
    folder.order("run", actor=actor)
    if not folder.has_worker():
        tasks.start(folder.task, anew=True, actor=actor)


def resume_all(runs_dir: Path) -> None:
    """Starts the processes of sweeps that should run and have none, for example after this machine was restarted. What
    ails one is printed, and keeps back no other."""
    for folder in list_folders(runs_dir):
        try:
            if folder.should_run and not folder.has_worker():
                with suppress(ValueError):  # too many tasks run already; the others go on
                    resume(folder, actor=for_owner(folder.owner))
        except Exception as failure:
            traceback.print_exception(failure)


def delete(folder: SweepFolder, *, actor: Actor | None = None) -> None:
    """Moves a sweep's folder to the bin (see `access.bin`). Its runs, and a study that is stored elsewhere, stay.

    Raises:
        ValueError: if the actor may not, or a process works on it.
    """
    require("own", actor, folder.owner)
    with folder.work() as free:
        if not free:
            raise ValueError("This sweep is running. Stop it first.")
        bin.discard(folder.path, name=folder.name, owner=folder.owner)
