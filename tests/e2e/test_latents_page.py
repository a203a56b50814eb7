"""Samples clicked and directions saved in a real browser: the picture follows, the address keeps the choice, others see what was kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_run
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.training import loop
from tests.e2e.app_helpers import main_part, open_page, until, visitor
from tests.e2e.browser import ROOT, Server, streamlit_server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Server]:
    """A lab with one trained model, at 8 px."""
    folder = tmp_path_factory.mktemp("latents")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        assert loop.train(tiny_run(folder / "runs", "Digits")).state == "finished"
    env = {"GANVAS_RUNS_DIR": str(folder / "runs"), "GANVAS_CACHE_DIR": str(shared_cache)}
    with streamlit_server(ROOT / "app.py", folder=folder, env=env) as running:
        yield running


def sheet(page: Page, term: str) -> Locator:
    return page.locator(f'[data-testid="sample-picker"][data-key="explore_pick_{term}"]')


def result(page: Page) -> str:
    source = page.locator('[data-testid="picture"][data-key="explore_result"] img.ganvas-picture-image').get_attribute(
        "src"
    )
    return source or ""


def test_clicked_samples_are_added_up_and_the_link_opens_them_again(browser: Browser, server: Server) -> None:
    with visitor(browser) as (page, _faults):
        open_page(page, server, "/run?tab=explore&view=arithmetic", "Digits")
        sample = sheet(page, "a").get_by_role("button", name="Sample 5", exact=True)
        expect(sample).to_be_visible()
        expect(
            page.locator('[data-testid="picture"][data-key="explore_result"] img.ganvas-picture-image')
        ).to_be_visible()
        expect(sheet(page, "a")).to_contain_text("Chosen: number 0")
        before = result(page)
        sample.click()
        expect(sample).to_have_attribute("aria-pressed", "true")
        until(page, lambda: result(page) != before, "another result")
        sample.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(sheet(page, "a")).to_contain_text("Chosen: numbers 0, 5, 6")
        sheet(page, "a").get_by_role("button", name="Sample 7", exact=True).click()
        expect(sheet(page, "a")).to_contain_text("At most 3")
        until(page, lambda: "a=0.5.6" in page.url, "the choice in the address")
        page.reload()
        expect(sheet(page, "a")).to_contain_text("Chosen: numbers 0, 5, 6", timeout=60_000)


def test_a_direction_that_one_visitor_saves_is_anothers_slider(browser: Browser, server: Server) -> None:
    with visitor(browser) as (page, _faults):
        open_page(page, server, "/run?tab=explore", "Digits")
        slider = page.get_by_role("slider", name="Direction 2", exact=True)
        slider.press("End")
        main_part(page).get_by_role("button", name="Save a direction").click()
        name = page.get_by_label("Name", exact=True)
        name.fill("thicker <b>")
        name.press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved. It is a slider")).to_be_visible()
    with visitor(browser) as (page, _faults):
        open_page(page, server, "/run?tab=explore", "Digits")
        main_part(page).get_by_text("Saved", exact=True).click()
        expect(page.get_by_role("slider", name="thicker <b>", exact=True)).to_be_visible()
