"""The screenshots of README and guides can be taken again, and every picture that a page shows is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gan_core.config.settings import PROJECT_DIR
from tools import pictures

pytestmark = pytest.mark.e2e
PAGES = [PROJECT_DIR / "README.md", *sorted((PROJECT_DIR / "docs").rglob("*.md"))]


def test_a_screenshot_is_taken_from_the_running_app(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tools/pictures.py", "data", "--out", str(tmp_path)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    picture = Image.open(tmp_path / "data.png")
    assert picture.size == (1280, pictures.SCREENSHOTS["data"].height)
    assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 20  # more than an empty page


def test_every_screenshot_that_a_page_shows_is_one_that_is_taken() -> None:
    shown = {name for page in PAGES for name in re.findall(r"pictures/(?:zh-TW/)?(\w+)\.png", page.read_text("utf-8"))}
    assert shown == set(pictures.SCREENSHOTS)
