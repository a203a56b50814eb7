"""Accidents of servers and their worker processes: the suites of `tools.crash_drill` that need either."""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gan_core import runs
from gan_core.config.settings import PROJECT_DIR
from gan_core.training import queue, supervisor, trainers
from tools.crash_runs import PATIENCE_S, PROCESSES, Counts, cycle, loads, made, wait

SERVER = """
import sys
from gan_core.config import settings
from gan_core.training import supervisor, trainers
if len(sys.argv) > 1:
    trainers.WORKER = ("-c", *sys.argv[1:])
supervisor.ensure_supervisors(settings.from_environment())
sys.stdin.read()
"""
HANGING_WORKER = """
import sys, time
from pathlib import Path
from gan_core.training import loop, worker
asked, make = Path(sys.argv[1]), loop.train_step
def step(*arguments):
    if asked.exists():
        asked.unlink()
        time.sleep(10**6)
    return make(*arguments)
loop.train_step = step
worker.main()
"""
ENDLESS = {"training__max_steps": 10**6, "training__epochs": 10**6, "recording__checkpoint_every_steps": 500}
STOPS_WITHIN_S = 2.0  # 19 of 20


@contextlib.contextmanager
def _served(place: Path, *worker: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server without pages, killed in the end; `worker` is code for its workers, and their arguments."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *worker],
        cwd=PROJECT_DIR,
        env=os.environ | {"GANVAS_RUNS_DIR": str(place)},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield server
    finally:
        server.kill()
        server.communicate()


def server_kills(place: Path, count: int, found: Counts) -> None:
    """The server is killed while its worker trains; the next one lists the run at once and takes the worker up."""
    run, slowest = made(place, **ENDLESS), 0.0
    queue.enqueue(run)
    for number in range(count + 1):
        before = run.status()
        began = time.monotonic()
        listed = [one.status().state for one in runs.list_runs(place)]
        slowest = max(slowest, seconds := time.monotonic() - began)
        with _served(place):
            trains = wait(lambda step=before.step: run.status().step > step + 5)
            if number:
                same = run.status().owner == before.owner
                found.add(listed == ["running"] and seconds < 5 and same and trains, f"listed {listed}, not taken up")
            if number == count:
                supervisor.leave(run, "stop")
                found.survived -= not wait(lambda: run.status().state == "stopped")
    found.measured = f"slowest list {slowest:.2f} s"


def stops(place: Path, count: int, found: Counts) -> None:
    """A run is asked to stop at any moment: it has written its checkpoint within STOPS_WITHIN_S, 19 times of 20."""
    seconds, small = [], cycle(place, **ENDLESS)
    with _served(place):
        for number in range(count):
            big = number % 4 == 3
            run = made(place, **ENDLESS, dataset__image_size=32, network__width=32) if big else next(small)
            queue.enqueue(run)
            wait(lambda: run.status().state == "running")  # noqa: B023
            time.sleep(random.uniform(0, 2))
            began = time.monotonic()
            supervisor.leave(run, "stop")
            ended = wait(lambda: run.status().state == "stopped", every_s=0.01)  # noqa: B023
            seconds.append(time.monotonic() - began)
            found.add(ended and loads(run, run.status().step), f"{run.status().state}: {run.status().error[:200]}")
    p95 = sorted(seconds)[math.ceil(0.95 * count) - 1]
    found.measured = f"p95 {p95:.2f} s, slowest {max(seconds):.2f} s"
    if p95 > STOPS_WITHIN_S:
        found.survived -= 1
        found.notes.append("too slow")


def hangs(place: Path, count: int, found: Counts) -> None:
    """A worker that stands still, or whose step never ends, is asked to stop: killed after 10 s, and the queue goes on.

    Each second pair of workers was started by a server that is gone.
    """
    seconds, ask = [], place.parent / "hang"
    for number in range(count):
        with _served(place, HANGING_WORKER, str(ask)) as server:
            run = made(place, **ENDLESS)
            queue.enqueue(run)
            wait(lambda: run.status().step > 2)  # noqa: B023
            worker = trainers.process_of(run)
            if number % 2:
                ask.touch()
                wait(lambda: not ask.exists())
            else:
                os.kill(worker, signal.SIGSTOP)
            with contextlib.ExitStack() as stack:
                if number // 2 % 2:
                    server.kill()
                    for file in place.glob(".machine-*"):
                        file.unlink()
                    stack.enter_context(_served(place))
                    wait(lambda: any(place.glob(".machine-*")))  # it is at work
                began = time.monotonic()
                supervisor.leave(run, "stop")
                ended = wait(lambda: run.status().state == "interrupted")  # noqa: B023
                seconds.append(time.monotonic() - began)
                after = made(place)
                queue.enqueue(after)
                good = ended and not _runs(worker) and "did not respond" in run.status().error
                good &= loads(run, run.checkpoint_steps()[-1]) and wait(lambda: after.status().state == "finished")  # noqa: B023
                found.add(good, f"{run.status().state}: {run.status().error[:200]}")
    found.measured = f"killed after {min(seconds):.1f} to {max(seconds):.1f} s"


def _runs(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


def two_servers(place: Path, count: int, found: Counts) -> None:
    """Two servers reach for the same queued run at once: one gets it."""
    with PROCESSES.Pool(2) as pool:
        for _ in range(count):
            run = made(place)
            queue.enqueue(run)
            taken = pool.starmap(_claim, [(str(place), time.time() + 0.05)] * 2)
            found.add(sorted(taken) == ["", run.id], f"{taken}")


def _claim(place: str, at: float) -> str:
    while time.time() < at:
        pass
    claimed = queue.claim_next(Path(place), "cpu")
    return claimed.id if claimed else ""


def terminated(place: Path, count: int, found: Counts) -> None:
    """SIGTERM reaches a run on the command line: it writes a checkpoint and can be resumed."""
    for _ in range(count):
        run = made(place, training__max_steps=10**6, training__epochs=10**6)
        command = [sys.executable, "-m", "gan_core", "resume", run.id, "--runs-dir", str(place)]
        process = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.DEVNULL)
        alive = wait(lambda: run.status().step > 2)  # noqa: B023
        process.terminate()
        code = process.wait(PATIENCE_S)
        step = run.status().step
        found.add(
            alive and code == 0 and run.status().state == "paused" and loads(run, step),
            f"exit {code}, {run.status().state}",
        )
