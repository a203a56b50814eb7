"""Lessons: every one is sound data, its lines of code exist, its runs are found again, its steps repeat, its verdicts follow the runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import MACHINE, tiny_run
from lesson_helpers import small, small_lesson

from benchmarks.lessons import verdicts
from gan_core import runs
from gan_core.config import differences
from gan_core.config.registry import load
from gan_core.config.settings import PROJECT_DIR
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments.lessons import (
    LESSONS,
    Lesson,
    balance,
    collapse,
    conditioning,
    denoising,
    four_ways,
    lipschitz,
    over_seeds,
    see,
    steering,
    vae,
)
from gan_core.experiments.lessons.curves import figure
from gan_core.experiments.lessons.entry import Check, Code, Curve, Experiment, Explain, Predict, TakeAway, Train
from gan_core.experiments.lessons.measures import MEASURES
from gan_core.experiments.lessons.outcome import Outcome, Outcomes
from gan_core.experiments.lessons.source import excerpt
from gan_core.runs.metrics import MetricsTail
from gan_core.training import loop, plan, supervisor

every_lesson = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is known, and nothing that trains."""
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)


@every_lesson
def test_a_lesson_is_complete_and_its_references_meet(lesson: Lesson) -> None:
    keys = [arm.name for arm in lesson.experiment.arms]
    assert len(set(keys)) == len(keys) and lesson.minutes > 0 and lesson.experiment.seconds > 0
    asked = [prediction.key for prediction in lesson.predictions]
    checked = [step.of for step in lesson.steps if isinstance(step, Check)]
    assert sorted(asked) == sorted(checked) and len(set(asked)) == len(asked)
    assert isinstance(lesson.steps[-1], TakeAway)
    for prediction in lesson.predictions:
        choices = [choice.key for choice in prediction.choices]
        assert 3 <= len(set(choices)) == len(choices) <= 4 and prediction.expected in choices
    for step in lesson.steps:
        if isinstance(step, Train | Check):
            assert set(step.arms) <= set(keys)
        if isinstance(step, Check):
            assert set(step.measures) <= set(lesson.experiment.measures) <= set(MEASURES)
        if isinstance(step, Explain):
            assert all(term.arm in keys for term in step.terms)


@every_lesson
def test_nothing_is_shown_before_it_was_predicted_and_run(lesson: Lesson) -> None:
    said, ran = set(), set()
    for step in lesson.steps:
        if isinstance(step, Predict):
            said.add(step.key)
        if isinstance(step, Train):
            ran |= set(step.arms)
        if isinstance(step, Check):
            assert step.of in said and set(step.arms) <= ran
        if isinstance(step, Explain):
            assert {term.arm for term in step.terms} <= ran
    assert ran == {arm.name for arm in lesson.experiment.arms}


@every_lesson
def test_the_runs_can_run_and_differ_in_nothing_but_the_question(lesson: Lesson) -> None:
    experiment = lesson.experiment
    for arm in experiment.arms:
        config = plan.resolve(experiment.config(arm), MACHINE)
        assert set(differences(config, plan.resolve(experiment.base, MACHINE))) <= {
            *arm.changes,
            *(("conditioning.labels", "conditioning.exclusive") if "conditioning.name" in arm.changes else ()),
        }
        assert (config.training.device, config.training.precision, config.training.threads) == ("cpu", "fp32", 1)


@every_lesson
def test_the_lines_of_code_are_those_that_run(lesson: Lesson) -> None:
    for term in (term for step in lesson.steps if isinstance(step, Explain) for term in step.terms):
        lines = excerpt(term.code)
        source = (PROJECT_DIR / lines.file).read_text("utf-8").splitlines()
        assert source[lines.line - 1].strip() == lines.text.splitlines()[0].strip()
        assert all(line.strip() in ("...", *(s.strip() for s in source)) for line in lines.text.splitlines())
        assert not term.each or callable(load(term.each))


def test_lines_that_are_gone_are_named() -> None:
    for code, what in [
        (Code("gan_core.models.objectives:no_such"), "no_such"),
        (Code("gan_core.no_such:bce_real"), "gan_core.no_such"),
        (Code("gan_core.models.objectives:bce_real", ("negative =",)), "negative ="),
        (Code("gan_core.models.gan:GAN"), "no function"),
    ]:
        with pytest.raises(ValueError, match=what):
            excerpt(code)


# real runs: measured, and a step made again


def trained(runs_dir: Path, experiment: Experiment, key: str) -> runs.Run:
    run = runs.create(runs_dir, plan.resolve(experiment.config(experiment.arm(key)), MACHINE), key)
    assert loop.train(run).state == "finished"
    return run


