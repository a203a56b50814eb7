"""The commands about sweeps: many runs that differ in a few settings."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gan_core.cli import several, terminal
from gan_core.cli.terminal import AsJson, RunsDir, plain_lines, runs_folder, show_rows
from gan_core.config import settings
from gan_core.config.numbers import significant
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.folder import SweepFolder
from gan_core.experiments.sweeps.loop import AtPlace, InProcess, Queued, Runner, SweepWorker, work_at_once
from gan_core.experiments.sweeps.parsing import SUFFIXES, axis_from, read_file
from gan_core.experiments.sweeps.plan import Sweep, format_value, sweep_from, trial_minutes
from gan_core.experiments.sweeps.storage import without_password
from gan_core.experiments.sweeps.table import OPEN, TrialRow, best, rows_of
from gan_core.presets import PRESETS

Texts = list[str] | None


def sweep(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE.yaml|PRESET|SWEEP", help="A sweep's file, the preset to vary, or the sweep to continue."
        ),
    ],
    grid: Annotated[
        Texts, typer.Option("--grid", metavar="KEY=V,V,...", help="Try these values of a setting; may be repeated.")
    ] = None,
    within: Annotated[
        Texts, typer.Option("--range", metavar="KEY=LOW..HIGH", help="Search a setting in a range; needs --trials.")
    ] = None,
    changes: Annotated[
        Texts, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of all runs; may be repeated.")
    ] = None,
    metric: Annotated[str, typer.Option(help="Metric to optimise: fd, accuracy/test, reconstruction, loss/g ...")] = "",
    direction: Annotated[str, typer.Option(help="minimize or maximize, where the metric does not imply it.")] = "",
    images: Annotated[int | None, typer.Option(help="Images on which the metric is measured.")] = None,
    trials: Annotated[int | None, typer.Option(help="Number of trials of a search.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search.", min=0)] = None,
    name: Annotated[str, typer.Option(help="Name of the sweep; the same name continues it.")] = "",
    runs_dir: RunsDir = None,
    storage: Annotated[
        str, typer.Option(help="File or database that several machines share.", show_default="a file in --runs-dir")
    ] = "",
    queue: Annotated[bool, typer.Option("--queue", help="Leave training to the server of this runs folder.")] = False,
    place: several.On = "",
) -> None:
    """Try many settings: a grid or a search; trials that are failing are ended early.

    The same command, here or on another machine, continues the sweep; so does its id or name, as `sweeps` lists them.
    """
    given = {"metric": metric, "direction": direction, "images": images, "trials": trials, "seed": seed, "name": name}
    given = {key: value for key, value in given.items() if value not in ("", None)}
    axes = [*(grid or ()), *(within or ())]
    known = _known(runs_folder(runs_dir), what)
    if known is None:
        folder = _planned(runs_folder(runs_dir), what, axes, changes, given, storage)
    elif axes or changes or given or storage:
        raise ValueError(
            f"The sweep '{known.name}' has its settings already. Continue it without others, or begin another."
        )
    else:
        folder = folders.open_folder(known.runs_dir, known.sweep, known.storage, known.id)
    _announce(folder)
    _work(folder, place, queued=queue)


def list_sweeps(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the sweeps, newest first, with their best trials."""
    rows = []
    for sentence in folders.damaged_folders(runs_folder(runs_dir)):
        print(sentence, file=sys.stderr)
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


def _known(runs_dir: Path, what: str) -> SweepFolder | None:
    """The sweep of this id or name; None for a file or a preset. Raises ValueError for several."""
    if what in PRESETS or what.endswith(SUFFIXES):
        return None
    return terminal.find_one(folders.list_folders(runs_dir), what, "sweeps")


def _planned(
    runs_dir: Path, what: str, axes: list[str], changes: Texts, given: dict[str, Any], storage: str
) -> SweepFolder:
    """The folder of the sweep that a file or a preset and these options describe, new or begun before."""
    arguments, kept_in = _read(what)
    arguments["axes"] = [*arguments["axes"], *map(axis_from, axes)]
    arguments["changes"] |= terminal.parse_changes(changes)
    arguments |= given
    arguments["name"] = arguments["name"] or _default_name(arguments)
    planned = sweep_from(**arguments)
    return folders.open_folder(runs_dir, planned, storage or kept_in, folders.id_of(planned.name))


