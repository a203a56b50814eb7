"""Present mode in a real browser: a run fills the screen of a projector and is followed; Esc, the button and Back leave."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.runs import Run
from tests.e2e.app_helpers import SLOW_MS, Lab, button, grows, main_part, open_page, photograph, plot, settled, visitor
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def trains(lab: Lab, server: Server) -> Run:
    return lab.begin("For the projector")


def leave(page: Page) -> Locator:
    return page.get_by_role("button", name="Leave present mode (Esc)")


def bottom(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_a_run_fills_the_screen_and_esc_leaves(browser: Browser, server: Server, trains: Run) -> None:
    with visitor(browser) as (page, _faults):
        open_page(page, server, f"/run?run={trains.id}", trains.name)
        expect(plot(page)).to_be_visible(timeout=SLOW_MS)
        button(page, "Present").click()
        expect(leave(page)).to_be_visible(timeout=SLOW_MS)
        expect(page).to_have_url(re.compile("present=1"))
        expect(page.get_by_test_id("stSidebar")).to_be_hidden()
        expect(button(page, "Stop")).to_have_count(0)
        pictures, second = main_part(page).get_by_test_id("picture"), plot(page, "judgement")
        expect(plot(page)).to_be_visible(timeout=SLOW_MS)
        expect(second).to_be_visible(timeout=SLOW_MS)
        settled(page)
        assert bottom(pictures) <= 900 and bottom(second) <= 900
        grows(page)
        photograph(page, "present-run")
        page.keyboard.press("Escape")
        expect(button(page, "Stop")).to_be_visible(timeout=SLOW_MS)
        expect(page.get_by_test_id("stSidebar")).to_be_visible()
        assert "present" not in page.url and f"run={trains.id}" in page.url
        button(page, "Present").click()
        expect(leave(page)).to_be_visible(timeout=SLOW_MS)
        page.go_back()
        expect(button(page, "Stop")).to_be_visible(timeout=SLOW_MS)


def test_esc_closes_an_enlarged_picture_first(browser: Browser, server: Server, trains: Run) -> None:
    with visitor(browser) as (page, _faults):
        page.goto(f"{server.url}/run?run={trains.id}&present=1")
        expect(leave(page)).to_be_visible(timeout=SLOW_MS)
        main_part(page).get_by_test_id("picture").get_by_role("button").click()
        large = page.locator("dialog[open]")
        expect(large).to_be_visible()
        page.keyboard.press("Escape")
        expect(large).to_have_count(0)
        expect(leave(page)).to_be_visible()
        leave(page).click()
        expect(leave(page)).to_have_count(0, timeout=SLOW_MS)
        expect(button(page, "Stop")).to_be_visible(timeout=SLOW_MS)
