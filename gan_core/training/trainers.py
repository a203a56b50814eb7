"""How a supervising thread trains a run: in the thread itself, or in a worker process."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from gan_core.config.devices import Machine
from gan_core.processes.child import Child
from gan_core.runs import Run

WORKER = ("-m", "gan_core.training.worker")
ADVICE = "Everything up to the last checkpoint is kept: resume to go on from there."
HANGS_AFTER_S = 10.0  # a trainer that does not notice a request to leave for so long is ended
WRITES_FOR_S = 60.0  # one that noticed may write its last checkpoint for so long


class Trainer(Protocol):
    """Trains one run at a time."""

    def train(self, run: Run) -> None:
        """Trains it; returns when it has ended in any state.

        Raises:
            RuntimeError: the process that trained it died (ChildDied), or could not even say so in the run's folder.
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
        asked_at = 0.0
        child.send({"run": str(run.path)})
        while (done := child.receive(timeout_s=0.5)) is None:
            asked_at = asked_at or (time.monotonic() if run.control().command != "run" else 0.0)
            limit = WRITES_FOR_S if asked_at and run.status().state == "stopping" else HANGS_AFTER_S
            if asked_at and time.monotonic() - asked_at > limit:
                child.stop(timeout_s=0.0)
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
