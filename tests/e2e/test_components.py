"""The live plot, the picture, the player and the settings in a real browser: what a class would see."""

import base64
import os
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Server, streamlit_server, watch
from tests.e2e.demo_helpers import NUM_POINTS, PLOT, drag, faultless_page, plot_area, wait_for_updates

pytest_plugins = ["tests.e2e.demo_fixtures"]
pytestmark = pytest.mark.e2e

STALE_PLOT = '[data-testid="stElementContainer"][data-stale="true"]:has([data-testid="live-plot"])'
# While an element of this kind is there: the least that is seen of it.
LEAST_OPACITY = """
async selector => {
  let least = 1;
  for (let node; (node = document.querySelector(selector)) !== null;) {
    least = Math.min(least, Number(getComputedStyle(node).opacity));
    await new Promise(requestAnimationFrame);
  }
  return least;
}
"""
SPREAD = "gd => gd.layout.xaxis.range.map(Number)"

# Looks at every frame the screen shows, from now on: the picture's size, and whether its middle is painted.
WATCH_PICTURE = """
image => {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const seen = { frames: 0, blank: 0, sizes: new Set(), sources: new Set() };
  window.seen = seen;
  const look = () => {
    context.clearRect(0, 0, 1, 1);
    if (image.isConnected && image.complete) context.drawImage(image, 0, 0, 1, 1);
    seen.frames += 1;
    seen.blank += context.getImageData(0, 0, 1, 1).data[3] === 255 ? 0 : 1;
    const { width, height } = image.getBoundingClientRect();
    seen.sizes.add(`${width}x${height}`);
    seen.sources.add(image.src);
    requestAnimationFrame(look);
  };
  look();
}
"""


# ---- live_plot


def test_zoom_and_node_survive_three_updates(demo_page: Page) -> None:
    plot = demo_page.locator(PLOT)
    plot.evaluate("gd => { window.firstNode = gd; }")
    drag(demo_page, plot_area(demo_page), 0.3, 0.7)
    demo_page.wait_for_function(f"document.querySelector('{PLOT}').layout.xaxis.autorange === false")
    zoomed = plot.evaluate(SPREAD)
    assert zoomed[1] - zoomed[0] < 0.6 * demo_page.evaluate(NUM_POINTS)
    wait_for_updates(demo_page, 3)
    assert plot.evaluate(SPREAD) == zoomed
    assert plot.evaluate("gd => gd === window.firstNode")
    assert demo_page.locator(PLOT).count() == 1


def test_a_zoom_drag_longer_than_an_update_is_not_disturbed(demo_page: Page) -> None:
    plot = demo_page.locator(PLOT)
    step = demo_page.get_by_test_id("picture").locator("figcaption")
    drag(demo_page, plot_area(demo_page), 0.2, 0.5, release=False)
    points = demo_page.evaluate(NUM_POINTS)
    for _ in range(2):
        before = step.inner_text()
        expect(step).not_to_have_text(before)
    assert demo_page.evaluate(NUM_POINTS) == points  # data arrived, the drawing waits for the mouse
    demo_page.mouse.up()
    demo_page.wait_for_function(f"document.querySelector('{PLOT}').layout.xaxis.autorange === false")
    zoomed = plot.evaluate(SPREAD)
    demo_page.wait_for_function(f"{NUM_POINTS} > {points}")
    assert plot.evaluate(SPREAD) == zoomed


def test_a_hidden_trace_stays_hidden(demo_page: Page) -> None:
    plot = demo_page.locator(PLOT)
    plot.locator(".legendtoggle").nth(1).click()
    expect(plot.locator(".scatterlayer .trace")).to_have_count(1)
    wait_for_updates(demo_page, 2)
    expect(plot.locator(".scatterlayer .trace")).to_have_count(1)


def test_hover_labels_and_mode_bar_are_styled(demo_page: Page) -> None:
    plot_area(demo_page).hover()
    expect(demo_page.locator(f"{PLOT} .hoverlayer .hovertext").first).to_be_visible()
    buttons = demo_page.locator(f"{PLOT} .modebar-btn").evaluate_all("all => all.map(button => button.dataset.title)")
    assert buttons == ["Download plot as a PNG", "Zoom", "Pan", "Autoscale", "Reset axes"]  # no logo, no cloud
    modebar = demo_page.locator(f"{PLOT} .modebar")
    assert modebar.evaluate("bar => getComputedStyle(bar).position") == "absolute"


def test_the_plot_follows_the_window_and_the_theme(demo_page: Page) -> None:
    plot = demo_page.locator(PLOT)
    area = plot.locator(".main-svg").first
    demo_page.set_viewport_size({"width": 420, "height": 900})
    demo_page.wait_for_function(f"document.querySelector('{PLOT}')._fullLayout.width < 420")
    width = area.bounding_box()
    assert width is not None and width["width"] < 420
    light = plot.evaluate("gd => [gd._fullLayout.paper_bgcolor, gd._fullLayout.font.color]")
    demo_page.emulate_media(color_scheme="dark")
    demo_page.wait_for_function(f"document.querySelector('{PLOT}')._fullLayout.paper_bgcolor !== '{light[0]}'")
    dark = plot.evaluate("gd => [gd._fullLayout.paper_bgcolor, gd._fullLayout.font.color]")
    assert brightness(light[0]) > 240
    assert brightness(light[1]) < 60
    assert brightness(dark[0]) < 60
    assert brightness(dark[1]) > 200
    assert plot.evaluate("gd => gd._fullLayout.plot_bgcolor") == dark[0]