def _published(row: TrialRow) -> dict[str, Any]:
    """A trial as JSON values; the key of its index is "place", those of its estimate "value" and "interval"."""
    fields = {"place" if name == "index" else name: value for name, value in vars(row).items() if name != "estimate"}
    interval = row.estimate.interval if row.estimate and row.estimate.has_interval else None
    return fields | {"value": row.value, "interval": interval}


def _read(what: str) -> tuple[dict[str, Any], str]:
    """The arguments of `sweep_from` and the storage, of a sweep's file or of a preset alone."""
    if what.endswith(SUFFIXES):
        return read_file(Path(what))
    return {"name": "", "preset": what, "axes": [], "changes": {}}, ""


def _default_name(arguments: dict[str, Any]) -> str:
    """A name derived from the arguments, so that the same command continues its own sweep."""
    content = json.dumps(
        {**arguments, "axes": [axis.__dict__ for axis in arguments["axes"]]}, sort_keys=True, default=str
    )
    return f"{arguments['preset'][:48]} {hashlib.sha256(content.encode()).hexdigest()[:6]}"


def _announce(folder: SweepFolder) -> None:
    each = trial_minutes(folder.sweep)
    kind = "search" if folder.sweep.search else "grid"
    long = f", about {each:.2g} minutes each on two quiet cores" if each else ""
    print(f"{folder.path}\n{folder.sweep.name}: {kind} of {folder.sweep.trials} trials{long}", flush=True)
    for axis in folder.sweep.axes:
        print(f"  {axis}")
    print(
        f"  aim: {folder.sweep.objective.direction} {folder.sweep.objective.metric}; storage: {without_password(folder.address)}",
        flush=True,
    )


def _work(folder: SweepFolder, place: str, *, queued: bool) -> None:
    """Works on a sweep until it is done; Ctrl-C pauses its runs and gives the trials back."""
    if place and queued:
        raise ValueError("--on and --queue exclude each other: the server of the queue decides where it trains.")
    signals = terminal.collect_signals()
    here = replace(settings.from_environment(), runs_dir=folder.runs_dir)
    runner: Runner = Queued(here) if queued else InProcess(folder.runs_dir, terminal.show_status(plain_lines()))
    count = 1
    if place:
        trainer = several.trainer_on(place, folder.runs_dir)
        trainer.warm_up()
        runner, count = AtPlace(folder.runs_dir, trainer), min(trainer.at_once, folder.sweep.trials)
    elif not queued:
        from gan_core.training import worker

        worker.keep_freed_memory()
    # Two commands may work on one sweep; only a page's process, which trains in the server's queue, is one a machine.
    with folder.work() if queued else nullcontext(True) as mine:
        if not mine:
            raise ValueError(f"A process of this machine works on '{folder.sweep.name}' already.")
        work_at_once(
            [
                SweepWorker(folder.study(), runner, lambda: bool(signals), _print_line, folder.runs_dir)
                for _ in range(count)
            ]
        )
    _sum_up(folder, paused=bool(signals))


def _sum_up(folder: SweepFolder, *, paused: bool) -> None:
    found = rows_of(folder.study())
    top = best(found, folder.sweep)
    states = [row.state for row in found]
    print(", ".join(f"{states.count(state)} {state}" for state in ("done", "pruned", "failed", "waiting")))
    if top:
        print(f"Best: {_in_words(folder.sweep, top)}\n{folder.runs_dir / top.run_id}")
    if paused:
        arguments = [without_password(argument) for argument in sys.argv[1:]]
        print(f"Paused. Go on with: python {' '.join(['-m', 'gan_core', *arguments])}")


def _in_words(sweep: Sweep, row: TrialRow) -> str:
    found = row.estimate
    assert row.value is not None, "the best trial has a value"
    span = f" ({significant(found.low, 4)} to {significant(found.high, 4)})" if found and found.has_interval else ""
    values = ", ".join(f"{name}={format_value(value)}" for name, value in row.params.items())
    return f"{sweep.objective.metric} {significant(row.value, 4)}{span} with {values}"


def _print_line(words: str) -> None:
    print(words.replace(os.linesep, " "), flush=True)
