"""Collapse in a real Chromium: two runs beside each other, one slider for both, measured while one looks on."""

from collections.abc import Iterator

import pytest
from evaluator_helpers import tiny_evaluator
from helpers import tiny_run
from playwright.sync_api import Browser, expect

from gan_core.config import DatasetConfig
from gan_core.training import loop
from tests.e2e.app_helpers import Lab, button, main_part, open_page, photograph, visitor
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A broken run and its repaired twin, and an evaluator that can look at their images."""
    folder = tmp_path_factory.mktemp("collapse-lab")
    made = Lab(folder, folder / "cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(made.cache))
        for name, n_critic in (("too strong", 20), ("mended", 1)):
            run = tiny_run(made.runs_dir, name, objective__n_critic=n_critic, dataset__image_size=16, dataset__num_images=150,
                           training__epochs=2)  # fmt: skip
            assert loop.train(run).state == "finished"
        tiny_evaluator(
            folder / "none-evaluators",
            "tiny",
            dataset=DatasetConfig(name="mnist5k", image_size=8, channels=1, num_images=100),
        )
    return made


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[Server]:
    with lab.serve() as running:
        yield running


def test_two_runs_stand_beside_each_other_and_are_measured(browser: Browser, server: Server) -> None:
    with visitor(browser) as (page, _faults):
        open_page(page, server, "/learn?tab=break", "Break & repair")
        part = main_part(page)
        expect(part.get_by_text("They differ in one setting")).to_be_visible()
        expect(part.get_by_test_id("picture")).to_have_count(2)
        part.get_by_role("radio", name="500", exact=True).click()
        button(page, "Measure now").click()
        expect(part.get_by_text("Above broken, below repaired")).to_be_visible(timeout=120_000)
        expect(part.get_by_test_id("picture")).to_have_count(4)
        expect(
            part.get_by_text("metrics differ significantly").or_(part.get_by_text("differs significantly"))
        ).to_be_visible()
        expect(part.get_by_text("500 generated against 500 real images")).to_be_visible()
        photograph(page, "collapse", height=2400)
