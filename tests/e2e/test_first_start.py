"""The first start: nothing trained yet, and every page has something to show, from the models that come with the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.app_helpers import SLOW_MS, main_part, visitor
from tests.e2e.browser import ROOT, Server, streamlit_server

pytestmark = pytest.mark.e2e
PRETRAINED = ROOT / "checkpoints" / "pretrained"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Server]:
    """A server with no runs but those that come with the program."""
    folder = tmp_path_factory.mktemp("fresh")
    places = {
        "GANVAS_RUNS_DIR": str(folder / "runs"),
        "GANVAS_CACHE_DIR": str(shared_cache),
        "GANVAS_PRETRAINED_DIR": str(PRETRAINED),
    }
    with streamlit_server(ROOT / "app.py", folder=folder, env=places) as server:
        yield server


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("", "Cartoon faces: DCGAN"),
        ("run?tab=explore&view=sliders", "Direction 1"),
        ("conditions", "Every class, same z"),
        ("vae", "MSE"),
        ("runs?tab=ready", "Digits on demand"),
    ],
)
def test_every_page_has_something_to_show(browser: Browser, fresh: Server, page: str, words: str) -> None:
    with visitor(browser) as (opened, _faults):
        opened.goto(f"{fresh.url}/{page}")
        expect(main_part(opened).get_by_text(words).first).to_be_visible(timeout=SLOW_MS)
        expect(main_part(opened).locator("img").first).to_be_visible(timeout=SLOW_MS)
