"""The 2-D lab in a real browser with the real process: it draws what is played, and every button does what it says."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import ROOT, Server, streamlit_server, watch

pytestmark = pytest.mark.e2e
SLOW_MS = 120_000  # a child imports torch, on a busy machine
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("twin")
    env = {"GANVAS_RUNS_DIR": str(folder / "runs"), "GANVAS_CACHE_DIR": str(folder / "cache")}
    with streamlit_server(ROOT / "app.py", folder=folder, env=env) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 1100}) as context:
        opened = context.new_page()
        faults = watch(opened)
        opened.goto(f"{server.url}/learn?tab=lab")
        expect(stage(opened)).to_have_attribute("data-step", "0", timeout=SLOW_MS)
        yield opened
        faults.check()


def stage(page: Page) -> Locator:
    return page.get_by_test_id("twin-stage")


def button(page: Page, name: str) -> Locator:
    return stage(page).get_by_role("button", name=name, exact=True)


def shows(page: Page, **wanted: object) -> None:
    """Waits until the picture on show is of this step, of so many moves."""
    for name, value in wanted.items():
        expect(stage(page)).to_have_attribute(f"data-{name}", str(value))


def played(page: Page, step: int) -> None:
    page.wait_for_function(f"Number(document.querySelector('[data-testid=twin-stage]').dataset.step) >= {step}")


def colours(page: Page) -> int:
    """How many different colours the picture has."""
    return int(
        stage(page).locator("canvas").first.evaluate(
            "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
        )
    )  # fmt: skip


def test_steps_play_pause_reset_and_a_story(page: Page) -> None:
    assert colours(page) > 50
    expect(stage(page)).to_contain_text("into one heap near the middle")
    expect(stage(page)).to_contain_text("captures a mode; high quality is the share of all points so near")
    expect(stage(page)).to_contain_text("says little now")
    for name, moves in (("D step", {"d": 1, "g": 0}), ("G step", {"d": 1, "g": 1}), ("Both step", {"d": 2, "g": 2})):
        button(page, name).click()
        shows(page, **moves)
    for _ in range(3):  # faster than answers come: none is lost
        button(page, "D step").click()
    shows(page, step=6, d=5, g=2)
    button(page, "Play").click()
    played(page, 30)
    expect(stage(page)).to_contain_text("pictures a second")
    stage(page).get_by_role("slider", name="Learning rate of G").press("End")
    expect(stage(page)).to_contain_text("0.1")
    button(page, "Pause").click()
    shows(page, playing="false")
    rested = stage(page).get_attribute("data-number")
    stage(page).get_by_role("checkbox", name="D's landscape").uncheck()
    assert colours(page) > 5
    button(page, "Reset").click()
    shows(page, step=0, d=0, g=0)
    assert rested != stage(page).get_attribute("data-number")
    page.get_by_role("button", name="PacGAN2").click()
    played(page, 5)  # it plays by itself
    expect(page.get_by_text("D classifies two points at once")).to_be_visible()
    button(page, "Pause").click()
    page.set_viewport_size({"width": 420, "height": 1600})
    page.wait_for_function("document.querySelector('.ganvas-twin').clientWidth < 420")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_with_less_motion_nothing_begins_by_itself_and_the_keyboard_is_enough(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    before = stage(page).get_attribute("data-number") or ""
    page.get_by_role("button", name="BCE + R1").click()
    expect(page.get_by_text("a penalty on D's slope")).to_be_visible()
    expect(stage(page)).not_to_have_attribute(
        "data-number", before
    )  # the new story, and not the one before at its step 0
    shows(page, step=0, playing="false")
    button(page, "G step").press("Enter")
    shows(page, step=1, d=0, g=1)
    button(page, "Play").press("Space")
    played(page, 5)
    button(page, "Pause").press("Space")
    shows(page, playing="false")


def test_points_are_drawn_and_played(page: Page) -> None:
    page.get_by_text("Draw your own", exact=True).click()
    canvas = page.get_by_test_id("point-canvas").locator("canvas")
    canvas.focus()
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Play on these points").click()
    expect(stage(page)).to_be_visible()
    shows(page, step=0)
    button(page, "Both step").click()
    shows(page, step=1)
    expect(stage(page)).to_contain_text("Your points have no known modes")
    expect(stage(page)).not_to_contain_text("Modes captured")
    expect(stage(page).get_by_text("captures a mode")).to_be_hidden()
