"""Explore, Runs and links in a real Chromium, and a lab whose server or trainer is killed."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import eventually
from PIL import Image
from playwright.sync_api import Browser, Download, Locator, Page, expect

from gan_core.runs import Run, notes
from gan_core.training import loop
from tests.e2e.app_helpers import (
    SLOW_MS,
    TITLES,
    Lab,
    badge,
    button,
    grows,
    kill,
    main_part,
    navigation,
    open_page,
    photograph,
    plot,
    title,
    until,
    visitor,
    wait_for_steps,
)
from tests.e2e.browser import Server
from tests.e2e.demo_helpers import drag

pytestmark = pytest.mark.e2e
# Every picture that an image shows from now on.
COLLECT = "image => { window.seen = new Set(); new MutationObserver(() => window.seen.add(image.src)).observe(image, {attributes: true}); }"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as (opened, _faults):
        yield opened


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> tuple[Lab, Run]:
    """A lab with one finished run, nobody serving it yet."""
    lab = Lab(tmp_path_factory.mktemp("trained"), shared_cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = lab.begin("Ten epochs", training__epochs=10, recording__checkpoint_every_steps=100)
        assert loop.train(run).state == "finished"
    for marker in (lab.runs_dir / ".queue").iterdir():
        marker.unlink()
    return lab, run


@pytest.fixture(scope="module")
def server(trained: tuple[Lab, Run]) -> Iterator[Server]:
    with trained[0].serve() as running:
        yield running


def read(download: Download) -> Image.Image:
    content = Path(download.path()).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def test_a_link_is_the_very_first_request_of_a_fresh_server(
    page: Page, server: Server, trained: tuple[Lab, Run]
) -> None:
    """Streamlit alone would answer with its own list of files instead of the app's navigation."""
    run = trained[1]
    page.goto(f"{server.url}/explore?run={run.id}&view=morph&step=200")
    expect(title(page, run.name)).to_be_visible(timeout=SLOW_MS)
    assert navigation(page) == TITLES
    expect(page.get_by_role("combobox", name="Checkpoint")).to_have_value("step 200")
    player = page.get_by_test_id("frames-player")
    expect(player).to_be_visible(timeout=SLOW_MS)
    shown = "document.querySelector('[data-testid=\"frames-player\"]').dataset.frame"
    page.wait_for_function(f"(window.shown = new Set([...window.shown ?? [], {shown}])).size > 10")
    photograph(page, "explore-morph")
    for part in ("/run?", f"run={run.id}", "tab=explore", "view=morph", "step=200"):
        assert part in page.url
    assert "page=" not in page.url
    with page.expect_download() as waiting:
        button(page, "Download as a strip (PNG)").click()
    assert read(waiting.value).width > 9 * 16


def test_dragging_a_slider_shows_other_images_before_the_mouse_is_released(
    page: Page, server: Server, trained: tuple[Lab, Run]
) -> None:
    run = trained[1]
    open_page(page, server, f"/run?run={run.id}&tab=explore", run.name)
    explorer = page.get_by_test_id("latent-explorer")
    large, around = explorer.locator("img").nth(0), explorer.locator("img").nth(1)
    expect(large).to_be_visible(timeout=SLOW_MS)
    expect(around).to_be_visible()
    first, first_around = large.get_attribute("src"), around.get_attribute("src")
    large.evaluate(COLLECT)
    drag(page, explorer.get_by_role("slider", name="Direction 1"), 0.5, 0.95, release=False, steps=40)
    page.wait_for_function("window.seen.size >= 3")
    assert around.get_attribute("src") != first_around
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]at=1_\d"))
    with page.context.new_page() as other:
        theirs = other.get_by_test_id("latent-explorer").locator("img").nth(0)

        def same() -> bool:
            """Whether the address, once it is the last one, gives somebody else the same picture."""
            if other.url != page.url:
                other.goto(page.url)
                expect(theirs).to_be_visible(timeout=SLOW_MS)
            return first != large.get_attribute("src") == theirs.get_attribute("src")

        until(page, same, "one picture on both pages", timeout_s=60)
    page.reload()
    expect(large).to_be_visible(timeout=SLOW_MS)
    photograph(page, "explore")
    with page.expect_download() as waiting:
        button(page, "Download this picture (PNG)").click()
    assert read(waiting.value).size == (512, 512)
    assert waiting.value.suggested_filename == f"{run.id}-step{run.checkpoint_steps()[-1]}-seed0.png"
    explorer.get_by_role("button", name="Reset").click()
    until(page, lambda: large.get_attribute("src") == first, "the first image again")
    button(page, "Another").click()
    until(page, lambda: large.get_attribute("src") != first, "another seed's image")


def tab(page: Page, name: str) -> Locator:
    """A tab or view of a page."""
    return main_part(page).get_by_role("radio", name=name, exact=True)


