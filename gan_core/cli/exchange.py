"""`python -m gan_core export` and `import`: a run in files that other programs read, and runs out of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.terminal import RunName, RunsDir, console, runs_folder
from gan_core.exchange import run_zip
from gan_core.exchange.formats import FORMATS, export


def export_run(
    run: RunName,
    form: Annotated[
        str, typer.Option("--as", help="; ".join(f"{name}: {entry.title}" for name, entry in FORMATS.items()) + ".")
    ],
    out: Annotated[Path, typer.Option(help="The new file; a folder for tensorboard.")],
    step: Annotated[int | None, typer.Option(help="Checkpoint; the newest if not given.")] = None,
    every: Annotated[bool, typer.Option("--every-checkpoint", help="Not only that one.")] = False,
    with_note: Annotated[bool, typer.Option("--with-note", help="With your note on the run.")] = False,
    runs_dir: RunsDir = None,
) -> None:
    """Write a run in files that other programs read. Nothing is overwritten."""
    found = runs.find(runs_folder(runs_dir), run)
    words = export(found, form, out, step=step, every=every or None, note=with_note or None)
    console.print(escape(f"{out}: {words}"), soft_wrap=True)


def import_run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A zip that `export --as zip` made.")],
    runs_dir: RunsDir = None,
) -> None:
    """Make a new run of a file, checked before it is opened. Prints its folder."""
    print(run_zip.read(file, runs_folder(runs_dir)).path)
