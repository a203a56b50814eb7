"""The commands of the bin: delete things, list what was deleted, take it back, remove it for good. The pages use the same bin."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.access import bin, current
from gan_core.cli.terminal import AsJson, NamedThing, RunsDir, console, find_one, runs_folder, show_rows
from gan_core.config import settings
from gan_core.datasets import uploads
from gan_core.evaluation import evaluators
from gan_core.experiments import studies
from gan_core.experiments.sweeps import folder as sweeps
from gan_core.latents import saved_directions
from gan_core.training import supervisor


class Deletable(StrEnum):
    """What can be deleted, as `--kind` names it."""

    RUN = "run"
    DATA_SET = "data-set"
    EVALUATOR = "evaluator"
    SWEEP = "sweep"
    STUDY = "study"
    DIRECTION = "direction"

    @property
    def noun(self) -> str:
        """What one is called in sentences."""
        return self.replace("-", " ")

    @property
    def nouns(self) -> str:
        """What several are called."""
        return "studies" if self == Deletable.STUDY else f"{self.noun}s"


@dataclass(frozen=True)
class Thing:
    """Something that can be deleted: what people call it, where it is, and the call that deletes it."""

    id: str
    name: str
    path: Path
    delete: Callable[[], object]


OfKind = Annotated[
    Deletable | None, typer.Option("--kind", help="Only things of this kind, where several have the same id or name.")
]


def delete(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Ids or names.")],
    kind: OfKind = None,
    runs_dir: RunsDir = None,
) -> None:
    """Delete runs, data sets that you added, evaluators, sweeps, studies or saved directions: they go to the bin for 7 days.

    `restore` takes one back. The runs of a sweep or a study are kept.
    """
    folder = runs_folder(runs_dir)
    own = list(_own(folder))
    chosen = {thing.path: (what, thing) for what, thing in (_live(folder, own, name, kind) for name in names)}
    refusals = []  # a name mistyped: nothing is deleted; one that cannot be deleted: the others are
    for what, thing in chosen.values():
        try:
            thing.delete()
        except ValueError as refusal:
            refusals.append(str(refusal))
        else:
            elsewhere = what == Deletable.RUN and thing.path.parent != folder
            _tell_binned(what, thing, thing.path.parent if elsewhere else folder if runs_dir else None)
    if refusals:
        raise ValueError(" ".join(refusals))


def list_deleted(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List what was deleted and can be taken back, the latest first."""
    rows = [
        {"id": thing.id, "kind": kind.noun, "name": thing.name, "days_left": thing.days_left}
        | {"deleted_at": thing.deleted_at}
        for kind, thing in _binned(runs_folder(runs_dir))
    ]
    show_rows(rows, ("id", "kind", "name", "days_left"), as_json)


def restore(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Id or name of what was deleted, as `deleted` lists it.")],
    kind: OfKind = None,
    runs_dir: RunsDir = None,
) -> None:
    """Take back what was deleted: a run, a data set, an evaluator, a sweep, a study or a direction."""
    what, thing = _in_bin(_binned(runs_folder(runs_dir)), name, kind)
    bin.restore(thing)
    console.print(escape(f"{thing.name}: the {what.noun} is back."), soft_wrap=True)


def empty_bin(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="Ids or names, as `deleted` lists them; all that is yours if none is given."
        ),
    ] = None,
    kind: OfKind = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking first.")] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Remove for good what was deleted, and free its disk space. This cannot be undone."""
    there = [one for one in _binned(runs_folder(runs_dir)) if kind in (None, one[0])]
    mine = [one for one in there if one[1].owner == current().id]
    chosen = {one[1].path: one for one in ([_in_bin(there, name, kind) for name in names] if names else mine)}
    if not names and (others := len(there) - len(mine)):
        whose = "belongs to somebody else and stays" if others == 1 else "belong to others and stay"
        print(f"{others} in the bin {whose}. Name what you want to remove all the same.")
    if not chosen:
        print("There is nothing of yours in the bin.")
        return
    if not yes and not _confirmed(chosen.values()):
        print("Nothing was removed.")
        return
    for what, thing in chosen.values():
        bin.remove(thing)
        console.print(escape(f"{thing.name}: the {what.noun} was removed."), soft_wrap=True)


def _confirmed(chosen: Iterable[tuple[Deletable, bin.Binned]]) -> bool:
    """Whether the user agrees that these are removed. Raises ValueError where nobody can answer."""
    for what, thing in chosen:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(thing.deleted_at))
        console.print(escape(f"{thing.name}: {what.noun} {thing.id}, deleted {when}"), soft_wrap=True)
    try:
        return typer.confirm("Remove for good? This cannot be undone.")
    except typer.Abort:
        raise ValueError("Nothing was removed. Answer y, or give --yes where nobody can answer.") from None


