"""A run directory made of received files, after their content was read and checked.

Text files are written anew from the values that were read. The caller has checked the checkpoints (`gan_core.hub.checks`).
"""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gan_core.config import RunConfig, read_bounded, several_lines, strict_object, with_changes
from gan_core.config import one_line as _line
from gan_core.processes import guarded
from gan_core.runs import environment, evaluations, files, folder, portable
from gan_core.runs.run import MAX_NAME, MAX_NOTE, MAX_TITLE, Run, are_labels
from gan_core.runs.status import Control, Status, read_status


@dataclass(frozen=True)
class Origin:
    """Where a run came from.

    Attributes:
        repo, revision: repository on the Hub and its commit.
        weights_only: whether it came without the optimisers' state, so that it cannot be trained further.
    """

    repo: str
    revision: str
    weights_only: bool


def origin(run: Run) -> Origin | None:
    """Where a run came from; None for one that was made here."""
    stored = files.read_json(run.path / portable.JSON_NAMES["about"]).get("origin")
    if not isinstance(stored, dict):
        return None
    return Origin(str(stored.get("repo")), str(stored.get("revision")), bool(stored.get("weights_only")))


def write_run(place: Path, config: RunConfig, came_from: Origin, owner: str = "") -> None:
    """Makes the folder `place` a run directory, under whatever name.

    Args:
        place: holds the files of a run by their names (`portable.part`), and may hold others, which are removed.
        config: what its config.json was found to say, fit for this machine.
        came_from: kept in about.json.
        owner: id of the student whose it is; "" for nobody's in particular.

    Raises:
        ValueError: a file that holds something else than a run's.
    """
    names = portable.JSON_NAMES
    parts = [p for p in (portable.part(str(f.relative_to(place).as_posix())) for f in place.rglob("*")) if p]
    step = max((p.step for p in parts if p.kind == "model"), default=0)
    about, status = _object(place / names["about"]), read_status(_object(place / names["status"]))
    metrics = place.with_name(f"{place.name}-{names['metrics']}")  # written anew line by line: it may be long
    files.append_lines(metrics, portable.metrics_until(portable.checked_lines(place / names["metrics"]), step))
    events = portable.events_until(portable.checked_lines(place / names["events"], portable.MAX_EVENTS), step)
    measured = evaluations.until(portable.checked_lines(place / names["evaluations"], portable.MAX_EVENTS), step)
    sessions = environment.read_sessions(_object(place / names["environment"]))
    pinned = _object(place / names["pinned"])
    _keep_only(place, {p.name for p in parts if p.kind in ("sample", "manifest", *portable.CHECKPOINT_KINDS)})
    _redraw([place / part.name for part in parts if part.kind == "sample"])
    files.write_atomically(place / names["config"], config.to_json().encode())
    words = {
        "name": _line(about.get("name"), MAX_NAME),
        "title": _line(about.get("title"), MAX_TITLE) or came_from.repo[-MAX_NAME:],
        "note": several_lines(about.get("note"), MAX_NOTE),
    }
    files.write_json(place / names["about"], words | {"origin": asdict(came_from), "owner": owner})
    run = Run(place)
    run.samples_dir.mkdir(exist_ok=True)
    run.checkpoints_dir.mkdir(exist_ok=True)
    if "labels" in pinned:
        run.pin_labels(_labels(pinned["labels"], config))
    if sessions:
        environment.write_sessions(run.environment_path, sessions)
    metrics.replace(run.metrics_path)
    files.append_lines(run.events_path, events)
    if measured:
        files.append_lines(run.evaluations_path, measured)
    files.write_json(place / "control.json", asdict(_control(events)))
    run.write_status(_status(status, step, config, weights_only=came_from.weights_only))


def for_this_machine(config: RunConfig) -> RunConfig:
    """The same configuration on a device of this machine, and without the folder of another's pictures."""
    from gan_core.config.devices import detect

    changes: dict[str, Any] = {"dataset.root": ""}
    machine = detect()
    if config.training.device not in machine.devices:
        changes["training.device"] = machine.devices[0]
        if machine.devices[0] not in machine.bf16_devices:
            changes["training.precision"] = "fp32"
    if config.training.precision == "auto":
        changes["training.precision"] = "fp32"
    return with_changes(config, changes)


def move_in(place: Path, runs_dir: Path, repo: str) -> Run:
    """Moves such a folder into the runs folder under a new id made of the repository's name; returns the run.

    Raises:
        ValueError: the runs folder cannot be written.
    """
    folder.check_writable(runs_dir)
    slug = re.sub(r"[^a-z0-9]+", "-", repo.rpartition("/")[2].lower()).strip("-")[:40].strip("-") or "run"
    run = folder.move_in(place, runs_dir, slug)
    files.sync_folder(runs_dir)
    return run


def _status(received: Status, step: int, config: RunConfig, *, weights_only: bool) -> Status:
    """A run of weights alone is finished: training could only restart from step 0, and would erase its log."""
    total = max(min(received.total_steps, 10**12), step)
    counts = {
        name: max(0, min(getattr(received, name), 10**12))
        for name in ("epoch", "images_seen", "num_images", "steps_per_epoch", "seconds")
    }
    return Status(
        state="finished" if weights_only or step >= total else "stopped",
        step=step,
        total_steps=total,
        device=config.training.device,
        **counts,
    )


def _control(events: list[dict[str, Any]]) -> Control:
    """The control of its live changes until now, so that the next one has a new sequence number."""
    control = Control()
    for event in events:
        if event["type"] == "override":
            changes = {**control.overrides, **event["changes"]}
            control = replace(control, sequence=max(control.sequence, event["sequence"]), overrides=changes)
    return control


def _object(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return strict_object(read_bounded(path))
    except ValueError as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error


def _labels(labels: Any, config: RunConfig) -> list[list[int]]:
    count, width = config.recording.num_samples, len(config.conditioning.labels)
    if not are_labels(labels, count, width):
        raise ValueError(f"pinned.json must hold {count} rows of {width} labels, each 0 or 1; it does not.")
    return [[int(x) for x in row] for row in labels]


def _redraw(paths: list[Path]) -> None:
    """Writes pictures anew, so that nothing but their pixels is kept."""
    with closing(
        guarded.each("gan_core.datasets.sources.decoding:redraw", {"paths": list(map(str, paths))})
    ) as outcomes:
        for path, reason in zip(paths, outcomes, strict=True):
            if reason:
                raise ValueError(f"The sample grid {path.name} is {reason}")


def _keep_only(place: Path, names: set[str]) -> None:
    for entry in sorted(place.rglob("*"), reverse=True):  # what is within a folder comes before it
        if entry.is_symlink() or entry.is_file():
            if entry.is_symlink() or entry.relative_to(place).as_posix() not in names:
                entry.unlink()
        elif not any(entry.iterdir()):
            shutil.rmtree(entry)
