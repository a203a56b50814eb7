"""The log of evaluations: what is written is read back, old and foreign lines are read as they always were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.config import settings
from gan_core.runs import Run, evaluations
from gan_core.runs.evaluations import Evaluation

COMPARED = Evaluation(
    "fd", 40.5, (38.0, 43.25), 20, 2000, "digits@abc, last layer", 3, num_real=500, real=None,
    reference="held-out images of another split", note="Its bias.",
)  # fmt: skip
COUNTED = Evaluation("accuracy/test", 0.5, (0.39, 0.61), 20, 32, "blocks@abc", 0, hits=36, requested=72)


def lines(run: Run) -> list[dict]:
    return [json.loads(line) for line in run.evaluations_path.read_text().splitlines()]


def test_what_is_written_is_read_back(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    assert evaluations.read(run) == []
    assert evaluations.add(run, [COMPARED, COUNTED])
    assert evaluations.read(run) == [COMPARED, COUNTED]


def test_a_line_is_laid_out_as_it_always_was(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    evaluations.add(run, [COMPARED, COUNTED])
    compared, counted = lines(run)
    assert compared == {
        "metric": "fd", "value": 40.5, "interval": [38.0, 43.25], "step": 20, "num_samples": 2000, "num_real": 500,
        "extractor": "digits@abc, last layer", "seed": 3, "real": None, "reference": "held-out images of another split",
        "note": "Its bias.",
    }  # fmt: skip
    assert counted == {
        "metric": "accuracy/test", "value": 0.5, "interval": [0.39, 0.61], "step": 20, "num_samples": 32,
        "extractor": "blocks@abc", "seed": 0, "hits": 36, "requested": 72,
    }  # fmt: skip


def test_a_line_with_little_in_it_is_an_evaluation_and_one_with_less_is_none(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.add_evaluations(
        [{"metric": "bare", "value": 1}, {"metric": "x"}, {"value": 1}, {"metric": "y", "value": "z"},
         {"metric": "odd", "value": 2, "interval": [1], "extractor": None, "seed": None}]
    )  # fmt: skip
    bare, odd = evaluations.read(run)
    assert bare == Evaluation("bare", 1.0, None, 0, 0, "", None)
    assert (bare.low, bare.high) == (-float("inf"), float("inf"))
    assert odd.interval is None and odd.value == 2.0


def test_the_latest_step_counts_and_of_equal_steps_the_last_line(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    line = {"metric": "fd", "value": 1.0, "step": 20, "num_samples": 100, "extractor": "digits"}
    run.add_evaluations([line, line | {"value": 2.0}, line | {"step": 10, "value": 3.0}, line | {"num_samples": 200}])
    assert [(found.value, found.num_samples) for found in evaluations.latest(run)] == [(2.0, 100), (1.0, 200)]


def test_a_run_that_comes_with_the_program_is_left_as_it_is(runs_dir: Path) -> None:
    shipped = Run(shutil.copytree(tiny_run(runs_dir).path, settings.pretrained_dir() / "shipped"))
    assert not evaluations.add(shipped, [COMPARED])
    assert not shipped.evaluations_path.exists()


@pytest.mark.parametrize(
    "damage",
    [{"value": None}, {"step": "20"}, {"step": 21}, {"num_samples": True}, {"metric": "<b>"}, {"value": 1e301}],
)
def test_what_is_incomplete_or_later_does_not_travel(damage: dict) -> None:
    line = {"metric": "fd", "value": 3, "step": 20, "num_samples": 100, "interval": [2, 4], "note": "stays here"}
    assert evaluations.until([line | damage], 20) == []
    assert evaluations.until([line], 20) == [{key: value for key, value in line.items() if key != "note"}]


def test_another_extractor_goes_with_the_value_so_that_it_stands_apart():
    line = {"metric": "fd", "value": 1.0, "step": 20, "num_samples": 100}
    names = ("digits@0123456789ab, last layer", "digits@0123456789ab, stages 2+3, scale beb1bb12", "")
    kept = evaluations.until([{**line, "extractor": name} for name in names], 20)
    assert [record.get("extractor", "") for record in kept] == list(names)
