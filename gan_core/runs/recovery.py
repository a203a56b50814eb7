"""What of a run cannot be verified is told and kept: nothing is deleted, and nothing begins anew without being asked.

What is set aside stays in the run directory, in `set-aside-1/`, `set-aside-2/` ...
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from gan_core.runs import files
from gan_core.runs.run import Run
from gan_core.runs.status import Control

_NAMES = (
    "checkpoints",
    "samples",
    "manifest.json",
    "metrics.jsonl",
    "events.jsonl",
    "evaluations.jsonl",
    "control.json",
    "environment.json",
    "notes.json",
)


def damage(run: Run) -> list[str]:
    """A sentence for each of a run's small files that is damaged; cheap enough for a list of runs."""
    names = ("config.json", "about.json", "status.json", "control.json", "manifest.json", "pinned.json", "notes.json")
    return [words for name in names if (words := files.damage(run.path / name))]


def damaged_lines(run: Run) -> list[str]:
    """A sentence for each of a run's logs that has damaged lines; reads them whole."""
    logs = {run.metrics_path: files.is_metrics, run.events_path: files.is_event, run.evaluations_path: None}
    counts = {path.name: files.read_log(path, sound)[1] for path, sound in logs.items()}
    return [skipped(count, name) for name, count in counts.items() if count]


def skipped(count: int, name: str) -> str:
    """That lines of a log are left out."""
    lines = "1 damaged line" if count == 1 else f"{count:,} damaged lines"
    return f"{lines} of {name} {'was' if count == 1 else 'were'} skipped."


def refusal(run: Run, refused: Mapping[int, str]) -> str:
    """Why a run does not go on, and the ways out.

    Args:
        refused: step of each checkpoint that is no use -> why.
    """
    manifest = files.damage(run.manifest_path)
    if manifest:
        why = f"{manifest} Without it no checkpoint can be verified. Restore the file from a copy"
    elif refused:
        why = f"{refused[max(refused)]} Restore the damaged files from a copy"
    else:
        why = "its checkpoints are missing. Restore them from a copy"
    return (
        f"None of the {len(refused)} checkpoints can be used: {why}, or restart at step 0, which keeps the present files in "
        f"{next_folder(run).name}: python -m gan_core resume {run.id} --from-start. Nothing was changed."
    )


def begin_anew(run: Run) -> str:
    """Sets all that a run has learned and logged aside, so that it begins at step 0. Returns the folder's name.

    Raises:
        BlockingIOError: it is being trained.
        ValueError: it comes with the program.
    """
    run.refuse_if_shipped()
    with run.lock(timeout_s=1.0):
        processes = run.control().processes
        place = _set_aside(run, _NAMES)
        if (run.path / "status.json").exists():
            shutil.copyfile(run.path / "status.json", place / "status.json")
        run.checkpoints_dir.mkdir()
        run.samples_dir.mkdir()
        files.write_json(run.path / "control.json", asdict(Control(processes=processes)))
        run.write_status(replace(run.status(), state="stopped", step=0, epoch=0, images_seen=0, seconds=0.0, error=""))
        run.add_event("begun_anew", 0, kept=place.name)
    return place.name


def set_aside(run: Run, steps: Iterable[int]) -> str:
    """Sets checkpoints aside, with a copy of the log of metrics, which is cut next. Returns the folder's name."""
    place = _set_aside(run, [f"checkpoints/{run.checkpoint_dir(step).name}" for step in steps])
    if run.metrics_path.exists():
        shutil.copyfile(run.metrics_path, place / run.metrics_path.name)
    return place.name


def _set_aside(run: Run, names: Iterable[str]) -> Path:
    place = next_folder(run)
    place.mkdir()
    for name in names:
        if (run.path / name).exists():
            (place / name).parent.mkdir(exist_ok=True)
            (run.path / name).rename(place / name)
    files.sync_folder(run.path)
    return place


def next_folder(run: Run) -> Path:
    """Where what is set aside next will be."""
    number = 1
    while (place := run.path / f"set-aside-{number}").exists():
        number += 1
    return place
