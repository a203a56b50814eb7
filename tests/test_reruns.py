"""A test of the browser that fails is tried once more: with what its module shares made anew, and its reason printed."""

import subprocess
import sys
from pathlib import Path

FIRST_FAILS = """
import pytest

@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")

def test_leaves_a_file_and_fails_the_first_time(folder, tmp_path_factory):
    (folder / "left").touch(exist_ok=False)
    tries = tmp_path_factory.getbasetemp() / "tries"
    tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
    assert tries.read_text() == "xx", "a race"

def test_after_it_shares_the_folder(folder):
    assert (folder / "left").exists()
"""


def test_a_second_try_finds_fresh_shared_folders_and_the_reason_of_the_first_is_told(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom reruns import *\n"
    )
    (tmp_path / "test_it.py").write_text(FIRST_FAILS)
    for workers in ("0", "1"):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            workers,
            "--reruns",
            "1",
            "--basetemp",
            str(tmp_path / f"base{workers}"),
            ".",
        ]
        done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "2 passed, 1 rerun" in done.stdout
        assert "RERUN test_it.py::test_leaves" in done.stdout and "AssertionError: a race" in done.stdout
