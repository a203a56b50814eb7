"""The benchmarks run: each is tried for a moment, by the command that the README gives."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from gan_core.config.settings import PROJECT_DIR


@pytest.mark.slow
def test_the_speed_benchmark_prints_its_table():
    assert "python benchmarks/speed.py" in (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
    small = ["--size", "16", "--batch", "4", "--width", "2", "--rounds", "2", "--steps", "1"]
    done = subprocess.run(
        [sys.executable, "benchmarks/speed.py", *small], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (.+?) \| \d+ \| \d+\.\d\d \(.+ to .+\) \|$", done.stdout, re.MULTILINE)
    assert rows == ["plain DCGAN example, fp32", "Ganvas, fp32", "Ganvas, bf16"]
