"""Conditions and Study in a real Chromium: clicking a scene together, keys, the test grid, and a study from one button."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers import tiny_run
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from study_helpers import blocks_evaluator

from gan_core.experiments import studies
from gan_core.runs import Run
from gan_core.training import loop
from tests.e2e.app_helpers import SLOW_MS, button, main_part, open_page, photograph, plot
from tests.e2e.browser import ROOT, Server, streamlit_server, watch

pytestmark = pytest.mark.e2e
ADDRESS, NAME = "/run?tab=explore&view=compose", "Objects"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """Runs with one trained model of 24 objects, and an evaluator for it."""
    place = tmp_path_factory.mktemp("conditions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        patch.setenv("GANVAS_EVALUATORS_DIR", str(place / "evaluators"))
        blocks_evaluator(place / "evaluators", size=16)
        run = tiny_run(
            place / "runs", "Objects", dataset__name="blocks", dataset__channels=3, dataset__image_size=16,
            conditioning__name="concat", network__width=8, training__epochs=3,
        )  # fmt: skip
        assert loop.train(run).state == "finished"
    return place


@pytest.fixture(scope="module")
def server(folder: Path, shared_cache: Path) -> Iterator[Server]:
    env = {
        "GANVAS_RUNS_DIR": str(folder / "runs"),
        "GANVAS_CACHE_DIR": str(shared_cache),
        "GANVAS_EVALUATORS_DIR": str(folder / "evaluators"),
        "GANVAS_PRETRAINED_DIR": str(folder / "pretrained"),
    }
    with streamlit_server(ROOT / "app.py", folder=folder, env=env) as running:
        yield running


@contextmanager
def faultless(browser: Browser) -> Iterator[Page]:
    """A page in which nothing may go wrong."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        faults = watch(page)
        yield page
        faults.check()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with faultless(browser) as opened:
        yield opened


def item(page: Page, name: str) -> Locator:
    return page.get_by_test_id("condition-palette").get_by_role("button", name=name, exact=True)


def chosen(page: Page) -> list[str]:
    pressed = page.get_by_test_id("condition-palette").locator('button[aria-pressed="true"]')
    return [str(one.get_attribute("aria-label")) for one in pressed.all()]


def captions(page: Page) -> Locator:
    """The lines with a mark below the first picture."""
    return page.get_by_test_id("condition-cards").locator(".ganvas-card").first.locator(".ganvas-hit, .ganvas-miss")


def clear(page: Page) -> None:
    button(page, "Clear").click()
    expect(main_part(page).get_by_text("Choose at least one object above")).to_be_visible()
    expect(page.get_by_test_id("condition-cards")).to_have_count(0)  # the page is as short as it becomes


def test_a_scene_is_clicked_together_and_a_fourth_object_is_a_sentence(page: Page, server: Server) -> None:
    open_page(page, server, ADDRESS, NAME)
    expect(page.get_by_test_id("condition-cards").locator("img").first).to_be_visible(timeout=SLOW_MS)
    clear(page)
    for number, name in enumerate(("red sphere", "blue cube", "gray cylinder"), start=1):
        item(page, name).click()
        expect(captions(page)).to_have_count(number)
    expect(captions(page)).to_contain_text(["blue cube", "red sphere", "gray cylinder"])
    expect(page.get_by_test_id("condition-cards").locator("img")).to_have_count(8)
    expect(page.get_by_label("Or type a list", exact=True)).to_have_value("red sphere, blue cube, gray cylinder")
    item(page, "cyan cube").click()
    expect(page.get_by_role("status").filter(has_text="at most three objects")).to_be_visible()
    assert sorted(chosen(page)) == ["blue cube", "gray cylinder", "red sphere"]
    photograph(page, "conditions", 1100)
    item(page, "red sphere").click()
    expect(captions(page)).to_have_count(2)


def test_clicks_in_quick_succession_all_count(page: Page, server: Server) -> None:
    open_page(page, server, ADDRESS, NAME)
    expect(captions(page).first).to_be_visible(timeout=SLOW_MS)
    clear(page)
    scene = ("red sphere", "blue cube", "gray cylinder")
    for turn in range(3):
        for name in scene:
            item(page, name).click()
            page.wait_for_timeout(100 + 150 * turn)  # another rhythm each time, before or after the answer has come
        expect(captions(page)).to_have_count(3)
        expect(page.get_by_label("Or type a list", exact=True)).to_have_value(", ".join(scene))
        assert sorted(chosen(page)) == sorted(scene)
        clear(page)


