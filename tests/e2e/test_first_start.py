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


def test_streamlits_own_words_follow_the_language_there_and_back(browser: Browser, fresh: Server) -> None:
    english, chinese = ("Upload", "50MB per file"), ("上傳", "每個檔案上限 50MB")
    with visitor(browser, locale="en-GB") as (page, _faults):
        page.goto(f"{fresh.url}/data?view=add")
        zipped = main_part(page).get_by_test_id("stFileUploader").first
        for tag, name, words, before in (
            ("en", "", english, chinese),
            ("zh-TW", "繁體中文", chinese, english),
            ("en", "English", english, chinese),
        ):
            if name:
                page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").click()
                page.get_by_role("option", name=name).click()
            expect(page.locator("html")).to_have_attribute("lang", tag, timeout=SLOW_MS)
            for said, gone in zip(words, before, strict=True):
                expect(zipped).to_contain_text(said)
                expect(zipped).not_to_contain_text(gone)
            own = main_part(page).get_by_role("textbox").first
            own.fill(name)
            own.fill("Upload")  # what people type stays
            expect(own).to_have_value("Upload")
            expect(page.get_by_test_id("InputInstructions").first).to_contain_text(
                "Press Enter to apply" if tag == "en" else "按 Enter 套用"
            )
            own.fill("")
            own.press("Enter")
