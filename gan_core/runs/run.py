"""One run directory: its files, who may write them, and the state it is in.

    config.json    all that is needed to repeat the run; written once, before step 0
    about.json     the user's name and note for it
    status.json    where it stands; written by the trainer, or by the queue while nobody trains
    control.json   what people ask of it: run, pause or stop, and live changes
    metrics.jsonl, events.jsonl, samples/, checkpoints/, manifest.json, log.txt

Folder names are generated; names that people type live in about.json only and never become a path.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gan_core.config import RunConfig, parse_config, strict_json
from gan_core.runs import files

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
HEARTBEAT_S = 2.0
STALE_AFTER_S = 12.0  # six missed heartbeats
ALIVE_STATES = ("running", "stopping")
OPEN_STATES = ("queued", "running", "stopping")
RESUMABLE_STATES = ("paused", "stopped", "failed", "interrupted")


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes:
        state: queued, running, paused, stopping, finished, stopped, failed or interrupted.
        phase: what a running run is doing before and between steps, in words; empty while it steps.
        step, total_steps, epoch, images_seen, num_images, steps_per_epoch: progress and the true counts.
        images_per_s: speed over the last seconds.
        seconds: time spent training, all sessions together.
        updated_at: Unix time of the last heartbeat.
        owner: process that trains, "host:pid".
        device: where.
        error: the sentence that ended a failed run.
        skipped: pictures that could not be read.
    """

    state: str = "queued"
    phase: str = ""
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    images_seen: int = 0
    num_images: int = 0
    steps_per_epoch: int = 0
    images_per_s: float = 0.0
    seconds: float = 0.0
    updated_at: float = 0.0
    owner: str = ""
    device: str = ""
    error: str = ""
    skipped: int = 0


@dataclass(frozen=True)
class Control:
    """What people ask of a run.

    Attributes:
        command: run, pause or stop.
        sequence: grows with every live change, so that the trainer answers each once.
        overrides: dotted field -> value, all live changes so far.
    """

    command: str = "run"
    sequence: int = 0
    overrides: dict[str, float] = field(default_factory=dict)


