"""The command that repeats a run's first steps."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gan_core import runs
from gan_core.cli.terminal import AsJson, RunName, RunsDir, bar, runs_folder

if TYPE_CHECKING:
    from gan_core.training.verifying import Verdict


def verify(
    run: RunName,
    steps: Annotated[
        int | None, typer.Option(help="Steps to repeat; by default up to its first checkpoint.", min=1)
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Repeat a run's first steps and compare: exit status 0 if they match, 1 if not."""
    from gan_core.training import verifying  # loads torch

    found = runs.find(runs_folder(runs_dir), run)
    with bar("Repeating") as move:
        verdict = verifying.verify(found, steps, lambda done, total: move(done, total, ""))
    print(json.dumps(asdict(verdict), indent=2) if as_json else in_words(verdict))
    if not verdict.matches:
        raise typer.Exit(1)


def in_words(verdict: Verdict) -> str:
    """A verdict as a few lines of text."""
    found = verdict.difference
    first = ""
    if found is not None:
        first = f" First at step {found.step:,}, {found.name}: recorded {found.recorded}, now {found.repeated}."
    if verdict.exact:
        words = "It repeats to the last bit."
    elif verdict.matches:
        words = f"It repeats within {verdict.tolerance:.0%} over its first steps; bits differ, as they may here.{first}"
    elif found is not None and found.name == "data":
        words = f"It cannot repeat: its training data changed.{first}"
    else:
        words = f"It does not repeat.{first}"
    lines = [words]
    if verdict.steps:
        lines.append(
            f"{verdict.steps:,} steps from step {verdict.start:,} on: {verdict.num_metrics:,} numbers and "
            f"{verdict.num_checkpoints} checkpoints compared."
        )
    lines += [f"{name}: {then} then, {now} now" for name, (then, now) in verdict.environment.items()]
    if not verdict.known:
        lines.append("In which environment it was trained is not known: an earlier version made it.")
    return "\n".join(lines)
