"""The wheel that `pip install .` makes: it holds the app with all its data, and starts it outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gan_core.config.settings import PROJECT_DIR
from tests.e2e.browser import chromium, free_port

BUILD = "import setuptools.build_meta as build, sys; build.build_wheel(sys.argv[1], {'--build-option': ['--compression=stored']})"
BEGINNINGS = ("gan_core", "pages", ".streamlit", "checkpoints/pretrained")
FILES = ("app.py", "pyproject.toml", "requirements.txt", "README.md", "LICENSE", "docs/lessons.json")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, without a network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BEGINNINGS:
        shutil.copytree(PROJECT_DIR / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT_DIR / name, source / name)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return next(out.glob("ganvas-*.whl"))


def test_the_wheel_holds_every_file_that_the_checkout_has(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in BEGINNINGS:
        files = [path for path in (PROJECT_DIR / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        inside = [path.relative_to(PROJECT_DIR).as_posix() for path in files if path.name != ".gitkeep"]
        assert inside and {("" if name == "gan_core" else "ganvas_app/") + path for path in inside} - names == set()
    assert {"ganvas_app/app.py", "ganvas_app/docs/lessons.json"} <= names
    top = {name.partition("/")[0] for name in names}
    assert len(top) == 3 and {"gan_core", "ganvas_app"} < top  # and the wheel's own record


@pytest.mark.e2e
def test_an_installed_wheel_starts_the_app(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    site = next(place.glob("lib/python*/site-packages"))
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))  # what it needs, from here
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GANVAS_", "PYTHON"))}
    environment = kept | {"HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    ganvas = str(place / "bin" / "ganvas")
    done = subprocess.run(
        [ganvas, "sample", "digits-dcgan", "--count", "4", "--out", "four.png"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and (tmp_path / "four.png").stat().st_size > 100, done.stderr
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [ganvas, "--port", str(port), "--headless"], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 120
        while not answers(port):
            assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        with chromium() as browser:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            expect(page.get_by_text("Cartoon faces: DCGAN").first).to_be_visible(timeout=60_000)
    finally:
        server.terminate()
        server.wait(60)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
