"""What the tests of the whole app share: a lab on its own folders, a watched browser, runs begun without a click."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import MACHINE, eventually
from playwright.sync_api import Browser, Locator, Page, expect

from gan_core import runs
from gan_core.config import RunConfig, with_changes
from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from gan_core.training import queue, supervisor
from gan_core.training.plan import resolve
from tests.e2e.browser import ROOT, Faults, Server, streamlit_server, watch

ARTIFACTS = ROOT / "test-artifacts"
TITLES = ["Home", "Learn", "Data", "Train", "Runs"]
QUICK = {  # hundreds of steps a second on one core, and no end in sight
    "dataset.image_size": 16,
    "dataset.num_images": 640,
    "network.width": 8,
    "network.latent_dim": 16,
    "training.batch_size": 16,
    "training.epochs": 100_000,
    "training.precision": "fp32",
    "training.threads": 1,
    "recording.num_samples": 16,
    "recording.sample_every_steps": 50,
    "recording.checkpoint_every_steps": 1_000,
}
SLOW_MS = 60_000  # the first answer of a cold server on a busy machine
expect.set_options(timeout=20_000)  # both cores are training meanwhile


@dataclass(frozen=True)
class Lab:
    """Folders of runs and prepared data, and who serves them.

    Attributes:
        folder, cache: where runs and prepared data lie.
        env: added to the server's environment.
    """

    folder: Path
    cache: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs_dir(self) -> Path:
        return self.folder / "runs"

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """A server on these folders; what trains is stopped before it ends, so that no process outlives the test."""
        env = {"GANVAS_RUNS_DIR": str(self.runs_dir), "GANVAS_CACHE_DIR": str(self.cache), **self.env}
        with streamlit_server(ROOT / "app.py", folder=self.folder, env=env) as server:
            try:
                yield server
            finally:
                if _alive(server.pid):
                    self.stop_all()

    def begin(self, name: str = "", **changes: Any) -> Run:
        """A quick run in the queue, as if somebody had started it; `training__epochs=2` changes `training.epochs`."""
        wanted = QUICK | {field.replace("__", "."): value for field, value in changes.items()}
        run = runs.create(self.runs_dir, resolve(with_changes(RunConfig(), wanted), MACHINE), name)
        queue.enqueue(run)
        return run

    def newest(self) -> Run:
        return runs.list_runs(self.runs_dir)[0]

    def stop_all(self) -> None:
        """Stops what waits or trains, and waits until it has."""
        for run in runs.list_runs(self.runs_dir):
            if run.status().state in OPEN_STATES:
                supervisor.leave(run, "stop")
        for run in runs.list_runs(self.runs_dir):
            wait_for_state(run, "finished", "stopped", "paused", "failed", "interrupted")


def kill(pid: int) -> None:
    """Ends a process as a power cut would, and waits for its end."""
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not _alive(pid), f"the end of process {pid}")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def wait_for_state(run: Run, *states: str) -> None:
    eventually(lambda: run.status().state in states, f"{run.name} {' or '.join(states)}, but {run.status()}")


def wait_for_steps(run: Run, count: int) -> None:
    """Until the run is so many steps further than now."""
    wanted = run.status().step + count
    eventually(lambda: run.status().step >= wanted, f"step {wanted}, but {run.status()}")


@contextmanager
def visitor(browser: Browser, **options: Any) -> Iterator[tuple[Page, Faults]]:
    """A browser of somebody's own; whatever went wrong in it fails the test."""
    with browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        faults = watch(page)
        yield page, faults
        faults.check()


def open_page(page: Page, server: Server, address: str, heading: str) -> None:
    page.goto(f"{server.url}{address}")
    expect(title(page, heading)).to_be_visible(timeout=SLOW_MS)


def sign_in(
    page: Page, server: Server, code: str, name: str = "", own: str = "", say: Callable[[str], str] = str
) -> None:
    """Fills the page on which the people of a class sign in, in the language that `say` speaks."""
    page.goto(f"{server.url}/sign-in")
    page.get_by_label(say("Class code, or the teacher's PIN")).fill(code)
    page.get_by_label(say("Your name")).fill(name)
    page.get_by_label(say("Your own code")).fill(own)
    page.get_by_role("button", name=say("Sign in"), exact=True).click()


def title(page: Page, heading: str) -> Locator:
    return page.get_by_role("heading", level=1, name=heading)


def main_part(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def button(page: Page, name: str) -> Locator:
    return main_part(page).get_by_role("button", name=name, exact=True)


def settled(page: Page) -> None:
    """Waits until the server has drawn the whole page: what is put into a half-drawn page can be lost."""
    expect(page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible(timeout=SLOW_MS)


def at_rest(page: Page) -> None:
    """Waits until, besides, nothing fades in or out: Streamlit pales what a rerun may replace, and colours count as they are."""
    settled(page)
    page.wait_for_function(
        """() => !document.querySelector('[data-stale="true"]') && document.getAnimations().every(
            (one) => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity
        )"""
    )


def upload(page: Page, label: str, name: str, mime: str, content: bytes) -> None:
    """Puts a file into the uploader with this label, and waits until the server has it."""
    settled(page)
    uploader = main_part(page).get_by_test_id("stFileUploader").filter(has_text=label)
    uploader.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": mime, "buffer": content}
    )
    expect(uploader.get_by_test_id("stFileChipName")).to_have_text(name)
    expect(uploader.locator("[data-testid=stFileChipIconSpinner], [data-testid=stFileChipIconError]")).to_have_count(0)


def badge(page: Page, word: str) -> Locator:
    return main_part(page).locator(".stMarkdownBadge").get_by_text(word, exact=True)


def navigation(page: Page) -> list[str]:
    links = page.get_by_test_id("stSidebar").get_by_test_id("stPageLink-NavLink")
    expect(links.filter(has_text=TITLES[-1]).last).to_be_visible()
    return [text.strip().splitlines()[-1] for text in links.all_inner_texts()][-len(TITLES) :]


def plot(page: Page, chart: str = "losses") -> Locator:
    return page.locator(f'[data-testid="live-plot"][data-key$="_{chart}"] .js-plotly-plot')


def plotted(page: Page, expression: str, chart: str = "losses") -> Any:
    """Something about a chart, `gd` being its element."""
    return plot(page, chart).evaluate(f"gd => {expression}")


def until(page: Page, condition: Callable[[], Any], what: str, timeout_s: float = 30.0) -> Any:
    """Waits until a condition about the page holds, while the browser goes on working."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not: {what}"
        page.wait_for_timeout(50)  # lets the browser work; the condition decides
    return value


def last_x(page: Page) -> int:
    """The newest step that the chart of losses shows."""
    return int(plotted(page, "Math.max(...gd.calcdata.flat().map(point => point.x ?? 0))"))


def grows(page: Page, updates: int = 1) -> None:
    """Waits until the chart has taken in so many updates."""
    for _ in range(updates):
        before = last_x(page)
        until(page, lambda before=before: last_x(page) > before, "the chart grows")


def caption(page: Page) -> Locator:
    return main_part(page).get_by_test_id("picture").locator("figcaption").first


def photograph(page: Page, name: str, height: int = 900) -> None:
    """The page, light and dark, into test-artifacts/."""
    ARTIFACTS.mkdir(exist_ok=True)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.set_viewport_size({"width": 1280, "height": height})
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
        page.screenshot(path=ARTIFACTS / f"{name}-{scheme}.png")
    page.set_viewport_size({"width": 1280, "height": 900})
