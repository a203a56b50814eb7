"""The commands that compare runs and make a film of one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.analysis import comparing
from gan_core.analysis import film as films
from gan_core.analysis.comparing import Compared
from gan_core.analysis.curves import metrics_of
from gan_core.cli.terminal import AsJson, RunName, RunsDir, bar, console, runs_folder, tell_damage
from gan_core.config.numbers import significant
from gan_core.runs import evaluations

MEASURED = ("metric", "value", "interval", "step", "num_samples", "extractor", "seed")
RunNames = Annotated[
    list[str], typer.Argument(metavar="RUN", help="Ids or names of two or more runs, as `runs` lists them.")
]


def compare(names: RunNames, runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """Compare runs: the settings in which they differ, their measurements, and the last values of their curves."""
    if not 2 <= len(names) <= comparing.MAX_RUNS:
        raise ValueError(f"2 to {comparing.MAX_RUNS} runs can be compared; got {len(names)}.")
    folder = runs_folder(runs_dir)
    found = [comparing.read(runs.find(folder, name)) for name in names]
    for one in found:
        tell_damage(one.run)
    content = as_data(found)
    if as_json:
        print(json.dumps(content, indent=2))
        return
    print("\t".join(["", *(one.run.name for one in found)]))
    for sentence in content["obstacles"]:
        print(f"! {sentence}")
    for one, departures in zip(found, content["departures"], strict=True):
        for departure in departures:
            changes = ", ".join(f"{name} {value:g}" for name, value in departure["changes"].items())
            print(
                f"! {one.run.name}: {f'changed live: {changes}' if changes else 'ended early'}, at step {departure['step']}"
            )
    for name, values in content["settings"].items():
        print("\t".join([name, *map(str, values)]))
    for name, values in content["ends"].items():
        print("\t".join([name, *("-" if end is None else f"{end['mean']:.4g}" for end in values)]))
    for one, measured in zip(found, content["measured"], strict=True):
        for value in measured:
            interval = (
                "no interval"
                if value["interval"] is None
                else " to ".join(significant(end, 4) for end in value["interval"])
            )
            conditions = f"{value['num_samples']} images, {value['extractor']}, step {value['step']}"
            print(f"{one.run.name}\t{value['metric']} {significant(value['value'], 4)} ({interval}; {conditions})")


def as_data(found: list[Compared]) -> dict[str, Any]:
    """The comparison as JSON values: lists are in the runs' order, null where a run has no such value."""
    configs = [one.config for one in found]
    steps = [one.status.total_steps for one in found]
    ends = [comparing.endings(one.columns) for one in found]
    return {
        "runs": [{"id": one.run.id, "name": one.run.name, "step": comparing.last_step(one)} for one in found],
        "obstacles": [obstacle.said() for obstacle in comparing.obstacles(configs)],
        "settings": {name: list(values) for name, values in comparing.differing(configs, steps).items()},
        "departures": [[asdict(departure) for departure in comparing.departures(one.run)] for one in found],
        "ends": {
            name: [asdict(end[name]) if name in end else None for end in ends]
            for name in metrics_of(found)
            if any(name in end for end in ends)
        },
        "measured": [
            [{name: getattr(e, name) for name in MEASURED} for e in evaluations.latest(one.run)] for one in found
        ],
    }


def film(
    run: RunName,
    out: Annotated[Path, typer.Option(help="File to write: .mp4 or .gif.")],
    fps: Annotated[int, typer.Option(help="Sample grids per second.", min=films.MIN_FPS, max=films.MAX_FPS)] = 8,
    runs_dir: RunsDir = None,
) -> None:
    """Make a film of a run: its sample grids with their steps, and the losses below."""
    kind = out.suffix.lower().removeprefix(".")
    if kind not in films.FORMATS:
        raise ValueError(f"--out must name an .mp4 or a .gif file; got '{out}'.")
    found = runs.find(runs_folder(runs_dir), run)
    with bar("Filming") as move:
        content, (width, height, frames) = films.film(
            found, kind, fps, lambda stage, done=0, total=0, value=None: move(done, total, "")
        )
    runs.files.write_atomically(out.absolute(), content)
    console.print(f"{out}: {frames} frames of '{escape(found.name)}', {width}x{height}, {len(content):,} bytes")
