"""Compare and Replay in a real browser: scrubbing without the server, playing, the address that follows, charts that come."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_run
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.runs import Run
from gan_core.training import loop
from tests.e2e.app_helpers import SLOW_MS
from tests.e2e.browser import ROOT, Server, streamlit_server, watch

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    """20 steps with a sample grid and a checkpoint every 5, and a copy of it."""
    folder = tmp_path_factory.mktemp("compare")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        made = tiny_run(folder / "runs", "Recorded <b>run</b>", dataset__image_size=16)
        assert loop.train(made).state == "finished"
    shutil.copytree(made.path, folder / "runs" / "copy")
    Run(folder / "runs" / "copy").describe(name="Its copy")
    return made


@pytest.fixture(scope="module")
def server(run: Run, shared_cache: Path) -> Iterator[Server]:
    env = {"GANVAS_RUNS_DIR": str(run.path.parent), "GANVAS_CACHE_DIR": str(shared_cache)}
    with streamlit_server(ROOT / "app.py", folder=run.path.parent.parent, env=env) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 1400}) as context:
        opened = context.new_page()
        faults = watch(opened)
        yield opened
        faults.check()


def player(page: Page) -> Locator:
    return page.get_by_test_id("replay-player")


def test_pictures_curves_and_findings_move_together(page: Page, server: Server, run: Run) -> None:
    page.goto(f"{server.url}/run?run={run.id}&tab=replay")
    expect(player(page)).to_have_attribute("data-picture", "20", timeout=SLOW_MS)  # what came of it is seen first
    moment = player(page).get_by_role("slider", name="Moment of the recording")
    moment.press("Home")
    expect(player(page)).to_have_attribute("data-picture", "0")
    expect(page).to_have_url(re.compile(r"step=0\b"))
    moment.press("End")
    expect(player(page)).to_have_attribute("data-picture", "20")
    expect(player(page).locator("output")).to_contain_text("step 20 of 20")
    expect(page.get_by_text("The nearest checkpoint at or before it is at step 20")).to_be_attached()
    expect(page).to_have_url(re.compile(r"step=20\b"))
    moment.press("Shift+ArrowLeft")
    expect(player(page)).to_have_attribute("data-picture", "15")
    moment.press("ArrowLeft")
    expect(player(page)).to_have_attribute("data-step", "14")
    expect(player(page)).to_have_attribute("data-picture", "10")  # the last one drawn by then
    expect(player(page).locator(".ganvas-replay-future")).to_contain_text("Step 20: finished")
    plot = player(page).get_by_test_id("live-plot").first
    expect(plot.locator(".nsewdrag")).to_be_visible(timeout=SLOW_MS)
    at = """root => { const gd = root.querySelector('.js-plotly-plot'), { xaxis } = gd._fullLayout;
      return Math.abs(parseFloat(root.querySelector('.ganvas-replay-cursor').style.left) - xaxis._offset - xaxis.d2p(14)); }"""
    assert plot.evaluate(at) < 1
    expect(plot.locator(".legend")).to_have_count(0)  # its curves and their values stand above it
    believed = player(page).locator(".ganvas-replay-readout div").filter(has_text="after G's update")
    expect(believed.locator(".ganvas-replay-since")).to_have_text("(step 12)")  # it is measured every 3 steps
    expect(player(page).locator("dd").filter(has_text="(step")).to_have_count(1)
    player(page).get_by_role("button", name="Step 20: finished").last.click()
    expect(player(page)).to_have_attribute("data-step", "20")
    moment.press("Home")
    player(page).get_by_role("combobox", name="Speed").select_option("4")
    player(page).get_by_role("button", name="Play").click()
    expect(player(page)).to_have_attribute("data-picture", "20")
    expect(player(page).get_by_role("button", name="Play")).to_be_visible()  # it ends by itself


def test_two_runs_stand_side_by_side_also_on_a_telephone(page: Page, server: Server, run: Run) -> None:
    page.goto(f"{server.url}/compare?runs={run.id},copy&view=curves")
    expect(page.get_by_test_id("live-plot").locator(".nsewdrag")).to_have_count(2, timeout=SLOW_MS)
    legend = page.get_by_test_id("live-plot").first.locator(".legendtext")
    assert legend.all_text_contents()[1] == "Its copy"
    page.get_by_text("Recorded pictures", exact=True).click()
    expect(page.get_by_test_id("picture")).to_have_count(2)
    page.set_viewport_size({"width": 420, "height": 900})
    for view in ("view=pictures", "view=table", "view=numbers"):
        page.goto(f"{server.url}/compare?runs={run.id},copy&{view}")
        expect(page.get_by_text("Compare runs", exact=True)).to_be_visible(timeout=SLOW_MS)
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
