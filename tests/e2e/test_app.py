"""The whole app in a real Chromium: from the first click to a run that is watched, changed, paused and stopped."""

import re
import statistics
import time
from collections.abc import Iterator

import pytest
from helpers import eventually
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from gan_core.runs import Run
from tests.e2e.app_helpers import (
    SLOW_MS,
    TITLES,
    Lab,
    badge,
    button,
    caption,
    grows,
    last_x,
    main_part,
    navigation,
    open_page,
    photograph,
    plot,
    plotted,
    title,
    until,
    visitor,
    wait_for_state,
    wait_for_steps,
)
from tests.e2e.browser import Server
from tests.e2e.demo_helpers import drag

pytestmark = pytest.mark.e2e
G_RATE = "generator_optimizer.learning_rate"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as (opened, _faults):
        yield opened


@pytest.fixture
def run(lab: Lab, server: Server, page: Page) -> Iterator[Run]:
    """A quick run that trains."""
    open_page(page, server, "/", "Watch a neural network learn to draw")  # the first visitor wakes the trainer
    begun = lab.begin("quick")
    eventually(lambda: begun.status().step > 0, "the first step")
    yield begun
    lab.stop_all()


def watch_run(page: Page, server: Server, run: Run) -> None:
    open_page(page, server, f"/run?run={run.id}", run.name)
    expect(plot(page).locator(".nsewdrag")).to_be_visible()


def test_one_click_on_the_first_screen_trains_and_shows_it(page: Page, server: Server, lab: Lab) -> None:
    open_page(page, server, "/", "Watch a neural network learn to draw")
    assert navigation(page) == TITLES
    expect(main_part(page).get_by_role("button")).to_have_count(1)
    photograph(page, "home-first")
    began = time.monotonic()
    button(page, "Train on digits now").click()
    expect(badge(page, "training")).to_be_visible(timeout=SLOW_MS)
    run = lab.newest()
    expect(title(page, run.name)).to_be_visible()
    expect(page).to_have_title(f"{run.name} · Ganvas")
    assert f"run={run.id}" in page.url
    expect(badge(page, "training")).to_be_visible(timeout=SLOW_MS)
    expect(plot(page).locator(".nsewdrag")).to_be_visible()
    print(f"from the click to the first curve: {time.monotonic() - began:.1f} s")
    before = caption(page).inner_text()
    grows(page)
    expect(caption(page)).not_to_have_text(before, timeout=SLOW_MS)
    expect(main_part(page)).to_contain_text(re.compile(r"step [\d,]+ of [\d,]+ · epoch \d+ of 30 · [\d,]+ images seen"))
    photograph(page, "live", 1200)
    page.goto(f"{server.url}/")
    expect(main_part(page).get_by_text(run.name)).to_be_visible()
    photograph(page, "home-runs")
    page.goto(f"{server.url}/run?run={run.id}")
    button(page, "Stop").click()
    expect(badge(page, "stopped")).to_be_visible()
    assert run.checkpoint_steps()[-1] == run.status().step


def test_a_zoom_stays_while_the_curves_grow_are_smoothed_and_made_logarithmic(
    page: Page, server: Server, run: Run
) -> None:
    watch_run(page, server, run)
    drag(page, plot(page).locator(".nsewdrag"), 0.2, 0.6, height=0.5)
    until(page, lambda: plotted(page, "gd.layout.xaxis.autorange") is False, "the zoom")
    assert plotted(page, "gd.layout.yaxis.autorange") is False
    zoomed = plotted(page, "gd.layout.xaxis.range.map(Number)")
    assert zoomed[1] - zoomed[0] < 0.7 * last_x(page)
    grows(page, 3)
    assert plotted(page, "gd.layout.xaxis.range.map(Number)") == zoomed
    assert plotted(page, "gd.data.length") == 4  # raw and smoothed curves
    page.get_by_role("slider", name="Smoothing").press("Home")
    until(page, lambda: plotted(page, "gd.data.length") == 2, "the raw curves alone")
    main_part(page).get_by_text("Logarithmic losses").click()
    until(page, lambda: plotted(page, "gd.layout.yaxis.type") == "log", "the logarithmic axis")
    assert plotted(page, "gd.layout.yaxis.type", "judgement") == "linear"
    assert (
        plotted(page, "gd.layout.yaxis.autorange") is True
    )  # the linear zoom's heights, as powers of ten, show nothing
    grows(page)
    assert plotted(page, "gd.layout.xaxis.range.map(Number)") == zoomed
    plot(page).locator(".nsewdrag").dblclick()
    until(page, lambda: plotted(page, "gd.layout.xaxis.autorange") is True, "the whole curve again")


def test_folded_curves_grow_while_they_are_open_and_ask_for_nothing_while_they_are_not(
    page: Page, server: Server, run: Run
) -> None:
    asked: list[str] = []  # which part of the page each refresh is of

    def note(frame: str | bytes) -> None:
        message = BackMsg.FromString(frame) if isinstance(frame, bytes) else BackMsg()
        if message.rerun_script.is_auto_rerun:
            asked.append(message.rerun_script.fragment_id)

    def parts() -> set[str]:
        asked.clear()  # three of the fastest part's intervals are the longest one
        until(page, lambda: asked and max(map(asked.count, asked)) >= 5, "five refreshes of a part", 120)
        return set(asked)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    watch_run(page, server, run)
    expect(main_part(page).get_by_text("More curves")).to_be_visible()
    folded = parts()
    main_part(page).get_by_text("More curves").click()
    expect(plot(page, "spread").locator(".nsewdrag")).to_be_visible()
    newest = "Math.max(...gd.calcdata.flat().map(point => point.x ?? 0))"
    before = plotted(page, newest, "spread")
    until(page, lambda: plotted(page, newest, "spread") > before, "an opened curve grows")
    (opened,) = parts() - folded
    main_part(page).get_by_text("More curves").click()
    expect(plot(page, "spread")).to_have_count(0)
    assert opened not in parts()


