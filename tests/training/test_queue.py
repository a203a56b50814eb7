"""The queue on disk: whose turn it is, and what a full disk or a clock that jumps does to it."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from access_helpers import ANNA, BEN
from helpers import MACHINE, tiny

from gan_core import runs
from gan_core.config.settings import from_environment
from gan_core.runs import Run, files
from gan_core.training import queue, supervisor


def waiting(runs_dir: Path, *owners) -> list[Run]:
    made = [runs.create(runs_dir, tiny(), actor=owner) for owner in owners]
    for run in made:
        queue.enqueue(run)
    return made


def test_a_full_disk_costs_the_turn_and_not_the_run(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = waiting(runs_dir, ANNA)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "write_json", full)
    claimed = queue.claim_next(runs_dir, "cpu")
    assert claimed is not None and claimed.id == run.id


def test_a_disk_that_fills_at_any_moment_leaves_no_half_made_run(
    runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = from_environment()
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    sync, touch, calls = os.fsync, Path.touch, 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> None:
            nonlocal calls
            calls -= 1
            if calls == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(*arguments, **more)

        return call

    for moment in range(1, 100):
        calls = moment
        with monkeypatch.context() as filling:
            filling.setattr(os, "fsync", counted(sync))
            filling.setattr(Path, "touch", counted(touch))
            if goes_well(lambda: supervisor.submit(settings, tiny())):
                break
        assert runs.list_runs(runs_dir) == [] and queue.queued_ids(runs_dir) == []
        assert not list(runs_dir.glob(f"{files.TEMPORARY}*"))
    assert moment > 8
    assert [run.id for run in runs.list_runs(runs_dir)] == queue.queued_ids(runs_dir)


def goes_well(submit: Callable[[], object]) -> bool:
    """Whether it went well; else the disk is named, and the way out."""
    try:
        submit()
    except ValueError as refusal:
        assert re.search(r"cannot be written \(No space left on device\)\. Free some space", str(refusal))
        return False
    return True


def test_a_turn_that_lies_ahead_counts_as_one_of_now(runs_dir: Path) -> None:
    """Anna's last turn was before the clock was set back; Ben has had one since, and she is not behind him for ever."""
    annas, bens = waiting(runs_dir, ANNA, BEN)
    files.write_json(queue._served(runs_dir), {"anna": time.time() + 10**6, "ben": time.time() + 10**5})
    assert [getattr(queue.claim_next(runs_dir, "cpu"), "id", None) for _ in range(2)] == [annas.id, bens.id]
