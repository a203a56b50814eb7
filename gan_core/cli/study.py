"""The commands about studies: several runs that answer one question, compared in one chart on the page of the experiment."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gan_core.cli import terminal
from gan_core.cli.terminal import AsJson, RunsDir, plain_lines, runs_folder, show_rows
from gan_core.config import settings
from gan_core.experiments import studies
from gan_core.experiments.studies import MAX_SEEDS, PLANS, Plan, Study
from gan_core.experiments.sweeps.loop import InProcess

STARTS_HERE = ("queued", "paused", "interrupted")


def study(
    what: Annotated[
        str,
        typer.Argument(metavar="PLAN|STUDY", help=f"{', '.join(PLANS)}; or a study's id or name, to continue it."),
    ],
    seeds: Annotated[
        int | None, typer.Option(help="Runs of each arm, with seeds 0, 1 ...", min=1, max=MAX_SEEDS)
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of each run.", min=1)] = None,
    images: Annotated[int | None, typer.Option(help="Images that each run is trained on.", min=1)] = None,
    name: Annotated[str, typer.Option(help="Name of the study; the same name continues it.")] = "",
    runs_dir: RunsDir = None,
    queue: Annotated[bool, typer.Option("--queue", help="Leave training to the server of this runs folder.")] = False,
) -> None:
    """Train the runs of a study that are missing. Ctrl-C pauses it; the same command continues it."""
    folder = runs_folder(runs_dir)
    found = _begun(folder, what, name)
    wanted = {"seeds": seeds, "epochs": epochs, "images": images}
    if found is None:
        found = _new(folder, _plan(what), name, **wanted)
    else:
        _check_same(found, wanted)
    print(f"{folder / studies.FOLDER / found.id}.json\n{found.name}: {len(found.members)} runs", flush=True)
    if queue:
        studies.start_missing(replace(settings.from_environment(), runs_dir=folder), found)
    else:
        _train(folder, found)
    print(_progress(folder, studies.find(folder, found.id)))


def list_studies(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the studies, newest first, with their runs."""
    folder = runs_folder(runs_dir)
    for sentence in studies.STORE.damaged(folder):
        print(sentence, file=sys.stderr)
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "plan": one.plan,
            "progress": _progress(folder, one),
            "changes": one.changes,
            "runs": [
                {"arm": member.arm, "seed": member.seed, "run": member.run_id, "state": _state(folder, one, index)}
                for index, member in enumerate(one.members)
            ],
        }
        for one in studies.STORE.all(folder)
    ]
    show_rows(rows, ("id", "name", "plan", "progress"), as_json)


def _begun(runs_dir: Path, what: str, name: str) -> Study | None:
    """The study that this command goes on with: the one of this id or name, or the plan's of this name.

    Raises:
        ValueError: several of that name.
    """
    every = studies.STORE.all(runs_dir)
    if what in PLANS:
        named = name.strip() or PLANS[what].title
        return terminal.find_one((one for one in every if (one.plan, one.name) == (what, named)), named, "studies")
    return terminal.find_one(every, what, "studies")


def _plan(what: str) -> Plan:
    if what not in PLANS:
        raise ValueError(
            f"There is no plan and no study '{what:.80}'. The plans are: {', '.join(PLANS)}. "
            "List the studies with: python -m gan_core studies."
        )
    return PLANS[what]


def _new(
    runs_dir: Path, plan: Plan, name: str, *, seeds: int | None, epochs: int | None, images: int | None
) -> Study:  # fmt: skip
    """A new study, with the plan's own numbers where none is given. Raises ValueError as `studies.new`, or without an evaluator."""
    if studies.evaluator_of(plan) is None:
        dataset = studies.evaluated_config(plan).dataset.name
        raise ValueError(
            f"There is no evaluator for the data set '{dataset}', so nothing would be measured. "
            f"Train one first: python -m gan_core train-evaluator {dataset}."
        )
    usual = plan.base
    epochs, images = epochs or usual.training.epochs, images or usual.dataset.num_images
    return studies.new(runs_dir, plan, name, epochs, images, seeds or 1)


def _check_same(found: Study, wanted: dict[str, int | None]) -> None:
    """Raises ValueError where a number is given that the study was not begun with."""
    begun = {
        "seeds": 1 + max(member.seed for member in found.members),
        "epochs": found.changes.get("training.epochs"),
        "images": found.changes.get("dataset.num_images"),
    }
    for option, value in wanted.items():
        if value is not None and value != begun[option]:
            raise ValueError(
                f"The study '{found.name}' was begun with --{option} {begun[option]}; got {value}. "
                "Leave it out, or begin another study with --name."
            )


def _train(runs_dir: Path, found: Study) -> None:
    """Trains in this process what is missing, waits or was paused, one run after the other."""
    from gan_core.training import worker

    worker.keep_freed_memory()
    signals = terminal.collect_signals()
    runner = InProcess(runs_dir, terminal.show_status(plain_lines()))
    for index, member in enumerate(found.members):
        if signals:
            break
        run = studies.run_of(runs_dir, found, index, runner.create)
        state = run.status().state
        if state in STARTS_HERE and not run.is_trained():
            print(f"{member.arm}, seed {member.seed}: {run.path}", flush=True)
            status = runner.train(run, lambda: "pause" if signals else "")
            state = status.state
            if status.error:
                print(f"{run.name}: {status.error}", file=sys.stderr)
        print(f"{member.arm}, seed {member.seed}: {state}", flush=True)
    if signals:
        again = shlex.join(["study", found.id, "--runs-dir", str(runs_dir)])
        print(f"Paused. Go on with: python -m gan_core {again}")


def _state(runs_dir: Path, found: Study, index: int) -> str:
    run = studies.member_run(runs_dir, found.members[index])
    return run.status().state if run else "missing"


def _progress(runs_dir: Path, found: Study) -> str:
    states = [_state(runs_dir, found, index) for index in range(len(found.members))]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
