"""A lesson in a real browser, its runs in a real worker process: predict, begin, watch, reload, stop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import eventually
from playwright.sync_api import Browser, Page, expect

from gan_core import runs
from gan_core.experiments.lessons import LESSONS
from gan_core.training import supervisor
from tests.e2e.browser import ROOT, Server, chromium, streamlit_server, watch

pytestmark = pytest.mark.e2e
SLOW_MS = 120_000  # a worker imports torch, on a busy machine
LESSON = LESSONS["see"]  # its run is long enough to be stopped


@pytest.fixture
def server(tmp_path: Path, shared_cache: Path) -> Iterator[Server]:
    """An empty lab; nothing trains on when the test has ended."""
    env = {"GANVAS_RUNS_DIR": str(tmp_path / "runs"), "GANVAS_CACHE_DIR": str(shared_cache)}
    with streamlit_server(ROOT / "app.py", folder=tmp_path, env=env) as running:
        try:
            yield running
        finally:
            for run in runs.list_runs(tmp_path / "runs"):
                supervisor.leave(run, "stop")
                eventually(lambda run=run: run.status().state in ("stopped", "finished"), "the run stopped")


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser, new_page(browser) as opened:
        yield opened


def new_page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": 1280, "height": 1400})


def predict(page: Page, words: str) -> None:
    """Chooses an answer and keeps it."""
    page.get_by_text(words, exact=True).click()
    page.get_by_role("button", name="That is my prediction").click()
    expect(page.get_by_text(f"You said: {words}")).to_be_visible(timeout=SLOW_MS)


def test_a_prediction_a_run_a_reload_and_a_stop(page: Page, server: Server, tmp_path: Path) -> None:
    faults = watch(page)
    page.goto(f"{server.url}/learn")
    card = page.locator(".st-key-lessons_card_see")
    card.get_by_role("button", name="Start").click(timeout=SLOW_MS)
    expect(page.get_by_role("heading", level=1, name=LESSON.title)).to_be_visible(timeout=SLOW_MS)
    said = LESSON.predictions[0].words("both-up")
    predict(page, said)
    page.get_by_role("button", name="Train it").click()
    (run,) = eventually(lambda: runs.list_runs(tmp_path / "runs"), "the run is queued")
    expect(page.locator('[data-testid="live-plot"] .js-plotly-plot').first).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("training", exact=True).first).to_be_visible(timeout=SLOW_MS)
    assert run.name == f"{LESSON.title}: {LESSON.experiment.arm('digits').title}"
    assert "say-order=both-up" in page.url
    page.reload()
    expect(page.get_by_text(f"You said: {said}")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Stop it").click(timeout=SLOW_MS)
    expect(page.get_by_text("ended early (stopped)")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("button", name="Train it")).to_be_visible()
    faults.check()
