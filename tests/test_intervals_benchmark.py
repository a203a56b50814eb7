"""The simulation behind docs/intervals.md runs by its command, and the committed page is that of the committed numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import intervals
from gan_core.config.settings import PROJECT_DIR
from gan_core.evaluation.metrics import METRICS


def test_two_trials_write_a_row_for_every_metric_and_generator(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["intervals", "--trials", "2", "--out", str(tmp_path)])
    monkeypatch.setattr(intervals, "REPEATS", 4)
    monkeypatch.setattr(intervals, "COPIER_COUNTS", (1500, 200, 200))
    intervals.main()
    found = json.loads((tmp_path / "intervals.json").read_text())
    assert [(row["metric"], row["generator"]) for row in found["rows"]] == [
        (metric, generator) for generator in intervals.GENERATORS for metric in METRICS
    ]
    assert found["trials"] == 2 and "--trials 2" in found["command"]
    copier, part, honest, far = (row["copying"] for row in found["copiers"])
    assert copier == pytest.approx(1) and 0.55 < part < 0.75 and 0.4 < honest < 0.6 and far == 0
    assert (tmp_path / "intervals.md").read_text() == intervals.page(found)


def test_the_committed_page_is_that_of_the_committed_numbers():
    docs = PROJECT_DIR / "docs"
    found = json.loads((docs / "intervals.json").read_text(encoding="utf-8"))
    assert (docs / "intervals.md").read_text(encoding="utf-8") == intervals.page(found)
    assert found["trials"] == intervals.TRIALS


def test_the_truth_of_the_first_generator_is_that_of_very_many_images():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(3000, intervals.WIDTH))
    fake = intervals.generated(rng, 3000, 0.0, real)
    for name in ("fd_inf", "kd", "diversity"):
        found = METRICS[name].weighted(intervals.Material(intervals.ImageFeatures.alone(real), intervals.ImageFeatures.alone(fake)), intervals.silent)  # fmt: skip
        assert found.value == pytest.approx(intervals.TRUTH[name], rel=0.1)
