"""Shared by all commands: progress on a terminal or in a log, tables or JSON, signals, the folder of runs."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol, TextIO, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gan_core.config import settings
from gan_core.runs import Run, Status, recovery

console = Console()


class Patient:
    """Standard output that takes every letter, and goes on when nobody reads it any more (`train | head -1`).

    A letter that the terminal's code page has not is written as its number. What it wraps is a text stream.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Writes the text; nowhere once the pipe is closed."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            return self._give_up(len(text))

    def flush(self) -> None:
        """Passes on what was written."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._give_up(0)

    def _give_up(self, written: int) -> int:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's id or name, as `runs` lists them, or its folder.")]
RunsDir = Annotated[Path | None, typer.Option("--runs-dir", help="Folder of runs.", show_default="GANVAS_RUNS_DIR")]

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


def show_status(move: Move) -> Callable[[Status], None]:
    """A function that shows a training run's status: its step, epoch and images per second."""

    def show(status: Status) -> None:
        if status.state == "running" and status.total_steps:
            move(status.step, status.total_steps, f"epoch {status.epoch}, {status.images_per_s:,.0f} images/s")

    return show


def collect_signals() -> list[int]:
    """A list to which SIGINT and SIGTERM are appended from now on, instead of ending the process."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: received.append(number))
    return received


def parse_changes(texts: list[str] | None) -> dict[str, str]:
    """Dotted field -> value, of KEY=VALUE texts.

    Raises:
        ValueError: if a text has no key or no "=".
    """
    pairs = [text.partition("=") for text in texts or []]
    for key, equals, value in pairs:
        if not equals or not key:
            raise ValueError(f"--set takes KEY=VALUE, for example training.epochs=5; got '{key}{equals}{value}'.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def tell_damage(run: Run) -> None:
    """Says on standard error what of a run's logs is left out."""
    for sentence in recovery.damaged_lines(run):
        print(f"{run.name}: {sentence}", file=sys.stderr)


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


class Named(Protocol):
    """What a command line may mean by an id or by a name."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


NamedThing = TypeVar("NamedThing", bound=Named)


def find_one(things: Iterable[NamedThing], wanted: str, what: str) -> NamedThing | None:
    """The first thing of this id, or else the only one of this name; None where there is none.

    Args:
        things: to choose from.
        wanted: an id or a name.
        what: they are, in the plural.

    Raises:
        ValueError: several of that name.
    """
    there = list(things)
    found = [one for one in there if one.id == wanted] or [one for one in there if one.name == wanted]
    if len({one.id for one in found}) > 1:
        ids = ", ".join(one.id for one in found)
        raise ValueError(f"{len(found)} {what} are called '{wanted:.80}'. Use one's id: {ids}.")
    return found[0] if found else None
