"""What a sweep may vary and be judged by, and the sentence for everything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sweep_helpers import POINTS, small

from gan_core.config import get
from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments.sweeps.objectives import SweepObjective, check_objective, fitting_metrics, objective_for
from gan_core.experiments.sweeps.parsing import axis_from, read_file
from gan_core.experiments.sweeps.plan import Sweep, listed, ranged, sweep_from, trial_minutes
from gan_core.experiments.sweeps.templates import TEMPLATES
from gan_core.presets import PRESETS, preset_config


def test_a_grid_is_every_combination_with_the_last_setting_fastest() -> None:
    sweep = small(listed("training.batch_size", ["10", 20]), listed("training.epochs", [1, 2]))
    assert not sweep.search and sweep.trials == 4
    assert [tuple(c.values()) for c in sweep.combinations()] == [(10, 1), (10, 2), (20, 1), (20, 2)]


def test_learning_rate_stands_for_both_networks() -> None:
    sweep = small(axis_from("learning_rate=1e-4,0.01"))
    config = sweep.config({"learning_rate": 0.01})
    rates = [get(config, f"{who}_optimizer.learning_rate") for who in ("generator", "discriminator")]
    assert rates == [0.01, 0.01]


def test_a_sweep_reads_back_as_it_was() -> None:
    sweep = small(axis_from("learning_rate=1e-4..1e-2"), axis_from("objective.name=bce,lsgan"), trials=5, seed=3)
    assert sweep.search and sweep.axes[0].log
    assert Sweep.from_dict(sweep.to_dict()) == sweep


def test_several_kinds_of_a_run_are_named_in_one_word() -> None:
    kinds = axis_from("augmentation.kinds=none,color+cutout,translation")
    sweep = sweep_from(name="x", preset="mnist-dcgan", axes=[kinds], metric="loss/g")
    assert sweep.axes[0].values == ("none", "color+cutout", "translation")
    found = [sweep.config(params).augmentation.kinds for params in sweep.combinations()]
    assert found == [(), ("color", "cutout"), ("translation",)] and Sweep.from_dict(sweep.to_dict()) == sweep


def test_what_is_varied_overrules_what_is_set() -> None:
    sweep = small(listed("training.batch_size", [10]), changes={"training.batch_size": 50})
    assert sweep.config(sweep.combinations()[0]).training.batch_size == 10


def test_the_time_of_a_trial_is_the_presets_scaled_by_images_seen() -> None:
    twice = listed("training.epochs", [10, 30])  # the preset: 5 epochs in its own time
    sweep = sweep_from(name="x", preset="r4-a-lite", axes=[twice], metric="loss/g")
    assert trial_minutes(sweep) == pytest.approx(4 * PRESETS["r4-a-lite"].minutes)


@pytest.mark.parametrize(
    ("metric", "direction"),
    [("fd", "minimize"), ("coverage", "maximize"), ("accuracy/test", "maximize"), ("reconstruction", "minimize")],
)
def test_a_metric_says_which_way_is_better(metric: str, direction: str) -> None:
    assert objective_for(metric).direction == direction


def test_an_aim_fits_the_model() -> None:
    vae, gan, conditional = (preset_config(f"{name}-lite") for name in ("r5-vae", "r4-a", "r2-cgan"))
    check_objective(vae, SweepObjective("reconstruction", "minimize"))
    check_objective(gan, SweepObjective("loss/g", "minimize"))
    assert "accuracy/test" not in fitting_metrics(gan)
    for config, metric, words in (
        (gan, "reconstruction", "Only a VAE"),
        (vae, "loss/g", "does not record"),
        (gan, "accuracy/test", "no labels"),
        (gan, "loss/penalty", "no penalty"),
        (conditional, "accuracy/test", "no evaluator"),
        (gan, "fd", "evaluator"),
    ):
        with pytest.raises(ValueError, match=words):
            check_objective(config, SweepObjective(metric, "minimize"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training.batchsize=1,2", "Unknown setting 'training.batchsize'. Choose one of: training.batch_size"),
        ("training.batch_size=1,2", "greater than or equal to 2"),
        ("training.batch_size=a", "valid integer"),
        ("training.device=cpu", "cannot be varied"),
        ("training.batch_size", "Write what to vary as"),
        ("learning_rate=1e-3..1e-4", "smaller to a larger"),
        ("objective.name=a..b", "has no range"),
        ("generator_optimizer.learning_rate=0.1..2", "less than or equal to 1"),
    ],
)
def test_a_setting_that_cannot_be_varied_so_is_a_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        axis_from(text)


def test_too_large_a_grid_says_how_many_and_how_long() -> None:
    axes = [listed("training.seed", list(range(200))), listed("training.epochs", [5, 45])]
    hours = 400 * 5 * PRESETS["r4-a-lite"].minutes / 60  # 5 and 45 epochs are on average five times the preset's own 5
    with pytest.raises(ValueError, match=f"400 trials, about {hours:.0f} hours .* at most 300"):
        sweep_from(name="x", preset="r4-a-lite", axes=axes, metric="loss/g")


@pytest.mark.parametrize(
    ("axes", "options", "words"),
    [
        ([], {}, "varies at least one setting"),
        ([ranged("learning_rate", 1e-4, 1e-3)], {}, "needs a number of trials"),
        ([listed("learning_rate", [1e-4]), listed("generator_optimizer.learning_rate", [1e-3])], {}, "varied twice"),
        ([listed("remedies.packing", [3, 7])], {}, "None of these trials can be trained"),
        ([listed("training.batch_size", [500])], {}, "fewer than one batch"),
        ([listed("training.epochs", [1])], {"metric": "prob/real"}, "minimize or maximize"),
        ([listed("training.epochs", [1])], {"metric": "beauty", "direction": "maximize"}, "Unknown metric 'beauty'"),
        ([listed("training.epochs", [1])], {"images": 3}, "measured on 100"),
        ([listed("training.epochs", [1])], {"metric": "modes"}, "generate points"),
    ],
)
def test_a_sweep_that_leads_nowhere_is_refused(axes: list, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sweep_from(**{"name": "x", "preset": "mnist-dcgan", "axes": axes, "changes": POINTS, **options})


def test_a_file_says_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "preset: r4-a-lite\nset: {training.seed: 7}\nvary:\n  training.batch_size: [16, 32]\n"
        "  learning_rate: {from: 1e-4, to: 1e-2}\naim: loss/g\ntrials: 6\nstorage: /shared/x.log\n"
    )
    asked, storage = read_file(file)
    sweep = sweep_from(**asked)
    assert (sweep.name, sweep.trials, sweep.changes, storage) == ("mine", 6, {"training.seed": 7}, "/shared/x.log")
    assert sweep.axes == (listed("training.batch_size", [16, 32]), ranged("learning_rate", 1e-4, 1e-2))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("preset: [", "line 1: this is not valid YAML"),
        ("just words", "must hold keys and values"),
        ("preset: x\nvary: {a: 1}\ngrid: 2", "unknown key 'grid'"),
        ("vary: {training.epochs: [1]}", "has no 'preset'"),
        ("preset: x\nvary: [1, 2]", "'vary' must hold settings"),
        ("preset: x\nvary: {training.epochs: [[1]]}", "must be numbers, words"),
        ("preset: x\nvary: {training.epochs: {from: 1}}", "needs 'from' and 'to'"),
        ("preset: x\nvary: {training.epochs: [1]}\ntrials: -1", "must be a whole number"),
        ("a: &a [1]\nb: [*a, *a]", "aliases"),
        ("preset: !!python/object/apply:os.system [ls]", "not valid YAML"),
        ("\x00", "not valid YAML"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    with pytest.raises(ValueError, match=words):
        read_file(file)


def test_a_file_that_is_not_there_or_no_text_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_file(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match="UTF-8"):
        read_file(tmp_path / "binary.yaml")


def test_the_documented_file_is_the_sweep_that_the_page_offers() -> None:
    asked, storage = read_file(PROJECT_DIR / "docs" / "sweep.yaml")
    assert storage == "" and tuple(asked["axes"]) == TEMPLATES["r4"].arguments["axes"]
    assert (asked["preset"], asked["metric"], asked["name"]) == ("r4-a-lite", "fd", TEMPLATES["r4"].arguments["name"])


@pytest.mark.parametrize("key", list(TEMPLATES))
def test_a_template_can_be_begun_with_the_evaluators_that_come_with_the_program(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PROJECT_DIR / "checkpoints" / "pretrained"))
    sweep = TEMPLATES[key].sweep()
    assert sweep.trials == {"r4": 8, "rates": 12}[key]
    assert 0 < trial_minutes(sweep) * sweep.trials < 30


def test_a_stored_plan_keeps_the_keys_that_it_was_written_with() -> None:
    stored = {
        "name": "Old", "preset": "mnist-dcgan", "trials": 2, "changes": {"training.epochs": 1}, "seed": 3, "search": False,
        "axes": [{"name": "training.batch_size", "values": [16, 32], "low": 0.0, "high": 0.0, "log": False}],
        "aim": {"metric": "loss/g", "direction": "minimize", "num_images": 500},
    }  # fmt: skip
    sweep = Sweep.from_dict(stored)
    assert (sweep.objective.metric, sweep.objective.num_images) == ("loss/g", 500)
    assert json.loads(json.dumps(sweep.to_dict())) == stored