def logged(run: runs.Run) -> dict[str, Any]:
    tail = MetricsTail(run.metrics_path)
    tail.refresh()
    return {name: tail.column(name) for name in tail.names()}


@pytest.mark.parametrize(
    ("lesson", "arm"),
    [
        (see.LESSON, "digits"), (collapse.LESSON, "slope"), (collapse.LESSON, "pairs"), (lipschitz.LESSON, "penalty"),
        (lipschitz.LESSON, "clip"), (lipschitz.LESSON, "spectral"), (conditioning.LESSON, "acgan"), (vae.LESSON, "middle"),
        (denoising.LESSON, "many"),
    ],
)  # fmt: skip
def test_a_step_made_again_gives_the_numbers_of_the_log(lesson: Lesson, arm: str, runs_dir: Path) -> None:
    from gan_core.experiments.lessons.replay import by_hand, replay

    run = trained(runs_dir, small(lesson.experiment), arm)
    again, columns = replay(run), logged(run)
    place = int(np.flatnonzero(columns["step"] == again.step)[0])
    assert 0 < again.checkpoint < again.step <= 8
    for name, value in again.metrics.items():
        if name in columns:
            assert value == columns[name][place], name
    terms = [t for step in lesson.steps if isinstance(step, Explain) for t in step.terms if t.arm == arm]
    for term in terms:
        assert term.metric in again.metrics
        if term.each:
            pairs = by_hand(term.each, again.inputs[term.inputs], 10_000)
            assert np.mean([value for _given, value in pairs]) == pytest.approx(again.metrics[term.metric], rel=1e-4)
    if arm == "middle":
        mean, log_variance = again.inputs["mean"], again.inputs["log_variance"]
        by_formula = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1).mean()
        assert float(by_formula) == pytest.approx(again.metrics["loss/kl"], rel=1e-5)


def test_a_run_without_a_checkpoint_to_go_on_from_is_a_sentence(runs_dir: Path) -> None:
    from gan_core.experiments.lessons.replay import replay

    with pytest.raises(ValueError, match="no checkpoint from which"):
        replay(tiny_run(runs_dir, "never trained"))


def test_slopes_modes_and_clipping_are_measured(runs_dir: Path) -> None:
    from gan_core.experiments.lessons.measuring import Subject, measure

    experiment = small(lipschitz.LESSON.experiment)
    clip, spectral = (trained(runs_dir, experiment, key) for key in ("clip", "spectral"))
    names = ("slope", "steepest", "clipped", "modes", "near")
    found = {run.name: measure(run, names) for run in (clip, spectral)}
    assert 0 < found["clip"]["slope"].value <= found["clip"]["steepest"].value < 0.01
    assert found["spectral"]["steepest"].value <= 1.05  # its norms are estimates by power iteration
    assert found["clip"]["clipped"].value > 0 == found["spectral"]["clipped"].value
    assert 0 <= found["clip"]["modes"].value <= 8 and found["clip"]["near"].count == 2500
    slopes = Subject(spectral).slopes
    assert found["spectral"]["slope"].value == pytest.approx(slopes.mean()) and len(slopes) == 64


def test_a_vae_is_measured_and_an_evaluator_that_is_missing_is_a_sentence(runs_dir: Path) -> None:
    from gan_core.experiments.lessons.measuring import measure

    run = trained(runs_dir, small(vae.LESSON.experiment), "middle")
    found = measure(run, ("test_error", "kl", "active"))
    assert found["test_error"].low < found["test_error"].value < found["test_error"].high  # type: ignore[operator]
    assert found["kl"].value >= 0 and 0 <= found["active"].value <= vae.LATENT_DIM
    with pytest.raises(ValueError, match="train-evaluator mnist5k"):
        measure(run, ("kd",))


def test_points_are_asked_for_and_steered(runs_dir: Path) -> None:
    from gan_core.experiments.lessons.measuring import Subject, measure

    experiment = small(steering.LESSON.experiment)
    strong, gan = (trained(runs_dir, experiment, key) for key in ("strong", "gan"))
    found = measure(strong, ("asked", "radius"))
    assert 0 <= found["asked"].low < found["asked"].high <= 1 and found["radius"].value > 0
    before, after = Subject(gan).turned
    assert len(before) == len(after) > 0 and (before[:, 0] < 0).all() and (after[:, 0] >= before[:, 0]).mean() > 0.9
    found = measure(gan, ("steered", "dragged"))
    assert 0 <= found["steered"].value <= 1 and found["dragged"].value >= 0
    assert set(measure(gan, ("asked", "steered"))) == {"steered"}  # it cannot be asked for a mode
    assert set(measure(strong, ("asked", "steered"))) == {"asked"}  # it draws in steps
    subject = Subject(gan)
    subject.__dict__["sampler"] = dataclasses.replace(subject.sampler, network=Right())
    with pytest.raises(ValueError, match="No point of this run lies on the left"):
        _ = subject.turned


