"""A small run that was stopped half-way, with a checkpoint to go on from."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.runs import Run
from gan_core.training import loop


@pytest.fixture(scope="session")
def stopped_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """Stopped at step 10 of 20."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("stopped"), "My digits")
        run.describe(note="only for me")
        steps = count()
        assert loop.train(run, request=lambda: "stop" if next(steps) == 10 else None).state == "stopped"
    return run.path


@pytest.fixture
def stopped(stopped_once: Path, runs_dir: Path) -> Run:
    """A copy of it in this test's runs folder."""
    run = Run(runs_dir / stopped_once.name)
    shutil.copytree(stopped_once, run.path)
    return run