def test_a_learning_rate_changed_live_is_an_event_and_a_mark(page: Page, server: Server, run: Run) -> None:
    watch_run(page, server, run)
    page.get_by_role("textbox", name="Learning rate, generator").fill("0.00005")
    button(page, "Change now").click()
    changed = eventually(lambda: [e for e in run.events() if e["type"] == "override"], "the event")
    assert changed[0]["changes"] == {G_RATE: 5e-5}
    words = "(gd.layout.annotations ?? []).map(note => note.text)"
    until(page, lambda: plotted(page, words) == ["lr G 5e-05"], "the mark on the chart")
    assert plotted(page, "gd.layout.shapes.map(mark => mark.x0)") == [changed[0]["step"]]
    page.get_by_role("textbox", name="Learning rate, generator").fill("fast")
    button(page, "Change now").click()
    expect(page.get_by_role("alert").filter(has_text="learning_rate")).to_be_visible()
    photograph(page, "live-refusal")
    assert badge(page, "training").is_visible()


def test_pause_and_resume_answer_quickly_and_stop_ends(page: Page, server: Server, run: Run) -> None:
    """The times are printed, not asserted: the machine is shared."""
    watch_run(page, server, run)
    answers, checkpoints = [], []
    for _ in range(2):
        expect(badge(page, "training")).to_be_visible()
        wait_for_steps(run, 20)
        clicked = time.time()
        button(page, "Pause").click()
        wait_for_state(run, "paused")
        answers.append(time.time() - clicked)
        written = [e for e in run.events() if e["type"] == "checkpoint" and e["time"] >= clicked - 0.01]
        checkpoints.append(written[-1]["time"] - clicked)
        assert run.checkpoint_steps()[-1] == run.status().step
        expect(badge(page, "paused")).to_be_visible()
        button(page, "Resume").click()
        wait_for_state(run, "running")
    for what, times in (("checkpoint", checkpoints), ("state paused", answers)):
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        print(f"from the click on Pause to {what}: median {statistics.median(times):.2f} s, p95 {p95:.2f} s")
    expect(badge(page, "training")).to_be_visible()
    button(page, "Stop").click()
    expect(badge(page, "stopped")).to_be_visible()
    expect(button(page, "Resume")).to_be_visible()


def test_a_reload_and_a_second_browser_show_the_same_run(
    page: Page, browser: Browser, server: Server, run: Run
) -> None:
    watch_run(page, server, run)
    grows(page)
    page.reload()
    expect(badge(page, "training")).to_be_visible()
    grows(page)
    button(page, "Pause").click()
    expect(badge(page, "paused")).to_be_visible()
    with visitor(browser) as (second, _faults):
        watch_run(second, server, run)
        expect(badge(second, "paused")).to_be_visible()
        until(page, lambda: last_x(page) == last_x(second) == run.status().step, "both at the last step")
        assert caption(second).inner_text() == caption(page).inner_text()
        button(second, "Resume").click()
        for either in (second, page):
            expect(badge(either, "training")).to_be_visible()  # told without a reload
        grows(page)
        button(page, "Stop").click()
        expect(badge(second, "stopped")).to_be_visible()


def set_knob(page: Page, section: str, label: str, value: str) -> None:
    part = (
        main_part(page)
        .get_by_test_id("stExpander")
        .filter(has=page.locator("summary").get_by_text(section, exact=True))
    )
    field = part.get_by_label(label, exact=True)
    if not field.is_visible():
        part.locator("summary").click()
    field.fill(value)
    field.press("Enter")


def test_a_second_run_from_the_form_waits_with_its_place(page: Page, server: Server, lab: Lab, run: Run) -> None:
    ahead = lab.begin("ahead of it")
    open_page(page, server, "/train?preset=mnist-dcgan", "Train a model")
    expect(page.get_by_text("that is 71 steps per epoch")).to_be_visible()
    photograph(page, "train-form", 1300)
    page.get_by_label("Limit (images)", exact=True).fill("1280")
    page.get_by_label("Limit (images)", exact=True).press("Enter")
    expect(page.get_by_text("that is 20 steps per epoch")).to_be_visible()
    set_knob(page, "Networks", "Width (channels)", "8")
    set_knob(page, "Training: how long, how much at once", "Epochs", "2")
    set_knob(page, "Training: how long, how much at once", "Processor threads", "1")
    set_knob(page, "The generator's optimiser", "Learning rate", "abc")
    page.get_by_label("Your name for the run").fill("third in line")
    button(page, "Start training").click()
    expect(page.get_by_role("alert").filter(has_text="'abc'")).to_be_visible()
    photograph(page, "train-refusal")
    set_knob(page, "The generator's optimiser", "Learning rate", "0.002")
    button(page, "Start training").click()
    expect(title(page, "third in line")).to_be_visible()
    expect(badge(page, "waiting")).to_be_visible()
    expect(page.get_by_text("place 2 in the queue")).to_be_visible()
    mine = lab.newest()
    config = mine.config()
    assert (config.network.width, config.training.epochs, config.generator_optimizer.learning_rate) == (8, 2, 2e-3)
    photograph(page, "queued")
    for other in (run, ahead):
        other.command("stop")
    expect(badge(page, "finished")).to_be_visible(timeout=SLOW_MS)
    assert mine.status().step == 40
