"""A lab, its server and a browser for each module that does not make its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from access_helpers import CODE, PIN
from playwright.sync_api import Browser

from gan_core.access import classroom
from tests.e2e.app_helpers import Lab
from tests.e2e.browser import Server, chromium


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"), shared_cache)


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[Server]:
    with lab.serve() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def class_lab(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Lab]:
    """A lab that is a classroom, with the people of `access_helpers`."""
    folder = tmp_path_factory.mktemp("classroom")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CLASSROOM", str(folder / "classroom.json"))
        classroom.make(PIN, CODE)
        yield Lab(folder, shared_cache, {"GANVAS_CLASSROOM": str(classroom.path())})
