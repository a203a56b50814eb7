"""The runs of an experiment: found where they are already, begun where they are missing. Loads no torch.

A run belongs to an arm when its resolved configuration equals the arm's, whoever began it and wherever: nothing but the
configuration, its data order and its seed decides what a run shows. So a second visitor, or a second lesson, trains nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

from filelock import FileLock

from gan_core import runs
from gan_core.config import RunConfig
from gan_core.config.devices import Machine
from gan_core.config.settings import Settings
from gan_core.experiments.lessons.entry import Arm, Experiment
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import plan, supervisor

RESUMABLE = ("paused", "stopped", "interrupted")


def found(experiment: Experiment, keys: Sequence[str], there: Sequence[Run], machine: Machine) -> dict[str, Run | None]:
    """For each arm the run that shows it best: finished before training before ended early; None where there is none.

    Args:
        experiment, keys: which arms.
        there: the runs to look through, newest first.
        machine: what "auto" means here.
    """
    wanted = {key: _resolved(experiment.config(experiment.arm(key)), machine) for key in keys}
    known = [(run, _config(str(run.path))) for run in there]
    return {key: _best(run for run, config in known if config == asked) for key, asked in wanted.items()}


def begin(settings: Settings, title: str, experiment: Experiment, keys: Sequence[str]) -> list[Run]:
    """Queues those arms that nothing shows yet; goes on with those that were paused or stopped.

    Args:
        settings: of this installation.
        title: of the lesson; begins the runs' names.
        experiment, keys: which arms.

    Raises:
        ValueError: a run is refused, or the runs folder cannot be written; the others stay queued.
    """
    machine = supervisor.wait_until_ready(settings)
    runs.check_writable(settings.runs_dir)
    queued = []
    with FileLock(settings.runs_dir / ".lessons.lock", timeout=60):  # two browsers may ask at once
        now = found(experiment, keys, runs.list_runs(settings.runs_dir), machine)
        for key, run in now.items():
            state = run.status().state if run is not None else ""
            if run is not None and state in RESUMABLE:
                supervisor.resume(run)
                queued.append(run)
            elif run is None or state == "failed":
                queued.append(_submit(settings, title, experiment, experiment.arm(key)))
    return queued


def _submit(settings: Settings, title: str, experiment: Experiment, arm: Arm) -> Run:
    return supervisor.submit(settings, experiment.config(arm), f"{title}: {arm.label}"[:80])


def _best(equal: Iterable[Run]) -> Run | None:
    """Of runs of one configuration: a finished one, else one that goes on, else the newest."""
    pure = [run for run in equal if _undisturbed(run)]

    def rank(run: Run) -> int:
        state = run.status().state
        return 0 if state == "finished" else 1 if state in OPEN_STATES else 2

    return min(pure, key=rank, default=None)


def _undisturbed(run: Run) -> bool:
    """Whether its configuration tells all of it: no rate was changed live, and its beginning is its own."""
    return run.control().sequence == 0 and not any(event["type"] == "branched" for event in run.events())


@functools.lru_cache(maxsize=256)
def _resolved(config: RunConfig, machine: Machine) -> RunConfig:
    return plan.resolve(config, machine)


@functools.lru_cache(maxsize=4096)
def _config(path: str) -> RunConfig | None:
    """A run's configuration, which never changes; None for one that cannot be read."""
    try:
        return Run(Path(path)).config()
    except ValueError:
        return None
