"""What the tests of the components share beside their fixtures: a watched page, a real drag, ticks of the demo."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import Server, watch

PLOT = '[data-testid="live-plot"] .js-plotly-plot'
NUM_POINTS = f"document.querySelector('{PLOT}').calcdata[0].length"


@contextmanager
def faultless_page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page on /train that must stay without failed requests, console errors and exceptions."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        faults = watch(page)
        page.goto(f"{server.url}/train")
        expect(plot_area(page)).to_be_visible(timeout=30_000)
        yield page
        print(server.log())  # pytest shows it when the test failed
        faults.check()


def plot_area(page: Page) -> Locator:
    return page.locator(f"{PLOT} .nsewdrag")


def wait_for_updates(page: Page, count: int) -> None:
    wanted = page.evaluate(NUM_POINTS) + count
    page.wait_for_function(f"{NUM_POINTS} >= {wanted}")


def drag(
    page: Page, area: Locator, start: float, end: float, *, height: float = 0.0, release: bool = True, steps: int = 20
) -> None:
    """A real drag around the middle of an element, from one share of its width to another, over a share of its height."""
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    half = height * box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], middle - half)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], middle + half, steps=steps)
    if release:
        page.mouse.up()
