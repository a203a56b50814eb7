"""A link for the class in real browsers: the teacher's makes the address and its code, a student's opens it."""

from __future__ import annotations

import io
import re

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.experiments.lessons import LESSONS
from tests.e2e.app_helpers import SLOW_MS, TITLES, button, main_part, open_page, photograph, settled, title, visitor
from tests.e2e.browser import Server

pytestmark = pytest.mark.e2e
TRAIN, MANY, LAB, BREAK = "Train a model", "Many runs", "2-D lab", "Break & repair"


def address(page: Page, server: Server, pressed: Locator) -> str:
    """What the dialogue behind a button gives, and its code says: for the name that this computer has for itself."""
    settled(page)
    pressed.click()
    dialogue = page.get_by_role("dialog")
    dialogue.get_by_role("textbox", name="This computer's name or address in the network").fill("")
    page.keyboard.press("Enter")
    field = dialogue.get_by_label("Address", exact=True)
    expect(field).to_have_value(re.compile(f"^{re.escape(server.url)}/.*[&?]only=1$"), timeout=SLOW_MS)
    settled(page)
    code = dialogue.locator(".ganvas-picture-image")
    expect(code).to_have_attribute("alt", field.input_value())
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot())).convert("L"))
    assert read.text == field.input_value()
    return str(read.text)


def follow(page: Page, link: str, heading: str) -> Locator:
    """A student's page: what the link is about, and no way elsewhere."""
    page.goto(link)
    expect(title(page, heading)).to_be_visible(timeout=SLOW_MS)
    settled(page)
    expect(button(page, "Link for the class")).to_have_count(0)
    expect(navigation(page)).to_have_count(0)
    return main_part(page)


def navigation(page: Page) -> Locator:
    return page.get_by_test_id("stSidebar").get_by_role("link", name=re.compile(f"^({'|'.join(TITLES)})$"))


def show_everything(page: Page) -> None:
    button(page, "Show everything").click()
    expect(navigation(page)).to_have_count(len(TITLES))
    settled(page)
    assert "only=1" not in page.url


def setting(page: Page, name: str) -> Locator:
    """The field of a setting, by the end of its widget's key."""
    return main_part(page).locator(f'[class*="{name.replace(".", "-")}"] input')


def change(page: Page, name: str, value: str) -> None:
    settled(page)
    setting(page, name).fill(value)
    setting(page, name).press("Enter")
    settled(page)


def test_train_s_link_shows_its_settings_and_everything_comes_back(browser: Browser, server: Server) -> None:
    with visitor(browser) as (teacher, _faults), visitor(browser) as (student, _others):
        open_page(teacher, server, "/train?preset=r1-dcgan-lite", TRAIN)
        main_part(teacher).get_by_text("Training: how long, how much at once").click()
        change(teacher, "training.epochs", "3")
        link = address(teacher, server, button(teacher, "Link for the class"))
        photograph(teacher, "class-link-dialogue")
        page = follow(student, link, TRAIN)
        expect(setting(student, "training.epochs")).to_have_value("3")
        expect(setting(student, "training.batch_size")).to_have_count(0)
        expect(page.get_by_role("combobox")).to_have_count(0)
        photograph(student, "class-link-train")
        show_everything(student)
        expect(page.get_by_text("From the link: ")).to_be_visible()
        expect(setting(student, "training.epochs")).to_have_value("3")
        expect(setting(student, "training.batch_size")).to_have_count(1)


def test_many_runs_link_shows_one_form(browser: Browser, server: Server) -> None:
    with visitor(browser) as (teacher, _faults), visitor(browser) as (student, _others):
        open_page(teacher, server, "/train?tab=many", MANY)
        settled(teacher)
        own = main_part(teacher).get_by_text("Your own grid or search", exact=True)
        own.click()
        change(teacher, "training.batch_size", "32, 128")
        link = address(teacher, server, main_part(teacher).locator(".st-key-sweeps_link").get_by_role("button"))
        page = follow(student, link, MANY)
        expect(setting(student, "training.batch_size")).to_have_value("32, 128")
        expect(button(student, "Start it")).to_have_count(0)
        expect(page.get_by_label("What to vary")).to_have_count(0)
        photograph(student, "class-link-many")
        show_everything(student)
        expect(button(student, "Start it")).to_have_count(2)
        expect(setting(student, "training.batch_size")).to_have_value("32, 128")
        teacher.keyboard.press("Escape")
        other = address(teacher, server, main_part(teacher).locator(".st-key-sweeps_link_rates").get_by_role("button"))
        page = follow(student, other, MANY)
        expect(button(student, "Start it")).to_have_count(1)


def test_the_lab_s_link_opens_its_game(browser: Browser, server: Server) -> None:
    with visitor(browser) as (teacher, _faults), visitor(browser) as (student, _others):
        open_page(teacher, server, "/learn?tab=lab&story=wgan", LAB)
        change(teacher, "remedies.packing", "2")
        link = address(teacher, server, button(teacher, "Link for the class"))
        page = follow(student, link, LAB)
        expect(setting(student, "remedies.packing")).to_have_value("2")
        expect(page.locator("[class*=st-key-twin_story]")).to_have_count(0)
        photograph(student, "class-link-lab")
        show_everything(student)
        expect(page.locator("[class*=st-key-twin_story]").first).to_be_visible()


def test_break_and_repair_s_link_is_of_one_way(browser: Browser, server: Server) -> None:
    with visitor(browser) as (teacher, _faults), visitor(browser) as (student, _others):
        open_page(teacher, server, "/learn?tab=break", BREAK)
        link = address(teacher, server, button(teacher, "Link for the class"))
        assert "way=" in link
        page = follow(student, link, BREAK)
        expect(page.locator("[class*=st-key-collapse_break_]")).to_have_count(1)
        photograph(student, "class-link-break")
        show_everything(student)
        expect(page.locator("[class*=st-key-collapse_break_]").nth(1)).to_be_visible()


def test_a_lesson_s_link_has_no_way_to_the_others(browser: Browser, server: Server) -> None:
    with visitor(browser) as (teacher, _faults), visitor(browser) as (student, _others):
        open_page(teacher, server, "/learn?lesson=see", LESSONS["see"].title)
        link = address(teacher, server, button(teacher, "Link for the class"))
        follow(student, link, LESSONS["see"].title)
        expect(button(student, "All lessons")).to_have_count(0)
        show_everything(student)
        expect(button(student, "All lessons")).to_be_visible()


@pytest.mark.parametrize(
    ("bad", "heading", "sentence"),
    [
        ("/train?preset=mnist-dcgan&training.epochs=-3", TRAIN, "'training.epochs' must be greater than or equal to 1"),
        ("/train?preset=nothing", TRAIN, "There is no preset “nothing” here"),
        ("/train?tab=many&about=own&images=7", MANY, "'images' must be a whole number from 100 to 5,000; got '7'."),
        ("/learn?tab=lab&story=bce&remedies.packing=99", LAB, "'remedies.packing' must be"),
        ("/learn?tab=break&way=nothing", BREAK, "There is no way “nothing” to break a model"),
        ("/learn?lesson=nothing", "Lessons", "There is no lesson “nothing” here"),
    ],
)
def test_a_bad_value_is_a_sentence(browser: Browser, server: Server, bad: str, heading: str, sentence: str) -> None:
    with visitor(browser) as (student, _faults):
        page = follow(student, f"{server.url}{bad}&only=1", heading)
        expect(page.get_by_text(sentence)).to_be_visible()
