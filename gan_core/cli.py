"""The command line: the same code and the same run directories as the pages.

Exit status 0, or a sentence on standard error and 2. `--json` where a program would read the answer.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gan_core import datasets, jobs, runs, settings, trainers, waiting
from gan_core.config import RunConfig, with_changes
from gan_core.presets import PRESETS, preset_config
from gan_core.runs import Run, Status
from gan_core.runs.status import OPEN_STATES

app = typer.Typer(
    help="Ganvas without a browser: list, train, resume, stop and sample. Runs appear live in the app.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
RunsDir = Annotated[Path | None, typer.Option("--runs-dir", help="Folder of runs.", show_default="checkpoints/runs")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's id or name, as `runs` lists them.")]


def main() -> None:
    """Runs the command line; turns every refusal into one sentence and exit status 2."""
    try:
        app()
    except (ValueError, BlockingIOError) as refusal:
        print(f"Error: {refusal}", file=sys.stderr)
        sys.exit(2)
    except OSError as failure:
        print(f"Error: {failure.strerror or failure}: {failure.filename or ''}", file=sys.stderr)
        sys.exit(2)


@app.command()
def presets(as_json: AsJson = False) -> None:
    """List the experiments that can be trained."""
    rows = [
        {
            "name": preset.name,
            "title": preset.title,
            "description": preset.description,
            "minutes": preset.minutes,
            "config": preset.config.model_dump(mode="json"),
        }
        for preset in PRESETS.values()
    ]
    _show(rows, ("name", "title", "description"), as_json)


@app.command(name="datasets")
def list_datasets(as_json: AsJson = False) -> None:
    """List the data sets."""
    rows = [
        {"name": name, "title": entry.title, "description": entry.description, "needs_root": entry.needs_root}
        for name, entry in datasets.DATASETS.items()
    ]
    _show(rows, ("name", "title", "description"), as_json)


@app.command(name="runs")
def list_all_runs(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs, newest first."""
    rows = []
    for run in runs.list_runs(_folder(runs_dir)):
        status = run.status()
        progress = f"{status.step:,} / {status.total_steps:,}"
        rows.append(
            {"id": run.id, "name": run.name, "state": status.state, "progress": progress, "step": status.step}
            | {"total_steps": status.total_steps, "error": status.error, "path": str(run.path)}
        )
    _show(rows, ("id", "name", "state", "progress"), as_json)


@app.command()
def train(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="An experiment, as `presets` lists them.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Stop after so many steps.", min=1)] = None,
    runs_dir: RunsDir = None,
    name: Annotated[str, typer.Option(help="Your name for the run.")] = "",
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda:0 ... or mps.")] = None,
) -> None:
    """Train an experiment. Prints the run's folder first; Ctrl-C pauses it."""
    config = with_changes(preset_config(preset), _parse_changes(changes or []))
    if steps is not None:
        config = with_changes(config, {"training.max_steps": steps})
    if device is not None:
        config = with_changes(config, {"training.device": device})
    _train(_create(config, _folder(runs_dir), name))


@app.command()
def resume(run: RunName, runs_dir: RunsDir = None) -> None:
    """Continue a run from its newest checkpoint."""
    found = runs.find(_folder(runs_dir), run)
    if found.status().state == "finished":
        raise ValueError(f"The run '{found.name}' has finished; there is nothing left to train.")
    waiting.withdraw(found)
    found.command("run")
    _train(found)


@app.command()
def stop(run: RunName, runs_dir: RunsDir = None) -> None:
    """Stop a run that trains anywhere on this folder, and wait until its checkpoint is written."""
    found = runs.find(_folder(runs_dir), run)
    if found.status().state not in OPEN_STATES:
        raise ValueError(f"The run '{found.name}' is not training; it is {found.status().state}.")
    jobs.leave(found, "stop")
    deadline = time.monotonic() + trainers.HANGS_AFTER_S
    while found.status().state in OPEN_STATES:
        if time.monotonic() > deadline:
            raise ValueError(f"The run '{found.name}' did not stop within {trainers.HANGS_AFTER_S:.0f} s.")
        time.sleep(0.05)
    console.print(f"{escape(found.name)}: {found.status().state} at step {found.status().step:,}")


@app.command()
def sample(
    run: RunName,
    out: Annotated[Path, typer.Option(help="PNG file to write.")],
    count: Annotated[int, typer.Option(help="Images in the grid.", min=1, max=4096)] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the latents; the same seed gives the same images.", min=0)] = 0,
    step: Annotated[int | None, typer.Option(help="Checkpoint to sample from; the newest if not given.")] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Draw a grid of images from a run."""
    if out.suffix.lower() != ".png":
        raise ValueError(f"--out must name a .png file; got '{out}'.")
    found = runs.find(_folder(runs_dir), run)
    from gan_core import imaging, sampling, training

    sampler = sampling.open_sampler(found, step)
    drawn = sampler.samples(sampling.latents(count, sampler.latent_dim, seed))
    picture = training.picture_of(drawn)
    runs.files.write_atomically(out.absolute(), imaging.png_bytes(picture))
    console.print(f"{out}: {count} images of '{escape(found.name)}' at step {sampler.step:,}, seed {seed}")


def _create(config: RunConfig, folder: Path, name: str) -> Run:
    """A run directory for `config`, resolved for this machine, once its images are known to be enough."""
    from gan_core.devices import detect
    from gan_core.resolve import check, check_data, resolve

    check(config)
    resolved = resolve(config, detect())
    with _bar("Preparing the images") as move:
        dataset = datasets.prepare(resolved.dataset, lambda done, total: move(done, total, ""))
    check_data(resolved, len(dataset))
    if dataset.skipped:
        names = ", ".join(file for file, _ in dataset.skipped[:5])
        print(f"Skipped {len(dataset.skipped)} pictures that cannot be read: {names}", file=sys.stderr)
    return runs.create(folder, resolved, name)


def _train(run: Run) -> None:
    """Trains a run in this process, with a bar on a terminal and plain lines elsewhere."""
    print(run.path, flush=True)
    from gan_core import training, worker

    worker.keep_freed_memory()
    asked: list[str] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.append("pause"))
    with _bar("Training") if console.is_terminal else nullcontext(_plain_lines()) as move:

        def show(status: Status) -> None:
            if status.state == "running" and status.total_steps:
                move(
                    status.step,
                    status.total_steps,
                    f"epoch {status.epoch}, {status.images_per_s:,.0f} images/s",
                )

        status = training.train(run, show, lambda: asked[0] if asked else None)
    if status.state == "failed":
        raise ValueError(status.error)
    print(f"{status.state} at step {status.step} of {status.total_steps}, {status.seconds:.1f} s")
    if status.state == "paused":
        print(f"Go on with: python -m gan_core resume {run.id} --runs-dir {run.path.parent}")


Move = Callable[[int, int, str], None]


@contextmanager
def _bar(title: str) -> Iterator[Move]:
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


def _plain_lines(every_s: float = 10.0) -> Move:
    """A function that prints progress now and then, for logs."""
    last = [-every_s]

    def move(done: int, total: int, detail: str) -> None:
        if time.monotonic() - last[0] >= every_s or done == total:
            last[0] = time.monotonic()
            print(f"step {done}/{total}, {detail}", flush=True)

    return move


def _parse_changes(texts: list[str]) -> dict[str, str]:
    changes = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ValueError(f"--set takes KEY=VALUE, for example training.epochs=5; got '{text}'.")
        changes[key.strip()] = value.strip()
    return changes


def _folder(given: Path | None) -> Path:
    return settings.folder(given) if given else settings.runs_dir()


def _show(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
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