def brightness(color: str) -> float:
    """Mean of the channels of '#rrggbb' or 'rgb(r, g, b)'."""
    if color.startswith("#"):
        return sum(bytes.fromhex(color[1:7])) / 3
    return sum(int(part) for part in color[color.index("(") + 1 : -1].split(",")[:3]) / 3


def test_leaving_the_page_purges_the_plot(demo_page: Page) -> None:
    plot = demo_page.locator(PLOT)
    plot.evaluate("gd => { window.firstNode = gd; }")
    demo_page.get_by_role("link", name="Home").click()
    expect(plot).to_have_count(0)
    demo_page.wait_for_function("window.firstNode._fullLayout === undefined && window.firstNode.data === undefined")
    demo_page.get_by_role("link", name="Train").click()
    expect(plot_area(demo_page)).to_be_visible()
    assert demo_page.evaluate("document.querySelectorAll('head script[src*=\"plotly-\"]').length") == 1


def test_a_missing_library_is_one_sentence(demo_browser: Browser, demo_server: Server) -> None:
    with demo_browser.new_context() as context:
        page = context.new_page()
        page.route("**/plotly-*.min.js", lambda route: route.abort())
        page.goto(f"{demo_server.url}/train")
        expect(page.get_by_test_id("live-plot")).to_contain_text("could not be drawn", timeout=30_000)
        expect(page.get_by_test_id("picture").locator("img").first).to_be_visible()


def test_a_refused_content_type_does_not_matter(demo_browser: Browser, demo_server: Server) -> None:
    with demo_browser.new_context() as context:
        page = context.new_page()
        refused = {"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff"}
        page.route("**/plotly-*.min.js", lambda route: route.fulfill(response=route.fetch(), headers=refused))
        page.goto(f"{demo_server.url}/train")
        expect(plot_area(page)).to_be_visible(timeout=30_000)


def test_everything_works_below_a_base_path(demo_browser: Browser, demo_script: Path) -> None:
    with (
        streamlit_server(demo_script, folder=demo_script.parent, base_path="class/a") as server,
        faultless_page(demo_browser, server) as page,
    ):
        expect(page.get_by_test_id("latent-explorer").locator("img").first).to_be_visible()
        wait_for_updates(page, 2)


def test_a_slow_refresh_does_not_fade_the_components(demo_browser: Browser, demo_script: Path) -> None:
    with (
        streamlit_server(demo_script, folder=demo_script.parent, env={"DEMO_SLOW_S": "2"}) as server,
        faultless_page(demo_browser, server) as page,
    ):
        page.wait_for_selector(STALE_PLOT)
        assert page.evaluate(LEAST_OPACITY, STALE_PLOT) == 1


# ---- picture


def test_the_picture_changes_without_ever_being_blank(demo_page: Page) -> None:
    image = demo_page.get_by_test_id("picture").get_by_role("button").locator("img")
    expect(image).to_be_visible()
    image.evaluate(WATCH_PICTURE)
    demo_page.wait_for_function("window.seen.sources.size >= 4")
    frames, blank, sizes = demo_page.evaluate("[seen.frames, seen.blank, [...seen.sizes]]")
    assert frames > 30
    assert blank == 0
    assert sizes == ["256x256"]
    expect(demo_page.get_by_test_id("picture")).to_contain_text("<b>not bold</b>")
    assert image.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"


def test_the_lightbox_opens_and_closes_by_keyboard_and_mouse(demo_page: Page) -> None:
    button = demo_page.get_by_test_id("picture").get_by_role("button")
    dialog = demo_page.get_by_test_id("picture").locator("dialog")
    expect(button.locator("img")).to_be_visible()
    button.focus()
    demo_page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    box = dialog.locator("img").bounding_box()
    assert box is not None and box["width"] > 1200
    demo_page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(dialog).to_be_visible()
    wait_for_updates(demo_page, 1)
    expect(dialog).to_be_visible()
    demo_page.mouse.click(600, 400)
    expect(dialog).to_be_hidden()


# ---- frames_player


def test_frames_play_pause_and_scrub(demo_page: Page) -> None:
    player = demo_page.get_by_test_id("frames-player")
    shown = "document.querySelector('[data-testid=\"frames-player\"]').dataset.frame"
    demo_page.wait_for_function(f"(window.shown = new Set([...window.shown ?? [], {shown}])).size > 4")
    player.get_by_role("button", name="Pause").click()
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    scrub = player.get_by_label("Frame", exact=True)
    scrub.press("Home")
    expect(player).to_have_attribute("data-frame", "0")
    scrub.press("ArrowRight")
    expect(player).to_have_attribute("data-frame", "1")
    expect(player).to_contain_text("2 / 12")
    wait_for_updates(demo_page, 1)
    expect(player).to_have_attribute("data-frame", "1")
    scrub.press("End")
    player.get_by_role("button", name="Play").click()
    expect(player).not_to_have_attribute("data-frame", "11")  # it loops


# ---- settings


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 101), ("127.0.0.1", 101), ("evil.example", 403), ("localhost.evil.example", 403)]
)
def test_only_our_own_names_may_open_a_websocket(demo_server: Server, host: str, status: int) -> None:
    name = f"{host}:{demo_server.port}"
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {name}\r\nOrigin: http://{name}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", demo_server.port), timeout=10) as connection:
        connection.sendall(request.encode())
        reply = connection.recv(1024)
    assert int(reply.split()[1]) == status


def test_the_app_works_as_localhost_too(demo_browser: Browser, demo_server: Server) -> None:
    with demo_browser.new_context() as context:
        page = context.new_page()
        faults = watch(page)
        page.goto(f"http://localhost:{demo_server.port}/train")
        expect(plot_area(page)).to_be_visible(timeout=30_000)
        faults.check()
