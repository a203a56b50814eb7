"""The latent map in a real browser and a real process: preview, progress, map, hover, click, and the cache."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_run
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.training import loop
from tests.e2e.browser import ROOT, Server, streamlit_server, watch

pytestmark = pytest.mark.e2e
SLOW_MS = 120_000  # a child imports torch, on a busy machine
expect.set_options(timeout=20_000)
MADE = "t-SNE of the posterior means of 80 images"
# Where a point stands on the screen: the one that is farthest from every other.
POINT = """gd => {
  const { xaxis, yaxis } = gd._fullLayout;
  const box = gd.getBoundingClientRect();
  const all = gd._fullData.flatMap((trace) => Array.from(trace.x, (x, i) => ({
    x: box.left + xaxis._offset + xaxis.d2p(x), y: box.top + yaxis._offset + yaxis.d2p(trace.y[i]),
    index: trace.customdata[i], group: trace.meta,
  })));
  const far = (p) => Math.min(...all.filter((o) => o.index !== p.index).map((o) => Math.hypot(p.x - o.x, p.y - o.y)));
  return all.reduce((best, p) => (far(p) > far(best) ? p : best));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Server]:
    """A lab with one trained VAE, at 8 px; it learned from the first 40 of 120 pictures in two classes."""
    folder = tmp_path_factory.mktemp("vae")
    rng = np.random.default_rng(0)
    for name, columns in (("left", slice(0, 4)), ("right", slice(4, 8))):
        (folder / "own" / name).mkdir(parents=True)
        for index in range(60):
            pixels = rng.integers(0, 90, (8, 8), dtype=np.uint8)
            pixels[:, columns] += 150
            Image.fromarray(pixels).save(folder / "own" / name / f"{index:02d}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(
            folder / "runs", "Sides", network__name="vae", training__ema_decay=0.0, training__epochs=40,
            dataset__name="folder", dataset__root=str(folder / "own"), dataset__num_images=40,
        )  # fmt: skip
        assert loop.train(run).state == "finished"
    env = {"GANVAS_RUNS_DIR": str(folder / "runs"), "GANVAS_CACHE_DIR": str(shared_cache)}
    with streamlit_server(ROOT / "app.py", folder=folder, env=env) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 1400}) as context:
        opened = context.new_page()
        faults = watch(opened)
        yield opened
        faults.check()


def plot(page: Page) -> Locator:
    return page.get_by_test_id("vae-map").locator(".js-plotly-plot")


def main_part(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def test_the_map_comes_and_answers_hover_and_click(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/run?tab=explore&view=map")
    expect(main_part(page).get_by_text(MADE)).to_be_visible(timeout=SLOW_MS)
    expect(main_part(page).get_by_test_id("stProgress")).to_have_count(0)
    expect(plot(page).locator(".nsewdrag")).to_be_visible()
    point = plot(page).evaluate(POINT)
    page.mouse.move(point["x"] - 2, point["y"])
    page.mouse.move(point["x"], point["y"])
    card = page.locator(".ganvas-map-card")
    expect(card).to_be_visible()
    expect(card).to_contain_text(f"Image {point['index']} · {point['group']}")
    assert "data:image/jpeg" in card.locator(".ganvas-map-tile").evaluate("tile => tile.style.backgroundImage")
    page.mouse.click(point["x"], point["y"])
    expect(main_part(page).get_by_role("spinbutton", name="Image")).to_have_value(str(point["index"]))
    chosen = main_part(page).get_by_test_id("picture").locator("figcaption")
    expect(chosen).to_contain_text(f"Image {point['index']};")
    ring = "document.querySelector('[data-testid=vae-map] .js-plotly-plot')._fullData.at(-1).customdata[0]"
    page.wait_for_function(f"{ring} === {point['index']}")


def test_whoever_comes_back_finds_the_map_at_once(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/run?tab=measure&view=vae")
    expect(main_part(page).get_by_text("Test MSE", exact=True).first).to_be_visible(timeout=SLOW_MS)
    main_part(page).get_by_text("Explore", exact=True).click()
    page.get_by_text("Latent map", exact=True).click()
    expect(main_part(page).get_by_text(MADE)).to_be_visible(timeout=SLOW_MS)
    expect(main_part(page).get_by_role("button", name="Cancel")).to_have_count(0)
    expect(plot(page).locator(".nsewdrag")).to_be_visible()


def test_the_page_fits_a_telephone(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 420, "height": 900})
    for view in ("reconstructions", "samples", "map"):
        page.goto(f"{server.url}/run?tab=explore&view={view}")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW_MS)
        expect(main_part(page).locator("img, .js-plotly-plot").first).to_be_visible(timeout=SLOW_MS)
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
