"""One task in a folder: work in a process of its own, with progress, a way to cancel, and a result that is kept.

    cache folder/background/FUNCTION/<key>/   task.json      what to do
                                              progress.json  its progress; written at least every two seconds
                                              cancel         a request to stop
                                              result.npz     the arrays of its result, complete or absent
                                              log.txt        tracebacks of the last attempt

All state is on disk: a task outlives the page and the server that began it, every viewer of an equal task sees the same
progress, and later ones get its result at once. Loads no torch; `gan_core.jobs.task_worker` does the work.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import subprocess
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from gan_core.access import Actor, Refused, Role, classroom, environment, require
from gan_core.config import settings, strict_object
from gan_core.config.reasons import not_written
from gan_core.processes.process import NICENESS, death, last_line, launch, without_token
from gan_core.runs import Run, files

LAYOUT = 2  # part of every key: a new layout, or a new choice of images, never meets old files
HEARTBEAT_S = 2.0
STALE_AFTER_S = 20.0
MAX_ARGUMENTS = 64_000_000  # bytes
START_S = 120.0  # a child imports torch first, on a machine that may be busy training
TASK, PROGRESS, CANCEL, RESULT, LOG = "task.json", "progress.json", "cancel", "result.npz", "log.txt"
TURN = "turn.json"  # in a function's folder: the task that runs
RUNNING = "running.json"  # in the folder of all: folder of a task that runs -> id of whom it works for
MAX_RUNNING = 24  # at once; each holds a process
NAME, ADVICE = "The process that worked on it", "Start it again."

Arrays = dict[str, npt.NDArray[Any]]
_UNREADABLE = (  # what numpy and zipfile raise upon damage
    OSError, ValueError, TypeError, LookupError, EOFError, NotImplementedError, RuntimeError, MemoryError, OverflowError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
_FUNCTION = re.compile(r"gan_core(\.[a-z][a-z0-9_]*)+:[a-z][a-z0-9_]*", re.ASCII)


class Cancelled(Exception):
    """The task was asked to stop."""


class Report(Protocol):
    """Reports the progress of a `Work`; raises `Cancelled` when it is to stop."""

    def __call__(self, stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
        """Reports the stage, how many of how many, and a value such as a loss."""


@dataclass(frozen=True)
class Task:
    """What is to be done; equal tasks share one result.

    Attributes:
        function: the `Work` that does it, as "gan_core.module:function"; imported in the task's process only.
        arguments: what it needs, as JSON with sorted keys. The names `run` and `runs` hold directories of runs: the
            result belongs to these runs' ids and configurations, wherever their directories are.
        place: the folder for its files; "" for one in the cache, named by everything that decides the result.
        in_turn: whether it waits until other tasks of its function have ended; for work that needs the processor.

    Raises:
        ValueError: `function` is no name of a function below `gan_core`.
    """

    function: str
    arguments: str
    place: str = ""
    in_turn: bool = True

    def __post_init__(self) -> None:
        if not _FUNCTION.fullmatch(self.function):
            raise ValueError(
                f"A task names a function of the program, as gan_core.module:function; got {self.function!r}."
            )

    @classmethod
    def of(cls, function: str, **arguments: Any) -> Task:
        """A task with these arguments, which must be JSON values.

        Raises:
            ValueError: as `Task`.
        """
        return cls(function, json.dumps(arguments, sort_keys=True))

    @property
    def values(self) -> dict[str, Any]:
        """The arguments."""
        return strict_object(self.arguments, MAX_ARGUMENTS)


Work = Callable[[dict[str, Any], Report], Arrays]
"""(arguments, report) -> result: named arrays, none of them of Python objects."""


@dataclass(frozen=True)
class Progress:
    """How far a task is.

    Attributes:
        state: new, running, done, cancelled or failed.
        stage: of a running one: starting, waiting (for its turn), or what its function says.
        done, total: of this stage; 0 where they are not counted. Of "waiting": those of the running task.
        value: a measure such as a loss; None where there is none.
        error: the sentence that ended a failed one.
        updated_at: Unix time of the last report.
    """

    state: str = "new"
    stage: str = ""
    done: int = 0
    total: int = 0
    value: float | None = None
    error: str = ""
    updated_at: float = 0.0


@dataclass(frozen=True)
class AtWork:
    """A task that runs.

    Attributes:
        id: by which `at_work` and the command `cancel` find it.
        task, progress: what it is, and how far.
        owner: id of whom it works for.
    """

    id: str
    task: Task
    progress: Progress
    owner: str


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_SOUND: dict[str, Callable[[Any], bool]] = {
    "state": lambda value: isinstance(value, str) and value in ("new", "running", "done", "cancelled", "failed"),
    "stage": _is_text, "error": _is_text, "done": _is_count, "total": _is_count, "updated_at": files.is_number,
    "value": lambda value: value is None or files.is_number(value),
}  # fmt: skip
"""Field of a stored `Progress` -> whether a value may stand there."""


def folder(task: Task) -> Path:
    """Where a task's files are.

    Raises:
        ValueError: the configuration of one of its runs cannot be read.
    """
    if task.place:
        return Path(task.place)
    values = task.values
    runs = [Run(Path(path)) for path in (values.pop("run", None), *values.pop("runs", ())) if path is not None]
    decides = {"layout": LAYOUT, "arguments": values, "runs": [[run.id, run.config().to_json()] for run in runs]}
    key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:24]
    return _background() / task.function.removeprefix("gan_core.").replace(":", ".") / key


def progress(task: Task) -> Progress:
    """How far a task is. One that claims to run without a recent report has failed."""
    place = folder(task)
    if (place / RESULT).exists():
        return Progress("done")
    now = read_progress(place)
    return Progress() if now.state == "done" else _stale(now)  # done, but its result was taken away


def read_progress(place: Path) -> Progress:
    """The stored progress of a task's folder; none if it is damaged, or of another version of this program."""
    data = files.read_json(place / PROGRESS)
    sound = all(name in _SOUND and _SOUND[name](value) for name, value in data.items())
    return replace(Progress(), **data) if sound else Progress()


