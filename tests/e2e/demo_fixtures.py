"""The demo app behind a server and in a browser: fixtures for the tests of the components."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pages.components.widgets.live_plot import ensure_plotly_static
from tests.e2e.browser import ROOT, Server, chromium, streamlit_server
from tests.e2e.demo_helpers import faultless_page


@pytest.fixture(scope="session")
def demo_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with its `static` folder beside it."""
    ensure_plotly_static()
    folder = tmp_path_factory.mktemp("demo")
    (folder / "static").symlink_to(ROOT / "static")
    script = folder / "demo_components.py"
    script.write_text((ROOT / "tests/e2e/demo_components.py").read_text("utf-8"), "utf-8")
    return script


@pytest.fixture(scope="session")
def demo_server(demo_script: Path) -> Iterator[Server]:
    with streamlit_server(demo_script, folder=demo_script.parent) as server:
        yield server


@pytest.fixture(scope="module")
def demo_browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def demo_page(demo_browser: Browser, demo_server: Server) -> Iterator[Page]:
    with faultless_page(demo_browser, demo_server) as page:
        yield page
