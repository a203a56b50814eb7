"""How a supervising thread trains a run: in the thread itself, or in a worker process."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import time
from pathlib import Path
from typing import Protocol

from gan_core.config.devices import Machine
from gan_core.processes.child import Child
from gan_core.runs import Run

WORKER = ("-m", "gan_core.training.worker")
ADVICE = "Everything up to the last checkpoint is kept: resume to continue from there."
HANGS_AFTER_S = 10.0  # a trainer that does not notice a request to leave for so long is ended
WRITES_FOR_S = 60.0  # one that noticed may write its last checkpoint for so long


class Unanswered(RuntimeError):
    """A trainer did not leave when it was asked to, and was ended."""

    def __init__(self) -> None:
        super().__init__(f"The training process did not respond to the request to stop and was ended. {ADVICE}")


class StopTimeout:
    """How long a run's trainer may take to leave once it was asked to."""

    def __init__(self, run: Run) -> None:
        self._run, self._asked_at = run, 0.0

    def is_over(self) -> bool:
        """Whether it was asked so long ago; to be called again and again."""
        self._asked_at = self._asked_at or (time.monotonic() if self._run.control().command != "run" else 0.0)
        if not self._asked_at:
            return False
        limit = WRITES_FOR_S if self._run.status().state == "stopping" else HANGS_AFTER_S
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
    while run.is_locked():
        if timeout.is_over() and (process := process_of(run)) and process != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            raise Unanswered
        time.sleep(poll_s)


class Trainer(Protocol):
    """Trains one run at a time."""

    def train(self, run: Run) -> None:
        """Trains it; returns when it has ended in any state.

        Raises:
            RuntimeError: the process that trained it died (ChildDied), did not leave when asked to (Unanswered), or could not
                even say so in the run's folder.
        """

    def warm_up(self) -> Machine:
        """Makes the next `train` start at once; returns what the machine can train on."""


class ThreadTrainer:
    """Trains in the calling thread."""

    def train(self, run: Run) -> None:
        """See `Trainer`."""
        from gan_core.training import loop

        loop.train(run)

    def warm_up(self) -> Machine:
        """Loads torch."""
        from gan_core.config.devices import detect
        from gan_core.training import loop  # noqa: F401

        return detect()


class ProcessTrainer:
    """Trains in a worker process, kept warm between runs."""

    def __init__(self, runs_dir: Path, device: str) -> None:
        self._runs_dir = runs_dir
        self._log = runs_dir / f".worker-{device.replace(':', '')}.log"
        self._worker: tuple[Child, Machine] | None = None

    def train(self, run: Run) -> None:
        """See `Trainer`."""
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
