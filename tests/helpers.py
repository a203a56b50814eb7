"""What several test modules need: a tiny run, processes that die at an exact moment, and patience without sleeping blind."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_core import runs
from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import Machine
from gan_core.runs import Run
from gan_core.training.plan import resolve

MACHINE = Machine(devices=("cpu",), labels=("CPU",), threads=1, bf16_devices=())
TINY = {  # 4 steps an epoch, 20 in all: a run takes a fraction of a second
    "dataset.image_size": 8,
    "dataset.num_images": 60,  # the last batch of an epoch has 12 images
    "network.width": 4,
    "network.latent_dim": 8,
    "training.batch_size": 16,
    "training.epochs": 5,
    "training.ema_decay": 0.9,
    "training.precision": "fp32",
    "training.device": "cpu",
    "training.threads": 1,
    "recording.num_samples": 4,
    "recording.sample_every_steps": 5,
    "recording.checkpoint_every_steps": 5,
    "recording.probe_every_steps": 3,
}


def tiny(**changes: Any) -> RunConfig:
    """A resolved configuration of a run of 20 steps; `training__epochs=2` changes `training.epochs`."""
    config = with_changes(RunConfig(), TINY | {name.replace("__", "."): value for name, value in changes.items()})
    return resolve(config, MACHINE)


def tiny_run(runs_dir: Path, name: str = "", **changes: Any) -> Run:
    """The directory of such a run, not trained yet."""
    return runs.create(runs_dir, tiny(**changes), name)


def eventually(condition: Callable[[], Any], what: str, timeout_s: float = 60.0) -> Any:
    """Waits until `condition()` holds and returns its value; the deadline only bounds a test that fails."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.01)
    return value


def outcome(run: Run) -> dict[str, Any]:
    """All that two runs of one configuration must have in common, to the last bit."""
    step = run.checkpoint_steps()[-1]
    place = run.checkpoints_dir / f"step-{step:08d}"
    state = json.loads((place / "state.json").read_bytes())
    del state["seconds"]
    lines = [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
    for line in lines:
        del line["time"]
    return {
        "step": step,
        "tensors": {f.name: _digest(f) for f in sorted(place.glob("*.safetensors"))},
        "state": state,
        "metrics": lines,
        "final sample": _digest(run.sample_path(step)),
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# Processes that train, and die. A fork server has torch loaded, so that one starts in milliseconds.

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["gan_core.training.loop", "helpers"])


def start_training(run: Run, **deaths: int) -> multiprocessing.process.BaseProcess:
    """A process that trains the run. `at_step=5` or `at_fsync=3` has it kill itself with SIGKILL at that moment."""
    own = {name: os.environ[name] for name in ("GANVAS_CACHE_DIR", "GANVAS_EVALUATORS_DIR") if name in os.environ}
    process = _processes.Process(target=_train, args=(str(run.path), own, deaths))
    process.start()
    return process


def train_until_killed(run: Run, **deaths: int) -> bool:
    """Trains the run in a process of its own. Returns whether it was killed before the run's end."""
    process = start_training(run, **deaths)
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def _train(path: str, own_folders: dict[str, str], deaths: dict[str, int]) -> None:
    os.environ.update(own_folders)
    from gan_core.training import loop, recorder

    recorder.FLUSH_EVERY_S = -1.0  # the log is ahead of the checkpoint at every kill
    steps, fsyncs, fsync = [0], [0], os.fsync

    def request() -> None:
        if steps[0] == deaths.get("at_step"):
            os.kill(os.getpid(), signal.SIGKILL)
        steps[0] += 1

    def dying_fsync(handle: int) -> None:
        if fsyncs[0] == deaths.get("at_fsync"):
            os.kill(os.getpid(), signal.SIGKILL)
        fsyncs[0] += 1
        fsync(handle)

    os.fsync = dying_fsync
    loop.train(Run(Path(path)), request=request)