def _tell_binned(kind: Deletable, thing: Thing, folder: Path | None) -> None:
    """Says that something is in the bin, and how it is taken back; `folder`: of runs, where it is not the usual one."""
    words = [thing.path.name, *([] if kind == Deletable.RUN else ["--kind", kind])]
    command = shlex.join(["restore", *words, *(["--runs-dir", str(folder)] if folder else [])])
    told = f"{thing.name}: in the bin for {bin.KEPT_DAYS} days. Take it back with: python -m gan_core {command}"
    console.print(escape(told), soft_wrap=True)


def _own(folder: Path) -> Iterator[tuple[Deletable, Thing]]:
    """All that can be deleted, with its kind."""
    for run in runs.list_runs(folder):
        yield Deletable.RUN, Thing(run.id, run.name, run.path, partial(supervisor.delete, run))
    for own in uploads.list_own():
        yield Deletable.DATA_SET, Thing(own.id, own.name, settings.data_dir() / own.id, partial(uploads.delete, own.id))
    for evaluator in evaluators.available():
        if not evaluator.shipped:
            yield Deletable.EVALUATOR, _evaluator(evaluator)
    for sweep in sweeps.list_folders(folder):
        yield Deletable.SWEEP, Thing(sweep.id, sweep.name, sweep.path, partial(sweeps.delete, sweep))
    for study in studies.STORE.all(folder):
        path, remove = folder / studies.FOLDER / f"{study.id}.json", partial(studies.STORE.remove, folder, study.id)
        yield Deletable.STUDY, Thing(study.id, study.name, path, remove)
    for one in saved_directions.list_directions(folder):
        path, remove = saved_directions.place(folder, one.id), partial(saved_directions.delete, folder, one.id)
        yield Deletable.DIRECTION, Thing(one.id, one.name, path, remove)


def _evaluator(found: evaluators.EvaluatorFolder) -> Thing:
    return Thing(found.path.name, found.info.name, found.path, partial(evaluators.delete, found))


def _live(
    folder: Path, own: Sequence[tuple[Deletable, Thing]], name: str, kind: Deletable | None
) -> tuple[Deletable, Thing]:
    """What a name means, of what can be deleted; failing that what comes with the program, or a run's folder.

    Raises:
        ValueError: nothing, or several things.
    """
    found = _one(own, name, kind)
    if found is None and kind in (None, Deletable.EVALUATOR):
        shipped = [(Deletable.EVALUATOR, _evaluator(one)) for one in evaluators.available() if one.shipped]
        found = _one(shipped, name, kind)
    if found is None and kind in (None, Deletable.RUN):
        try:
            run = runs.find(folder, name)
        except ValueError:
            if kind:
                raise
        else:
            found = Deletable.RUN, Thing(run.id, run.name, run.path, partial(supervisor.delete, run))
    if found is None:
        raise ValueError(
            f"There is no {kind.noun if kind else 'run, data set, evaluator, sweep, study or direction'} '{name:.80}' to "
            "delete. List what there is with: python -m gan_core runs, uploads, evaluators, sweeps or studies."
        )
    return found


def _in_bin(
    there: Sequence[tuple[Deletable, bin.Binned]], name: str, kind: Deletable | None
) -> tuple[Deletable, bin.Binned]:
    """What a name means, of what is in the bin; of one id, the latest. Raises ValueError for nothing, or several things."""
    found = _one(there, name, kind, "deleted ")
    if found is None:
        raise ValueError(
            f"There is nothing called '{name:.80}' in the bin. List what there is with: python -m gan_core deleted."
        )
    return found


def _one(
    there: Sequence[tuple[Deletable, NamedThing]], name: str, kind: Deletable | None, which: str = ""
) -> tuple[Deletable, NamedThing] | None:
    """The only thing of this id or name, of a kind or of any; None where there is none. Raises ValueError for several."""
    found = []
    for what in [kind] if kind else Deletable:
        thing = find_one((one for its, one in there if its == what), name, f"{which}{what.nouns}")
        if thing is not None:
            found.append((what, thing))
    if len(found) > 1:
        kinds = ", ".join(what.noun for what, _thing in found)
        raise ValueError(f"Several things are called '{name:.80}': {kinds}. Choose one with --kind {found[0][0]}.")
    return found[0] if found else None


def _binned(folder: Path) -> list[tuple[Deletable, bin.Binned]]:
    """What the bins of an installation hold, with its kind, the latest first."""
    places = {
        Deletable.RUN: folder,
        Deletable.DATA_SET: settings.data_dir(),
        Deletable.EVALUATOR: settings.evaluators_dir(),
        Deletable.SWEEP: folder / sweeps.FOLDER,
        Deletable.STUDY: folder / studies.FOLDER,
        Deletable.DIRECTION: folder / saved_directions.FOLDER,
    }
    found = [(kind, thing) for kind, place in places.items() for thing in bin.binned(place)]
    return sorted(found, key=lambda one: one[1].deleted_at, reverse=True)
