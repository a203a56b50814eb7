"""Data in a real Chromium: points drawn with the mouse and trained on, a zip uploaded, a set prepared while one looks on."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import eventually
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from safetensors.torch import save_file
from torch import nn
from torchvision.models import resnet18

from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.figures import imaging
from tests.e2e.app_helpers import (
    SLOW_MS,
    Lab,
    button,
    main_part,
    open_page,
    photograph,
    settled,
    title,
    until,
    upload,
    visitor,
)
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("data-lab")
    return Lab(folder, folder / "cache")


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[Server]:
    with lab.serve() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        yield page


def metric(page: Page, label: str) -> str:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue").inner_text()


def test_points_are_drawn_undone_kept_and_trained_on(browser: Browser, lab: Lab, server: Server) -> None:
    with visitor(browser) as (page, faults):
        open_page(page, server, "/data?view=add", "Data")
        canvas = page.get_by_test_id("point-canvas").locator("canvas")
        expect(canvas).to_be_visible(timeout=SLOW_MS)
        canvas.scroll_into_view_if_needed()
        count = page.get_by_test_id("point-canvas").get_by_role("status")
        box = canvas.bounding_box()
        assert box is not None

        def stroke(start: tuple[float, float], end: tuple[float, float]) -> int:
            page.mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
            page.mouse.down()
            page.mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=25)
            page.mouse.up()
            return int(count.inner_text().split()[0])

        first = stroke((0.2, 0.3), (0.8, 0.3))
        both = stroke((0.5, 0.5), (0.5, 0.9))
        assert 100 < first < both
        page.get_by_role("button", name="Undo").click()
        expect(count).to_have_text(f"{first} points")
        canvas.focus()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Space")
        expect(count).not_to_have_text(f"{first} points")
        kept = int(count.inner_text().split()[0])
        photograph(page, "data-points", 1500)
        settled(page)
        page.get_by_label("Name of the points").fill("a bar")
        page.get_by_label("Name of the points").press("Enter")
        button(page, "Keep these points").click()
        expect(main_part(page).get_by_text(f"a bar: {kept:,} points").first).to_be_visible()
        expect(count).to_have_text("0 points")  # the canvas is empty again
        (file,) = (lab.folder / "data").glob("points-*/points.json")
        points = json.loads(file.read_text())["points"]
        assert len(points) == kept
        upper = [y for _x, y in points[:first]]
        assert 0.8 < sum(upper) / len(upper) < 2.4  # three tenths from the top of a square from -4 to 4 is 1.6
        settled(page)
        button(page, "Look").click()
        expect(main_part(page).get_by_text(f"{kept} of {kept} points")).to_be_visible()
        button(page, "Train on this data").click()
        expect(title(page, "Train a model")).to_be_visible()
        button(page, "Start training").click()
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=SLOW_MS)
        run = lab.newest()
        assert run.config().dataset.root == str(file)
        eventually(lambda: run.status().step > 20, "the run's twentieth step")
        faults.check()
        faults.found.clear()


def test_on_a_phone_the_pictures_are_on_the_first_screen_and_the_settings_below(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, server, "/data", "Data")
    settled(page)
    picture = page.get_by_test_id("picture").locator("img").first
    expect(picture).to_be_visible()
    shown, settings = picture.bounding_box(), page.locator("[class*=st-key-data_batch_]").bounding_box()
    assert shown is not None and settings is not None
    assert shown["y"] < 844 and shown["y"] + shown["height"] <= settings["y"]
    boxes = [box for one in page.get_by_test_id("stMetric").all() if (box := one.bounding_box())]
    assert len(boxes) == 4 and len({round(box["y"]) for box in boxes}) == 2  # two counts a row


def test_a_zip_is_uploaded_looked_at_and_deleted(page: Page, server: Server) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(12):
            picture = Image.new("RGB", (40, 30), (20 * number, 90, 200))
            archive.writestr(f"{'cats' if number % 2 else 'dogs'}/{number}.png", imaging.png_bytes(picture))
        archive.writestr("notes.txt", "no picture")
    open_page(page, server, "/data?view=add", "Data")
    upload(page, "Zip file", "pets.zip", "application/zip", buffer.getvalue())
    button(page, "Unpack").click()
    expect(main_part(page).get_by_text("pets: 12 pictures, 2 classes, 1 file not taken")).to_be_visible()
    page.locator("[class*=st-key-data_look_pictures-pets] button").click()
    until(page, lambda: page.get_by_test_id("stMetric").count() == 4, "the counts")
    assert (metric(page, "Images"), metric(page, "Classes")) == ("12", "2")
    expect(page.get_by_test_id("picture").locator("img").first).to_be_visible()
    photograph(page, "data-zip", 1300)
    page.get_by_text("How it is prepared").click()
    expect(main_part(page).get_by_text("3. Cut to the square")).to_be_visible()
    expect(page.get_by_test_id("picture")).to_have_count(12)
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_text("Bring your own").click()
    page.locator("[class*=st-key-data_delete_pictures-pets] button").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(main_part(page).get_by_text("pets: 12 pictures")).to_have_count(0)


def test_an_evaluator_of_ones_own_pictures_is_trained_with_progress_and_a_run_is_proposed(
    page: Page, lab: Lab, server: Server
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(160):
            picture = Image.new("L", (40, 30), (30 if number % 2 else 170) + number // 4)
            archive.writestr(f"{'dark' if number % 2 else 'light'}/{number}.png", imaging.png_bytes(picture))
    open_page(page, server, "/data?view=add", "Data")
    upload(page, "Zip file", "greys.zip", "application/zip", buffer.getvalue())
    button(page, "Unpack").click()
    expect(main_part(page).get_by_text("greys: 160 pictures, 2 classes")).to_be_visible()
    page.locator("[class*=st-key-data_look_pictures-greys] button").click()
    expect(main_part(page).get_by_text("There is no evaluator for these pictures yet.")).to_be_visible(timeout=SLOW_MS)
    main_part(page).locator("summary").filter(has_text="Train an evaluator").click()
    for name, small in (("Width", "4"), ("Epochs", "20")):
        page.get_by_role("spinbutton", name=name).fill(small)
        page.get_by_role("spinbutton", name=name).press("Enter")
        settled(page)
    button(page, "Train an evaluator").click()
    expect(main_part(page).get_by_test_id("stProgress").first).to_be_visible(timeout=SLOW_MS)
    expect(main_part(page).get_by_text("The evaluator is trained: its accuracy is above.")).to_be_visible(
        timeout=3 * SLOW_MS
    )
    expect(main_part(page).get_by_text(re.compile(r"Right in \d+ of 16"))).to_be_visible()
    photograph(page, "data-evaluator", 1500)
    expect(main_part(page).get_by_text("Proposed for 160 pictures on a processor")).to_be_visible()
    button(page, "Train on this data").click()
    expect(title(page, "Train a model")).to_be_visible(timeout=SLOW_MS)
    expect(main_part(page).get_by_text("Your data, “greys”")).to_be_visible(timeout=SLOW_MS)
    expect(main_part(page).get_by_text("From the link: ")).to_contain_text("Folder: greys; Image size (px): 32")
    photograph(page, "train-own", 1500)
    button(page, "Start training").click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=SLOW_MS)
    run = lab.newest()
    assert run.name.startswith("greys") and (run.config().dataset.image_size, run.config().training.batch_size) == (
        32,
        32,
    )
    button(page, "Stop").click()
    eventually(lambda: run.status().state == "stopped", "the run's end")


def test_the_courses_own_network_becomes_the_judge_of_its_pictures(page: Page, server: Server, tmp_path: Path) -> None:
    scenes, judge = tmp_path / "iclevr", tmp_path / "course.safetensors"
    (scenes / "images").mkdir(parents=True)
    told = {f"{n}.png": [OBJECTS[2 * n]] for n in range(12)}
    for n, name in enumerate(told):
        Image.new("RGB", (64, 64), (20 * n, 255 - 20 * n, 90)).save(scenes / "images" / name)
    for file, content in (("train", told), ("objects", {name: n for n, name in enumerate(OBJECTS)}),
                          ("test", [["red cube"]]), ("new_test", [["red cube"]])):  # fmt: skip
        (scenes / f"{file}.json").write_text(json.dumps(content))
    network = resnet18(weights=None)
    network.fc = nn.Sequential(nn.Linear(512, 24), nn.Sigmoid())
    save_file(network.state_dict(), judge)
    open_page(page, server, "/data?data=iclevr", "Data")
    page.get_by_role("textbox", name="Folder").fill(str(scenes))
    page.get_by_role("textbox", name="Folder").press("Enter")
    main_part(page).locator("summary").filter(has_text="Use an evaluator from elsewhere").click(timeout=SLOW_MS)
    uploader = main_part(page).get_by_test_id("stFileUploader").filter(has_text="The network (.safetensors)")
    settled(page)
    uploader.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(judge)
    expect(button(page, "Check and keep")).to_be_enabled(timeout=SLOW_MS)
    button(page, "Check and keep").click()
    expect(main_part(page).get_by_text(re.compile("course: .*This one is used"))).to_be_visible(timeout=SLOW_MS)
    photograph(page, "data-judge", 1300)


def test_preparing_shows_its_progress_can_be_cancelled_and_done(page: Page, server: Server, tmp_path: Path) -> None:
    open_page(page, server, "/data?data=faces", "Data")
    expect(page.get_by_test_id("picture").locator("img").first).to_be_visible(timeout=SLOW_MS)
    button(page, "Prepare now").click()
    bar = main_part(page).get_by_test_id("stProgress")
    expect(bar).to_contain_text("/ 40,000", timeout=SLOW_MS)
    photograph(page, "data-prepare")
    button(page, "Cancel").click()
    expect(main_part(page).get_by_text("Cancelled.")).to_be_visible()
    page.get_by_label("Only a sample").locator("xpath=ancestor::label").click()
    many = page.get_by_role("spinbutton", name="How many")
    expect(many).to_be_enabled()
    many.fill("60")
    many.press("Enter")
    until(page, lambda: metric(page, "Images") == "60", "the count")
    button(page, "Prepare now").click()
    expect(main_part(page).get_by_text("Ready: training with these settings starts at once.")).to_be_visible(
        timeout=SLOW_MS
    )


@pytest.mark.parametrize(
    "address",
    ["/data?data=www.evil.example", "/data?data=a%40evil.example", "/run?run=https%3A%2F%2Fevil.example%2Fx"],
)
def test_an_address_in_the_address_becomes_no_link(page: Page, server: Server, address: str) -> None:
    page.goto(f"{server.url}{address}")
    expect(main_part(page).get_by_text("evil.example").first).to_be_visible(timeout=SLOW_MS)
    assert page.locator("a[href*=evil], img[src*=evil]").count() == 0
