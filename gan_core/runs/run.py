"""One run directory: its files, who may write them, and the state it is in.

    config.json    all that is needed to repeat the run; written once, before step 0
    about.json     the user's name and note for it; what it is called without a name
    status.json    where it stands; written by the trainer, or by the queue while nobody trains
    control.json   what is asked of it: run, pause or stop, and live changes
    environment.json  what it was trained with, a session at a time; see `gan_core.runs.environment`
    notes.json     observations and marked pictures; see `gan_core.runs.notes`
    report.html    its report, made at its end; see `gan_core.report.card`
    metrics.jsonl, events.jsonl, evaluations.jsonl, samples/, checkpoints/, manifest.json, log.txt

Folder names are generated; names that people type live in about.json only and never become a path.
"""

from __future__ import annotations

import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gan_core.access import Actor, bin, require
from gan_core.config import RunConfig, one_line, parse_config, read_strictly, settings, several_lines
from gan_core.config.reasons import not_written
from gan_core.runs import files
from gan_core.runs.status import ALIVE_STATES, Control, Status, read_control, read_status

MAX_NAME, MAX_TITLE, MAX_NOTE = 80, 200, 5000  # characters
ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Run:
    """One run directory. Holds paths and nothing else: any process may make one at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.samples_dir, self.checkpoints_dir = path / "samples", path / "checkpoints"
        self.metrics_path = path / "metrics.jsonl"  # a line for each recorded step
        self.events_path = path / "events.jsonl"
        self.evaluations_path = path / "evaluations.jsonl"  # measured after training
        self.environment_path = path / "environment.json"  # versions, device and data of every session
        self.notes_path = path / "notes.json"  # what people saw; see `gan_core.runs.notes`
        self.report_path = path / "report.html"  # made at its end; see `gan_core.report.card`
        self.manifest_path = path / "manifest.json"  # SHA-256 of all checkpoint files
        self.reserve_path = path / ".reserve"  # see `files.Reserve`
        self.log_path = path / "log.txt"  # the trainer's messages and tracebacks
        self.job_path = path / ".job.json"  # the cluster's job that it was handed to, while that lasts

    @property
    def shipped(self) -> bool:
        """Whether it comes with the program: to look at, never to change."""
        return self.path.parent == settings.pretrained_dir()

    def refuse_if_shipped(self) -> None:
        """Raises ValueError if it comes with the program."""
        if self.shipped:
            raise ValueError(f"The run '{self.name}' is built-in and read-only. Train its preset for your own run.")

    def config(self) -> RunConfig:
        """Its configuration.

        Raises:
            ValueError: config.json is missing or not a configuration.
        """
        try:
            return parse_config(read_strictly(self.path / "config.json"))
        except OSError as error:
            raise ValueError(f"The run '{self.id}' has no readable config.json.") from error

    def status(self) -> Status:
        """Where it stands, as `read_status` says. One whose status.json is damaged is interrupted, at its newest checkpoint."""
        data = files.read_json(self.path / "status.json")
        if not data and (damage := files.damage(self.path / "status.json")):
            step = max(self.checkpoint_steps(), default=0)
            return Status(
                state="interrupted", step=step, error=f"{damage} Resume continues from the newest checkpoint."
            )
        return read_status(data, self.is_locked)

    def write_status(self, status: Status) -> None:
        """Replaces the status, with the time of now. Only whoever holds `lock` may."""
        files.write_json(self.path / "status.json", asdict(replace(status, updated_at=time.time())))

    def write_last_status(self, status: Status) -> bool:
        """The same, also on a full disk where there is any way. Returns whether it could be written."""
        try:
            self.write_status(status)
        except OSError:
            try:
                files.overwrite_json(self.path / "status.json", asdict(replace(status, updated_at=time.time())))
            except OSError:
                return False
        return True

    @property
    def name(self) -> str:
        """What the user calls it, else its title, in English."""
        return self.own_name or self.title

    @property
    def own_name(self) -> str:
        """The name that somebody gave it; "" until then."""
        return one_line(files.read_json(self.path / "about.json").get("name"), MAX_NAME)

    @property
    def title(self) -> str:
        """What it is called without a name of its own: in English, of words that the catalogues know; its id if it has none."""
        return one_line(files.read_json(self.path / "about.json").get("title"), MAX_TITLE) or self.id

    def called(self, say: Callable[[str], str]) -> str:
        """Its name in the language of `say`; one that somebody gave it stays as it is."""
        return self.own_name if self.own_name and not self.shipped else say(self.name)

    @property
    def note(self) -> str:
        """The user's note."""
        return several_lines(files.read_json(self.path / "about.json").get("note"), MAX_NOTE)

    @property
    def owner(self) -> str:
        """The id of the student whose it is; "" where it is nobody's in particular."""
        return str(files.read_json(self.path / "about.json").get("owner") or "")

    def require(self, actor: Actor | None = None) -> None:
        """Refuses changes by anybody but its owner and teachers, and any to one that comes with the program.

        Raises:
            ValueError: with the reason.
        """
        require("own", actor, self.owner)
        self.refuse_if_shipped()

    def describe(self, name: str | None = None, note: str | None = None, *, actor: Actor | None = None) -> None:
        """Sets the user's name and note for it. An empty name gives it its title back.

        Raises:
            ValueError: `require`, an empty name where there is no title, one or a note that is too long, or a folder that
                cannot be written.
        """
        changes = {}
        if name is not None:
            changes["name"] = checked_text(name, "name", MAX_NAME, empty=self.title != self.id)
        if note is not None:
            changes["note"] = checked_text(note, "note", MAX_NOTE, empty=True, lines=True)
        with self.changing(self.path / "about.json", actor):
            files.write_json(self.path / "about.json", files.read_json(self.path / "about.json") | changes)

    @contextmanager
    def changing(self, file: Path, actor: Actor | None = None) -> Iterator[None]:
        """The right to change one of its files that people write. Raises ValueError: `require`, or it cannot be written."""
        self.require(actor)
        with self._asked(file.stem):
            yield

    # requests to its trainer

    def control(self) -> Control:
        """What is asked of it now."""
        return read_control(files.read_json(self.path / "control.json"))

    def command(self, command: str) -> None:
        """Asks the trainer to run, pause or stop. Raises ValueError if its folder cannot be written."""
        with self._asked("control"):
            files.write_json(self.path / "control.json", asdict(replace(self.control(), command=command)))

    def use_processes(self, processes: int) -> None:
        """Asks for so many processes from its next start or resume on. Raises ValueError as `command`."""
        with self._asked("control"):
            if (control := self.control()).processes != processes:
                files.write_json(self.path / "control.json", asdict(replace(control, processes=processes)))

    def override(self, changes: dict[str, float]) -> None:
        """Asks the trainer to change live fields; it answers with an event. Raises ValueError as `command`."""
        with self._asked("control"):
            control = self.control()
            changed = replace(control, sequence=control.sequence + 1, overrides={**control.overrides, **changes})
            files.write_json(self.path / "control.json", asdict(changed))

    def control_stamp(self) -> tuple[int, int]:
        """Changes whenever control.json does, also within one tick of the clock; cheap enough to ask at every step."""
        try:
            stat = (self.path / "control.json").stat()
        except FileNotFoundError:
            return 0, 0
        return stat.st_mtime_ns, stat.st_ino

    # logs

    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, in order; a damaged line is left out."""
        return files.read_log(self.events_path, files.is_event)[0]

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl; a damaged one is left out."""
        return files.read_log(self.metrics_path, files.is_metrics)[0]

    def add_event(self, kind: str, step: int, **details: Any) -> None:
        """Appends to the log of events; pages and trainer both do."""
        with self._briefly_locked("events"):
            event = {"type": kind, "step": step, "time": round(time.time(), 3), **details}
            files.append_lines(self.events_path, [event])

    def add_evaluations(self, records: list[dict[str, Any]]) -> None:
        """Appends to the log of evaluations.

        Raises:
            ValueError: a run that comes with the program.
        """
        self.refuse_if_shipped()
        with self._briefly_locked("evaluations"):
            files.append_lines(self.evaluations_path, records)

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

    def pin_labels(self, labels: list[list[int]]) -> None:
        """Keeps the labels of the pinned latents, one row each."""
        files.write_json(self.path / "pinned.json", {"labels": labels})

    def pinned_labels(self) -> list[list[int]] | None:
        """The labels of the pinned latents; None before they are kept."""
        labels = files.read_json(self.path / "pinned.json").get("labels")
        return labels if isinstance(labels, list) else None

    def checkpoint_dir(self, step: int) -> Path:
        """The folder of the checkpoint of a step."""
        return self.checkpoints_dir / f"step-{step:08d}"

    def chosen_step(self, step: int | None) -> int:
        """The step of one of its checkpoints: `step`, or the newest when that is None.

        Raises:
            ValueError: if there is no such checkpoint.
        """
        there = self.checkpoint_steps()
        if not there:
            raise ValueError(f"The run '{self.name}' has no checkpoint yet. Train it for a while first.")
        if step is not None and step not in there:
            steps = ", ".join(f"{one:,}" for one in there)
            raise ValueError(f"The run '{self.name}' has no checkpoint of step {step:,}. It has: {steps}.")
        return there[-1] if step is None else step

    def checkpoint_steps(self) -> list[int]:
        """Steps of the complete checkpoints, ascending."""
        folders = self.checkpoints_dir.glob("step-*")
        return sorted(int(f.name[5:]) for f in folders if f.name[5:].isdigit() and f.is_dir())

    def trainable_steps(self) -> list[int]:
        """Steps of the checkpoints that training can continue from, ascending: those with the optimisers' state."""
        return [s for s in self.checkpoint_steps() if (self.checkpoint_dir(s) / "optimizer.safetensors").exists()]

    def has_both_weights(self, step: int) -> bool:
        """Whether the checkpoint of a step holds its weights and their running averages."""
        return all((self.checkpoint_dir(step) / f"{kind}.safetensors").exists() for kind in ("model", "ema"))

    # locks

    @contextmanager
    def lock(self, timeout_s: float = 5.0) -> Iterator[None]:
        """The right to train this run or to write its status; freed when the process that holds it ends, however.

        Raises:
            BlockingIOError: another process has it, or trains the run on another computer, which locks may not reach.
        """
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout:
            raise BlockingIOError(f"The run '{self.id}' is being trained by another process.") from None
        try:
            if self._trains_elsewhere():
                raise BlockingIOError(f"The run '{self.id}' is being trained on another computer.")
            yield
        finally:
            lock.release()

    def is_trained(self) -> bool:
        """Whether a process trains it: on this computer by its lock, on another by its heartbeat."""
        return self.is_locked() or self._trains_elsewhere()

    def _trains_elsewhere(self) -> bool:
        """Whether its heartbeat comes from another computer; not every shared disk hands locks on."""
        status = self.status()
        host = status.owner.rpartition(":")[0]
        return status.state in ALIVE_STATES and host not in ("", platform.node())

    def is_locked(self) -> bool:
        """Whether a process is training it right now. Asking does not take the lock, so many may ask at once."""
        if sys.platform == "win32":
            try:
                with self.lock(timeout_s=0):
                    return False
            except BlockingIOError:
                return True
        import fcntl

        try:
            with (self.path / ".lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # there is none, or none can be had here
            return False
        return False

    @contextmanager
    def _asked(self, name: str) -> Iterator[None]:
        """`_briefly_locked`, for what a person asks: a disk that cannot be written is a ValueError."""
        try:
            with self._briefly_locked(name):
                yield
        except OSError as error:
            raise ValueError(not_written(f"The folder of the run '{self.name}'", error)) from error

    @contextmanager
    def _briefly_locked(self, name: str) -> Iterator[None]:
        with FileLock(self.path / f".{name}.lock", timeout=10):
            yield

    def sweep(self) -> None:
        """Removes what a trainer that died left half-written. Only whoever holds `lock` may."""
        with ExitStack() as held:
            for name in ("control", "about", "notes"):  # what pages write is not in the making
                held.enter_context(self._briefly_locked(name))
            files.sweep(self.path)
        files.sweep(self.samples_dir)
        files.sweep(self.checkpoints_dir)

    def delete(self, *, actor: Actor | None = None) -> None:
        """Moves the directory to the bin of its folder (see `access.bin`).

        Raises:
            ValueError: `require`; it is being trained, or cannot be moved.
        """
        self.require(actor)
        try:
            with self.lock(timeout_s=0.5):
                bin.discard(self.path, name=self.name, owner=self.owner)
        except BlockingIOError:
            raise ValueError(f"The run '{self.name}' is training. Stop it before you delete it.") from None
        except OSError as error:
            raise ValueError(not_written(f"The folder of the run '{self.name}'", error)) from error


def are_labels(labels: Any, count: int, width: int) -> bool:
    """Whether it is `count` rows of `width` labels, each 0 or 1."""
    return (
        isinstance(labels, list)
        and len(labels) == count
        and all(isinstance(row, list) and len(row) == width and all(x in (0, 1) for x in row) for row in labels)
    )


def checked_text(text: str, what: str, limit: int, *, empty: bool, lines: bool = False) -> str:
    """What can be printed of a text, found to be no longer than `limit` and not empty where it must not be.

    Args:
        lines: whether it may have several.

    Raises:
        ValueError: it is empty or too long.
    """
    text = (several_lines if lines else one_line)(text, len(text)).strip()
    if not text and not empty:
        raise ValueError(f"The {what} must not be empty.")
    if len(text) > limit:
        raise ValueError(f"The {what} has {len(text)} characters; at most {limit} are kept.")
    return text
