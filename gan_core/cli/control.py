"""The commands that ask something of a run that trains anywhere on the same folder, or of a sweep: pause, stop, other learning rates."""

from __future__ import annotations

import time
from typing import Annotated, Literal

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.terminal import RunName, RunsDir, console, find_one, parse_changes, runs_folder
from gan_core.experiments.sweeps.folder import SweepFolder, list_folders
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import supervisor, trainers


def stop(
    name: Annotated[
        str, typer.Argument(metavar="RUN|SWEEP", help="A run or a sweep: its id or name; or the folder of a run.")
    ],
    runs_dir: RunsDir = None,
) -> None:
    """Stop a run, whichever program trains it, and wait until its checkpoint is written; or a sweep that a page began."""
    folder = runs_folder(runs_dir)
    sweep = find_one(list_folders(folder), name, "sweeps")
    if sweep is None:
        _leave(runs.find(folder, name), "stop")
    elif find_one(runs.list_runs(folder), name, "runs") is not None:
        raise ValueError(f"A run and a sweep are called '{name:.80}'. Use its id, as `runs` and `sweeps` list them.")
    else:
        _stop_sweep(sweep)


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


def _stop_sweep(sweep: SweepFolder) -> None:
    """Ends the process that a page began for a sweep, as its page does. Raises ValueError if there is none."""
    if not (sweep.is_active() and sweep.should_run):
        raise ValueError(
            f"No page's process works on the sweep '{sweep.name}' on this computer. A sweep that a command works on is stopped "
            "with Ctrl-C there."
        )
    sweep.order("stop")
    words = f"{sweep.name}: stops; its run is paused with a checkpoint. Continue with: python -m gan_core sweep {sweep.id} --queue"
    console.print(escape(words), soft_wrap=True)


def _leave(run: Run, command: Literal["pause", "stop"]) -> None:
    _check_trains(run)
    supervisor.leave(run, command)
    deadline = time.monotonic() + trainers.WRITES_FOR_S
    while run.status().state in OPEN_STATES:
        if time.monotonic() > deadline:
            raise ValueError(f"The run '{run.name}' did not {command} within {trainers.WRITES_FOR_S:.0f} s.")
        time.sleep(0.05)
    console.print(f"{escape(run.name)}: {run.status().state} at step {run.status().step:,}")
