"""A classroom in a folder of its own, and nobody signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from access_helpers import CODE, PIN

from gan_core import access
from gan_core.access import classroom


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[classroom.Classroom]:
    """A classroom with one folder for everybody; whom the server serves is nobody in particular."""
    for name in ("RUNS", "DATA", "CACHE"):
        monkeypatch.setenv(f"GANVAS_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "secret" / "classroom.json"))
    (tmp_path / "pictures").mkdir()
    classroom.make(
        PIN, CODE, (str(tmp_path / "pictures"),), classroom.StudentLimits(steps=1_000, waiting=1, gigabytes=0.001)
    )
    found = classroom.read()
    assert found is not None
    yield found
    access.set_source(lambda: None)
