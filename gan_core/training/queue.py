"""The queue of runs, on disk: a marker file a run, in the order in which they were asked for.

Any process that shares the runs folder may add to it; whoever removes a marker has claimed the run. A restarted server
finds the queue as it was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

from gan_core.config.reasons import not_written
from gan_core.runs import Run, files, list_runs
from gan_core.runs.run import ID_PATTERN
from gan_core.runs.status import ALIVE_STATES


def _folder(runs_dir: Path) -> Path:
    return runs_dir / ".queue"


def enqueue(run: Run) -> None:
    """Puts a run at the end of the queue, once, and marks it queued.

    Raises:
        BlockingIOError: it is being trained.
    """
    folder = _folder(run.path.parent)
    folder.mkdir(exist_ok=True)
    with run.lock(timeout_s=1.0):
        if run.id not in queued_ids(run.path.parent):
            run.command("run")
            run.write_status(replace(run.status(), state="queued", phase="", error=""))
            (folder / f"{time.time_ns():020d}.{run.id}").touch()


def enqueue_new(run: Run) -> None:
    """The same for a run that has just been made; one that cannot be queued is removed.

    Raises:
        ValueError: the runs folder cannot be written.
    """
    try:
        enqueue(run)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError):
            withdraw(run)
        shutil.rmtree(run.path, ignore_errors=True)
        if isinstance(error, ValueError):
            raise
        raise ValueError(not_written(f"The runs folder {run.path.parent}", error, "GANVAS_RUNS_DIR")) from error


def queued_ids(runs_dir: Path) -> list[str]:
    """Ids of the waiting runs, the next one first."""
    return [name.partition(".")[2] for name in _markers(runs_dir)]


def was_left(run: Run) -> bool:
    """Whether its trainer left it for another to continue, and nobody has asked for anything since."""
    events = run.events()
    left = bool(events) and events[-1]["type"] == "requeued" and run.control().command == "run"
    return left and run.id not in queued_ids(run.path.parent)


def withdraw(run: Run) -> bool:
    """Takes a run out of the queue. Returns whether it was in it, which makes the caller its only owner."""
    marker = next((name for name in _markers(run.path.parent) if name.partition(".")[2] == run.id), None)
    if marker is None:
        return False
    try:
        (_folder(run.path.parent) / marker).unlink()
    except FileNotFoundError:
        return False
    return True


def claim_next(runs_dir: Path, device: str) -> Run | None:
    """Takes the next waiting run for a device out of the queue; None if none may begin.

    Owners take turns: whose last turn is longest ago is next, and each trains one run at a time. Runs that are nobody's
    in particular count as one owner's, who may use every device.
    """
    now, turns = time.time(), files.read_json(_served(runs_dir))
    served = {owner: min(last, now) for owner, last in turns.items() if files.is_number(last)}  # the clock was set back
    waiting = []
    for run_id in queued_ids(runs_dir):
        run = Run(runs_dir / run_id)
        status = run.status()
        if not run.path.is_dir() or status.state != "queued":  # deleted, or trained from the command line meanwhile
            withdraw(run)
        elif status.device == device:
            waiting.append(run)
    for run in sorted(waiting, key=lambda run: served.get(run.owner, 0.0)):
        if not (run.owner and _trains(runs_dir, run.owner)) and withdraw(run):
            if run.owner or served:
                with contextlib.suppress(OSError):  # a full disk: only the turn is forgotten
                    files.write_json(_served(runs_dir), served | {run.owner: now})
            return run
    return None


def position(run: Run) -> int:
    """Place of a waiting run among those for its device, from 1, if owners did not take turns; 0 if it does not wait."""
    device = run.status().device
    waiting = [i for i in queued_ids(run.path.parent) if Run(run.path.parent / i).status().device == device]
    return waiting.index(run.id) + 1 if run.id in waiting else 0


def _trains(runs_dir: Path, owner: str) -> bool:
    return any(run.owner == owner and run.status().state in ALIVE_STATES for run in list_runs(runs_dir))


def _served(runs_dir: Path) -> Path:
    """When each owner's last turn began: `claim_next` keeps it once there is more than one."""
    return _folder(runs_dir) / "served.json"


def _markers(runs_dir: Path) -> list[str]:
    try:
        names = os.listdir(_folder(runs_dir))
    except FileNotFoundError:
        return []
    return sorted(n for n in names if n[:20].isdigit() and ID_PATTERN.fullmatch(n.partition(".")[2]))
