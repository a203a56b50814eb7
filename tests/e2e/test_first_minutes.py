"""The first five minutes of a student and of the teacher of a class, in both languages, found by roles and names as a screen reader
gives them."""

import re
from collections.abc import Collection, Iterator

import pytest
from access_helpers import CODE, PIN
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core.experiments.lessons import LESSONS
from gan_core.presets import DEFAULT, PRESETS
from gan_core.runs.status import OPEN_STATES
from tests.e2e.app_helpers import (
    SLOW_MS,
    Lab,
    badge,
    button,
    last_x,
    main_part,
    plot,
    settled,
    sign_in,
    title,
    until,
    visitor,
)
from tests.e2e.browser import Server
from tests.e2e.reading import CHINESE, ENGLISH, Language, left_in_english

pytestmark = pytest.mark.e2e
HOME = "Watch a neural network learn to draw"
NAMES = {"en": "Anna", "zh_TW": "小安"}
TYPED = ("Ganvas", *NAMES.values())


@pytest.fixture(scope="module")
def server(class_lab: Lab) -> Iterator[Server]:
    with class_lab.serve() as running:
        yield running


@pytest.fixture(params=[ENGLISH, CHINESE], ids=lambda language: language.name)
def say(request: pytest.FixtureRequest) -> Language:
    """Both languages, one after the other."""
    language: Language = request.param
    return language


class Reader:
    """Somebody who reads every page in their language, and collects what is not.

    Args:
        say: the language.
        typed: words of people, which stay as they are.
    """

    def __init__(self, say: Language, typed: Collection[str] = TYPED) -> None:
        self._say, self._typed = say, typed
        self.foreign: list[str] = []

    def reads(self, page: Page) -> None:
        """All that is on the page now."""
        settled(page)
        expect(page.locator("html")).to_have_attribute("lang", self._say.name.replace("_", "-"))
        if self._say is CHINESE:
            self.foreign += left_in_english(page, self._typed)


def go(page: Page, say: Language, place: str) -> None:
    """Follows a link of the sidebar."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=say(place), exact=True).click()


def choose(page: Page, name: str) -> None:
    """Chooses a tab or a view."""
    main_part(page).get_by_role("radio", name=name, exact=True).click()


def samples(page: Page) -> Locator:
    """The pictures of a run's page."""
    return main_part(page).get_by_role("button").locator("img").first


def looks(picture: Locator, colours: int = 2) -> str:
    """The file that a picture shows, found to have at least so many colours."""
    expect(picture).to_be_visible(timeout=SLOW_MS)
    found = picture.evaluate(
        """async image => {
          for (let tried = 1; ; tried++) {  // decoding is refused where a newer picture takes this one's place meanwhile
            try { await image.decode(); break; } catch (refused) { if (tried === 20) throw refused; }
            await new Promise(requestAnimationFrame);
          }
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0);
          return new Set(new Uint32Array(pen.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
        }"""
    )
    assert found >= colours, f"the picture has {found} colours"
    return picture.get_attribute("src") or ""


def test_a_student_trains_changes_explores_and_reads(
    browser: Browser, class_lab: Lab, server: Server, say: Language
) -> None:
    reader = Reader(say)
    with visitor(browser, locale=say.locale) as (page, faults):
        sign_in(page, server, CODE, NAMES[say.name], f"{say.name}-own-code", say)
        expect(title(page, say(HOME))).to_be_visible(timeout=SLOW_MS)
        reader.reads(page)

        button(page, say("Train on digits now")).click()
        expect(badge(page, say("training"))).to_be_visible(timeout=SLOW_MS)
        run = class_lab.newest()
        name = run.called(say)
        assert name.startswith(say(PRESETS[DEFAULT].title))
        try:
            expect(title(page, name)).to_be_visible()
            expect(page).to_have_title(f"{name} · Ganvas")
            expect(plot(page)).to_be_visible(timeout=SLOW_MS)
            first, drawn_until = looks(samples(page)), last_x(page)
            until(page, lambda: last_x(page) > drawn_until, "the curves move", 60)
            until(page, lambda: looks(samples(page)) != first, "other pictures", 60)
            looks(samples(page), 50)  # no longer the grey of an untrained generator
            reader.reads(page)

            rate = say("Learning rate, {network}", network=say("Generator").lower())
            page.get_by_role("textbox", name=rate).fill("0.0001")
            button(page, say("Change now")).click()
            until(page, lambda: [e for e in run.events() if e["type"] == "override"], "the change is taken over")
            expect(page.get_by_role("textbox", name=rate)).to_have_value("0.0001")
            button(page, say("Pause")).click()
            expect(badge(page, say("paused"))).to_be_visible(timeout=SLOW_MS)
            paused_at = run.status().step
            reader.reads(page)
            button(page, say("Resume")).click()
            expect(badge(page, say("training"))).to_be_visible(timeout=SLOW_MS)
            until(page, lambda: run.status().step > paused_at, "it goes on", 60)

            choose(page, say("Explore"))
            slider = main_part(page).get_by_role("slider", name=say("Direction {n}", n=1), exact=True)
            expect(slider).to_be_visible(timeout=SLOW_MS)
            large = main_part(page).get_by_role("img", name=say("The picture at this point"))
            before = looks(large)
            slider.press("End")
            until(page, lambda: looks(large) != before, "the slider changes the picture")
            reader.reads(page)

            choose(page, say("Report"))
            make = button(page, say("Make the report"))
            expect(make).to_be_visible(timeout=SLOW_MS)
            reader.reads(page)
            make.click()
            download = main_part(page).get_by_role(
                "button", name=re.compile(re.escape(say("Download ({size})", size="").rstrip(")")))
            )
            expect(download).to_be_visible(timeout=2 * SLOW_MS)
            reader.reads(page)

            go(page, say, "Learn")
            expect(title(page, say("Lessons"))).to_be_visible(timeout=SLOW_MS)
            reader.reads(page)
            button(page, say("Start")).first.click()
            lesson = next(iter(LESSONS.values()))
            expect(title(page, say(lesson.title))).to_be_visible(timeout=SLOW_MS)
            expect(main_part(page).get_by_role("radiogroup").first).to_be_visible(timeout=SLOW_MS)
            reader.reads(page)
        finally:
            class_lab.stop_all()
        faults.check()
        assert reader.foreign == [], "\n".join(reader.foreign)


