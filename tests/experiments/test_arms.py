"""A base and its arms: found by their settings alone, or queued; begun once, gone on with, begun again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from access_helpers import ANNA, BEN
from helpers import MACHINE
from lesson_helpers import small

from gan_core import access, runs
from gan_core.config import get, with_changes
from gan_core.config.settings import from_environment
from gan_core.experiments import arms
from gan_core.experiments.arms import Arm, Comparison
from gan_core.experiments.lessons import collapse
from gan_core.presets import preset_config
from gan_core.training import plan, queue, supervisor


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is known, and nothing that trains."""
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)


def test_an_arm_is_the_base_with_its_changes_and_then_those_that_all_share() -> None:
    base = preset_config("mnist-dcgan")
    comparison = Comparison(base, (Arm("plain", "Plain", {}), Arm("more", "More", {"objective.n_critic": 2})))
    more = comparison.arm("more")
    assert comparison.config(comparison.arm("plain")) == base
    assert comparison.config(more) == with_changes(base, {"objective.n_critic": 2})
    assert get(comparison.config(more, {"training.seed": 5}), "training.seed") == 5
    with pytest.raises(ValueError, match=r"training\.seed"):
        comparison.config(more, {"training.seed": -1})


def test_somebody_elses_paused_run_does_not_hold_up_an_arm() -> None:
    settings = from_environment()
    comparison = Comparison(small(collapse.LESSON.experiment).base, (Arm("plain", "Plain", {}),))
    access.set_source(lambda: BEN)
    try:
        (bens,) = arms.queue_missing(settings, comparison, ["plain"], "x")
        supervisor.leave(bens, "pause")
        access.set_source(lambda: ANNA)
        (annas,) = arms.queue_missing(settings, comparison, ["plain"], "x")
        assert (annas.owner, annas.id != bens.id, bens.status().state) == ("anna", True, "paused")
        supervisor.leave(annas, "pause")
        access.set_source(lambda: BEN)
        assert [run.id for run in arms.queue_missing(settings, comparison, ["plain"], "x")] == [bens.id]
        access.set_source(lambda: ANNA)
        assert arms.queue_missing(settings, comparison, ["plain"], "x") == []  # Ben's is under way
    finally:
        access.set_source(lambda: None)


def test_a_title_that_is_too_long_is_cut() -> None:
    run = arms.submit(from_environment(), collapse.LESSON.experiment.base, "x" * 300)
    assert run.title == "x" * 200 and run.own_name == ""


def test_other_differences_leave_out_what_is_ignored() -> None:
    left = preset_config("mnist-dcgan")
    right = with_changes(left, {"training.seed": 3, "recording.num_samples": 4, "objective.n_critic": 2})
    assert arms.other_differences(left, right, ("training.seed", "recording.")) == ["objective.n_critic"]
    assert arms.other_differences(left, left, ()) == []


def test_a_run_is_begun_once_and_found_by_its_settings_alone(runs_dir: Path) -> None:
    experiment, settings = small(collapse.LESSON.experiment), from_environment()
    keys = ["broken", "pairs"]
    begun = arms.queue_missing(settings, experiment, keys, "Lesson")
    assert [run.name for run in begun] == ["Lesson: Broken: G five times faster", "Lesson: Repair? D sees pairs"]
    assert arms.queue_missing(settings, experiment, keys, "Lesson") == []  # a second visitor, or a second click
    there = runs.list_runs(runs_dir)
    found = arms.find(experiment, [*keys, "slope"], there, MACHINE)
    assert [run.id if run else None for run in found.values()] == [begun[0].id, begun[1].id, None]
    by_hand = runs.create(runs_dir, plan.resolve(experiment.config(experiment.arm("slope")), MACHINE), "mine")
    found = arms.find(experiment, ["slope"], runs.list_runs(runs_dir), MACHINE)
    assert found["slope"] is not None and found["slope"].id == by_hand.id


def test_a_run_that_ended_early_is_gone_on_with_or_begun_again(runs_dir: Path) -> None:
    experiment, settings = small(collapse.LESSON.experiment), from_environment()
    (run,) = arms.queue_missing(settings, experiment, ["broken"], "Lesson")
    supervisor.leave(run, "stop")
    assert run.status().state == "stopped"
    (again,) = arms.queue_missing(settings, experiment, ["broken"], "Lesson")
    assert again.id == run.id and queue.queued_ids(runs_dir) == [run.id]
    supervisor.leave(run, "stop")
    run.write_status(dataclasses.replace(run.status(), state="failed", error="no"))
    (other,) = arms.queue_missing(settings, experiment, ["broken"], "Lesson")
    assert other.id != run.id
    supervisor.delete(other)
    found = arms.find(experiment, ["broken"], runs.list_runs(runs_dir), MACHINE)
    assert found["broken"] is not None and found["broken"].id == run.id


def test_a_run_whose_rate_was_changed_live_is_no_evidence(runs_dir: Path) -> None:
    experiment = small(collapse.LESSON.experiment)
    (run,) = arms.queue_missing(from_environment(), experiment, ["broken"], "Lesson")
    run.override({"generator_optimizer.learning_rate": 1e-4})
    assert arms.find(experiment, ["broken"], runs.list_runs(runs_dir), MACHINE) == {"broken": None}
