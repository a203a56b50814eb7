"""The tiny runs that accidents happen to: how they are made, trained in a process that dies, and compared."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import Machine
from gan_core.models.building import build
from gan_core.models.networks import NETWORKS
from gan_core.runs import Run, checkpoints
from gan_core.training import loop, recorder
from gan_core.training.plan import resolve

MACHINE = Machine(devices=("cpu",), labels=("CPU",), threads=1, bf16_devices=())
STEPS = 30
TINY = {
    "dataset.image_size": 8, "dataset.num_images": 60, "network.width": 4, "network.latent_dim": 8,
    "training.batch_size": 16, "training.epochs": 100, "training.max_steps": STEPS, "training.precision": "fp32",
    "training.device": "cpu", "training.threads": 1, "recording.num_samples": 4, "recording.sample_every_steps": 10,
    "recording.checkpoint_every_steps": 10, "recording.probe_every_steps": 3,
}  # fmt: skip
PATIENCE_S = 120.0
PROCESSES = multiprocessing.get_context("forkserver")


@dataclass
class Counts:
    """What became of a suite's accidents; `measured` are times, for the table."""

    injected: int = 0
    survived: int = 0
    accepted: int = 0
    crashed: int = 0
    measured: str = ""
    notes: list[str] = field(default_factory=list)

    def add(self, good: bool, note: str = "") -> None:
        """Counts one accident, and whether all was as promised; `note` says what was not."""
        self.injected += 1
        self.survived += good
        if not good:
            self.notes.append(note)


def families() -> dict[str, str]:
    """Kind of model -> its first network for tiny images."""
    found: dict[str, str] = {}
    for name, entry in NETWORKS.items():
        if entry.domain == "images":
            with contextlib.suppress(ValueError):  # another size
                resolve(with_changes(RunConfig(), TINY | {"network.name": name}), MACHINE)
                found.setdefault(entry.model, name)
    return found


def made(place: Path, **changes: Any) -> Run:
    """The directory of a tiny run, not trained yet; `network__name="vae"` changes `network.name`."""
    config = with_changes(RunConfig(), TINY | {name.replace("__", "."): value for name, value in changes.items()})
    return runs.create(place, resolve(config, MACHINE))


def cycle(place: Path, **changes: Any) -> Iterator[Run]:
    """New runs without end, one of each family in turn."""
    for network in itertools.cycle(families().values()):
        yield made(place, network__name=network, **changes)


def leave_at(step: int, command: str = "stop") -> Callable[[], str | None]:
    """A request to leave before a session's step."""
    calls = itertools.count()
    return lambda: command if next(calls) == step else None


def outcome(run: Run) -> dict[str, Any]:
    """All that two runs of one configuration have in common, to the last bit."""
    step = run.checkpoint_steps()[-1]
    tensors = {
        f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in run.checkpoint_dir(step).glob("*.safetensors")
    }
    lines = [{k: v for k, v in line.items() if k != "time"} for line in run.metrics()]
    return {"step": step, "tensors": tensors, "metrics": lines, "sample": run.sample_path(step).read_bytes()}


class Untouched:
    """The outcome that runs of each family have when nothing happens to them."""

    def __init__(self, place: Path) -> None:
        self._place, self._known = place, dict[str, dict[str, Any]]()

    def equals(self, run: Run) -> bool:
        """Whether a run ended as if nothing had happened."""
        config = run.config()
        if config.network.name not in self._known:
            plain = made(self._place, network__name=config.network.name)
            loop.train(plain)
            self._known[config.network.name] = outcome(plain)
        return outcome(run) == self._known[config.network.name]


def train_in_process(run: Run, *, at_step: int = -1, at_fsync: int = -1, memory: int = 0) -> int:
    """Trains in a process that kills itself at a step or at a durable write of a checkpoint; its exit status."""
    process = PROCESSES.Process(
        target=_train, args=(str(run.path), at_step, at_fsync, memory, os.environ["GANVAS_CACHE_DIR"])
    )
    process.start()
    process.join(PATIENCE_S)
    process.kill()
    return process.exitcode or 0


def _train(path: str, at_step: int, at_fsync: int, memory: int, cache: str) -> None:
    os.environ["GANVAS_CACHE_DIR"] = cache
    recorder.FLUSH_EVERY_S = -1.0  # the log is ahead of the checkpoint at every kill
    steps, fsyncs, fsync, save = itertools.count(), itertools.count(), os.fsync, checkpoints.save

    def request() -> None:
        if next(steps) == at_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def dying(handle: int) -> None:
        if next(fsyncs) == at_fsync:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(handle)

    def saving(*arguments: Any) -> None:
        os.fsync = dying
        try:
            save(*arguments)
        finally:
            os.fsync = fsync

    checkpoints.save = saving
    if memory:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    loop.train(Run(Path(path)), request=request)


def loads(run: Run, step: int) -> bool:
    """Whether a checkpoint is taken for sound."""
    try:
        checkpoints.load(run, step, build(run.config(), "cpu"))
    except ValueError:
        return False
    return True


def wait(condition: Callable[[], bool], every_s: float = 0.05) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every_s)
    return False
