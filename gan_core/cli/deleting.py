"""The commands of the bin: delete runs, list what was deleted, take it back. The pages use the same bin."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.access import bin
from gan_core.cli.terminal import AsJson, RunsDir, console, find_one, runs_folder, show_rows
from gan_core.config import settings
from gan_core.experiments import studies
from gan_core.experiments.sweeps import folder as sweeps
from gan_core.latents import saved_directions
from gan_core.training import supervisor


def delete(
    names: Annotated[list[str], typer.Argument(metavar="RUN...", help="Ids or names, as `runs` lists them.")],
    runs_dir: RunsDir = None,
) -> None:
    """Delete runs: they go to the bin for 7 days. `restore` takes one back."""
    folder = runs_folder(runs_dir)
    chosen = {run.path: run for run in [runs.find(folder, name) for name in names]}  # a name mistyped: none is deleted
    refusals = []
    for run in chosen.values():
        name = run.name
        try:
            supervisor.delete(run)
        except ValueError as refusal:
            refusals.append(str(refusal))
        else:
            tell_binned(name, run.id, run.path.parent if runs_dir or run.path.parent != folder else None)
    if refusals:
        raise ValueError(" ".join(refusals))


def list_deleted(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List what was deleted and can be taken back, the latest first."""
    rows = [
        {"id": thing.id, "kind": kind, "name": thing.name, "days_left": thing.days_left, "deleted_at": thing.deleted_at}
        for kind, thing in _binned(runs_folder(runs_dir))
    ]
    show_rows(rows, ("id", "kind", "name", "days_left"), as_json)


def restore(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Id or name of what was deleted, as `deleted` lists it.")],
    runs_dir: RunsDir = None,
) -> None:
    """Take back what was deleted: a run, a data set, an evaluator, a sweep, a study or a direction."""
    there = _binned(runs_folder(runs_dir))
    thing = find_one((thing for _kind, thing in there), name, "deleted things")  # of one id, the latest
    if thing is None:
        raise ValueError(
            f"There is nothing called '{name:.80}' in the bin. List what there is with: python -m gan_core deleted."
        )
    kind = next(kind for kind, one in there if one is thing)
    bin.restore(thing)
    console.print(escape(f"{thing.name}: the {kind} is back."), soft_wrap=True)


def tell_binned(name: str, thing_id: str, folder: Path | None = None) -> None:
    """Says that something is in the bin, and how it is taken back; `folder`: of runs, where it is not the usual one."""
    command = shlex.join(["restore", thing_id, *(["--runs-dir", str(folder)] if folder else [])])
    words = f"{name}: in the bin for {bin.KEPT_DAYS} days. Take it back with: python -m gan_core {command}"
    console.print(escape(words), soft_wrap=True)


def _binned(folder: Path) -> list[tuple[str, bin.Binned]]:
    """What the bins of an installation hold, with its kind, the latest first."""
    places = {
        "run": folder,
        "data set": settings.data_dir(),
        "evaluator": settings.evaluators_dir(),
        "sweep": folder / sweeps.FOLDER,
        "study": folder / studies.FOLDER,
        "direction": folder / saved_directions.FOLDER,
    }
    found = [(kind, thing) for kind, place in places.items() for thing in bin.binned(place)]
    return sorted(found, key=lambda one: one[1].deleted_at, reverse=True)
