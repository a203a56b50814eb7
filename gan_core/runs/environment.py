"""What a run was trained with, a session at a time: environment.json. It names no computer, user, folder or variable.

A session is one stretch of training, from a start or a resume on. Its data are known by their digest, so that a run whose
data changed while it was paused does not go on unnoticed.
"""

from __future__ import annotations

import platform
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import gan_core
from gan_core.config import RunConfig, devices, settings
from gan_core.datasets.base import Dataset
from gan_core.runs import files
from gan_core.runs.run import Run

MAX_SESSIONS, MAX_TEXT = 500, 120
ALLOWED, REFUSED = "data_allowed", "data_refused"  # events
NUMERIC = ("torch", "numpy", "processor", "device", "threads", "precision", "deterministic", "processes")
"""The fields on which the last bits of a run depend."""


@dataclass(frozen=True)
class Environment:
    """What one session ran in.

    Attributes:
        step: at which it began.
        ganvas, commit: version, and commit of its source if that is known.
        python, torch, torchvision, numpy: versions.
        system, processor, device: operating system, processor, and the hardware trained on.
        cores, memory_mib: processor cores that could be used, and the device's memory; 0 where an earlier version trained.
        threads, precision, deterministic, seed: as configured.
        data, num_images: the digest of the prepared data (see `content_digest`), and how many images they have.
        processes: that trained it together.
    """

    step: int = 0
    ganvas: str = ""
    commit: str = ""
    python: str = ""
    torch: str = ""
    torchvision: str = ""
    numpy: str = ""
    system: str = ""
    processor: str = ""
    device: str = ""
    cores: int = 0
    memory_mib: int = 0
    threads: int = 0
    precision: str = ""
    deterministic: bool = False
    seed: int = 0
    data: str = ""
    num_images: int = 0
    processes: int = 1


def session(config: RunConfig, dataset: Dataset, step: int) -> Environment:
    """The session that begins here and now. Loads torch.

    Args:
        config: resolved; its device must be one of this machine's.
        dataset: its training data, prepared.
        step: steps done.
    """
    import torch

    from gan_core.processes import shards

    training = config.training
    return Environment(
        step=step,
        ganvas=gan_core.__version__,
        commit=source_commit(settings.PROJECT_DIR),
        python=platform.python_version(),
        torch=str(torch.__version__),
        torchvision=metadata.version("torchvision"),
        numpy=metadata.version("numpy"),
        system=devices.operating_system(),
        processor=devices.processor(),
        device=devices.device_name(training.device),
        cores=devices.usable_cores(),
        memory_mib=devices.memory_mib(training.device),
        threads=torch.get_num_threads(),
        precision=training.precision,
        deterministic=training.deterministic,
        seed=training.seed,
        data=dataset.digest,
        num_images=len(dataset),
        processes=shards.count(),
    )


def sessions(run: Run) -> list[Environment]:
    """The sessions of a run, the first one first; none for a run of an earlier version or one that was never trained."""
    return read_sessions(files.read_json(run.environment_path))


def hardware_line(run: Run, say: Callable[[str], str] = str) -> str:
    """What a run was trained on, with which versions and for how long, in a line for a report; "" if that is not known.

    Where its sessions differ in hardware or versions, each is named once, in order.

    Args:
        run: which.
        say: translates a string; English as it is.
    """
    known = list(dict.fromkeys(_hardware(entry, say) for entry in sessions(run)))
    duration = f"{run.status().seconds / 60:.1f} minutes of training."
    return (
        f"{'; '.join([known[0], *(say(f'after that {one}') for one in known[1:])])}. {say(duration)}" if known else ""
    )


def _hardware(entry: Environment, say: Callable[[str], str]) -> str:
    one = entry.threads == 1
    threads = say(f"{entry.threads} thread" if one else f"{entry.threads} threads")
    if entry.cores:
        both = (
            f"{entry.threads} thread of {entry.cores} cores"
            if one
            else f"{entry.threads} threads of {entry.cores} cores"
        )
        threads = say(both)
    threads += " " + say(f"in each of {entry.processes} processes") if entry.processes > 1 else ""
    memory = ", " + say(f"{entry.memory_mib / 1024:.1f} GiB of memory") if entry.memory_mib else ""
    processor = "" if entry.device == entry.processor else " " + say(f"next to {entry.processor}")
    versions = f"Ganvas {entry.ganvas}, torch {entry.torch}, Python {entry.python}"
    return f"{entry.device}{memory}{processor}, {threads}, {entry.precision}; {versions}; {entry.system}"


