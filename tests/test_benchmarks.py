"""The benchmarks run: each is tried for a moment, by the command that the README gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from lesson_helpers import small_lesson

from benchmarks import lessons
from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments.lessons import LESSONS, collapse


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


def test_lessons_are_trained_over_seeds_and_go_on_where_they_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "LESSONS", type(LESSONS)("lesson", {"collapse": small_lesson(collapse.LESSON)}))
    monkeypatch.setattr(sys, "argv", ["lessons", str(tmp_path / "runs"), "--out", str(tmp_path), "--seeds", "1"])
    lessons.main()
    first, trained = (
        json.loads((tmp_path / "lessons.json").read_text("utf-8")),
        sorted((tmp_path / "runs").glob("*/metrics.jsonl")),
    )
    assert list(first["collapse"]) == ["0"] and len(trained) == 4
    monkeypatch.setattr(sys, "argv", [*sys.argv[:-1], "2"])
    lessons.main()
    both = json.loads((tmp_path / "lessons.json").read_text("utf-8"))
    assert both["collapse"]["0"] == first["collapse"]["0"] and list(both["collapse"]) == ["0", "1"]
    again = sorted((tmp_path / "runs").glob("*/metrics.jsonl"))
    assert set(trained) < set(again) and len(again) == 8
    words = (tmp_path / "lessons.md").read_text("utf-8")
    for prediction in collapse.LESSON.predictions:
        held = [seed[prediction.key]["choice"] for seed in both["collapse"].values()].count(prediction.expected)
        assert (
            f"{prediction.question}*" in words
            and f"**{prediction.words(prediction.expected)}**: holds with {held} of 2 seeds." in words
        )
