"""The screenshots of README and guides, from the running app.

    python tools/pictures.py [NAME ...] [--runs DIR] [--out docs/pictures]

Starts a server of its own with the ready-made models and the runs of DIR (in an empty one the default run is trained first, a minute
or two), opens each place in Chromium and writes NAME.png, in Traditional Chinese into zh-TW/ where a guide shows it.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core import runs
from gan_core.config.settings import PROJECT_DIR, pretrained_dir
from tests.e2e.browser import Server, chromium, streamlit_server

COLOURS = 128  # a screenshot has few; a third of the bytes
READY_MS = 120_000


@dataclass(frozen=True)
class Screenshot:
    """A place of the app.

    Attributes:
        address: below the server's; {run} is the newest run of the folder.
        height: of the window, which is 1280 wide.
        chinese: whether a Chinese guide shows it, too.
        act: what to do there first.
    """

    address: str
    height: int = 900
    chinese: bool = False
    act: Callable[[Page], object] = lambda _page: None

    @property
    def of_own_run(self) -> bool:
        """Whether there must be a run of one's own."""
        return "{run}" in self.address or self.address == "runs"


def _play(page: Page) -> None:
    page.wait_for_selector('[data-testid="twin-stage"][data-step="0"]', timeout=READY_MS)
    page.locator(".ganvas-twin-who, [data-testid=twin-stage] button").first.wait_for(timeout=READY_MS)
    page.get_by_test_id("twin-stage").get_by_role("button").first.click()
    page.wait_for_function(
        "Number(document.querySelector('[data-testid=twin-stage]').dataset.step) >= 4500", timeout=READY_MS
    )
    page.get_by_test_id("twin-stage").get_by_role("button").first.click()


SCREENSHOTS = {
    "train": Screenshot("run?run={run}", 1100, chinese=True),
    "twin": Screenshot("learn?tab=lab", 1000, act=_play),
    "explore": Screenshot("run?run=digits-dcgan&tab=explore", 900, chinese=True),
    "conditions": Screenshot("run?run=faces-acgan&tab=explore&view=pairs", 1040),
    "vae": Screenshot("run?run=faces-vae&tab=explore", 1100),
    "collapse": Screenshot("learn?tab=break", 1300),
    "data": Screenshot("data", 1100),
    "runs": Screenshot("runs", 900),
}


def take(page: Page, server: Server, shot: Screenshot, run: str, language: str) -> bytes:
    """A PNG of a place in a language."""
    page.set_viewport_size({"width": 1280, "height": shot.height})
    between = "&" if "?" in shot.address else "?"
    page.goto(f"{server.url}/{shot.address.format(run=run)}{between}lang={language}")
    page.get_by_role("heading", level=1).first.wait_for(timeout=READY_MS)
    _calm(page)
    shot.act(page)
    _calm(page)
    return page.screenshot()


def _calm(page: Page) -> None:
    """Waits until the server has drawn the page, and pictures and charts have come."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=READY_MS)
    page.wait_for_function("[...document.images].every(image => image.complete)", timeout=READY_MS)
    page.wait_for_timeout(2500)  # charts move into place
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=READY_MS)


def small(png: bytes) -> bytes:
    """The picture in few colours."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()


def newest(folder: Path) -> str:
    """The id of the folder's newest run; of the default one, trained now, if it has none."""
    if not runs.list_runs(folder):
        subprocess.run(
            [sys.executable, "-m", "gan_core", "train", "mnist-dcgan", "--runs-dir", str(folder)],
            check=True,
            cwd=PROJECT_DIR,
        )
    return runs.list_runs(folder)[0].id


def main() -> None:
    """Takes the pictures that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *SCREENSHOTS], help="which; all when none is named")
    parser.add_argument("--runs", type=Path, help="a folder of runs")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "docs" / "pictures")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = (chosen.runs or Path(place) / "runs").absolute()
        shots = {name: SCREENSHOTS[name] for name in chosen.names or SCREENSHOTS}
        run = newest(folder) if any(shot.of_own_run for shot in shots.values()) else ""
        env = {"GANVAS_RUNS_DIR": str(folder), "GANVAS_PRETRAINED_DIR": str(pretrained_dir())}
        with streamlit_server(PROJECT_DIR / "app.py", folder=Path(place), env=env) as server, chromium() as browser:
            for name, shot in shots.items():
                for language, below in (("en", ""), *([("zh_TW", "zh-TW")] if shot.chinese else [])):
                    with browser.new_context(reduced_motion="reduce", color_scheme="light") as context:
                        picture = small(take(context.new_page(), server, shot, run, language))
                    target = chosen.out / below / f"{name}.png"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(picture)
                    print(f"{target}: {len(picture) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