def write_progress(place: Path, now: Progress) -> None:
    """Replaces the stored progress, with the current time."""
    files.write_json(place / PROGRESS, asdict(replace(now, updated_at=time.time())))


def result(task: Task) -> Arrays:
    """The arrays of a task that is done; its function says which.

    Raises:
        ValueError: it is not done.
    """
    try:
        with np.load(folder(task) / RESULT) as stored:  # no pickle is read
            return {name: stored[name] for name in stored.files}
    except _UNREADABLE as error:
        raise ValueError("This result is not in the cache, or cannot be read: start it again.") from error


def start(task: Task, *, anew: bool = False, actor: Actor | None = None) -> None:
    """Begins a task in a process of its own, unless it runs or is done. Returns at once.

    Args:
        task: which.
        anew: begin it also when it is done; its result is dropped.
        actor: on whose behalf; its process may do what they may. None for `access.current`.

    Raises:
        ValueError: the actor may not, too many run already, or its folder cannot be written.
    """
    actor = require("train", actor)
    place = folder(task)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / ".start.lock"):  # two viewers at once begin it once
            state = progress(task).state
            if state == "running" or (state == "done" and not anew):
                return
            with _admitted(place, actor):
                files.sweep(place)
                for name in (CANCEL, RESULT):
                    (place / name).unlink(missing_ok=True)
                files.write_json(place / TASK, asdict(task))
                write_progress(place, Progress("running", "starting"))
            _launch(place, actor)
    except OSError as error:
        variable = "" if task.place else "GANVAS_CACHE_DIR"
        raise ValueError(not_written(f"The folder {place.parent}", error, variable)) from error


