"""A published page in a real browser, from a file, without a network: the generator draws there what it draws here."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from gan_core.config.settings import PROJECT_DIR
from gan_core.report import building, html, publishing, templates
from gan_core.report.document import Person
from gan_core.runs import Run
from gan_core.runs.sampler import open_sampler
from tests.e2e.app_helpers import until
from tests.e2e.browser import watch

pytestmark = pytest.mark.e2e
PART = publishing.ReportTemplate("p", "Ganvas", (publishing.TemplateSection("Training", (), ("losses",)),))


@pytest.fixture
def run() -> Run:
    return Run(PROJECT_DIR / "checkpoints" / "pretrained" / "digits-acgan")


def test_the_generator_in_the_page_draws_what_the_run_draws(
    browser: Browser, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "CONTENT", PART)
    publishing.publish(run, tmp_path / "page")
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        faults = watch(page)
        page.goto(f"file://{tmp_path}/page/index.html")
        before = until(page, lambda: page.evaluate("globalThis.ganvas"), "the first samples", 60.0)
        page.get_by_label("Label", exact=True).select_option("7")
        until(page, lambda: page.evaluate("globalThis.ganvas.labels[7]"), "samples of the label")
        page.get_by_label("Direction 1").fill("2")
        until(
            page, lambda: page.evaluate("globalThis.ganvas.latent") != before["latent"], "samples along the direction"
        )
        told = page.evaluate("globalThis.ganvas")
        url = page.locator("canvas.one").evaluate("canvas => canvas.toDataURL('image/png')")
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L"), np.int16)
        z, labels = (np.array([told[name]], np.float32) for name in ("latent", "labels"))
        assert np.abs(shown - open_sampler(run).images(z, labels)[0, 0]).max() <= 4  # weights in half precision
        frames = page.locator("#ganvas-replay img")
        last = frames.get_attribute("src")
        page.get_by_label("Moment").fill("0")
        expect(page.get_by_text("step 0")).to_be_visible()
        assert frames.get_attribute("src") != last
        faults.check()


def test_a_report_is_read_in_a_browser_without_a_network(browser: Browser, run: Run, tmp_path: Path) -> None:
    mine = templates.ReportTemplate(
        "m", "Mine", (templates.TemplateSection("Curves", ("Why?",), ("losses", "training_strip")),)
    )
    document = building.build([run], mine, Person("Ada", "B1"))
    (tmp_path / "a.html").write_text(html.page(document), encoding="utf-8")
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        faults = watch(page)
        page.goto(f"file://{tmp_path}/a.html")
        expect(page.get_by_role("heading", level=1)).to_have_text(document.title)
        expect(page.locator("img")).to_have_count(len(document.figures()))
        widths = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
        assert all(widths) and len(page.pdf()) > 10_000
        faults.check()
