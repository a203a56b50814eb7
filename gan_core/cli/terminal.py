"""What all commands share: progress on a terminal or in a log, tables or JSON, the folder of runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gan_core.config import settings

console = Console()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
RunsDir = Annotated[Path | None, typer.Option("--runs-dir", help="Folder of runs.", show_default="checkpoints/runs")]

Move = Callable[[int, int, str], None]


@contextmanager
def bar(title: str) -> Iterator[Move]:
    """A progress bar on standard error; gives the function that moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("{task.fields[detail]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=1, detail="")
        yield lambda done, total, detail: progress.update(task, completed=done, total=total, detail=detail)


def plain_lines(every_s: float = 10.0) -> Move:
    """A function that prints progress now and then, for logs."""
    last = [-every_s]

    def move(done: int, total: int, detail: str) -> None:
        if time.monotonic() - last[0] >= every_s or done == total:
            last[0] = time.monotonic()
            print(f"step {done}/{total}, {detail}", flush=True)

    return move


def runs_folder(given: Path | None) -> Path:
    """The folder of runs that was named on the command line, or else the installation's."""
    return settings.folder(given) if given else settings.runs_dir()


def show_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    """Prints rows: as JSON, as a table on a terminal, tab-separated in a pipe (the given columns only)."""
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    if not console.is_terminal:
        for row in rows:
            print("\t".join(str(row[column]) for column in columns))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape(str(row[column])) for column in columns))
    console.print(table)
