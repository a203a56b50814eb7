"""Comparing runs: a base and its arms, each arm's run found by its settings or queued. Loads no torch.

A run belongs to an arm when its resolved configuration, which includes the seed, equals the arm's, whoever queued it. So an
arm that any visitor or lesson has trained is not trained again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from gan_core import runs
from gan_core.access import may
from gan_core.config import RunConfig, differences, with_changes
from gan_core.config.devices import Machine
from gan_core.config.settings import Settings
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import plan, supervisor

RESUMABLE = ("paused", "stopped", "interrupted")


@dataclass(frozen=True)
class Arm:
    """One configuration of a comparison.

    Attributes:
        name: unique in its comparison.
        title: for people.
        changes: dotted field -> value, applied to the base.
    """

    name: str
    title: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """A base configuration and the arms that differ from it."""

    base: RunConfig
    arms: tuple[Arm, ...]

    def arm(self, name: str) -> Arm:
        """The arm with this name."""
        return next(arm for arm in self.arms if arm.name == name)

    def config(self, arm: Arm, changes: Mapping[str, Any] | None = None) -> RunConfig:
        """An arm's configuration, not resolved yet, with further changes (dotted field -> value) that all arms share.

        Raises:
            ValueError: if a value is out of its field's bounds.
        """
        return with_changes(self.base, {**arm.changes, **(changes or {})})


def submit(settings: Settings, config: RunConfig, title: str = "") -> Run:
    """Queues a run of a configuration that is not resolved yet; `title` is what it is called until somebody names it.

    Raises:
        ValueError: if the configuration cannot run, or the runs folder cannot be written; nothing is left behind.
    """
    return supervisor.submit(settings, config, title=title)


def find(
    comparison: Comparison, names: Sequence[str], candidates: Sequence[Run], machine: Machine
) -> dict[str, Run | None]:
    """Name -> the run of each arm, a finished one before a training one before one ended early; None where there is none.

    Args:
        comparison, names: which arms.
        candidates: runs, newest first.
        machine: decides the fields set to "auto".
    """
    requested = {name: _resolved(comparison.config(comparison.arm(name)), machine) for name in names}
    known = [(run, _config(str(run.path))) for run in candidates]
    return {name: _best(run for run, config in known if config == target) for name, target in requested.items()}


def queue_missing(settings: Settings, comparison: Comparison, names: Sequence[str], title: str) -> list[Run]:
    """Queues the arms that have no run or a failed one; resumes those paused or stopped. Returns the queued runs.

    A run of somebody else that is not under way counts as none: the arm gets one that the visitor may go on with.

    Args:
        settings: of this installation.
        comparison, names: which arms.
        title: of the comparison; prefix of the runs' names.

    Raises:
        ValueError: if a run is refused, or the runs folder cannot be written; the others stay queued.
    """
    machine = supervisor.wait_until_ready(settings)
    runs.check_writable(settings.runs_dir)
    queued = []
    with FileLock(settings.runs_dir / ".arms.lock", timeout=60):  # two browsers may ask at once
        usable = [
            run
            for run in runs.list_runs(settings.runs_dir)
            if may("own", owner=run.owner) or run.status().state in ("finished", *OPEN_STATES)
        ]
        for name, run in find(comparison, names, usable, machine).items():
            state = run.status().state if run is not None else ""
            if run is not None and state in RESUMABLE:
                supervisor.resume(run)
                queued.append(run)
            elif run is None or state == "failed":
                arm = comparison.arm(name)
                queued.append(submit(settings, comparison.config(arm), f"{title}: {arm.title}"))
    return queued


def other_differences(left: RunConfig, right: RunConfig, ignored: Sequence[str]) -> list[str]:
    """Dotted fields in which two configurations differ, other than those that begin with one of `ignored`."""
    return [name for name in differences(left, right) if not name.startswith(tuple(ignored))]


def _best(equal: Iterable[Run]) -> Run | None:
    """Of runs of one configuration, newest first: a finished one, else an open one, else the newest."""
    unchanged = [run for run in equal if _unchanged(run)]

    def rank(run: Run) -> int:
        state = run.status().state
        return 0 if state == "finished" else 1 if state in OPEN_STATES else 2

    return min(unchanged, key=rank, default=None)


def _unchanged(run: Run) -> bool:
    """Whether its configuration describes all of its training: nothing was changed live, and it is no branch."""
    return run.control().sequence == 0 and not any(event["type"] == "branched" for event in run.events())


@functools.lru_cache(maxsize=256)
def _resolved(config: RunConfig, machine: Machine) -> RunConfig:
    return plan.resolve(config, machine)


@functools.lru_cache(maxsize=4096)
def _config(path: str) -> RunConfig | None:
    return config_or_none(Run(Path(path)))  # which never changes


def config_or_none(run: Run) -> RunConfig | None:
    """A run's configuration; None for one that cannot be read."""
    try:
        return run.config()
    except ValueError:
        return None
