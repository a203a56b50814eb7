"""A browser's notification of the end of a run: only when wanted, allowed, and in the background."""

import pytest
from playwright.sync_api import Browser, Page, expect

from gan_core.runs import Run
from gan_core.training import supervisor
from tests.e2e.app_helpers import SLOW_MS, Lab, badge, main_part, open_page, photograph, visitor, wait_for_steps
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e
# A headless browser has neither a background nor notifications: both are played, and what would be shown is kept.
PLAYED = """
window.shown = [];
window.inBackground = false;
Object.defineProperty(document, "hidden", { get: () => window.inBackground });
window.Notification = class {
  static requestPermission() { return Promise.resolve(window.answer ?? "granted"); }
  constructor(title, options) { window.shown.push([title, options.body]); }
};
"""


def watched(page: Page, server: Server, run: Run) -> None:
    page.add_init_script(PLAYED)
    open_page(page, server, f"/run?run={run.id}", run.name)
    expect(main_part(page).get_by_label("Tell me when it ends")).to_be_visible(timeout=SLOW_MS)


def test_the_end_of_a_run_is_told_once_in_the_background(browser: Browser, lab: Lab, server: Server) -> None:
    run = lab.begin("A long run")
    with visitor(browser) as (page, _faults), visitor(browser) as (other, _):
        watched(page, server, run)
        watched(other, server, run)
        switch = main_part(page).get_by_label("Tell me when it ends")
        page.evaluate("window.answer = 'denied'")
        switch.click()
        expect(main_part(page).get_by_text("Your browser does not allow notifications")).to_be_visible()
        expect(switch).not_to_be_checked()
        page.evaluate("window.answer = 'granted'")
        switch.click()
        expect(switch).to_be_checked()
        expect(main_part(page).get_by_text("Your browser does not allow notifications")).to_be_hidden()
        photograph(page, "run-notice")
        page.reload()
        expect(switch).to_be_checked(timeout=SLOW_MS)
        for one in (page, other):
            one.evaluate("window.inBackground = true")
        wait_for_steps(run, 1)
        supervisor.leave(run, "stop")
        page.wait_for_function("window.shown.length === 1")
        assert page.evaluate("window.shown[0][0]") == "A long run: stopped"
        expect(badge(other, "stopped")).to_be_visible(timeout=SLOW_MS)
        assert other.evaluate("window.shown") == []  # nobody wanted to be told there
        page.reload()
        expect(badge(page, "stopped")).to_be_visible(timeout=SLOW_MS)
        assert page.evaluate("window.shown") == []