class Right(torch.nn.Module):
    """A generator whose points all lie at the right."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(z), 2)


def test_pictures_are_measured_for_sharpness_and_time(runs_dir: Path) -> None:
    from gan_core.experiments.lessons.measuring import measure

    found = measure(trained(runs_dir, small(four_ways.LESSON.experiment), "gan"), ("edges", "train_s", "draw_s"))
    assert found["edges"].value > 0 and found["draw_s"].value > 0 and found["train_s"].value >= 0


@every_lesson
def test_every_run_of_a_lesson_is_measured_and_every_question_is_answered(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = PROJECT_DIR / "checkpoints" / "pretrained"
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(shipped))  # its evaluators
    answers = verdicts(small_lesson(lesson), 0, tmp_path)
    assert set(answers) == {prediction.key for prediction in lesson.predictions}
    for prediction in lesson.predictions:
        assert answers[prediction.key]["choice"] in {"", *(choice.key for choice in prediction.choices)}
        assert answers[prediction.key]["values"]


# verdicts: what the runs say, whatever theory says


@every_lesson
def test_what_a_lesson_teaches_holds_with_five_seeds_of_six(lesson: Lesson) -> None:
    for prediction in lesson.predictions:
        held, count = over_seeds.holding(lesson, prediction.key)
        assert count >= 6 and held >= 5 / 6 * count, prediction.key


def curves(**values: float) -> dict[str, Any]:
    named = {name.replace("__", "/"): np.full(10, value) for name, value in values.items()}
    return {"step": np.arange(1.0, 11.0), **named}


def outcome(modes: float = 8, near: float = 0.6, readings: dict[str, Estimate] | None = None, **late: float) -> Outcome:
    return Outcome(curves(**late), {"modes": Estimate.bare(modes), "near": Estimate.bare(near), **(readings or {})})


def between(value: float) -> Estimate:
    return Estimate(value, value - 0.02, value + 0.02, 300, "half-samples")


EVEN = outcome(prob__real=0.55, prob__fake_after=0.45, loss__g=0.8, loss__d=1.2, grad_norm__g=1.0)
HEALED = {key: outcome() for key in ("pairs", "slope")}
CASES: list[tuple[Lesson, str, Outcomes, str]] = [
    (balance.LESSON, "weak", {"even": EVEN, "weak": outcome(1, 0.2, prob__real=0.5, prob__fake_after=0.5)}, "lost"),
    (balance.LESSON, "weak", {"even": EVEN, "weak": outcome(1, 0.2, prob__real=0.9, prob__fake_after=0.1)}, "refused"),
    (balance.LESSON, "weak", {"even": EVEN, "weak": outcome(8, 0.6, prob__real=0.5, prob__fake_after=0.5)}, "same"),
    (balance.LESSON, "weak", {"even": EVEN, "weak": outcome(8, 0.9, prob__real=0.5, prob__fake_after=0.5)}, "perfect"),
    (balance.LESSON, "strong", {"even": EVEN, "strong": outcome(5, loss__g=3.0)}, "fewer"),
    (balance.LESSON, "strong", {"even": EVEN, "strong": outcome(8, 0.9, loss__g=3.0)}, "teaches"),
    (balance.LESSON, "strong", {"even": EVEN, "strong": outcome(8, loss__g=0.8)}, "same"),
    (
        balance.LESSON,
        "one-sided",
        {"even": EVEN, "one-sided": outcome(0, 0.0, prob__fake_after=1.0, loss__d=0.0, grad_norm__g=0.0)},
        "yes",
    ),
    (
        balance.LESSON,
        "one-sided",
        {"even": EVEN, "one-sided": outcome(8, 0.6, prob__fake_after=1.0, loss__d=0.0, grad_norm__g=0.0)},
        "enough",
    ),
    (collapse.LESSON, "broken", {"broken": outcome(1, 0.1, spread__fake=0.1, spread__real=0.7)}, "few"),
    (collapse.LESSON, "broken", {"broken": outcome(8, 0.5, spread__fake=0.7, spread__real=0.7)}, "rough"),
    (collapse.LESSON, "broken", {"broken": outcome(8, 0.9, spread__fake=0.7, spread__real=0.7)}, "good"),
    (collapse.LESSON, "curves", {"broken": outcome(loss__d=1.39, prob__real=0.5, prob__fake_after=0.5)}, "draw"),
    (collapse.LESSON, "curves", {"broken": outcome(loss__d=0.1, prob__real=0.9, prob__fake_after=0.1)}, "d-won"),
    (collapse.LESSON, "repair", {"broken": outcome(1), "larger-z": outcome(2), **HEALED}, "judge"),
    (collapse.LESSON, "repair", {"broken": outcome(1), "larger-z": outcome(8), **HEALED}, "all"),
    (collapse.LESSON, "repair", {key: outcome(1) for key in ("broken", "larger-z", "pairs", "slope")}, "none"),
    (
        lipschitz.LESSON,
        "slopes",
        {
            k: outcome(readings={"slope": Estimate.bare(v)})
            for k, v in zip(lipschitz.KEYS, (80, 0.001, 0.9, 0.4), strict=True)
        },
        "penalty",
    ),
    (
        lipschitz.LESSON,
        "push",
        {k: outcome(grad_norm__g=v) for k, v in zip(lipschitz.KEYS, (50.0, 0.001, 2.0, 0.1), strict=True)},
        "smaller",
    ),
    (
        lipschitz.LESSON,
        "trains",
        {k: Outcome({}, {"near": between(v)}) for k, v in zip(lipschitz.KEYS, (0.6, 0.1, 0.6, 0.4), strict=True)},
        "clip",
    ),
    (
        lipschitz.LESSON,
        "trains",
        {k: Outcome({}, {"near": between(v)}) for k, v in zip(lipschitz.KEYS, (0.1, 0.1, 0.6, 0.6), strict=True)},
        "",
    ),
    *[
        (
            conditioning.LESSON,
            key,
            {k: Outcome({}, {"obeyed": between(v)}) for k, v in zip(("none", "concat", "acgan"), values, strict=True)},
            choice,
        )
        for key, values, choice in [
            ("listens", (0.1, 0.6, 0.8), "both"),
            ("listens", (0.1, 0.1, 0.8), "acgan"),
            ("listens", (0.3, 0.6, 0.8), "all"),
            ("faster", (0.1, 0.6, 0.8), "acgan"),
            ("faster", (0.1, 0.8, 0.6), "concat"),
            ("faster", (0.1, 0.8, 0.81), "equal"),
        ]
    ],
    *[
        (
            vae.LESSON,
            key,
            {k: Outcome({}, {name: between(v)}) for k, v in zip(vae.KEYS, values, strict=True)},
            choice,
        )
        for key, name, values, choice in [
            ("copies", "test_error", (0.01, 0.02, 0.07), "small"),
            ("copies", "test_error", (0.03, 0.02, 0.07), "middle"),
            ("samples", "kd", (3.0, 2.0, 9.0), "middle"),
            ("samples", "kd", (2.0, 2.01, 9.0), ""),
        ]
    ],
    *[
        (
            vae.LESSON,
            "collapse",
            {k: Outcome({}, {"active": Estimate.bare(n), "kl": Estimate.bare(1.0)}) for k in vae.KEYS},
            choice,
        )
        for n, choice in [(0, "nothing"), (3, "few"), (12, "tidy")]
    ],
    *[
        (
            four_ways.LESSON,
            "losses",
            {key: Outcome({name: np.linspace(*ends, 40)}, {}) for (key, name), ends in zip(four_ways.LOSSES.items(), values, strict=True)},
            choice,
        )
        for values, choice in [
            (((0.7, 2.0), (-3, -1), (0.5, 0.2), (0.9, 0.3)), "target"),
            (((0.7, 0.3), (3, 1), (0.5, 0.2), (0.9, 0.3)), "all"),
            (((0.7, 2.0), (-1, -3), (0.5, 0.5), (0.9, 0.9)), "none"),
        ]
    ],
    (
        four_ways.LESSON, "edges",
        {key: Outcome({}, {"edges": between(v)}) for key, v in zip(four_ways.KEYS, (1.2, 0.9, 0.4, 0.8), strict=True)}, "vae",
    ),
    (
        four_ways.LESSON, "drawing",
        {key: Outcome({}, {"draw_s": Estimate.bare(v), "train_s": Estimate.bare(9.0)})
         for key, v in zip(four_ways.KEYS, (0.1, 0.1, 0.1, 4.0), strict=True)}, "diffusion",
    ),
    *[
        (denoising.LESSON, "one_step", {"one": outcome(readings={"radius": Estimate.bare(radius), "near": between(near)})}, choice)
        for radius, near, choice in [(0.1, 0.0, "middle"), (1.0, 0.8, "modes"), (2.0, 0.0, "noise"), (1.0, 0.1, "")]
    ],
    *[
        (denoising.LESSON, "steps", {"few": outcome(readings={"near": between(few)}), "many": outcome(readings={"near": between(many)})}, choice)
        for few, many, choice in [(0.4, 0.8, "many"), (0.8, 0.4, "few"), (0.8, 0.8, "equal")]
    ],
    *[
        (denoising.LESSON, "levels", {"many": outcome(loss__quarter_1=a, loss__quarter_2=b, loss__quarter_3=b, loss__quarter_4=c)}, choice)
        for a, b, c, choice in [(0.1, 0.3, 0.5, "most"), (0.5, 0.3, 0.1, "least"), (0.1, 0.3, 0.1, "between")]
    ],
    *[
        (
            steering.LESSON, "obeys",
            {key: Outcome({}, {"asked": between(v)}) for key, v in zip(("none", "plain", "strong"), values, strict=True)}, choice,
        )
        for values, choice in [((0.1, 0.9, 0.9), "labels"), ((0.1, 0.2, 0.9), "strong"), ((0.9, 0.9, 0.9), "all")]
    ],
    *[
        (steering.LESSON, "price",
         {"plain": outcome(readings={"radius": Estimate.bare(1.0), "near": between(0.9)}),
          "strong": outcome(readings={"radius": Estimate.bare(radius), "near": between(near)})}, choice)
        for radius, near, choice in [(1.4, 0.3, "away"), (0.95, 0.3, "away"), (1.0, 0.9, "same"), (0.6, 0.1, "inside")]
    ],
    *[
        (steering.LESSON, "along", {"gan": Outcome({}, {"steered": between(right), "dragged": between(up)})}, choice)
        for right, up, choice in [(0.9, 0.5, "along"), (0.9, 0.05, "only"), (0.1, 0.5, "stays")]
    ],
]  # fmt: skip


@pytest.mark.parametrize(("lesson", "key", "outcomes", "choice"), CASES)
def test_the_verdict_follows_the_runs(lesson: Lesson, key: str, outcomes: Outcomes, choice: str) -> None:
    prediction = lesson.prediction(key)
    verdict = prediction.result(outcomes)
    assert verdict.choice == choice
    assert not choice or prediction.words(choice)
    said = verdict.words.format(**verdict.values)
    assert "nan" not in said and any(letter.isdigit() for letter in said)


def test_a_curve_is_named_by_its_run_alone_where_the_run_has_no_other_in_the_chart() -> None:
    steps = np.arange(1.0, 9.0)
    runs_there = {
        "GAN": {"step": steps, "loss/g": steps, "loss/d": steps},
        "VAE": {"step": steps, "loss/vae": steps},
        "empty": {"step": np.empty(0)},
    }
    chart = Curve("losses", (("loss/g", "G's loss"), ("loss/d", "D's loss"), ("loss/vae", "loss")))
    words = {"G's loss": "G 的損失", "step": "步"}

    def names(shown: dict[str, dict[str, np.ndarray]]) -> set[str]:
        fig = figure(chart, shown, words, "{}：{}".format)
        return {trace.name for trace in fig.data if trace.showlegend is not False}

    assert names(runs_there) == {"GAN：G 的損失", "GAN：D's loss", "VAE"}
    assert names({"GAN": runs_there["GAN"]}) == {"G 的損失", "D's loss"}


def test_the_order_of_the_updates_is_read_from_the_curves() -> None:
    up, down = np.linspace(0.5, 0.6, 10), np.linspace(0.4, 0.3, 10)
    columns = {"prob/fake_before": up, "prob/fake_after": down, "prob/fake_after_g": up}
    turned = {"prob/fake_before": down, "prob/fake_after": up, "prob/fake_after_g": down}
    still = dict.fromkeys(columns, up)
    for given, choice in ((columns, "down-up"), (turned, "up-down"), (still, "still")):
        assert see.order({"digits": Outcome(given)}).choice == choice


def test_what_goes_with_a_low_loss_is_read_from_the_curves() -> None:
    rng = np.random.default_rng(0)
    chance, steps = rng.uniform(0.1, 0.9, 200), np.arange(200.0)
    noise = rng.uniform(0.5, 1.5, 200)
    fooled = {"loss/g": -np.log(chance), "prob/fake_after": chance, "loss/d": noise, "step": steps}
    later = {"loss/g": 3 - steps / 100, "prob/fake_after": chance, "loss/d": noise, "step": steps}
    assert see.low_loss({"digits": Outcome(fooled)}).choice == "fooled"
    assert see.low_loss({"digits": Outcome(later)}).choice == "better"