def test_back_undoes_a_view_and_then_leaves_the_page(page: Page, server: Server, trained: tuple[Lab, Run]) -> None:
    run = trained[1]
    open_page(page, server, "/", "Watch a neural network learn to draw")
    open_page(page, server, f"/run?run={run.id}&tab=explore", run.name)
    expect(page.get_by_test_id("latent-explorer")).to_be_visible(timeout=SLOW_MS)
    for view in ("Morph", "Arithmetic"):
        tab(page, view).click()
        expect(page).to_have_url(re.compile(f"view={view.lower()}"))
    page.go_back()
    expect(tab(page, "Morph")).to_be_checked()
    expect(page.get_by_test_id("frames-player")).to_be_visible(timeout=SLOW_MS)
    page.go_back()
    expect(tab(page, "Sliders")).to_be_checked()
    page.go_back()
    expect(title(page, "Watch a neural network learn to draw")).to_be_visible(timeout=SLOW_MS)


def test_rename_note_and_delete(page: Page, server: Server, trained: tuple[Lab, Run]) -> None:
    lab, run = trained
    other = lab.begin("to be deleted", training__epochs=1)
    open_page(page, server, f"/run?run={run.id}", run.name)
    eventually(lambda: other.status().state == "finished", "the second run's end")
    hostile = "<b>x</b> [l](http://evil.example) www.evil.example a@evil.example " + "w" * 12
    button(page, "More").click()
    page.get_by_text("Rename, write a note").click()
    page.get_by_label("Name", exact=True).fill(hostile)
    page.get_by_label("Note: what did you see?").fill("Sevens, mostly.\n**Not bold.**")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1).filter(has_text="w" * 12)).to_be_visible()
    expect(page.get_by_role("combobox", name="Run")).to_have_value(re.compile("w" * 12))
    expect(main_part(page).get_by_text("**Not bold.**")).to_be_visible()
    photograph(page, "run-renamed")
    expect(page.locator("a[href*=evil]")).to_have_count(0)
    open_page(page, server, "/runs", "All runs")
    assert navigation(page) == TITLES
    expect(main_part(page).get_by_text(hostile, exact=True).first).to_be_visible()
    assert (run.name, run.note) == (hostile, "Sevens, mostly.\n**Not bold.**")
    expect(page.locator("a[href*=evil]")).to_have_count(0)
    photograph(page, "runs")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.get_by_label("Find by name or preset").fill("to be del")
    page.get_by_label("Find by name or preset").press("Enter")
    expect(main_part(page).get_by_text(hostile)).to_have_count(0)
    main_part(page).get_by_text("Select", exact=True).click()
    button(page, "Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("can be taken back for 7 days")
    expect(dialog).to_contain_text("to be deleted")
    photograph(page, "runs-delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("No run has “to be del” in its name.")).to_be_visible()
    assert not other.path.exists()
    assert run.path.is_dir()
    run.describe(name="Ten epochs", note="")  # for the tests that follow


def test_the_settings_and_the_networks_of_a_run_are_shown(page: Page, server: Server, trained: tuple[Lab, Run]) -> None:
    open_page(page, server, f"/run?run={trained[1].id}&tab=settings", trained[1].name)
    main_part(page).locator("summary").filter(has_text="Architecture").click()
    expect(page.get_by_text(re.compile(r"generator: [\d,]+ parameters"))).to_be_visible(timeout=SLOW_MS)
    main_part(page).locator("summary").filter(has_text="Log").first.click()
    expect(page.get_by_text("[10/10][40/40] Loss_D: ").first).to_be_visible()
    photograph(page, "finished", 2400)


def test_the_figures_of_a_report_come_out_of_a_runs_page(page: Page, server: Server, trained: tuple[Lab, Run]) -> None:
    run = trained[1]
    run.notes_path.unlink(missing_ok=True)  # of a try before this one
    open_page(page, server, f"/run?run={run.id}&tab=settings", run.name)
    main_part(page).locator("summary").filter(has_text="Log table").click()
    expect(page.get_by_text("[1/10][40/40] Loss_D: ")).to_be_visible(timeout=SLOW_MS)
    with page.expect_download() as waiting:
        button(page, "Download this table (10 rows)").click()
    assert len(Path(waiting.value.path()).read_text().splitlines()) == 10
    main_part(page).locator("summary").filter(has_text="Architecture").click()
    diagram = page.get_by_alt_text(re.compile(r"^discriminator: [\d,]+ parameters$")).first
    expect(diagram).to_be_visible(timeout=SLOW_MS)
    with page.expect_download() as waiting:
        button(page, "Download the diagram (PNG)").last.click()
    assert read(waiting.value).width > 2000
    tab(page, "Measure").click()
    tab(page, "Real beside generated").click()
    beside = page.get_by_alt_text(re.compile(r"^Real: 32 .*; Generated: 32 at step 400, seed 0$")).first
    expect(beside).to_be_visible(timeout=SLOW_MS)
    tab(page, "Watch").click()
    page.get_by_role("button", name="What do you see?").first.click()
    page.get_by_label("Observation", exact=True).fill("G settles early.")
    page.get_by_role("button", name="Keep").last.click()
    expect(button(page, "Edit the observation")).to_be_visible()  # the words alone are also those of the field
    assert notes.read(run).observations == {"samples": "G settles early."}  # the picture stands first
    main_part(page).locator("summary").filter(has_text="Best and worst").click()
    page.get_by_test_id("sample-picker").get_by_role("button", name="Sample 5", exact=True).click()
    expect(page.get_by_test_id("sample-picker")).to_contain_text("Chosen: number 5", timeout=SLOW_MS)
    page.get_by_label("Reason").fill("a clean stroke")
    button(page, "Mark").click()
    expect(page.get_by_text("Remove: number 5, step 400")).to_be_visible(timeout=SLOW_MS)
    assert notes.read(run).marks == (notes.Mark(400, 4, "best", "a clean stroke"),)


def test_sheets_every_step_hardware_and_more_epochs_come_out_of_a_runs_page(
    page: Page, server: Server, trained: tuple[Lab, Run]
) -> None:
    lab, run = trained
    open_page(page, server, f"/run?run={run.id}&tab=settings", run.name)
    expect(main_part(page).get_by_text(re.compile(r": .+ thread.* of \d+ cores.+ minutes of training"))).to_be_visible(
        timeout=SLOW_MS
    )
    main_part(page).locator("summary").filter(has_text="Log table").click()
    page.get_by_role("radio", name="Each recorded step").click()
    rows = len(run.metrics_path.read_text().splitlines())
    with page.expect_download(timeout=SLOW_MS) as waiting:
        button(page, f"Download this table ({rows:,} rows)").click()
    assert len(Path(waiting.value.path()).read_text().splitlines()) == rows
    with page.expect_download() as waiting:
        button(page, "Download all curves as CSV").click()
    header, *lines = Path(waiting.value.path()).read_text().splitlines()
    assert header.startswith("step") and "loss/d" in header and len(lines) == rows
    main_part(page).locator("summary").filter(has_text="Architecture").click()
    with page.expect_download(timeout=SLOW_MS) as waiting:
        button(page, "Download the diagram (SVG)").first.click()
    assert Path(waiting.value.path()).read_text().lstrip().startswith("<svg")
    open_page(page, server, f"/run?run={run.id}&tab=explore&view=sheet", run.name)
    page.get_by_role("radio", name="20", exact=True).click()
    sheet = page.get_by_alt_text("20 samples at step 400, seed 0")
    expect(sheet.first).to_be_visible(timeout=SLOW_MS)
    with page.expect_download() as waiting:
        button(page, "Download the sheet (PNG)").click()
    wide = read(waiting.value)
    assert wide.width * 4 == wide.height * 5 or wide.width > wide.height  # 5 x 4: no holes
    with page.expect_download() as waiting:
        button(page, "Download all pictures (zip)").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        assert len(archive.namelist()) == 20
    button(page, "Train longer").click()
    page.get_by_label("More epochs").fill("2")
    page.get_by_label("More epochs").press("Enter")
    expect(page.get_by_text("From step 400 to step 480.")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Continue", exact=True).click()
    until(page, lambda: lab.newest().id != run.id, "the run that goes on", timeout_s=60)
    longer = lab.newest()
    eventually(lambda: longer.status().state == "finished", "its end")
    assert longer.status().step == 480 and run.status().step == 400


def test_a_run_goes_on_when_the_server_is_killed_and_is_taken_up_when_its_trainer_is_too(
    browser: Browser, tmp_path: Path, shared_cache: Path
) -> None:
    lab = Lab(tmp_path, shared_cache)
    run = lab.begin("survivor", recording__checkpoint_every_steps=200)
    with lab.serve() as first:
        with visitor(browser) as (page, _faults):
            page.goto(f"{first.url}/run?run={run.id}")  # the very first request of a fresh server
            expect(title(page, run.name)).to_be_visible(timeout=SLOW_MS)
            assert navigation(page) == TITLES
            expect(badge(page, "training")).to_be_visible(timeout=SLOW_MS)
            grows(page)
        kill(first.pid)
    wait_for_steps(run, 100)  # its trainer did not notice
    with lab.serve() as second:
        with visitor(browser) as (page, _faults):
            open_page(page, second, f"/run?run={run.id}", run.name)
            expect(badge(page, "training")).to_be_visible()
            grows(page, 2)
            assert not [event for event in run.events() if event["type"] == "requeued"]
        trainer = int(run.status().owner.rpartition(":")[2])
        kill(second.pid)
        kill(trainer)
    eventually(lambda: not run.is_locked(), "the trainer's end")
    reached = run.checkpoint_steps()[-1]
    with lab.serve() as third, visitor(browser) as (page, _faults):
        open_page(page, third, f"/run?run={run.id}", run.name)
        expect(badge(page, "training")).to_be_visible(timeout=SLOW_MS)
        expect(plot(page).locator(".nsewdrag")).to_be_visible()
        grows(page)
        kinds = [event["type"] for event in run.events()]
        assert kinds.count("requeued") == 1
        assert [e["step"] for e in run.events() if e["type"] == "resumed"] == [reached]
        button(page, "Stop").click()
        expect(badge(page, "stopped")).to_be_visible()
