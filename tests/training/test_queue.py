"""The queue on disk: whose turn it is, and what a full disk or a clock that jumps does to it."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import pytest
from access_helpers import ANNA, BEN
from helpers import tiny

from gan_core import runs
from gan_core.runs import Run, files
from gan_core.training import queue


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


def test_a_turn_that_lies_ahead_counts_as_one_of_now(runs_dir: Path) -> None:
    """Anna's last turn was before the clock was set back; Ben has had one since, and she is not behind him for ever."""
    annas, bens = waiting(runs_dir, ANNA, BEN)
    files.write_json(queue._served(runs_dir), {"anna": time.time() + 10**6, "ben": time.time() + 10**5})
    assert [getattr(queue.claim_next(runs_dir, "cpu"), "id", None) for _ in range(2)] == [annas.id, bens.id]
