"""The latent explorer in a real browser, and what Python makes of the browser's messages."""

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.components.widgets.latent_explorer import Slider, read_state
from tests.e2e.demo_helpers import drag, wait_for_updates

pytest_plugins = ["tests.e2e.demo_fixtures"]
pytestmark = pytest.mark.e2e

COUNT_SOURCES = """
image => {
  window.sources = new Set([image.src]);
  new MutationObserver(() => window.sources.add(image.src)).observe(image, { attributeFilter: ["src"] });
}
"""


def explorer(page: Page) -> Locator:
    return page.get_by_test_id("latent-explorer")


def slider_named(page: Page, name: str) -> Locator:
    return explorer(page).get_by_role("slider", name=name, exact=True)


def received(page: Page) -> Locator:
    """What Python says it received."""
    return page.get_by_test_id("stCode")


def test_a_drag_streams_pictures_and_python_gets_the_values(demo_page: Page) -> None:
    slider = slider_named(demo_page, "X")
    image = explorer(demo_page).locator("img").first
    expect(image).to_be_visible()
    image.evaluate(COUNT_SOURCES)
    drag(demo_page, slider, 0.5, 0.6, release=False)
    for share in (0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
        seen = demo_page.evaluate("window.sources.size")
        box = slider.bounding_box()
        assert box is not None
        demo_page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2, steps=5)
        demo_page.wait_for_function(f"window.sources.size > {seen}")
    assert demo_page.evaluate("window.sources.size") >= 7  # and the button is still down
    held = slider.input_value()
    expect(received(demo_page)).to_contain_text(f'"x": {float(held)}')
    wait_for_updates(demo_page, 2)
    assert slider.input_value() == held
    demo_page.mouse.up()
    assert slider.input_value() == held


def test_what_the_browser_sends_is_clamped(demo_page: Page) -> None:
    slider = slider_named(demo_page, "X")
    slider.evaluate(
        "input => { input.max = 99; input.value = 50; input.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    expect(received(demo_page)).to_contain_text('"x": 3.0')


def test_arrows_double_click_and_reset(demo_page: Page) -> None:
    slider = slider_named(demo_page, "X")
    slider.focus()
    expect(explorer(demo_page)).to_contain_text("X: Moves the spot to the right.")
    explorer(demo_page).get_by_text("Y", exact=True).hover()  # only pointed at
    expect(explorer(demo_page)).to_contain_text("Y: Moves the spot down.")
    demo_page.mouse.move(1, 1)
    expect(explorer(demo_page)).to_contain_text("X: Moves the spot to the right.")
    demo_page.keyboard.press("ArrowRight")
    demo_page.keyboard.press("ArrowRight")
    expect(received(demo_page)).to_contain_text('"x": 0.02')
    slider.dblclick()
    expect(received(demo_page)).to_contain_text('"x": 0.0,')
    slider_named(demo_page, "Y").press("End")
    expect(received(demo_page)).to_contain_text('"y": 3.0')
    explorer(demo_page).get_by_role("button", name="Reset").click()
    expect(received(demo_page)).to_contain_text('"y": 0.0')
    expect(slider).to_have_value("0")


def test_at_most_one_update_is_under_way(demo_page: Page) -> None:
    slider = slider_named(demo_page, "X")
    slider.evaluate(
        """async input => {
          for (let i = 0; i < 200; i += 1) {
            input.value = -3 + i * 0.03;
            input.dispatchEvent(new Event("input", { bubbles: true }));
            if (i % 10 === 0) await new Promise(requestAnimationFrame);
          }
        }"""
    )
    expect(received(demo_page)).to_contain_text('"x": 2.97')  # the newest always arrives
    sequence = int(received(demo_page).inner_text().rstrip("}\n ").split()[-1])
    assert 1 <= sequence < 40  # those between were dropped


def test_other_sliders_rebuild_and_keep_shared_values(demo_page: Page) -> None:
    slider_named(demo_page, "Radius").press("End")
    expect(received(demo_page)).to_contain_text('"radius": 3.0')
    demo_page.get_by_text("Fewer sliders").click()
    expect(slider_named(demo_page, "Y")).to_have_count(0)
    expect(slider_named(demo_page, "Radius")).to_have_value("3")
    slider_named(demo_page, "X").press("Home")
    expect(received(demo_page)).to_contain_text('"x": -3.0, "radius": 3.0')


def test_layout_is_wide_then_stacked(demo_page: Page) -> None:
    image, neighbours = explorer(demo_page).locator("img").all()
    slider = slider_named(demo_page, "X")

    def lefts() -> list[float]:
        boxes = [locator.bounding_box() for locator in (slider, image, neighbours)]
        return [box["x"] for box in boxes if box is not None]

    expect(neighbours).to_be_visible()
    assert lefts() == sorted(set(lefts()))
    assert image.evaluate("image => image.clientWidth") >= 256
    demo_page.set_viewport_size({"width": 420, "height": 900})
    demo_page.wait_for_function("document.querySelector('.ganvas-explorer').clientWidth < 420")
    left = lefts()
    assert max(left) - min(left) < 8
    assert demo_page.evaluate("document.documentElement.scrollWidth") <= 420


@pytest.mark.parametrize(
    "message", [None, 3, "x", [], {"values": [1]}, {"values": {"x": "1"}, "sequence": "4"}, {"sequence": True}]
)
def test_senseless_messages_give_the_defaults(message: object) -> None:
    sliders = [Slider("x", "X", "", -1, 1, 0.1, 0.5)]
    assert read_state(sliders, message) == ({"x": 0.5}, 0)


@pytest.mark.parametrize(
    ("sent", "kept"), [(7, 1.0), (-1e300, -1.0), (0.25, 0.25), (float("nan"), 0.5), (float("inf"), 0.5), (True, 0.5)]
)
def test_values_are_finite_and_inside_the_range(sent: float, kept: float) -> None:
    sliders = [Slider("x", "X", "", -1, 1, 0.1, 0.5)]
    assert read_state(sliders, {"values": {"x": sent, "other": 2}, "sequence": 9}) == ({"x": kept}, 9)


def test_a_slider_without_a_range_is_refused() -> None:
    with pytest.raises(ValueError, match="minimum < maximum"):
        Slider("x", "X", "", 1, 1, 0.1, 1)
