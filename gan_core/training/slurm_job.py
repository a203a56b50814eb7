"""What a cluster's job does: tell what it can train on, or train one run from its newest checkpoint.

Its answers are files that the submitting computer reads, never the pickles in which submitit keeps a function's result.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from gan_core.processes.process import TOKENS
from gan_core.runs import Run, files

FREE_WITHIN_S = 60.0  # the run's lock, where the job before it ended only just now


def look(answer: str) -> None:
    """Writes what this computer can train on."""
    from gan_core.config.devices import detect

    files.write_json(Path(answer), detect().to_dict())


def train(path: str) -> None:
    """Trains the run in this folder until it ends, or the time of the job does: then it is left queued, with a checkpoint.

    Raises:
        ValueError: this computer does not see the folder.
        BlockingIOError: another process trains the run.
    """
    for name in TOKENS:
        os.environ.pop(name, None)
    run = Run(Path(path))
    if not run.path.is_dir():
        raise ValueError(
            f"It does not see the run's folder '{path}'. Keep runs in a folder that all computers share (GANVAS_RUNS_DIR)."
        )
    received: list[int] = []
    for number in (
        signal.SIGUSR2,
        signal.SIGTERM,
    ):  # Slurm sends the first before the time is up, the second to a preempted job
        signal.signal(number, lambda number, _frame: received.append(number))
    if run.control().processes > 1:
        _train_together(run, received)
    else:
        _train(run, received)


def _train(run: Run, received: list[int]) -> None:
    from gan_core.training import loop, worker

    worker.keep_freed_memory()
    deadline = time.monotonic() + FREE_WITHIN_S
    while True:
        try:
            loop.train(run, request=lambda: "requeue" if received else None)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise


def _train_together(run: Run, received: list[int]) -> None:
    from gan_core.training import trainers

    process, told = trainers.launch_together(run), False
    while process.poll() is None:
        if received and not told and (leader := trainers.process_of(run)):
            os.kill(leader, signal.SIGTERM)
            told = True
        time.sleep(trainers.POLL_S)
    if process.returncode:
        raise ChildProcessError(f"One of the training processes ended with code {process.returncode}.")
