"""The page of trained presets is made by its command, and says what was measured."""

import json
import subprocess
import sys

import pytest

from gan_core.config.settings import PROJECT_DIR
from gan_core.presets import PRESETS
from tools import presets_page


@pytest.fixture(autouse=True)
def shipped_evaluators(monkeypatch):
    """The suite's installation has none."""
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PROJECT_DIR / "checkpoints" / "pretrained"))


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT_DIR / "tools" / "presets_page.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, cwd=PROJECT_DIR)


def test_every_preset_on_embedded_pictures_has_its_place():
    here = presets_page.trained_here()
    assert {name for name in PRESETS if name.endswith("-lite")} < set(here)
    assert {"mnist-dcgan", "mnist-ddpm", "faces-ddpm", "blocks-ddpm"} < set(here)
    assert not {"r1-dcgan", "celeba-ddpm", "ring8-ddpm"} & set(here)
    assert set(presets_page.SAW) <= {name.removesuffix("-lite") for name in here}


@pytest.mark.slow
def test_the_command_trains_measures_and_writes_and_a_second_call_changes_nothing(tmp_path):
    out = tmp_path / "docs"
    out.mkdir()
    arguments = (str(tmp_path / "runs"), "--only", "mnist-dcgan", "--steps", "2", "--out", str(out))
    done = make(*arguments)
    assert done.returncode == 0, done.stderr
    row = json.loads((out / "presets.json").read_text())["mnist-dcgan"]
    assert row["steps"] == 2 and row["fd"]["value"] > row["fd"]["real"] > 0
    page = (out / "presets.md").read_text()
    assert "## `mnist-dcgan`" in page and f"real images {row['fd']['real']:.3g}" in page
    assert (out / "presets" / "mnist-dcgan.jpg").stat().st_size > 1000
    files = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    again = make(*arguments)
    assert again.returncode == 0 and again.stdout == ""
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == files


def test_a_preset_that_is_not_on_the_page_is_refused(tmp_path):
    done = make(str(tmp_path), "--only", "r1-dcgan")
    assert done.returncode == 2 and "not r1-dcgan" in done.stderr
