"""Commands about evaluators: train one, list it, score a run with it, and the sentences when that cannot be."""

from __future__ import annotations

import json
import shutil

import pytest
from evaluator_helpers import tiny_evaluator
from helpers import tiny_run

from gan_core.config import settings
from gan_core.evaluation.evaluators import available, shipped_dir
from gan_core.training import loop
from tests.cli.test_main import refused

TINY = ("mnist5k", "--num-images", "100", "--image-size", "8", "--epochs", "1", "--width", "2", "--threads", "1")


def test_one_is_trained_listed_and_used(command, runs_dir):
    status, out, _ = command("train-evaluator", *TINY, "--name", "mine")
    (made,) = available()
    assert status == 0 and made.path == settings.evaluators_dir() / "mine"
    assert f"{made.info.held_out_hits}/{made.info.held_out_requested} = " in out and "95 % interval" in out
    assert "the last tenth" in out or "the test split" in out
    rows = json.loads(command("evaluators", "--json")[1])
    assert [(row["name"], row["dataset"], row["shipped"]) for row in rows] == [("mine", "mnist5k", False)]

    run = tiny_run(runs_dir, "digits", conditioning__name="concat")
    loop.train(run)
    status, out, _ = command("evaluate", "digits", "--json")
    result = json.loads(out)
    scored = result["lists"]["labels"]
    assert status == 0 and (result["step"], result["seed"], scored["requested"], scored["chance"]) == (20, 0, 200, 0.1)
    assert result["evaluator"]["hits"] == made.info.held_out_hits
    status, out, _ = command("evaluate", "digits", "--seed", "4", "--step", "5")
    assert status == 0 and "chance 0.100; 200 pictures" in out and "step 5, seed 4" in out
    assert f"Evaluator 'mine' ({made.info.title}): accuracy " in out
    kept = [json.loads(line) for line in run.evaluations_path.read_text().splitlines()]
    assert [(line["step"], line["seed"]) for line in kept] == [(20, 0), (5, 4)]
    assert kept[0]["hits"] == scored["hits"]


def test_training_can_answer_in_json_and_elsewhere(command, tmp_path):
    status, out, _ = command("train-evaluator", *TINY, "--out", tmp_path / "there", "--seed", "5", "--json")
    answer = json.loads(out[out.index("{") :])
    assert status == 0 and answer["path"] == str(tmp_path / "there" / "mnist5k")
    assert [row["label"] for row in answer["labels"]] == list("0123456789")
    assert sum(row["hits"] for row in answer["labels"]) == answer["hits"]
    assert available() == []


def test_what_cannot_be_trained_is_one_sentence(command):
    refused(command("train-evaluator", "nothing"), "Unknown data set 'nothing'", "mnist5k")
    refused(command("train-evaluator", "ring8"), "'ring8' holds points")
    refused(command("train-evaluator", "iclevr"), "needs a folder")
    refused(command("train-evaluator", "mnist5k", "--device", "cuda:9"), "has no device 'cuda:9'")
    refused(command("train-evaluator", "mnist5k", "--channels", "2"), "channels")
    tiny_evaluator(settings.evaluators_dir(), "mnist5k")
    refused(command("train-evaluator", *TINY), "already", "--name")


@pytest.mark.parametrize("labels", [{}, {"conditioning__name": "concat"}])
def test_what_cannot_be_evaluated_is_one_sentence(command, runs_dir, labels):
    loop.train(tiny_run(runs_dir, "x", **labels))
    words = (
        ("no evaluator for the data set", "python -m gan_core train-evaluator mnist5k")
        if labels
        else ("unconditional",)
    )
    refused(command("evaluate", "x"), *words)
    refused(command("evaluate", "y"), "no run 'y'")


def test_a_run_that_comes_with_the_program_is_scored_and_left_alone(command, runs_dir):
    tiny_evaluator(shipped_dir(), "digits")
    loop.train(tiny_run(runs_dir, "own", conditioning__name="concat"))
    (path,) = runs_dir.iterdir()
    shipped = shutil.copytree(path, settings.pretrained_dir() / path.name)
    shutil.rmtree(path)
    status, out, err = command("evaluate", path.name)
    assert status == 0 and "labels: " in out and "not kept with it" in err
    assert not (shipped / "evaluations.jsonl").exists()
