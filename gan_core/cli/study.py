"""The commands about studies: several runs that answer one question, trained by the server of their runs folder."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import Annotated

import typer

from gan_core import runs
from gan_core.cli.terminal import AsJson, RunsDir, runs_folder, show_rows
from gan_core.config import settings
from gan_core.experiments import studies
from gan_core.experiments.studies import MAX_SEEDS, PLANS, Study
from gan_core.training import supervisor


def study(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help=f"What is compared: {', '.join(PLANS)}.")],
    epochs: Annotated[int | None, typer.Option(help="Epochs of each run.", min=1)] = None,
    images: Annotated[int | None, typer.Option(help="Images to learn from.", min=1)] = None,
    seeds: Annotated[int | None, typer.Option(help=f"Runs of each arm, 1 to {MAX_SEEDS}.")] = None,
    name: Annotated[str, typer.Option(help="Name of the study; the same name queues the runs it lacks.")] = "",
    runs_dir: RunsDir = None,
) -> None:
    """Queue the runs of a study for the server of this runs folder; of one that exists, those that are missing."""
    if plan not in PLANS:
        raise ValueError(f"Unknown study '{plan:.60}'. Choose one of: {', '.join(PLANS)}.")
    chosen = PLANS[plan]
    if studies.evaluator_of(chosen) is None:
        raise ValueError(
            f"There is no evaluator for the data set '{chosen.base.dataset.name}', so nothing would be measured. "
            f"Train one first: python -m gan_core train-evaluator {chosen.base.dataset.name}"
        )
    here = replace(settings.from_environment(), runs_dir=runs_folder(runs_dir))
    if supervisor.machine(here) is None:
        raise ValueError(f"No server has trained in {here.runs_dir} yet. Start one first, with: python -m gan_core")
    known = [one for one in studies.STORE.all(here.runs_dir) if name and (one.name, one.plan) == (name, plan)]
    if known and (epochs, images, seeds) != (None, None, None):
        raise ValueError(f"The study '{name}' exists; it keeps its epochs, images and seeds. Give another --name.")
    if known:
        found = studies.start_missing(here, known[0])
    else:
        usual = chosen.base
        found = studies.begin(
            here, chosen, name, epochs or usual.training.epochs, images or usual.dataset.num_images,
            1 if seeds is None else seeds,
        )  # fmt: skip
    for member in found.members:
        print(f"{member.run_id}\t{member.arm}, seed {member.seed}")
    print(f"{found.name}: {_progress(found, runs_dir)}")


def list_studies(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the studies, newest first."""
    folder = runs_folder(runs_dir)
    for sentence in studies.STORE.damaged(folder):
        print(sentence, file=sys.stderr)
    rows = [{**asdict(one), "progress": _progress(one, runs_dir)} for one in studies.STORE.all(folder)]
    show_rows(rows, ("id", "name", "plan", "progress"), as_json)


def _progress(one: Study, runs_dir: RunsDir) -> str:
    """How many of its runs there are in each state."""
    there = {run.id: run for run in runs.list_runs(runs_folder(runs_dir))}
    states = [there[m.run_id].status().state if m.run_id in there else "missing" for m in one.members]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
