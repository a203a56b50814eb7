"""The study "how many pictures?": its plan can be trained as it stands, and what was measured becomes rows and differences."""

from __future__ import annotations

import json
import sys

import pytest
from evaluator_helpers import tiny_evaluator
from helpers import MACHINE
from PIL import Image

from benchmarks import few_pictures as benchmark
from gan_core import runs
from gan_core.config import differences as changed
from gan_core.config import settings, with_changes
from gan_core.config.settings import from_environment
from gan_core.experiments import few_pictures as study
from gan_core.experiments.arms import Comparison
from gan_core.training import plan, queue, supervisor

SMALL = {"dataset.name": "mnist5k", "dataset.channels": 1, "dataset.image_size": 8, "network.width": 2, "training.max_steps": 8,
         "recording.probe_every_steps": 2, "recording.num_samples": 4, "training.batch_size": 16}  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """Two of the study's arms in small."""
    base = with_changes(study.BASE, SMALL)
    chosen = tuple(arm for arm in study.COMPARISON.arms if arm.name in ("none-100-0", "ada-100-0"))
    for module in (study, benchmark):
        monkeypatch.setattr(module, "COMPARISON", Comparison(base, chosen))
    return Comparison(base, chosen)


def test_every_run_of_the_plan_can_be_trained_and_the_arms_of_a_count_differ_in_augmentation_alone() -> None:
    configs = {arm.name: plan.resolve(study.COMPARISON.config(arm), MACHINE) for arm in study.COMPARISON.arms}
    assert len(configs) == len(study.METHODS) * len(study.COUNTS) * len(study.SEEDS) == 36
    for name, config in configs.items():
        fields = changed(configs["none" + name[name.index("-") :]], config)
        assert all(field.startswith("augmentation.") for field in fields)
        assert bool(fields) == (not name.startswith("none"))
    assert study.COMPARISON.arms[0].title == "No augmentation, 100 images, seed 0"


def test_one_button_queues_what_is_missing(small: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    queued = study.queue(from_environment())
    assert [run.id for run in queued] == queue.queued_ids(from_environment().runs_dir)
    assert [run.config().augmentation.adaptive for run in queued] == [False, True]
    assert study.queue(from_environment()) == []


def test_rows_and_differences_are_those_of_the_seeds() -> None:
    def result(method: str, seed: int, fd: float, count: int = 100) -> dict:
        values = dict.fromkeys(study.MEASURES, 0.5) | {"fd": fd}
        return {"method": method, "count": count, "seed": seed, "values": values}

    found = {"rows": [result("ada", 0, 40.0, 300), *(result("none", seed, 100.0 + seed) for seed in range(3)),
                      *(result("diffaugment", seed, 50.0 + seed) for seed in range(3))]}  # fmt: skip
    lines = study.rows(found)
    assert [(row.method, row.count) for row in lines] == [("none", 100), ("diffaugment", 100), ("ada", 300)]
    assert lines[1].values["fd"] == (50, 51, 52) and lines[1].estimate("fd").value == 51
    assert lines[0].estimate("recall").low >= 0
    ((count, one),) = study.differences(lines, "fd")
    assert (count, one.first, one.value, one.test) == (100, "diffaugment", -50, "welch") and one.differs
    assert "told apart from no augmentation: DiffAugment on 100 (-50, p = " in benchmark.page(found)
    assert study.rows({}) == []


def test_the_study_is_trained_measured_and_gone_on_with(small: Comparison, tmp_path, monkeypatch) -> None:
    tiny_evaluator(settings.evaluators_dir())
    monkeypatch.setattr(benchmark, "NUM_IMAGES", 100)
    command = ["few_pictures", str(tmp_path / "runs"), "--out", str(tmp_path), "--seeds", "1", "--counts", "100"]
    monkeypatch.setattr(sys, "argv", command)
    (tmp_path / "runs").mkdir()
    benchmark.main()
    first = (tmp_path / "few-data.json").read_bytes()
    found = json.loads(first)["rows"]
    assert [(row["method"], row["count"], row["seed"]) for row in found] == [("none", 100, 0), ("ada", 100, 0)]
    assert all(tuple(row["values"]) == study.MEASURES for row in found) and 0 <= found[0]["values"]["recall"] <= 1
    kept = next(run for run in runs.list_runs(tmp_path / "runs") if not run.config().augmentation.kinds)
    assert found[0]["values"][study.GAP] == kept.metrics()[-1][study.GAP]  # of 8 steps the last tenth is the last
    assert "| 100 | ADA | 1 | " in (tmp_path / "few-data.md").read_text("utf-8")
    assert not (tmp_path / "few-data.jpg").exists()  # other counts and methods are missing
    monkeypatch.setattr(benchmark, "COUNTS", (100,))
    monkeypatch.setattr(benchmark, "METHODS", {name: study.METHODS[name] for name in ("none", "ada")})
    benchmark.main()
    with Image.open(tmp_path / "few-data.jpg") as picture:
        side = 4 * (8 + 1) + 1
        assert picture.size == (side + 2 * 6, 2 * side + 3 * 6)  # one count, two methods
    assert (tmp_path / "few-data.json").read_bytes() == first and len(runs.list_runs(tmp_path / "runs")) == 2


def test_the_committed_figures_are_whole_and_the_page_says_them() -> None:
    found = study.committed()
    made = [(row["method"], row["count"], row["seed"]) for row in found["rows"]]
    assert sorted(made) == sorted((m, c, s) for m in study.METHODS for c in study.COUNTS for s in study.SEEDS)
    assert study.FILE.with_suffix(".md").read_text("utf-8") == benchmark.page(found)
