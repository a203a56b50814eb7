"""A small finished run, and runs that come with the program."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.config.settings import PROJECT_DIR
from gan_core.runs import Run
from gan_core.training import loop


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """20 steps of digits, 16 px."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("finished"), "Digits <of> mine", dataset__image_size=16)
        assert loop.train(run).state == "finished"
    return run.path


@pytest.fixture
def finished(finished_once: Path, runs_dir: Path) -> Run:
    """A copy of it in this test's runs folder."""
    run = Run(runs_dir / finished_once.name)
    shutil.copytree(finished_once, run.path)
    return run


@pytest.fixture
def objects() -> Run:
    """A model that is asked for the 24 objects."""
    return Run(PROJECT_DIR / "checkpoints" / "pretrained" / "blocks-cgan")