def read_sessions(data: Mapping[str, Any]) -> list[Environment]:
    """The sessions in a JSON object of unknown origin: what is missing, unknown or of another type is left at its default."""
    stored = data.get("sessions")
    found = [entry for entry in stored if isinstance(entry, dict)] if isinstance(stored, list) else []
    return [_read_session(entry) for entry in found[:MAX_SESSIONS]]


def write_sessions(path: Path, entries: list[Environment]) -> None:
    """Writes environment.json: the first session and the newest others, MAX_SESSIONS in all."""
    kept = entries if len(entries) <= MAX_SESSIONS else [entries[0], *entries[1 - MAX_SESSIONS :]]
    files.write_json(path, {"sessions": [asdict(entry) for entry in kept]})


def begin(run: Run, new: Environment) -> None:
    """Adds a session to those of a run. A damaged file of theirs is set aside, and an event names it."""
    before = sessions(run)
    if not before and run.environment_path.exists():
        aside = run.environment_path.with_name(f"environment-damaged-{secrets.token_hex(4)}.json")
        run.environment_path.rename(aside)
        run.add_event("environment_damaged", new.step, kept_as=aside.name)
    write_sessions(run.environment_path, [*before, new])


def until(entries: list[Environment], step: int) -> list[Environment]:
    """The sessions in which the steps up to `step` were made."""
    ends = [min([step, *(later.step for later in entries[number:])]) for number in range(1, len(entries) + 1)]
    return [entry for entry, end in zip(entries, ends, strict=True) if entry.step < end] or entries[:1]


def differing(then: list[Environment], now: Environment) -> dict[str, tuple[Any, Any]]:
    """The fields on which the last bits depend in which some of the sessions were not as now: name -> (then, now)."""
    pairs = [(name, getattr(entry, name), getattr(now, name)) for entry in then for name in NUMERIC]
    return {name: (before, after) for name, before, after in pairs if before != after}


# data that changed under a paused run


def check_data(run: Run, dataset: Dataset) -> None:
    """Refuses data other than those of the run's last session, unless `allow_changed_data` was called since.

    Raises:
        ValueError: with what differs and the way out; an event tells the same.
    """
    last = (sessions(run) or [Environment(num_images=run.status().num_images)])[-1]
    same_count = last.num_images in (0, len(dataset))
    if same_count and last.data in ("", dataset.digest):
        return
    counts = {"before": last.num_images, "now": len(dataset)}
    if _newest_word(run) == ALLOWED:
        run.add_event("data_changed", run.status().step, **counts)
        return
    run.add_event(REFUSED, run.status().step, **counts)
    what = "their content differs" if same_count else "pictures were added or removed"
    raise ValueError(
        f"The training data changed since this run last trained: {counts['before']:,} images then, {counts['now']:,} now; "
        f"{what}. Restore them, or continue with the changed data: the button on the run's page, or resume with "
        "--accept-changed-data."
    )


def allow_changed_data(run: Run) -> None:
    """Lets the run's next session train on whatever its data set holds by then."""
    run.add_event(ALLOWED, run.status().step)


def was_refused(run: Run) -> bool:
    """Whether the run was last refused because its data changed."""
    return _newest_word(run) == REFUSED


def _newest_word(run: Run) -> str:
    words = [e["type"] for e in run.events() if e["type"] in (ALLOWED, REFUSED, "started", "resumed")]
    return str(words[-1]) if words else ""


def _read_session(entry: Mapping[str, Any]) -> Environment:
    values: dict[str, Any] = {}
    for field in fields(Environment):
        value, default = entry.get(field.name), getattr(Environment(), field.name)
        if type(value) is not type(default):
            continue
        if isinstance(value, str):
            value = re.sub(r"[^\x20-\x7e\xa0-\ud7ff]", " ", value)[:MAX_TEXT]
        elif isinstance(value, int) and not 0 <= value < 2**53:
            continue
        values[field.name] = value
    return Environment(**values)


def source_commit(folder: Path) -> str:
    """The commit that is checked out in a folder, from Git's own files; empty where there is none."""
    git = folder / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        if name != head:
            packed = (git / "packed-refs").read_text().splitlines() if (git / "packed-refs").exists() else []
            entry = next((line for line in packed if line.endswith(f" {name}")), "")
            head = (git / name).read_text().strip() if (git / name).exists() else entry[:40]
    except OSError:
        return ""
    return head if re.fullmatch(r"[0-9a-f]{40,64}", head) else ""
