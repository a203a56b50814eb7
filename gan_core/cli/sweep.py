"""The commands about sweeps: many runs that differ in a few settings."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gan_core import runs
from gan_core.cli.terminal import AsJson, RunsDir, plain_lines, runs_folder, show_rows
from gan_core.config import settings
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.folder import SweepFolder
from gan_core.experiments.sweeps.loop import InProcess, Queued, Runner, SweepWorker
from gan_core.experiments.sweeps.parsing import SUFFIXES, axis_from, read_file, sweep_from
from gan_core.experiments.sweeps.plan import Sweep, minutes_a_trial, words_of
from gan_core.experiments.sweeps.storage import without_password
from gan_core.experiments.sweeps.table import OPEN, TrialRow, best, rows_of

Texts = list[str] | None


def sweep(
    what: Annotated[str, typer.Argument(metavar="FILE.yaml|PRESET", help="A sweep's file, or the preset to vary.")],
    grid: Annotated[
        Texts, typer.Option("--grid", metavar="KEY=V,V,...", help="Try these values of a setting; may be repeated.")
    ] = None,
    within: Annotated[
        Texts, typer.Option("--range", metavar="KEY=LOW..HIGH", help="Search a setting in a range; needs --trials.")
    ] = None,
    changes: Annotated[
        Texts, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of all runs; may be repeated.")
    ] = None,
    metric: Annotated[str, typer.Option(help="What to aim for: fd, accuracy/test, reconstruction, loss/g ...")] = "",
    direction: Annotated[str, typer.Option(help="minimize or maximize, where the metric does not say.")] = "",
    images: Annotated[int | None, typer.Option(help="Images behind a metric.")] = None,
    trials: Annotated[int | None, typer.Option(help="Search: how many trials.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.", min=0)] = None,
    name: Annotated[str, typer.Option(help="Name of the sweep; the same name goes on with it.")] = "",
    runs_dir: RunsDir = None,
    storage: Annotated[
        str, typer.Option(help="File or database that several machines share.", show_default="a file in --runs-dir")
    ] = "",
    queue: Annotated[bool, typer.Option("--queue", help="Leave training to the server of this runs folder.")] = False,
) -> None:
    """Try many settings: a grid, or a search, pruned by the doctor. Start it again, here or elsewhere, to go on with it."""
    asked, place = _asked(what)
    asked["axes"] = [*asked["axes"], *(axis_from(text) for text in (*(grid or ()), *(within or ())))]
    asked["changes"] |= dict(_pair(text) for text in changes or ())
    given = {"metric": metric, "direction": direction, "images": images, "trials": trials, "seed": seed, "name": name}
    asked |= {key: value for key, value in given.items() if value not in ("", None)}
    asked["name"] = asked["name"] or _default_name(asked)
    planned = sweep_from(**asked)
    folder = folders.open_folder(runs_folder(runs_dir), planned, storage or place, folders.id_of(planned.name))
    _announce(folder)
    _work(folder, queued=queue)


def list_sweeps(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the sweeps, newest first, with their best trials."""
    rows = []
    for folder in folders.list_folders(runs_folder(runs_dir)):
        try:
            trials, error = rows_of(folder.study()), folder.error
        except ValueError as refusal:
            trials, error = [], str(refusal)
        top, ended = best(trials, folder.sweep), sum(row.state not in OPEN for row in trials)
        rows.append(
            {
                "id": folder.id,
                "name": folder.sweep.name,
                "preset": folder.sweep.preset,
                "progress": f"{ended} / {folder.sweep.trials}",
                "best": _in_words(folder.sweep, top) if top else error,
                "best_run": top.run_id if top else "",
                "trials": [_published(row) for row in trials],
            }
        )
    show_rows(rows, ("id", "name", "progress", "best", "best_run"), as_json)


