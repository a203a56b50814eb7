"""Scores of conditional models: the lists they are asked, the live curve, and `evaluate` afterwards."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
import torch
from evaluator_helpers import painted, reader, tiny_evaluator
from helpers import outcome, tiny_run, train_until_killed

from gan_core.config import RunConfig, settings, with_changes
from gan_core.datasets.sources import blocks
from gan_core.datasets.sources.objects24 import OBJECTS, drawn_conditions
from gan_core.evaluation.conditional import balanced_labels, condition_lists, evaluate, score_model
from gan_core.evaluation.evaluators import CARD, WEIGHTS, EvaluatorFolder, read_folder
from gan_core.evaluation.evaluators.scoring import Score
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.figures.charts import available
from gan_core.runs import Run, evaluations
from gan_core.runs.metrics import MetricsTail
from gan_core.training import loop
from tests.training.test_resume import leave_at

FACES = ("Male", "Young", "Bald")


@pytest.fixture(scope="module")
def original(tmp_path_factory, shared_cache) -> EvaluatorFolder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        return tiny_evaluator(tmp_path_factory.mktemp("evaluators"))


@pytest.fixture
def judge(original: EvaluatorFolder) -> EvaluatorFolder:
    """An evaluator for the tiny runs, among the user's own."""
    return read_folder(shutil.copytree(original.path, settings.evaluators_dir() / "tiny"))


def conditional(runs_dir, **changes) -> Run:
    return tiny_run(runs_dir, conditioning__name="concat", **changes)


def objects_config(names: tuple[str, ...] = OBJECTS, **dataset) -> RunConfig:
    config = with_changes(RunConfig(), {"dataset.name": "blocks", "dataset.channels": 3, "network.latent_dim": 4})
    config = with_changes(config, {f"dataset.{name}": value for name, value in dataset.items()})
    return with_changes(config, {"conditioning.name": "concat", "conditioning.labels": names})


def lines(run: Run) -> list[dict]:
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]


def measured_steps(run: Run, metric: str = "accuracy/labels") -> list[int]:
    return [line["step"] for line in lines(run) if metric in line]


# what is asked


def test_objects_are_asked_for_by_the_two_lists_of_32():
    lists = condition_lists(objects_config(), reader(OBJECTS))
    assert {name: labels.shape for name, labels in lists.items()} == {"test": (32, 24), "new_test": (32, 24)}
    assert lists["test"].sum() == 72
    assert [OBJECTS[i] for i in np.flatnonzero(lists["test"][7])] == list(drawn_conditions("test")[7])


def test_the_lists_stand_in_the_runs_own_order_of_labels():
    turned = tuple(reversed(OBJECTS))
    plain = condition_lists(objects_config(), reader(OBJECTS))["test"]
    np.testing.assert_array_equal(condition_lists(objects_config(turned), reader(OBJECTS))["test"], plain[:, ::-1])


def test_a_model_that_knows_some_objects_is_asked_for_those_only():
    lists = condition_lists(objects_config(OBJECTS[:16]), reader(OBJECTS))
    assert 0 < len(lists["test"]) < 32 and lists["test"].shape[1] == 16
    with pytest.raises(ValueError, match="No condition of the list 'test' fits a model with the labels"):
        lone = next(name for name in OBJECTS if [name] not in [list(c) for c in drawn_conditions("test")])
        condition_lists(objects_config((lone,)), reader(OBJECTS))


def test_an_i_clevr_folder_brings_its_own_lists(tmp_path):
    blocks.write_lists(tmp_path, 3)
    (tmp_path / "test.json").write_text(json.dumps([["red cube"], ["blue sphere", "gray cube"]]))
    config = objects_config(name="iclevr", root=str(tmp_path))
    lists = condition_lists(config, reader(OBJECTS))
    assert [sorted(OBJECTS[i] for i in np.flatnonzero(row)) for row in lists["test"]] == [
        ["red cube"],
        ["blue sphere", "gray cube"],
    ]
    (tmp_path / "new_test.json").unlink()
    with pytest.raises(ValueError, match=r"holds no new_test\.json"):
        condition_lists(config, reader(OBJECTS))


def test_classes_come_equally_often_and_attributes_are_on_in_half_of_the_rows():
    classes = balanced_labels(10, exclusive=True)
    assert classes.shape == (200, 10) and (classes.sum(axis=1) == 1).all() and (classes.sum(axis=0) == 20).all()
    attributes = balanced_labels(13, exclusive=False)
    assert attributes.shape == (200, 13) and (attributes.sum(axis=0) == 100).all()
    together = np.corrcoef(attributes.T) - np.eye(13)
    assert abs(together).max() < 0.25  # independent, as far as 200 rows can tell
    np.testing.assert_array_equal(attributes, balanced_labels(13, exclusive=False))


# what is counted