class Run:
    """One run directory. Holds a path and nothing else: any process may make one at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name

    # what is in it

    @property
    def samples_dir(self) -> Path:
        """The folder of sample grids."""
        return self.path / "samples"

    @property
    def checkpoints_dir(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def metrics_path(self) -> Path:
        """The log of recorded steps."""
        return self.path / "metrics.jsonl"

    @property
    def events_path(self) -> Path:
        """The log of what happened."""
        return self.path / "events.jsonl"

    @property
    def manifest_path(self) -> Path:
        """Hashes of all checkpoint files."""
        return self.path / "manifest.json"

    @property
    def log_path(self) -> Path:
        """The trainer's own messages and tracebacks."""
        return self.path / "log.txt"

    def config(self) -> RunConfig:
        """Its configuration.

        Raises:
            ValueError: config.json is missing or not a configuration.
        """
        try:
            return parse_config(strict_json((self.path / "config.json").read_bytes()))
        except OSError as error:
            raise ValueError(f"The run '{self.id}' has no readable config.json.") from error

    def status(self) -> Status:
        """Where it stands. A run that claims to be alive without a fresh heartbeat is interrupted."""
        known = {f.name for f in fields(Status)}
        data = {k: v for k, v in _read_json(self.path / "status.json").items() if k in known}
        status = Status(**data)
        if status.state in ALIVE_STATES and time.time() - status.updated_at > STALE_AFTER_S:
            return replace(status, state="interrupted")
        return status

    def write_status(self, status: Status) -> None:
        """Replaces the status, with the time of now. Only whoever holds `lock` may."""
        files.write_json(self.path / "status.json", asdict(replace(status, updated_at=time.time())))

    @property
    def name(self) -> str:
        """What the user calls it; its id until then."""
        return str(_read_json(self.path / "about.json").get("name") or self.id)

    @property
    def note(self) -> str:
        """The user's note."""
        return str(_read_json(self.path / "about.json").get("note") or "")

    def describe(self, name: str | None = None, note: str | None = None) -> None:
        """Sets the user's name and note for it.

        Raises:
            ValueError: an empty name, or one or a note that is too long.
        """
        about = _read_json(self.path / "about.json")
        if name is not None:
            about["name"] = _checked_text(name.strip(), "name", 80, empty=False)
        if note is not None:
            about["note"] = _checked_text(note.strip(), "note", 5000, empty=True)
        files.write_json(self.path / "about.json", about)

    # talking to its trainer

    def control(self) -> Control:
        """What people ask of it now."""
        data = _read_json(self.path / "control.json")
        known = {f.name for f in fields(Control)}
        return Control(**{k: v for k, v in data.items() if k in known})

    def command(self, command: str) -> None:
        """Asks the trainer to run, pause or stop."""
        with self._briefly_locked("control"):
            files.write_json(self.path / "control.json", asdict(replace(self.control(), command=command)))

    def override(self, changes: dict[str, float]) -> None:
        """Asks the trainer to change live fields; it answers with an event when it has."""
        with self._briefly_locked("control"):
            control = self.control()
            changed = replace(control, sequence=control.sequence + 1, overrides={**control.overrides, **changes})
            files.write_json(self.path / "control.json", asdict(changed))

    def control_stamp(self) -> int:
        """A number that changes whenever control.json does; cheap enough to ask at every step."""
        try:
            return (self.path / "control.json").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    # logs

    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, in order."""
        return files.read_lines(self.events_path)

    def add_event(self, kind: str, step: int, **details: Any) -> None:
        """Appends to the log of events; pages and trainer both do."""
        with self._briefly_locked("events"):
            log = files.LineLog(self.events_path)
            try:
                log.append({"type": kind, "step": step, "time": round(time.time(), 3), **details})
            finally:
                log.close()

    # samples

    def sample_steps(self) -> list[int]:
        """Steps at which a sample grid was drawn, ascending."""
        return sorted(int(p.stem[5:]) for p in self.samples_dir.glob("step-*.png") if p.stem[5:].isdigit())

    def sample_path(self, step: int) -> Path:
        """The sample grid of a step."""
        return self.samples_dir / f"step-{step:08d}.png"

    def save_sample(self, step: int, png: bytes) -> None:
        """Keeps the sample grid of a step."""
        files.write_atomically(self.sample_path(step), png)

    def checkpoint_steps(self) -> list[int]:
        """Steps of the complete checkpoints, ascending."""
        folders = self.checkpoints_dir.glob("step-*")
        return sorted(int(f.name[5:]) for f in folders if f.name[5:].isdigit() and f.is_dir())

    # who writes

    @contextmanager
    def lock(self, timeout_s: float = 5.0) -> Iterator[None]:
        """The right to train this run or to write its status; freed when the process that holds it ends, however.

        Raises:
            BlockingIOError: another process has it.
        """
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout:
            raise BlockingIOError(f"The run '{self.id}' is being trained by another process.") from None
        try:
            yield
        finally:
            lock.release()

    def is_locked(self) -> bool:
        """Whether a process is training it right now."""
        try:
            with self.lock(timeout_s=0):
                return False
        except BlockingIOError:
            return True

    @contextmanager
    def _briefly_locked(self, name: str) -> Iterator[None]:
        with FileLock(self.path / f".{name}.lock", timeout=10):
            yield

    def delete(self) -> None:
        """Removes the directory with everything in it.

        Raises:
            ValueError: it is being trained.
        """
        try:
            with self.lock(timeout_s=0.5):
                gone = self.path.with_name(f"{files.TEMPORARY}deleted-{secrets.token_hex(4)}")
                self.path.rename(gone)  # vanishes from every listing at once
        except BlockingIOError:
            raise ValueError(f"The run '{self.name}' is training. Stop it before you delete it.") from None
        shutil.rmtree(gone, ignore_errors=True)


def create(runs_dir: Path, config: RunConfig, name: str = "") -> Run:
    """A new run directory, complete or not there at all.

    Args:
        runs_dir: the folder of runs; made if missing.
        config: resolved.
        name: the user's name for it; its id if empty.

    Raises:
        ValueError: the folder cannot be written, or the name is too long.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    run = Run(runs_dir / f"{config.preset}-{stamp}-{secrets.token_hex(2)}"[:64])
    name = _checked_text(name.strip(), "name", 80, empty=True) or run.id
    aside = Run(runs_dir / f"{files.TEMPORARY}{run.id}")
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        aside.samples_dir.mkdir(parents=True)
        aside.checkpoints_dir.mkdir()
        files.write_atomically(aside.path / "config.json", config.to_json().encode())
        files.write_json(aside.path / "about.json", {"name": name, "note": ""})
        files.write_json(aside.path / "control.json", asdict(Control()))
        aside.write_status(Status(device=config.training.device))
        aside.path.rename(run.path)
    except OSError as error:
        shutil.rmtree(aside.path, ignore_errors=True)
        raise ValueError(
            f"The runs folder {runs_dir} cannot be written ({error.strerror or error}). "
            "Free some space, or set GANVAS_RUNS_DIR to a folder that you may write."
        ) from error
    return run


def find(runs_dir: Path, run_id: str) -> Run:
    """The run with this id, or with this name if there is only one.

    Raises:
        ValueError: none, or several of that name.
    """
    runs = list_runs(runs_dir)
    exact = [run for run in runs if run.id == run_id]
    named = exact or [run for run in runs if run.name == run_id]
    if len(named) == 1:
        return named[0]
    if named:
        raise ValueError(
            f"{len(named)} runs are called '{run_id:.80}'. Use one's id: {', '.join(r.id for r in named)}."
        )
    raise ValueError(
        f"There is no run '{run_id:.80}' in {runs_dir}. List the runs there are with: python -m gan_core runs."
    )


def list_runs(runs_dir: Path) -> list[Run]:
    """The runs in a folder, newest first. A folder that is no run is passed over; a missing one holds none."""
    try:
        entries = [Path(e.path) for e in os.scandir(runs_dir) if ID_PATTERN.fullmatch(e.name) and e.is_dir()]
    except FileNotFoundError:
        return []
    found = [(path, _created(path)) for path in entries]
    found.sort(key=lambda item: (item[1], item[0].name), reverse=True)
    return [Run(path) for path, created in found if created]


def _created(path: Path) -> int:
    """When config.json was written (it never changes), in ns; 0 when there is none."""
    try:
        return (path / "config.json").stat().st_mtime_ns
    except OSError:
        return 0


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty when the file is missing or holds something else."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _checked_text(text: str, what: str, limit: int, *, empty: bool) -> str:
    if not text and not empty:
        raise ValueError(f"The {what} must not be empty.")
    if len(text) > limit:
        raise ValueError(f"The {what} has {len(text)} characters; at most {limit} are kept.")
    return text
