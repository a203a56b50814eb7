"""The commands that ask something of a run that trains anywhere on the same folder: pause, stop, other learning rates."""

from __future__ import annotations

import time
from typing import Annotated, Literal

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.terminal import RunName, RunsDir, console, parse_changes, runs_folder
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import supervisor, trainers


def stop(run: RunName, runs_dir: RunsDir = None) -> None:
    """Stop a run, whichever program trains it, and wait until its checkpoint is written."""
    _leave(runs.find(runs_folder(runs_dir), run), "stop")


def pause(run: RunName, runs_dir: RunsDir = None) -> None:
    """Pause a run, whichever program trains it, and wait until its checkpoint is written. `resume` continues it."""
    _leave(runs.find(runs_folder(runs_dir), run), "pause")


def change(
    run: RunName,
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A learning rate, such as generator_optimizer.learning_rate=0.0001; may be repeated.",
        ),
    ],
    runs_dir: RunsDir = None,
) -> None:
    """Change the learning rates of a run while it trains, from its next step on."""
    found = runs.find(runs_folder(runs_dir), run)
    _check_trains(found)
    supervisor.change_live(found, parse_changes(changes))
    console.print(f"{escape(found.name)}: asked for {escape(', '.join(changes))}", soft_wrap=True)


def _check_trains(run: Run) -> None:
    if run.status().state not in OPEN_STATES:
        raise ValueError(f"The run '{run.name}' is not training; it is {run.status().state}.")


def _leave(run: Run, command: Literal["pause", "stop"]) -> None:
    _check_trains(run)
    supervisor.leave(run, command)
    deadline = time.monotonic() + trainers.WRITES_FOR_S
    while run.status().state in OPEN_STATES:
        if time.monotonic() > deadline:
            raise ValueError(f"The run '{run.name}' did not {command} within {trainers.WRITES_FOR_S:.0f} s.")
        time.sleep(0.05)
    console.print(f"{escape(run.name)}: {run.status().state} at step {run.status().step:,}")
