"""Where a run trains, from the command line: in several processes started here by torchrun, or at another place."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gan_core.config import settings
from gan_core.config.devices import MAX_PROCESSES
from gan_core.config.settings import PLACES as NAMES
from gan_core.runs import Run, Status
from gan_core.training import supervisor
from gan_core.training.trainers import Trainer

Processes = Annotated[
    int,
    typer.Option(
        help="Processes on this computer that train the run together, one per GPU; each takes its share of every batch.",
        min=1,
        max=MAX_PROCESSES,
    ),
]


On = Annotated[
    str,
    typer.Option("--on", metavar="PLACE", help=f"Where to train: {', '.join(NAMES)}.", show_default="this process"),
]
SHOW_S = 0.5


def trainer_on(place: str, runs_dir: Path) -> Trainer:
    """What trains the runs of a folder at a place.

    Raises:
        ValueError: there is no such place.
    """
    from gan_core.training.places import PLACES

    here = replace(settings.from_environment(), runs_dir=runs_dir.absolute(), place=place)
    return PLACES.find(place).trainer(here, "cli")


def train_on(run: Run, trainer: Trainer, show: Callable[[Status], None], signals: list[int]) -> Status:
    """Trains a run at another place and shows its status until it ends. A signal pauses it."""
    training = threading.Thread(target=supervisor.train_to_end, args=(run, trainer), daemon=True)
    training.start()
    while training.is_alive():
        if signals and run.control().command == "run":
            supervisor.leave(run, "pause")
        show(run.status())
        training.join(SHOW_S)
    show(status := run.status())
    return status


def elsewhere(processes: int) -> bool:
    """Starts the processes, or follows the one that leads; returns whether there is nothing left for this one to do.

    Raises:
        ValueError: this process cannot take part, or the leader has ended.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        if processes > 1:
            _start(processes)
        return False
    from gan_core.training import together

    return together.take_part()


def _start(processes: int) -> None:
    """Gives this process's place to torchrun, which starts the same command so many times."""
    arguments = sys.argv[1:]
    place = next(i for i, text in enumerate(arguments) if text.partition("=")[0] == "--processes")
    kept = arguments[:place] + arguments[place + (1 if "=" in arguments[place] else 2) :]
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as torchrun would, with a warning
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *torchrun, "-m", "gan_core", *kept])
