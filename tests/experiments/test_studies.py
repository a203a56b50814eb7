"""Studies: five runs from one call, kept on disk, found again, completed when runs are missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from access_helpers import ANNA
from helpers import MACHINE
from study_helpers import IMAGES, blocks_evaluator, here, train_all

from gan_core import access, runs
from gan_core.config import differences, get, settings
from gan_core.datasets.sources.iclevr import conditions
from gan_core.evaluation.evaluators.scoring import chance_level
from gan_core.experiments import studies
from gan_core.experiments.studies import FOLDER, PLANS
from gan_core.experiments.study_curves import curve
from gan_core.presets import PRESETS
from gan_core.runs import Run
from gan_core.runs.metrics import MetricsTail
from gan_core.training import queue, supervisor

RATIOS = PLANS["r2-ratios"]
WEIGHTS = {"1:1": (0.5, 0.5), "3:7": (0.3, 0.7), "0:1": (0.0, 1.0), "7:3": (0.7, 0.3), "1:0": (1.0, 0.0)}


@pytest.fixture(autouse=True)
def known_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No supervisor is there to find it out."""
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)


def queued() -> list[Run]:
    return [Run(here().runs_dir / run_id) for run_id in queue.queued_ids(here().runs_dir)]


def test_the_plan_is_the_reports_five_ratios():
    assert [arm.title for arm in RATIOS.arms] == ["1:1", "3:7", "0:1", "7:3", "1:0"]
    for arm in RATIOS.arms:
        config = RATIOS.config(arm)
        objective = config.objective
        assert config == PRESETS[f"r2-ratio-{arm.name.replace(':', '-')}-lite"].config
        assert (objective.real_weight, objective.fake_weight) == WEIGHTS[arm.name]
    assert RATIOS.chance == pytest.approx(chance_level("objects", conditions(None, RATIOS.list_name)[1]))


def test_one_call_queues_five_runs_that_differ_in_the_weights_only():
    study = studies.begin(here(), RATIOS, "Mine", epochs=3, num_images=64)
    assert [member.arm for member in study.members] == list(WEIGHTS)
    assert [run.id for run in queued()] == [member.run_id for member in study.members]
    configs = [run.config() for run in queued()]
    for arm, config in zip(WEIGHTS, configs, strict=True):
        assert (config.objective.real_weight, config.objective.fake_weight) == WEIGHTS[arm]
        assert (config.training.epochs, config.dataset.num_images, config.training.seed) == (3, 64, 0)
        allowed = {"preset", "objective.real_weight", "objective.fake_weight"}
        assert differences(configs[0], config).keys() <= allowed
    assert queued()[0].name == "1:1, seed 0 (Mine)"


def test_seeds_repeat_every_arm_and_all_arms_come_before_the_next_seed():
    study = studies.begin(here(), RATIOS, "", epochs=1, num_images=64, seeds=2)
    assert [(m.arm, m.seed) for m in study.members] == [(arm, seed) for seed in (0, 1) for arm in WEIGHTS]
    assert [get(run.config(), "training.seed") for run in queued()] == [0] * 5 + [1] * 5
    assert study.name == RATIOS.title


def test_nobody_queues_the_missing_runs_of_somebody_elses_study():
    study = studies.begin(here(), RATIOS, "the teacher's", epochs=1, num_images=64)
    before = queue.queued_ids(here().runs_dir)
    supervisor.delete(queued()[0])
    access.set_source(lambda: ANNA)
    try:
        with pytest.raises(access.Refused):
            studies.start_missing(here(), study)
        assert queue.queued_ids(here().runs_dir) == before[1:]
    finally:
        access.set_source(lambda: None)


def test_a_study_is_found_again_by_another_process_and_the_newest_comes_first():
    first = studies.begin(here(), RATIOS, "first", epochs=1, num_images=64)
    second = studies.begin(here(), RATIOS, "second", epochs=1, num_images=64)
    assert studies.STORE.all(here().runs_dir) == [second, first]
    assert studies.find(here().runs_dir, first.id) == first
    with pytest.raises(ValueError, match="There is no study 'x'"):
        studies.find(here().runs_dir, "x")