def _published(row: TrialRow) -> dict[str, Any]:
    """A trial as `--json` prints it: its index is called "place" there, its estimate value and interval."""
    found = row.estimate
    fields = {"place" if name == "index" else name: value for name, value in vars(row).items() if name != "estimate"}
    return {**fields, "value": row.value, "interval": found.interval if found and found.has_interval else None}


def _asked(what: str) -> tuple[dict[str, Any], str]:
    if what.endswith(SUFFIXES):
        return read_file(Path(what))
    return {"name": "", "preset": what, "axes": [], "changes": {}}, ""


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError(f"--set takes KEY=VALUE, for example training.epochs=5; got '{text}'.")
    return key.strip(), value.strip()


def _default_name(asked: dict[str, Any]) -> str:
    """A name that the same command gets again, so that it goes on with its own sweep."""
    said = json.dumps({**asked, "axes": [axis.__dict__ for axis in asked["axes"]]}, sort_keys=True, default=str)
    return f"{asked['preset'][:48]} {hashlib.sha256(said.encode()).hexdigest()[:6]}"


def _announce(folder: SweepFolder) -> None:
    each = minutes_a_trial(folder.sweep)
    kind = "search" if folder.sweep.search else "grid"
    long = f", about {each:.2g} minutes each on two quiet cores" if each else ""
    print(f"{folder.path}\n{folder.sweep.name}: {kind} of {folder.sweep.trials} trials{long}", flush=True)
    for axis in folder.sweep.axes:
        print(f"  {axis}")
    print(
        f"  aim: {folder.sweep.objective.direction} {folder.sweep.objective.metric}; storage: {without_password(folder.address)}",
        flush=True,
    )


def _work(folder: SweepFolder, *, queued: bool) -> None:
    """Works on a sweep until it is done; Ctrl-C pauses the run and gives the trial back."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.append(1))
    move = plain_lines()

    def show(status: runs.Status) -> None:
        if status.state == "running" and status.total_steps:
            move(status.step, status.total_steps, f"epoch {status.epoch}, {status.images_per_s:,.0f} images/s")

    here = replace(settings.from_environment(), runs_dir=folder.runs_dir)
    runner: Runner = Queued(here) if queued else InProcess(folder.runs_dir, show)
    if not queued:
        from gan_core.training import worker

        worker.keep_freed_memory()
    # Two commands may work on one sweep; only a page's process, which trains in the server's queue, is one a machine.
    with folder.work() if queued else nullcontext(True) as mine:
        if not mine:
            raise ValueError(f"A process of this machine works on '{folder.sweep.name}' already.")
        worker_here = SweepWorker(
            folder.study(), runner, lambda: bool(asked), _say, lambda run_id: _find(folder.runs_dir, run_id)
        )
        worker_here.work()
    _sum_up(folder, paused=bool(asked))


def _sum_up(folder: SweepFolder, *, paused: bool) -> None:
    found = rows_of(folder.study())
    top = best(found, folder.sweep)
    counts = [
        f"{sum(row.state == state for row in found)} {state}" for state in ("done", "pruned", "failed", "waiting")
    ]
    print(", ".join(counts))
    if top:
        print(f"Best: {_in_words(folder.sweep, top)}\n{folder.runs_dir / top.run_id}")
    if paused:
        print(f"Paused. Go on with: python {' '.join(['-m', 'gan_core', *sys.argv[1:]])}")


def _in_words(sweep: Sweep, row: TrialRow) -> str:
    found = row.estimate
    span = f" ({found.low:.4g} to {found.high:.4g})" if found and found.has_interval else ""
    values = ", ".join(f"{name}={words_of(value)}" for name, value in row.params.items())
    return f"{sweep.objective.metric} {row.value:.4g}{span} with {values}"


def _find(runs_dir: Path, run_id: str) -> runs.Run | None:
    return next((run for run in runs.list_runs(runs_dir) if run.id == run_id), None)


def _say(words: str) -> None:
    print(words.replace(os.linesep, " "), flush=True)
