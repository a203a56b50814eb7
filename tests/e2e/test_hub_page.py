"""What pages do with the Hub, in a real Chromium, against a small Hub on loopback: token, upload, walk away, cancel, download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import eventually, tiny_run
from playwright.sync_api import Browser, Page, expect

from gan_core.runs import Run
from gan_core.training import loop
from tests.e2e.browser import ROOT, Server, streamlit_server, watch
from tests.hub.server import WRITER, Hub, serve

pytestmark = pytest.mark.e2e
SLOW_MS = 60_000  # the first answer of a cold server, a process that imports torch, on a busy machine


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub-runs")


@pytest.fixture(scope="module")
def trained(runs_dir: Path, shared_cache: Path) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(runs_dir, "A very long name " + "n" * 60, dataset__image_size=16, dataset__num_images=64)
        assert loop.train(run).state == "finished"
    return run


@pytest.fixture(scope="module")
def server(hub: Hub, trained: Run, tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hub-server")
    env = {
        "GANVAS_RUNS_DIR": str(trained.path.parent), "GANVAS_CACHE_DIR": str(shared_cache), "HF_ENDPOINT": hub.url,
        "HF_HOME": str(folder / "hf"), "HF_TOKEN": "", "HF_HUB_OFFLINE": "", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "",
    }  # fmt: skip
    with streamlit_server(ROOT / "app.py", folder=folder, env=env) as running:
        yield running


def open_hub(page: Page, server: Server) -> None:
    page.set_default_timeout(SLOW_MS)
    page.goto(f"{server.url}/runs?tab=import")
    expect(page.get_by_role("heading", level=1, name="Import from the Hub")).to_be_visible(timeout=SLOW_MS)


def open_upload(page: Page, run: Run) -> None:
    """From anywhere in the app to what sends the run, in the same session."""
    page.get_by_test_id("stSidebar").get_by_test_id("stPageLink-NavLink").filter(has_text="Runs").click()
    page.get_by_role("radio", name="All runs", exact=True).click()
    page.locator(f".st-key-runs_{run.id}_watch button").click()
    expect(page.get_by_role("heading", level=1, name=run.name)).to_be_visible(timeout=SLOW_MS)
    if not page.get_by_text("Your account").is_visible():
        button(page, "More").click()
        page.get_by_text("Send to the Hub").click()
    expect(page.get_by_text("Your account")).to_be_visible()


def button(page: Page, name: str):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def enter(page: Page, repo: str) -> None:
    field = page.get_by_placeholder("for example ada/digits")
    field.fill(repo)
    field.press("Enter")
    expect(field).to_have_value(repo)


def test_a_run_goes_to_the_hub_and_comes_back(browser: Browser, server: Server, hub: Hub, trained: Run) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 1000}) as visitor:
        page = visitor.new_page()
        faults = watch(page)
        open_hub(page, server)
        field = page.get_by_role("textbox", name="Token")
        expect(field).to_have_attribute("type", "password")
        field.fill(WRITER)
        button(page, "Use for this session").click()
        expect(page.get_by_text("The Hub knows you as")).to_be_visible(timeout=SLOW_MS)
        assert WRITER not in page.content()

        hub.fault = lambda method, path: "silent" if method == "PUT" else ""
        open_upload(page, trained)
        button(page, "Upload").click()
        expect(page.get_by_text("Uploading")).to_be_visible(timeout=SLOW_MS)
        page.get_by_test_id("stSidebar").get_by_test_id("stPageLink-NavLink").filter(has_text="Runs").click()
        expect(page.get_by_role("heading", level=1, name="All runs")).to_be_visible()
        with browser.new_context() as stranger:
            other = stranger.new_page()
            open_hub(other, server)
            expect(other.get_by_text("There is no token")).to_be_visible()
            open_upload(other, trained)
            expect(button(other, "Upload")).to_be_visible()
            expect(other.get_by_text("Uploading")).to_have_count(0)
        open_upload(page, trained)
        expect(page.get_by_text("Uploading")).to_be_visible()
        button(page, "Cancel").click()
        expect(page.get_by_text("Cancelled. Nothing was left behind.")).to_be_visible()
        (name,) = hub.repos
        assert len(hub.repos[name].commits) == 1

        hub.fault = lambda method, path: ""
        button(page, "Upload").click()
        expect(page.get_by_text("Step 20 is on the Hub. Only you can see it.")).to_be_visible(timeout=SLOW_MS)
        page.get_by_test_id("stSidebar").get_by_test_id("stPageLink-NavLink").filter(has_text="Runs").click()
        page.get_by_role("radio", name="Import from the Hub", exact=True).click()
        enter(page, name)
        button(page, "Download").click()
        expect(page.get_by_text("Here it is, checked and sound.")).to_be_visible(timeout=SLOW_MS)
        eventually(lambda: len([p for p in trained.path.parent.iterdir() if p.name[0] != "."]) == 2, "a second run")
        button(page, "Explore").click()
        expect(page.get_by_test_id("latent-explorer").locator("img").first).to_be_visible(timeout=SLOW_MS)
        faults.check()
    assert WRITER not in server.log_path.read_text("utf-8", errors="replace")


def test_a_silent_hub_leaves_the_page_quick_and_the_sentence_comes(browser: Browser, server: Server, hub: Hub) -> None:
    with browser.new_context() as visitor:
        page = visitor.new_page()
        open_hub(page, server)
        asked = hub.asked("/api/models/ada/silent")
        hub.fault = lambda method, path: "silent"
        enter(page, "ada/silent")
        button(page, "Download").click()
        expect(button(page, "Cancel")).to_be_visible()
        eventually(lambda: hub.asked("/api/models/ada/silent") > asked, "the Hub was asked")
        page.get_by_text("Use a token of your own").click()  # the page answers while the Hub does not
        expect(page.get_by_role("textbox", name="Token")).to_be_visible()
        button(page, "Cancel").click()
        expect(page.get_by_text("Cancelled. Nothing was left behind.")).to_be_visible()
        hub.fault = lambda method, path: "status 500"
        button(page, "Download").click()
        expect(page.get_by_text("The Hub has a fault of its own (500).")).to_be_visible(timeout=SLOW_MS)
        hub.fault = lambda method, path: ""
