"""The commands about work that a page began in the background: maps, reports, evaluators, data sets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core.cli.terminal import AsJson, console, show_rows
from gan_core.jobs import task as background
from gan_core.jobs.task import Task

ENDS_WITHIN_S = 15.0  # a task that does not stop at its next report is ended by its process
LOOK_S = 0.2


def list_tasks(as_json: AsJson = False) -> None:
    """List the work in the background, whichever program began it."""
    rows = []
    for one in background.at_work():
        now = one.progress
        counts = f" {now.done:,} / {now.total:,}" if now.total else ""
        row = {"id": one.id, "work": _work(one.task), "about": _about(one.task), "progress": f"{now.stage}{counts}"}
        rows.append(row | {"done": now.done, "total": now.total, "owner": one.owner, "arguments": one.task.values})
    show_rows(rows, ("id", "work", "about", "progress"), as_json)


def cancel(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Work in the background: its id, as `tasks` lists it.")],
) -> None:
    """Cancel work in the background, for everybody who waits for its result, and wait until it has ended."""
    one = next((one for one in background.at_work() if one.id == task), None)
    if one is None:
        raise ValueError(f"No work in the background has the id '{task:.80}'. `tasks` lists what runs.")
    background.cancel(one.task)
    latest = time.monotonic() + ENDS_WITHIN_S
    while (state := background.progress(one.task).state) == "running" and time.monotonic() < latest:
        time.sleep(LOOK_S)
    ended = {"running": "asked to stop", "done": "done before it could be cancelled"}.get(state, state)
    console.print(escape(f"{_work(one.task)} {_about(one.task)}: {ended}"), soft_wrap=True)


def _work(task: Task) -> str:
    """Where its function is, without the program's name: `jobs.data.prepare`."""
    return task.function.removeprefix("gan_core.").replace(":", ".")


def _about(task: Task) -> str:
    """The runs or the data set that it works on."""
    values = task.values
    runs = [Path(path).name for path in (values.get("run"), *values.get("runs", ())) if path]
    data = (
        values.get("repo")
        or values.get("name")
        or values.get("id")
        or (values.get("config") or values.get("dataset") or {}).get("name")
    )
    return ", ".join(runs) or str(data or "")