def cancel(task: Task, *, actor: Actor | None = None) -> None:
    """Asks a task to stop, for every viewer. It stops at its next report, or is ended within seconds.

    Raises:
        ValueError: the actor is neither a teacher nor whoever began it, or its folder cannot be written.
    """
    require("train", actor)
    place = folder(task)
    if progress(task).state == "running":
        require("own", actor, str(files.read_json(_background() / RUNNING).get(str(place), "")))
        try:
            (place / CANCEL).touch()
        except OSError as error:
            raise ValueError(not_written(f"The folder {place}", error)) from error


def task_id(task: Task) -> str:
    """A task's id among all with the same cache folder: 8 hexadecimal digits of its folder's SHA-256.

    Raises:
        ValueError: as `folder`.
    """
    return hashlib.sha256(str(folder(task)).encode()).hexdigest()[:8]


def at_work() -> list[AtWork]:
    """The tasks that run, whoever began them. Leaves out one whose files cannot be read."""
    found = []
    for place, owner in files.read_json(_background() / RUNNING).items():
        now = _stale(read_progress(Path(place)))
        if now.state == "running":
            with suppress(ValueError, TypeError, AttributeError):  # a damaged task.json, or one of another version
                task = Task(**files.read_json(Path(place) / TASK) | {"place": place})  # its run may be gone by now
                found.append(AtWork(task_id(task), task, now, str(owner)))
    return found


def forget(task: Task) -> None:
    """Drops a result that turned out to be unreadable, so that the task can be started again."""
    with suppress(OSError):  # a disk that is read-only: it is refused again
        (folder(task) / RESULT).unlink(missing_ok=True)


def _background() -> Path:
    return settings.cache_dir() / "background"


@contextmanager
def _admitted(place: Path, actor: Actor) -> Iterator[None]:
    """Enters a task in the list of those that run, while it is begun.

    Raises:
        Refused: too many run, in all or of this student's.
    """
    listed = _background() / RUNNING
    listed.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(listed.with_suffix(".lock")):
        owners = {
            name: owner
            for name, owner in files.read_json(listed).items()
            if name != str(place) and _stale(read_progress(Path(name))).state == "running"
        }
        room = classroom.read()
        if room is not None and actor.role == Role.STUDENT:
            most, mine = room.limits.tasks, list(owners.values()).count(actor.id)
            if mine >= most:
                raise Refused(
                    f"You have {mine} tasks running; a student may have {most}. Wait until one ends, or cancel one."
                )
        if len(owners) >= MAX_RUNNING:
            raise Refused(
                f"This server works on {len(owners)} tasks, at most {MAX_RUNNING} at once. Try again when one has ended."
            )
        files.write_json(listed, owners | {str(place): actor.id})
        yield


def _stale(now: Progress) -> Progress:
    limit = START_S if now.stage == "starting" else STALE_AFTER_S
    age = time.time() - now.updated_at  # one that lies ahead was written before the clock was set back
    if now.state == "running" and not -HEARTBEAT_S <= age <= limit:
        return replace(now, state="failed", error=f"{NAME} ended without a message. {ADVICE}")
    return now


def _launch(place: Path, actor: Actor) -> None:
    with (place / LOG).open("wb") as log:
        process = launch(
            ("-m", "gan_core.jobs.task_worker", str(place)),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, niceness=NICENESS,
            environment=without_token(os.environ) | environment(actor),
        )  # fmt: skip
    threading.Thread(target=_watch, args=(process, place), name=f"ganvas-task:{place.name}", daemon=True).start()


def _watch(process: subprocess.Popen[str], place: Path) -> None:
    """Waits for a process; records its failure if it died without doing so itself."""
    code = process.wait()
    now = read_progress(place)
    if code and now.state == "running":
        error = death(NAME, code, last_line(place / LOG), ADVICE)
        write_progress(place, replace(now, state="failed", error=error))
