"""Every test has a runs folder of its own, shares one cache of prepared data, and leaves signal handlers as they were."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from reruns import pytest_runtest_makereport, pytest_runtest_teardown, pytest_terminal_summary  # noqa: F401

# A busy machine must not turn a slow example into a failure.
hypothesis_settings.register_profile(
    "ganvas", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("ganvas")


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of prepared data sets for the whole session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_folders(
    request: pytest.FixtureRequest, tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the user's own runs and cache."""
    if request.node.get_closest_marker("e2e") is None:  # those start servers with folders of their own
        monkeypatch.setenv("GANVAS_RUNS_DIR", str(tmp_path / "runs"))
        monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(tmp_path / "pretrained"))
        monkeypatch.setenv("GANVAS_EVALUATORS_DIR", str(tmp_path / "evaluators"))
        monkeypatch.setenv("GANVAS_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        monkeypatch.setenv("GANVAS_REPORTS", "off")  # each would be a process that imports torch
        monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "no-classroom.json"))


@pytest.fixture(autouse=True)
def kept_main_module():
    """Streamlit's AppTest puts its script in the place of `__main__`, which processes that a later test starts would run."""
    kept = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = kept


@pytest.fixture(autouse=True)
def kept_signal_handlers():
    """`python -m gan_core train` takes over Ctrl-C; in-process tests of it give it back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    """The test's own runs folder; it does not exist yet."""
    return tmp_path / "runs"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runs_dir: Path):
    """Runs a command: (exit status, standard output, standard error)."""

    from gan_core.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gan_core", *map(str, arguments)])
        try:
            main.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run
