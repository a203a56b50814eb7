"""A Hub on loopback, a small trained run to send, and a client without anybody's login."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.runs import Run
from gan_core.training import loop
from tests.hub.server import Hub, serve


@pytest.fixture(scope="session")
def running_hub() -> Iterator[Hub]:
    """One server for the session."""
    with serve() as hub:
        yield hub


@pytest.fixture
def hub(running_hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """An empty Hub without faults, at which the client of this test's processes is pointed."""
    for kept in (running_hub.repos, running_hub.spaces, running_hub.collections):
        kept.clear()
    running_hub.large.clear()
    running_hub.seen.clear()
    running_hub.fault = lambda method, path: ""
    running_hub.retry_after = ""
    for name in (
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_TOKEN_PATH",
        "HF_HUB_OFFLINE",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", running_hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    return running_hub


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """A run of 20 steps with running averages, stopped at step 10 by its limit of steps, then finished."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("trained"), "My digits")
        assert loop.train(run).state == "finished"
    return run.path


@pytest.fixture
def trained(trained_once: Path, runs_dir: Path) -> Run:
    """A copy of it in this test's runs folder."""
    run = Run(runs_dir / trained_once.name)
    shutil.copytree(trained_once, run.path)
    return run