def test_studies_are_no_runs():
    study = studies.begin(here(), RATIOS, "", epochs=1, num_images=64)
    assert {run.id for run in runs.list_runs(here().runs_dir)} == {member.run_id for member in study.members}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": 0}, "1 to 3 times; got 0"),
        ({"seeds": 4}, "1 to 3 times; got 4"),
        ({"epochs": 0}, "'training.epochs'"),
        ({"num_images": -1}, "'dataset.num_images'"),
        ({"name": "x" * 61}, "at most 60"),
    ],
)
def test_what_cannot_run_is_refused_and_leaves_nothing(changes, words):
    with pytest.raises(ValueError, match=words):
        studies.begin(here(), RATIOS, **{"name": "", "epochs": 1, "num_images": 64} | changes)
    assert not (here().runs_dir / FOLDER).exists()
    assert runs.list_runs(here().runs_dir) == []


def test_a_refusal_in_the_middle_leaves_a_study_that_can_be_completed(monkeypatch: pytest.MonkeyPatch):
    submit, allowed = supervisor.submit, iter([True, True, False])

    def sometimes(*arguments, **options):
        if not next(allowed, True):
            raise ValueError("The disk is full.")
        return submit(*arguments, **options)

    monkeypatch.setattr(supervisor, "submit", sometimes)
    with pytest.raises(ValueError, match="The disk is full"):
        studies.begin(here(), RATIOS, "", epochs=1, num_images=64)
    (study,) = studies.STORE.all(here().runs_dir)
    assert [bool(member.run_id) for member in study.members] == [True, True, False, False, False]
    whole = studies.start_missing(here(), study)
    assert whole.members[:2] == study.members[:2]
    assert [run.id for run in queued()] == [member.run_id for member in whole.members]


def test_a_deleted_run_is_queued_anew_and_the_others_stay():
    study = studies.begin(here(), RATIOS, "", epochs=1, num_images=64)
    supervisor.delete(Run(here().runs_dir / study.members[1].run_id))
    again = studies.start_missing(here(), study)
    changed = [a != b for a, b in zip(study.members, again.members, strict=True)]
    assert changed == [False, True, False, False, False]
    assert studies.start_missing(here(), study) == again  # asked twice, queued once
    assert len(queued()) == 5


def test_forgetting_a_study_keeps_its_runs():
    study = studies.begin(here(), RATIOS, "", epochs=1, num_images=64)
    studies.STORE.remove(here().runs_dir, study.id)
    assert studies.STORE.all(here().runs_dir) == []
    assert len(runs.list_runs(here().runs_dir)) == 5
    studies.STORE.remove(here().runs_dir, study.id)  # somebody else was quicker


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"members": 3}',
        b"\xff\xfe",
        b'{"name": 1, "plan": "no", "created": 0, "changes": {}, "members": []}',
    ],
)
def test_a_damaged_study_is_passed_over(content: bytes):
    study = studies.begin(here(), RATIOS, "", epochs=1, num_images=64)
    (here().runs_dir / FOLDER / "damaged.json").write_bytes(content)
    assert studies.STORE.all(here().runs_dir) == [study]


@pytest.mark.parametrize(("key", "value"), [("plan", "no-such"), ("members", []), ("created", "then"), ("changes", 3)])
def test_a_study_with_a_senseless_entry_is_passed_over(key, value):
    study = studies.begin(here(), RATIOS, "", epochs=1, num_images=64)
    file = here().runs_dir / FOLDER / f"{study.id}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    assert studies.STORE.all(here().runs_dir) == []


def test_the_time_grows_with_epochs_images_and_seeds():
    usual = RATIOS.base
    full = studies.minutes(RATIOS, usual.training.epochs, usual.dataset.num_images, 1)
    assert full == sum(PRESETS[RATIOS.config(arm).preset].minutes for arm in RATIOS.arms)
    assert studies.minutes(RATIOS, 2 * usual.training.epochs, usual.dataset.num_images // 2, 3) == pytest.approx(
        3 * full
    )


def test_the_evaluator_of_a_study_is_one_for_its_data_set(tmp_path: Path):
    assert studies.evaluator_of(RATIOS) is None
    blocks_evaluator(settings.evaluators_dir())
    folder = studies.evaluator_of(RATIOS)
    assert folder is not None
    assert folder.info.name == "blocks"


@pytest.mark.slow
def test_a_study_that_is_trained_has_five_curves_of_72_objects():
    blocks_evaluator(settings.evaluators_dir())
    study = studies.begin(here(), RATIOS, "", epochs=2, num_images=IMAGES)
    for run in train_all(here(), study):
        tail = MetricsTail(run.metrics_path)
        tail.refresh()
        measured = curve({name: tail.column(name) for name in tail.names()}, RATIOS.list_name)
        assert [point.epoch for point in measured] == [1, 2]
        assert {point.count.requested for point in measured} == {72}