def test_a_teacher_sees_the_class_stops_a_run_and_gives_out_a_link(
    browser: Browser, class_lab: Lab, server: Server, say: Language
) -> None:
    whose, reader = NAMES[say.name], Reader(say)
    with visitor(browser, locale=say.locale) as (student, _faults):
        sign_in(student, server, CODE, whose, f"{say.name}-own-code", say)
        expect(title(student, say(HOME))).to_be_visible(timeout=SLOW_MS)
        button(student, say("Train on digits now")).click()
        expect(badge(student, say("training"))).to_be_visible(timeout=SLOW_MS)
    run = class_lab.newest()
    try:
        with visitor(browser, locale=say.locale) as (page, faults):
            sign_in(page, server, PIN, say=say)
            expect(title(page, say("Your class"))).to_be_visible(timeout=SLOW_MS)
            expect(badge(page, say("training")).first).to_be_visible(timeout=SLOW_MS)
            expect(main_part(page).get_by_text(whose, exact=True)).to_have_count(2)  # in the queue and on the wall
            wall = main_part(page).get_by_role(
                "img", name=say("Newest samples of {name}", name=run.called(say)), exact=True
            )
            until(page, run.sample_steps, "a first grid", 60)
            first = looks(wall)
            until(page, lambda: looks(wall) != first, "the wall moves", 60)
            looks(wall, 50)
            reader.reads(page)

            button(page, say("Present")).click()
            leave = page.get_by_role("button", name=say("Leave present mode (Esc)"))
            expect(leave).to_be_visible(timeout=SLOW_MS)
            expect(page.get_by_test_id("stSidebar")).to_be_hidden()
            expect(main_part(page).get_by_text(whose)).to_have_count(1)
            looks(wall)
            reader.reads(page)
            leave.click()
            expect(page.get_by_test_id("stSidebar")).to_be_visible(timeout=SLOW_MS)

            button(page, say("Stop")).click()
            until(page, lambda: run.status().state not in OPEN_STATES, "the run has ended", 60)
            assert run.status().state == "stopped"
            expect(badge(page, say("stopped")).first).to_be_visible(timeout=SLOW_MS)
            expect(main_part(page).get_by_text(say("Nothing trains or waits now."))).to_be_visible()

            go(page, say, "Train")
            expect(title(page, say("Train a model"))).to_be_visible(timeout=SLOW_MS)
            reader.reads(page)
            button(page, say("Link for the class")).click()
            box = page.get_by_role("dialog")
            address = box.get_by_role("textbox", name=say("Address"), exact=True)
            expect(address).to_have_value(re.compile(r"http://.+/train\?.*only=1"))
            expect(box.get_by_role("img")).to_be_visible()  # the code to be photographed
            reader.reads(page)
            link = address.input_value()
        with visitor(browser, locale=say.locale) as (student, _faults):
            student.goto(re.sub(r"http://[^/]+", server.url, link))
            expect(title(student, say("Train a model"))).to_be_visible(timeout=SLOW_MS)
            expect(student.get_by_test_id("stSidebar").get_by_role("link", name=say("Runs"), exact=True)).to_have_count(
                0
            )
        faults.check()
        assert reader.foreign == [], "\n".join(reader.foreign)
    finally:
        class_lab.stop_all()
