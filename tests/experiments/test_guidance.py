"""What guidance does: drawn in small with every strength, on requests that no test list has."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import MACHINE

from benchmarks import guidance as benchmark
from gan_core import runs
from gan_core.config import with_changes
from gan_core.config.settings import PROJECT_DIR
from gan_core.evaluation import evaluators
from gan_core.evaluation.conditional import condition_lists
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.presets import preset_config
from gan_core.runs import Run
from gan_core.training import loop, plan

SMALL = {
    "dataset.num_images": 64, "network.width": 2, "training.max_steps": 2, "recording.num_samples": 4,
    "diffusion.sampling_steps": 2, "diffusion.preview_steps": 2, "training.device": "cpu",
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PROJECT_DIR / "checkpoints" / "pretrained"))  # its evaluator
    made = runs.create(tmp_path, plan.resolve(with_changes(preset_config("blocks-ddpm"), SMALL), MACHINE), "small")
    assert loop.train(made).state == "finished"
    return made


def test_every_strength_is_drawn_scored_and_measured(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "NUM_REQUESTS", 8)
    monkeypatch.setattr(benchmark, "GUIDANCES", (0.0, 8.0))
    monkeypatch.setattr(sys, "argv", ["guidance", str(run.path), "--images", "100", "--out", str(tmp_path)])
    benchmark.main()
    found = json.loads((tmp_path / "guidance.json").read_text("utf-8"))
    weak, strong = found["rows"]
    assert (weak["guidance"], strong["guidance"], weak["images"]) == (0, 8, 100)
    assert weak["training"][1] >= 8 and [weak[name][1] for name in ("test", "new_test")] == [72, 78]
    assert weak["fd"] != strong["fd"]  # the dial was turned
    page = (tmp_path / "guidance.md").read_text("utf-8")
    assert f"smallest at **{min(found['rows'], key=lambda one: one['fd'][1])['guidance']:g}**" in page
    assert "| 0 | " in page and "| 8 | " in page and f"strength **{benchmark.best(found['rows']):g}** would" in page
    assert f"own is **{run.config().diffusion.guidance:g}**, set before" in page


def test_the_strength_is_chosen_on_requests_that_no_test_list_has(run: Run) -> None:
    evaluator = open_evaluator(evaluators.require(run.config(), run.name))
    with pytest.raises(ValueError, match="200 are needed"):
        benchmark.requests(run, evaluator)
    whole = runs.create(run.path.parent, with_changes(run.config(), {"dataset.num_images": 2000}), "whole")
    asked = benchmark.requests(whole, evaluator)
    tested = np.concatenate(list(condition_lists(run.config(), evaluator).values()))
    assert asked.shape == (200, 24) and len(np.unique(asked, axis=0)) == 200
    assert not {row.tobytes() for row in asked} & {row.tobytes() for row in tested}
    assert (asked == benchmark.requests(whole, evaluator)).all()


def test_of_strengths_that_find_as_much_the_weaker_is_chosen() -> None:
    rows = [{"guidance": g, "training": [hits, 10]} for g, hits in ((1.0, 3), (2.0, 7), (4.0, 7), (8.0, 6))]
    assert benchmark.best(rows) == 2.0