def test_a_model_that_draws_what_it_is_told_scores_all():
    scores = score_model(lambda z, labels: painted(labels), objects_config(channels=1), reader(OBJECTS), seed=0)
    assert scores == {"test": Score(72, 72), "new_test": Score(78, 78)}
    faces = with_changes(objects_config(channels=1), {"conditioning.labels": FACES})
    assert score_model(lambda z, labels: painted(labels), faces, reader(FACES), 0) == {"labels": Score(600, 600)}
    assert score_model(lambda z, labels: painted(1 - labels), faces, reader(FACES), 0) == {"labels": Score(0, 600)}


def test_a_model_that_ignores_what_it_is_told_scores_chance():
    faces = with_changes(objects_config(channels=1), {"conditioning.labels": FACES})
    always = score_model(lambda z, labels: painted(torch.ones_like(labels)), faces, reader(FACES), 0)
    assert always == {"labels": Score(300, 600)}
    digits = tuple("0123456789")
    config = with_changes(objects_config(channels=1), {"conditioning.labels": digits})
    judge = reader(digits, exclusive=True, dataset="mnist5k")
    zeros = score_model(lambda z, labels: painted(torch.eye(10)[[0] * len(z)]), config, judge, 0)
    assert zeros == {"labels": Score(20, 200)}


def test_latents_follow_the_seed_and_are_those_of_the_sample_grid():
    config, seen = objects_config(channels=1), []

    def sample(z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        seen.append(z)
        return painted(labels)

    for seed in (config.training.seed, 5, 5):
        score_model(sample, config, reader(OBJECTS), seed)
    torch.testing.assert_close(seen[0], loop.sample_latents(config, 32), rtol=0, atol=0)
    assert torch.equal(seen[2], seen[4]) and not torch.equal(seen[0], seen[2])


def test_no_more_than_200_pictures_are_drawn_at_once(tmp_path):
    blocks.write_lists(tmp_path, 3)
    (tmp_path / "test.json").write_text(json.dumps([["red cube"]] * 450))
    sizes = []

    def sample(z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        sizes.append(len(z))
        return painted(labels)

    config = objects_config(name="iclevr", root=str(tmp_path), channels=1)
    assert score_model(sample, config, reader(OBJECTS), 0)["test"] == Score(450, 450)
    assert sizes == [200, 200, 50, 32]


# the live curve


@pytest.mark.parametrize("method", ["concat", "acgan", "projection"])
def test_a_conditional_run_records_its_accuracy_at_the_end_of_each_epoch(runs_dir, judge, method):
    run = tiny_run(runs_dir, conditioning__name=method)
    loop.train(run)
    assert measured_steps(run) == [4, 8, 12, 16, 20]
    for line in lines(run):
        if "accuracy/labels" in line:
            assert line["requested/labels"] == 200 and 0 <= line["hits/labels"] <= 200
            assert line["accuracy/labels"] == pytest.approx(line["hits/labels"] / 200)
    tail = MetricsTail(run.metrics_path)
    tail.refresh()
    assert "accuracy" in [chart.key for chart in available(tail.names())]
    chosen = [event for event in run.events() if event["type"] == "evaluator"]
    assert [(e["name"], e["sha256"], e["step"]) for e in chosen] == [("tiny", judge.card.weights_sha256, 0)]


@pytest.mark.parametrize(("every", "steps"), [(0, []), (2, [8, 16]), (5, [20]), (6, [])])
def test_it_is_measured_as_often_as_is_asked(runs_dir, judge, every, steps):
    run = conditional(runs_dir, recording__evaluate_every_epochs=every)
    loop.train(run)
    assert measured_steps(run) == steps


def test_an_unconditional_run_and_one_without_an_evaluator_record_none(runs_dir, judge):
    unconditional = tiny_run(runs_dir)
    loop.train(unconditional)
    shutil.rmtree(judge.path)
    alone = conditional(runs_dir)
    loop.train(alone)
    for run in (unconditional, alone):
        assert run.status().state == "finished" and measured_steps(run) == []
        assert {event["type"] for event in run.events()} == {"checkpoint", "started", "finished"}


def test_measuring_changes_nothing_of_what_is_learned(runs_dir, judge):
    measured, plain = conditional(runs_dir), conditional(runs_dir, recording__evaluate_every_epochs=0)
    loop.train(measured)
    loop.train(plain)
    assert outcome(measured)["tensors"] == outcome(plain)["tensors"]
    assert outcome(measured)["state"] == outcome(plain)["state"]
    extra = ("accuracy/labels", "hits/labels", "requested/labels")
    bare = [{name: value for name, value in line.items() if name not in extra} for line in outcome(measured)["metrics"]]
    assert bare == outcome(plain)["metrics"]


@pytest.mark.parametrize("step", [0, 3, 4, 5, 19])
def test_a_run_that_left_and_was_resumed_has_the_curve_of_one_that_never_did(runs_dir, judge, step):
    plain, resumed = conditional(runs_dir), conditional(runs_dir)
    loop.train(plain)
    loop.train(resumed, request=leave_at(resumed, step, "stop"))
    assert loop.train(resumed).state == "finished"
    assert outcome(resumed) == outcome(plain)
    assert measured_steps(resumed) == [4, 8, 12, 16, 20]


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 4, 9, 19])
def test_a_run_killed_and_resumed_has_the_curve_of_one_that_never_was(runs_dir, judge, step):
    plain, killed = conditional(runs_dir), conditional(runs_dir)
    loop.train(plain)
    assert train_until_killed(killed, at_step=step)
    assert loop.train(killed).state == "finished"
    assert outcome(killed) == outcome(plain)


