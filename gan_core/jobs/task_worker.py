"""The process that works on one task of `gan_core.jobs.task`, and ends.

    python -m gan_core.jobs.task_worker FOLDER     FOLDER holds the task

Of the tasks of a function that wait for their turn, one is worked on at a time, whatever server or page began it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from gan_core.config.reasons import reason
from gan_core.config.registry import load
from gan_core.jobs.task import (
    CANCEL,
    HEARTBEAT_S,
    RESULT,
    TASK,
    TURN,
    Arrays,
    Cancelled,
    Progress,
    Report,
    Task,
    folder,
    read_progress,
    result,
    write_progress,
)
from gan_core.runs import files

WRITE_EVERY_S = 0.2  # pages read less often


class Reporter:
    """Writes how far a task is, when it reports and as a sign of life between reports: a `task.Report`.

    Args:
        place: the task's folder.
        leave: ends the process; called when the task is to stop and has not reported for a heartbeat. None: never.
    """

    def __init__(self, place: Path, leave: Callable[[], object] | None = None) -> None:
        self._place, self._leave = place, leave
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._now = replace(read_progress(place), state="running", stage="starting")
        self._written_at = 0.0
        self._thread = threading.Thread(target=self._beat, name="ganvas-heartbeat", daemon=True)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def __call__(self, stage: str, done: int = 0, total: int = 0, value: float | None = None) -> None:
        """Reports progress. Of counts that follow each other fast, some are not written.

        Raises:
            Cancelled: it is to stop.
        """
        if (self._place / CANCEL).exists():
            raise Cancelled
        counting = stage == self._now.stage and done != total and value is None
        self._record(Progress("running", stage, done, total, value), at_once=not counting)

    def end(self, state: str, error: str = "") -> None:
        """Records its end."""
        self._ended.set()
        self._record(replace(self._now, state=state, error=error), at_once=True)

    def _record(self, now: Progress, *, at_once: bool) -> None:
        with self._guard:
            self._now = now
            if at_once or time.monotonic() - self._written_at >= WRITE_EVERY_S:
                write_progress(self._place, now)
                self._written_at = time.monotonic()

    def _beat(self) -> None:
        stopping = False  # at the last beat
        while not self._ended.wait(HEARTBEAT_S):
            if stopping and self._leave is not None:
                self.end("cancelled")
                self._leave()
            stopping = (self._place / CANCEL).exists()
            with self._guard, contextlib.suppress(OSError):  # a full disk: the work reports it
                if self._now.state == "running":
                    write_progress(self._place, self._now)


def work(place: Path, leave: Callable[[], object] | None = None) -> None:
    """Does the task in a folder; how it ends, well or not, is in its progress.

    Args:
        place: the folder.
        leave: see `Reporter`.
    """
    with Reporter(place, leave) as report:
        try:
            task = Task(**files.read_json(place / TASK))
            with _turn(place, report) if task.in_turn else contextlib.nullcontext():
                cached(task, report)
            report.end("done")
        except Cancelled:
            report.end("cancelled")
        except Exception as failure:
            traceback.print_exc()
            report.end("failed", sentence(failure))


def sentence(failure: Exception) -> str:
    """What ended a piece of work, for people: a refusal in its own words; any other error with its name."""
    if found := reason(failure):
        return found
    if isinstance(failure, ValueError | OSError):
        return str(failure)
    return f"An error inside the program ended it ({type(failure).__name__}: {failure})."


def cached(task: Task, report: Report) -> Arrays:
    """The result of a task: from the cache, or made now and kept there. A task may use another's result so."""
    try:
        return result(task)
    except ValueError:
        arrays: Arrays = load(task.function)(task.values, report)
    place = folder(task)
    place.mkdir(parents=True, exist_ok=True)
    _save(place, arrays)
    return arrays


@contextlib.contextmanager
def _turn(place: Path, report: Reporter) -> Iterator[None]:
    """One task of a function at a time on this machine; freed however the process ends. Waiting tasks report the progress of the running one."""
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
    work(Path(sys.argv[1]), leave=lambda: os._exit(1))
