"""How a supervising thread trains a run on this computer: in the thread itself, in a worker process, or in several."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

import psutil

from gan_core.config.devices import Machine
from gan_core.processes.child import Child
from gan_core.processes.process import death, last_line, launch
from gan_core.runs import Run

WORKER = ("-m", "gan_core.training.worker")
TOGETHER = ("-m", "torch.distributed.run", "--standalone")  # torchrun
POLL_S = 0.5
ENDS = ("finished", "paused", "stopped", "failed", "interrupted", "requeued")  # events
ADVICE = "Everything up to the last checkpoint is kept: resume to continue from there."
HANGS_AFTER_S = 10.0  # a trainer that does not notice a request to leave for so long is ended
WRITES_FOR_S = 60.0  # one that noticed may write its last checkpoint for so long


class Unanswered(RuntimeError):
    """A trainer did not leave when it was asked to, and was ended."""

    def __init__(self) -> None:
        super().__init__(f"The training process did not respond to the request to stop and was ended. {ADVICE}")


class TrainingLost(RuntimeError):
    """A run ended through no command and no error of its own, and has failed; the message says why."""


class StopTimeout:
    """How long a run's trainer may take to leave once it was asked to.

    Args:
        run: which.
        hangs_after_s: it may take so long to notice.
    """

    def __init__(self, run: Run, hangs_after_s: float = HANGS_AFTER_S) -> None:
        self._run, self._hangs_after_s, self._asked_at = run, hangs_after_s, 0.0

    def is_over(self) -> bool:
        """Whether it was asked so long ago; to be called again and again."""
        self._asked_at = self._asked_at or (time.monotonic() if self._run.control().command != "run" else 0.0)
        if not self._asked_at:
            return False
        limit = WRITES_FOR_S if self._run.status().state == "stopping" else self._hangs_after_s
        return time.monotonic() - self._asked_at > limit


def process_of(run: Run) -> int:
    """The process on this machine that trains a locked run; 0 if it is on another machine."""
    host, _, number = run.status().owner.rpartition(":")
    return int(number) if host == platform.node() and number.isdecimal() else 0


def wait_for(run: Run, poll_s: float) -> None:
    """Waits until a run that another server's worker trains is free; ends a worker of this machine that does not leave.

    Raises:
        Unanswered: it was ended.
    """
    timeout = StopTimeout(run)
    while run.is_trained():
        if timeout.is_over() and (process := process_of(run)) and process != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            raise Unanswered
        time.sleep(poll_s)


class Trainer(Protocol):
    """Trains runs: `at_once` of them at a time, each in a thread that calls `train`."""

    at_once: int

    def train(self, run: Run) -> None:
        """Trains it; returns when it has ended in any state.

        Raises:
            RuntimeError: the process that trained it died (ChildDied), did not leave when asked to (Unanswered), or could not
                even say so in the run's folder.
        """

    def warm_up(self) -> Machine:
        """Makes the next `train` start at once; returns what the machine can train on."""


class ThreadTrainer:
    """Trains in the calling thread; a run of several processes in those."""

    at_once = 1

    def __init__(self, runs_dir: Path, device: str) -> None:
        self._log = log_of(runs_dir, device)

    def train(self, run: Run) -> None:
        """See `Trainer`."""
        if run.control().processes > 1:
            train_together(run, self._log)
            return
        from gan_core.training import loop

        loop.train(run)

    def warm_up(self) -> Machine:
        """Loads torch."""
        from gan_core.config.devices import detect
        from gan_core.training import loop  # noqa: F401

        return detect()


class ProcessTrainer:
    """Trains in a worker process, kept warm between runs; a run of several processes in those."""

    at_once = 1

    def __init__(self, runs_dir: Path, device: str) -> None:
        self._log = log_of(runs_dir, device)
        self._worker: tuple[Child, Machine] | None = None

    def train(self, run: Run) -> None:
        """See `Trainer`."""
        if run.control().processes > 1:
            train_together(run, self._log.with_suffix(".together.log"))
            return
        child, _machine = self._started()
        timeout = StopTimeout(run)
        child.send({"run": str(run.path)})
        while (done := child.receive(timeout_s=0.5)) is None:
            if timeout.is_over():
                child.stop(timeout_s=0.0)
                raise Unanswered
        if done.get("error"):
            raise RuntimeError(done["error"])

    def warm_up(self) -> Machine:
        """Starts a worker unless one is waiting; torch is loaded when its hello arrives."""
        return self._started()[1]

    def _started(self) -> tuple[Child, Machine]:
        if self._worker is None or not self._worker[0].alive:
            child = Child(WORKER, "The training process", advice=ADVICE, log=self._log)
            self._worker = child, Machine.from_dict((child.receive() or {})["hello"])
        return self._worker


def log_of(runs_dir: Path, device: str) -> Path:
    """Where the worker of a device writes its errors."""
    return runs_dir / f".worker-{device.replace(':', '')}.log"


def launch_together(run: Run, log: Path | None = None) -> subprocess.Popen[str]:
    """Starts the processes that train a run together, as many as its control.json asks for; they outlive this one.

    Args:
        run: which.
        log: file for what they print; None for where this process prints.
    """
    arguments = (
        *TOGETHER,
        f"--nproc-per-node={run.control().processes}",
        "-m",
        "gan_core.training.several",
        str(run.path),
    )
    with log.open("wb") if log else contextlib.nullcontext() as out:
        return launch(arguments, stdin=subprocess.DEVNULL, stdout=out or 1, stderr=out or 2)


def train_together(run: Run, log: Path) -> None:
    """Trains a run in several processes of this computer. Raises as `Trainer.train`."""
    timeout, since, process = StopTimeout(run), len(run.events()), launch_together(run, log)
    while process.poll() is None:
        if timeout.is_over():
            end_all(process)
            raise Unanswered
        time.sleep(POLL_S)
    if not how_left(run, since):
        raise TrainingLost(death("One of the training processes", process.returncode, last_line(log), ADVICE))


def how_left(run: Run, since: int) -> str:
    """The event with which a run ended after so many events, or was left to another trainer; "" if it did not."""
    ends = [str(event["type"]) for event in run.events()[since:] if event["type"] in ENDS]
    return ends[-1] if ends else ""


def end_all(process: subprocess.Popen[str]) -> None:
    """Ends a process and all that it started."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    process.kill()
    process.wait()