def test_keys_move_in_the_palette_and_choose(page: Page, server: Server) -> None:
    open_page(page, server, ADDRESS, NAME)
    expect(item(page, "gray cube")).to_be_visible(timeout=SLOW_MS)
    clear(page)
    assert page.locator(".ganvas-palette button[tabindex='0']").count() == 1  # one stop for the Tab key
    item(page, "gray cube").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    expect(item(page, "gray sphere")).to_be_focused()  # two of the keys led out of the palette and did nothing
    page.keyboard.press("Enter")
    expect(captions(page)).to_contain_text(["gray sphere"])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(captions(page)).to_contain_text(["gray sphere", "red sphere"])
    expect(item(page, "red sphere")).to_be_focused()


def test_a_typed_list_moves_the_palette_and_clicks_go_on_from_there(page: Page, server: Server) -> None:
    open_page(page, server, ADDRESS, NAME)
    box = page.get_by_label("Or type a list", exact=True)
    expect(captions(page).first).to_be_visible(timeout=SLOW_MS)  # the page has come to rest
    box.fill("yellow cube, purple cylinder")
    box.press("Enter")
    expect(captions(page)).to_contain_text(["yellow cube", "purple cylinder"])
    assert sorted(chosen(page)) == ["purple cylinder", "yellow cube"]
    item(page, "green sphere").click()
    expect(captions(page)).to_have_count(3)
    box.fill("pink sphere")
    box.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="unknown object 'pink sphere'")).to_be_visible()
    assert len(chosen(page)) == 3
    item(page, "green sphere").click()
    expect(captions(page)).to_have_count(2)
    expect(page.get_by_role("alert").filter(has_text="pink")).to_have_count(0)


def test_the_test_grid_downloads_as_one_picture_and_fits_a_narrow_screen(page: Page, server: Server) -> None:
    open_page(page, server, "/run?tab=measure&view=test", NAME)
    expect(page.get_by_test_id("condition-cards").locator("img:visible")).to_have_count(32, timeout=SLOW_MS)
    expect(page.get_by_test_id("stMetric").filter(has_text="Objects found")).to_contain_text("/72")
    with page.expect_download() as waiting:
        button(page, "Download the grid (PNG)").click()
    picture = Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert picture.width > 8 * 128
    photograph(page, "conditions-test", 1500)
    page.set_viewport_size({"width": 420, "height": 900})
    columns = "node => getComputedStyle(node).gridTemplateColumns.split(' ').length"
    page.wait_for_function(f"({columns})(document.querySelector('.ganvas-cards')) === 4")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_one_button_trains_five_runs_and_draws_five_curves(page: Page, server: Server, folder: Path) -> None:
    open_page(page, server, "/train?tab=many", "Many runs")
    main_part(page).locator("summary").filter(has_text="Loss weights").click()
    for label, value in (("Epochs", "2"), ("Images", "32"), ("Name", "five **curves**")):
        page.get_by_label(label, exact=True).last.fill(value)  # the form of sweeps has a name as well
        page.get_by_label(label, exact=True).last.press("Enter")
    expect(main_part(page).get_by_text("5 runs, one after the other: about")).to_be_visible()
    button(page, "Start the study").click()
    expect(main_part(page).get_by_text("Runs", exact=True)).to_be_visible(timeout=SLOW_MS)
    finished = main_part(page).locator(".stMarkdownBadge").get_by_text("finished", exact=True)
    expect(finished).to_have_count(5, timeout=120_000)
    (study,) = studies.STORE.all(folder / "runs")
    assert study.name == "five **curves**"
    assert all(Run(folder / "runs" / member.run_id).status().state == "finished" for member in study.members)
    assert f"id={study.id}" in page.url
    chart = plot(page, study.id)
    expect(chart).to_be_visible()
    names = chart.evaluate("gd => gd.data.filter(trace => trace.showlegend !== false).map(trace => trace.name)")
    assert names == ["1:1", "3:7", "0:1", "7:3", "1:0"]
    expect(main_part(page).get_by_text("ignificant").first).to_be_visible()
    expect(button(page, "Stop its runs")).to_have_count(0)
    photograph(page, "study", 1500)