def test_a_resumed_run_keeps_its_evaluator_though_a_newer_one_has_come(runs_dir, judge):
    plain, resumed = conditional(runs_dir), conditional(runs_dir)
    loop.train(plain)
    loop.train(resumed, request=leave_at(resumed, 6, "pause"))
    newer = tiny_evaluator(settings.evaluators_dir(), "newer", seed=3)
    os.utime(judge.path / CARD, (1, 1))
    loop.train(resumed)
    assert outcome(resumed) == outcome(plain)
    fresh = conditional(runs_dir)
    loop.train(fresh)
    assert [e["name"] for e in fresh.events() if e["type"] == "evaluator"] == ["newer"]
    assert newer.card.weights_sha256 != judge.card.weights_sha256


def test_a_damaged_evaluator_costs_the_curve_and_not_the_run(runs_dir, judge):
    (judge.path / WEIGHTS).write_bytes((judge.path / WEIGHTS).read_bytes()[:-1] + b"x")
    run = conditional(runs_dir)
    assert loop.train(run).state == "finished"
    assert measured_steps(run) == []
    (refused,) = [event for event in run.events() if event["type"] == "evaluator_refused"]
    assert "are damaged: their SHA-256" in refused["error"]


# afterwards


def test_evaluating_a_finished_run_gives_the_last_point_of_its_curve(runs_dir, judge):
    run = conditional(runs_dir)
    loop.train(run)
    found = evaluate(run)
    assert (found.step, found.seed, found.folder) == (20, 0, judge)
    last = lines(run)[-1]
    assert found.lists["labels"].score == Score(int(last["hits/labels"]), 200)
    assert (found.lists["labels"].chance, found.lists["labels"].num_pictures) == (pytest.approx(0.1), 200)
    middle = next(line for line in lines(run) if line["step"] == 20)
    assert evaluate(run, step=20) == found and middle["hits/labels"] == last["hits/labels"]


def test_what_is_kept_of_an_evaluation_says_all_that_it_depends_on(runs_dir, judge):
    run = conditional(runs_dir)
    loop.train(run)
    for seed in (0, 7):
        assert evaluations.add(run, evaluate(run, seed=seed).evaluations())
    kept = [json.loads(line) for line in run.evaluations_path.read_text().splitlines()]
    assert [(k["metric"], k["step"], k["seed"], k["num_samples"]) for k in kept] == [
        ("accuracy/labels", 20, 0, 200),
        ("accuracy/labels", 20, 7, 200),
    ]
    for line in kept:
        score = Score(line["hits"], line["requested"])
        assert line["value"] == pytest.approx(score.ratio, abs=1e-6)
        assert line["interval"] == pytest.approx(wilson(score).interval, abs=1e-6)
        assert line["extractor"] == f"tiny@{judge.card.weights_sha256[:12]}"


def test_what_cannot_be_evaluated_is_refused_with_the_way_out(runs_dir, judge):
    run = tiny_run(runs_dir, "plain")
    loop.train(run)
    with pytest.raises(ValueError, match="The run 'plain' is unconditional"):
        evaluate(run)
    with pytest.raises(ValueError, match="The run 'new' has no checkpoint yet"):
        evaluate(conditional(runs_dir, name="new"))
    shutil.rmtree(judge.path)
    with pytest.raises(ValueError, match=r"There is no evaluator for the data set 'mnist5k'.*train-evaluator mnist5k"):
        evaluate(conditional(runs_dir))


def test_a_run_that_knows_classes_in_part_is_judged_among_all(runs_dir, judge):
    run = tiny_run(runs_dir, conditioning__name="concat", conditioning__labels=("3", "7"))
    assert run.config().conditioning.exclusive is False
    loop.train(run)
    found = evaluate(run).lists["labels"]
    assert (found.score.requested, found.chance) == (200, pytest.approx(0.1))


def test_a_vae_is_never_measured(runs_dir, judge):
    run = tiny_run(runs_dir, network__name="vae", training__ema_decay=0.0)
    assert loop.train(run).state == "finished"
    assert measured_steps(run) == []


def test_an_evaluation_is_of_the_running_average_as_the_curve_is(runs_dir, judge):
    for decay in (0.0, 0.9):
        run = conditional(runs_dir, training__ema_decay=decay)
        loop.train(run)
        assert evaluate(run).lists["labels"].score.hits == lines(run)[-1]["hits/labels"]
