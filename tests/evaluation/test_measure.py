"""Measuring a real run: every value with what it depends on, the same each time, kept with the run, sentences otherwise."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from evaluator_helpers import tiny_evaluator
from helpers import tiny_run

from gan_core.config import settings
from gan_core.evaluation import evaluators, measure, measure_task
from gan_core.evaluation.evaluators import shipped_dir
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.evaluators.scale import scale_of
from gan_core.evaluation.metrics import METRICS
from gan_core.jobs import task as background
from gan_core.jobs.task_worker import work
from gan_core.runs import Run
from gan_core.training import loop
from tests.cli.test_main import refused

COUNT = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_cache):
    """A trained run of 16 px digits, and the evaluator that looks at it."""
    place = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        patch.setenv("GANVAS_PRETRAINED_DIR", str(place / "none"))
        run = tiny_run(
            place / "runs", "small", dataset__image_size=16, dataset__num_images=150, training__epochs=1, conditioning__name="concat"
        )  # fmt: skip
        assert loop.train(run).state == "finished"
        tiny_evaluator(place / "evaluators", "tiny")
    return place


@pytest.fixture
def run(made, runs_dir) -> Run:
    (source,) = (made / "runs").iterdir()
    shutil.copytree(made / "evaluators", settings.evaluators_dir())
    return Run(shutil.copytree(source, runs_dir / source.name))


def test_every_measure_comes_with_interval_counts_extractor_and_bias(run):
    stages = []
    rows = measure.measure(
        run, num_images=COUNT, report=lambda stage, done=0, total=0, value=None: stages.append(stage)
    )
    assert [row.metric for row in rows] == list(METRICS)
    (folder,) = evaluators.available()
    digest = scale_of(folder, open_evaluator(folder)).digest
    for row in rows:
        assert row.estimate.low <= row.value <= row.estimate.high and len(row.replicates) == measure.REPEATS
        assert METRICS[row.metric].lowest <= row.estimate.low and row.estimate.high <= METRICS[row.metric].highest
        assert row.extractor == f"tiny@{folder.card.weights_sha256[:12]}, stages 2+3, scale {digest}"
        assert row.estimate.count >= COUNT // 2 and row.num_real >= 100 and row.note
        assert row.step == run.checkpoint_steps()[-1] and "another split" in row.reference
    assert {"images", "drawing", "reading generated images", "resampling"} <= set(stages)
    by_name = {row.metric: row for row in rows}
    assert by_name["copying"].real == 0.5 and by_name["ct"].real == 0 and "150 training" in by_name["copying"].note
    assert by_name["modes"].real <= 10
    assert by_name["coverage"].real > 0.5 > by_name["coverage"].value  # a generator of ten steps draws grey
    assert "1 scale of 16 px" in by_name["ms_ssim"].note


def test_conditions_tell_how_many_real_images_were_compared_and_not_how_many_kinds_were_counted(run):
    rows = measure.measure(run, num_images=COUNT, metrics=("mode_tv", "fd"))
    assert [row.metric for row in rows] == ["mode_tv", "fd"] and rows[0].num_real != rows[1].num_real == COUNT
    assert f"{COUNT} generated against {COUNT} real images" in measure.conditions(rows)


def test_the_same_seed_gives_the_same_and_some_can_be_asked_for(run):
    first, again = (measure.measure(run, num_images=COUNT, metrics=["precision", "kd"]) for _ in range(2))
    assert first == again and [row.metric for row in first] == ["kd", "precision"]
    other = measure.measure(run, num_images=COUNT, seed=1, metrics=["kd"])
    assert other[0].replicates != first[0].replicates


def test_a_run_whose_data_has_no_other_images_is_measured_against_its_own_and_says_so(run, monkeypatch):
    from gan_core.datasets import held_out

    monkeypatch.setattr(
        measure.held_out, "held_out", lambda config: held_out.HeldOut("training", config, 0, config.num_images)
    )
    rows = {row.metric: row for row in measure.measure(run, num_images=COUNT)}
    assert "copying" not in rows and rows["fd"].real is None
    assert "training images, as there are no others" in rows["fd"].reference


def test_background_work_keeps_rows_for_all_viewers_and_with_the_run(run):
    task = measure_task.task(run, 10, COUNT)
    place = background.folder(task)
    place.mkdir(parents=True)
    background.files.write_json(place / background.TASK, {"function": task.function, "arguments": task.arguments})
    work(place)
    assert background.progress(task).state == "done", background.read_progress(place)
    found = background.result(task)
    assert found["pinned"].shape == found["nearest"].shape == (20, 1, 16, 16) and (found["apart"] >= 0).all()
    rows = measure_task.rows_of(background.result(task))
    assert rows == measure.measure(run, 10, COUNT)
    kept = [json.loads(line) for line in run.evaluations_path.read_text().splitlines()]
    assert [line["metric"] for line in kept] == [row.metric for row in rows]
    assert kept[0]["num_samples"] == COUNT and kept[0]["interval"][0] <= kept[0]["value"] <= kept[0]["interval"][1]
    with pytest.raises(ValueError, match="measure again"):
        measure_task.rows_of({"rows": np.array(["{}"]), "again": np.zeros((1, 2))})
    measure_task.same_extractor(rows, rows)
    before = [replace(row, extractor="tiny@abc, last layer") for row in rows]
    with pytest.raises(ValueError, match="measure again"):
        measure_task.same_extractor(before, rows)


def test_the_command_measures_prints_and_keeps(command, run):
    status, out, _ = command("evaluate", run.id, "--metrics", "fd,recall", "--num-images", COUNT, "--json")
    rows = json.loads(out)
    assert status == 0 and [row["metric"] for row in rows] == ["fd", "recall"]
    status, out, _ = command(
        "evaluate", "small", "--metrics", "recall", "--num-images", COUNT, "--step", 0, "--seed", 3
    )
    assert status == 0 and out.startswith("recall\t") and "Step 0, seed 3: 120 generated against 120 real images" in out
    assert [json.loads(line)["step"] for line in run.evaluations_path.read_text().splitlines()] == [10, 10, 0]


def test_what_cannot_be_measured_is_a_sentence(command, run, runs_dir):
    refused(command("evaluate", "small", "--metrics", "all", "--num-images", 20), "100 to 20,000", "got 20")
    refused(command("evaluate", "small", "--metrics", "fd,beauty"), "Unknown metric 'beauty'", "fd")
    shutil.rmtree(settings.evaluators_dir())
    refused(command("evaluate", "small", "--metrics", "all"), "train-evaluator mnist5k")


def test_a_run_that_comes_with_the_program_is_measured_and_left_alone(command, run):
    shutil.copytree(run.path, settings.pretrained_dir() / run.id)
    shutil.rmtree(run.path)
    assert not shipped_dir().exists()
    status, out, err = command("evaluate", run.id, "--metrics", "kd", "--num-images", COUNT)
    assert status == 0 and out.startswith("kd") and "not kept with it" in err
    assert not (settings.pretrained_dir() / run.id / "evaluations.jsonl").exists()
