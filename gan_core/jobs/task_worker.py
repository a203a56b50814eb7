"""The process that works on one task of `gan_core.jobs.task`, and ends.

    python -m gan_core.jobs.task_worker FOLDER     FOLDER holds the task

One task of a kind is worked on at a time, whatever server or page began it; the others wait. It gives way to what trains.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
from filelock import FileLock, Timeout

from gan_core.config.registry import load
from gan_core.jobs.task import (
    CANCEL,
    HEARTBEAT_S,
    KINDS,
    RESULT,
    TASK,
    TURN,
    Arrays,
    Progress,
    Report,
    Task,
    folder,
    read_progress,
    result,
    write_progress,
)
from gan_core.runs import files

NICENESS = 5  # somebody waits for it: a quarter of a core that trains, all of an idle one


class Cancelled(Exception):
    """Somebody asked the task to stop."""


class Reporter:
    """Writes how far a task is, at every report and as a sign of life between them: a `background.Report`.

    Args:
        place: the task's folder.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._now = replace(read_progress(place), state="running", stage="starting")
        self._thread = threading.Thread(target=self._beat, name="ganvas-heartbeat", daemon=True)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def __call__(self, stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
        """Tells how far it is.

        Raises:
            Cancelled: it is to stop.
        """
        if (self._place / CANCEL).exists():
            raise Cancelled
        self._write(Progress("running", stage, done, total, value))

    def end(self, state: str, error: str = "") -> None:
        """Tells how it ended."""
        self._ended.set()
        self._write(replace(self._now, state=state, error=error))

    def _write(self, now: Progress) -> None:
        with self._guard:
            self._now = now
            write_progress(self._place, now)

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            with self._guard, contextlib.suppress(OSError):  # a full disk: the work will meet it too, and say so
                if self._now.state == "running":
                    write_progress(self._place, self._now)


def work(place: Path) -> None:
    """Does the task in a folder; how it ends, well or not, is in its progress."""
    with Reporter(place) as report:
        try:
            task = Task(**files.read_json(place / TASK))
            with _turn(place, report):
                needed(task, report)
            report.end("done")
        except Cancelled:
            report.end("cancelled")
        except (ValueError, OSError) as failure:
            traceback.print_exc()
            report.end("failed", str(failure))
        except Exception as failure:
            traceback.print_exc()
            report.end("failed", f"An error inside the program ended it ({type(failure).__name__}: {failure}).")


def needed(task: Task, report: Report) -> Arrays:
    """The result of a task, which another may need: from the cache, or made now and kept there."""
    try:
        return result(task)
    except ValueError:
        arrays: Arrays = load(KINDS.find(task.kind))(task.values, report)
    place = folder(task)
    place.mkdir(parents=True, exist_ok=True)
    _save(place, arrays)
    return arrays


@contextlib.contextmanager
def _turn(place: Path, report: Reporter) -> Iterator[None]:
    """One task of a kind at a time on this machine; freed however the process ends. Who waits sees how far the other is."""
    kind, lock = place.parent, FileLock(place.parent / ".turn.lock")
    while True:
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0.5)
            break
        other = read_progress(kind / str(files.read_json(kind / TURN).get("folder", "")))
        report("waiting", other.done, other.total)
    try:
        files.write_json(kind / TURN, {"folder": place.name})
        report("starting")
        yield
    finally:
        lock.release()


def _save(place: Path, arrays: Arrays) -> None:
    aside = place / f"{files.TEMPORARY}{secrets.token_hex(4)}.npz"
    try:
        np.savez(aside, allow_pickle=False, **arrays)
        aside.replace(place / RESULT)
    finally:
        aside.unlink(missing_ok=True)


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    work(Path(sys.argv[1]))
