"""Drawing out of noise in a real browser: film, scrubber and strip, the dials, and points that flow both ways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_run
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.training import loop
from tests.e2e.browser import ROOT, Server, streamlit_server, watch

pytestmark = pytest.mark.e2e
SLOW_MS = 120_000  # the server imports torch, on a busy machine
expect.set_options(timeout=20_000)
FEW = {"diffusion__sampling_steps": 4, "diffusion__preview_steps": 2}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Server]:
    """A lab with a diffusion model of pictures and one of points."""
    folder = tmp_path_factory.mktemp("denoising")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        for name, changes in (
            ("Pictures", {"network__name": "unet", "diffusion__steps": 100}),
            ("Points", {"network__name": "mlp_time", "dataset__name": "ring8"}),
        ):
            assert loop.train(tiny_run(folder / "runs", name, **changes, **FEW)).state == "finished"
    env = {"GANVAS_RUNS_DIR": str(folder / "runs"), "GANVAS_CACHE_DIR": str(shared_cache)}
    with streamlit_server(ROOT / "app.py", folder=folder, env=env) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 1400}, reduced_motion="reduce") as context:
        opened = context.new_page()
        faults = watch(opened)
        yield opened
        faults.check()


def shown(player: Locator) -> str:
    """What the film shows now."""
    pixels: str = player.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return pixels


def test_the_way_is_scrubbed_and_its_dials_are_turned(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/run?tab=explore&view=process")
    player = page.get_by_test_id("frames-player")
    expect(player).to_have_attribute("data-frame", "0", timeout=SLOW_MS)
    noise = shown(player)
    player.get_by_role("slider").press("End")
    expect(player).to_have_attribute("data-frame", "4")
    assert shown(player) != noise
    expect(page.get_by_role("img", name="The way from noise to picture, in 5 moments")).to_be_visible()
    page.get_by_role("radio", name="Steps and fresh noise").click()
    expect(page.get_by_role("img", name="The same noise at several eta")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("img", name="10 steps, eta 0")).to_be_visible()
    page.get_by_text("Also in all 100 steps").click()
    expect(page.get_by_role("img", name="100 steps, eta 0")).to_be_visible(timeout=SLOW_MS)


def test_points_flow_from_noise_and_back(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/run?tab=explore&view=flow")
    player = page.get_by_test_id("frames-player")
    expect(player).to_have_attribute("data-frame", "0", timeout=SLOW_MS)
    noise = shown(player)
    player.get_by_role("slider").press("End")
    expect(player).to_have_attribute("data-frame", "4")
    assert shown(player) != noise
    page.get_by_role("radio", name="From data to noise").click()
    expect(player.get_by_label("From data to noise")).to_be_visible(timeout=SLOW_MS)
    expect(player).to_have_attribute("data-frame", "0")
    assert shown(player) != noise
