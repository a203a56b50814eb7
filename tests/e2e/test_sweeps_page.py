"""A sweep in a real browser: its own process, the server's queue and trainer, live results, the best run at a click."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sweep_helpers import BATCHES, folder_of, small

from gan_core import runs
from gan_core.experiments.sweeps.table import best, rows_of
from tests.e2e.app_helpers import SLOW_MS, Lab, button, main_part, open_page, title, visitor
from tests.e2e.browser import chromium

pytestmark = pytest.mark.e2e


def test_a_sweep_goes_on_by_itself_and_opens_its_best_run(tmp_path: Path, shared_cache: Path) -> None:
    lab = Lab(tmp_path, shared_cache)
    lab.runs_dir.mkdir()
    folder = folder_of(lab.runs_dir, small(BATCHES, metric="loss/g"))
    with lab.serve() as server, chromium() as browser, visitor(browser) as (page, _faults):
        open_page(page, server, f"/experiment?id={folder.id}", folder.name)
        expect(main_part(page).get_by_text("0 of 2 trials have ended")).to_be_visible()
        button(page, "Continue").click()
        expect(main_part(page).get_by_text("2 of 2 trials have ended")).to_be_visible(timeout=SLOW_MS)
        rows = rows_of(folder.study())
        assert [row.state for row in rows] == ["done", "done"]
        assert {row.run_id for row in rows} == {run.id for run in runs.list_runs(lab.runs_dir)}
        expect(main_part(page).locator(".js-plotly-plot")).to_be_visible()
        expect(main_part(page).get_by_test_id("picture")).to_have_count(2)
        page.set_viewport_size({"width": 420, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
        page.set_viewport_size({"width": 1280, "height": 900})
        button(page, "Open the best run").click()
        top = best(rows, folder.sweep)
        assert top is not None
        expect(
            title(page, next(run.name for run in runs.list_runs(lab.runs_dir) if run.id == top.run_id))
        ).to_be_visible()
        expect(page).to_have_url(re.compile(f"run={top.run_id}"))
        assert not folder.should_run and not folder.has_worker()
