"""A lab, its server and a browser for each module that does not make its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

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
