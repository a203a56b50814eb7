"""The commands about what people write on a run: its name, its note, observations, marked pictures."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.terminal import AsJson, RunName, RunsDir, console, find_one, runs_folder, show_rows
from gan_core.latents import saved_directions
from gan_core.runs import notes

Figure = Annotated[
    str, typer.Option(metavar="FIGURE", help="Figure that the observation is about: samples, or a chart's name.")
]


def rename(
    which: Annotated[
        str,
        typer.Argument(
            metavar="RUN|DIRECTION", help="A run or a saved direction: its id or name; or the folder of a run."
        ),
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help='Its new name; "" restores a run\'s default title.')],
    runs_dir: RunsDir = None,
) -> None:
    """Give a run or a saved direction another name."""
    folder = runs_folder(runs_dir)
    direction = find_one(saved_directions.list_directions(folder), which, "directions")
    if direction is None:
        found = runs.find(folder, which)
        former = found.name
        found.describe(name=name)
        present = found.name
    elif find_one(runs.list_runs(folder), which, "runs") is not None:
        raise ValueError(
            f"A run and a direction are called '{which:.80}'. Use its id, as `runs` and `directions` list them."
        )
    else:
        former, present = direction.name, saved_directions.rename(folder, direction.id, name).name
    console.print(escape(f"{former}: now called {present}"), soft_wrap=True)


def note(
    run: RunName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help='What you saw; "" removes it.')],
    figure: Figure = "",
    runs_dir: RunsDir = None,
) -> None:
    """Write the note of a run, or with --figure the observation on one of its figures. It replaces the former one."""
    found = runs.find(runs_folder(runs_dir), run)
    if figure:
        notes.observe(found, figure, text)
    else:
        found.describe(note=text)
    what = f"observation on {figure}" if figure else "note"
    console.print(escape(f"{found.name}: {what} {'saved' if text.strip() else 'removed'}"), soft_wrap=True)


def mark(
    run: RunName,
    step: Annotated[int, typer.Option(help="Step of the sample grid.", min=0)],
    picture: Annotated[int, typer.Option(help="Number of the picture in the grid, from 1.", min=1)],
    best: Annotated[
        bool | None,
        typer.Option("--best/--worst", help="Whether it is one of the best or one of the worst.", show_default=False),
    ] = None,
    reason: Annotated[str, typer.Option(help="The reason, in your words.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Remove its mark instead.")] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Mark a picture of a sample grid as one of the best or worst, with the reason. It replaces the picture's former mark."""
    found = runs.find(runs_folder(runs_dir), run)
    if remove == (best is not None) or (remove and reason):
        raise ValueError("Give --best or --worst with --reason, or --remove alone.")
    where = f"picture {picture} at step {step:,}"
    if remove:
        if not any((one.step, one.number) == (step, picture - 1) for one in notes.read(found).marks):
            raise ValueError(f"The run '{found.name}' has no mark on {where}. `notes` lists those that it has.")
        notes.unmark(found, step, picture - 1)
        said = "mark removed"
    else:
        judgement: notes.Judgement = "best" if best else "worst"
        notes.mark(found, step, picture - 1, judgement, reason)
        said = f"marked as {judgement}"
    console.print(escape(f"{found.name}: {where} {said}"), soft_wrap=True)


def list_notes(run: RunName, runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List what was written about a run: its note, observations on figures, marked pictures."""
    found = runs.find(runs_folder(runs_dir), run)
    written = notes.read(found)
    rows = [{"kind": "note", "about": "run", "text": found.note}] if found.note else []
    rows += [{"kind": "observation", "about": figure, "text": text} for figure, text in written.observations.items()]
    rows += [
        {"kind": one.judgement, "about": f"step {one.step}, picture {one.number + 1}", "text": one.reason}
        for one in written.marks
    ]
    show_rows(rows, ("kind", "about", "text"), as_json)
