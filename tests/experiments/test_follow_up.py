"""Runs made from another: remedies carried out live, on a branch or on a rerun; branches with other settings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import MACHINE, tiny_run

from gan_core.analysis import comparing
from gan_core.analysis.doctor import Finding, Remedy
from gan_core.config import settings
from gan_core.experiments import follow_up
from gan_core.runs import Run
from gan_core.training import loop, queue, supervisor

SLOWER = Remedy("slower", "", {"discriminator_optimizer.learning_rate": 1e-5}, live=True)
NOISE = Remedy("noise", "", {"remedies.instance_noise": 0.1})
PACKS = Remedy("packs", "", {"remedies.packing": 2})
ADVICE = Remedy("more images", "")


def finding(**changes) -> Finding:
    base = Finding("discriminator_won", "", "warning", 18, 12, True, "", (), "", ())
    return replace(base, **changes)


@pytest.fixture
def run(runs_dir) -> Run:
    made = tiny_run(runs_dir, "ill")
    loop.train(made)
    return made


@pytest.fixture(autouse=True)
def known_machine(monkeypatch):
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)


def set_state(run: Run, state: str) -> None:
    run.write_status(replace(run.status(), state=state))


def test_a_running_run_is_mended_while_it_runs(run):
    set_state(run, "queued")
    assert follow_up.treatment(run, finding(), SLOWER) == follow_up.Treatment("live")
    assert follow_up.treat(settings.from_environment(), run, finding(), SLOWER).id == run.id
    assert run.control().overrides == SLOWER.changes


def test_what_is_over_or_a_failure_is_not_mended_live(run):
    set_state(run, "queued")
    assert follow_up.treatment(run, finding(lasting=False), SLOWER) == follow_up.Treatment("branch", 10)
    assert follow_up.treatment(run, finding(severity="failure"), SLOWER) == follow_up.Treatment("branch", 10)


def test_an_ended_run_is_branched_from_its_last_checkpoint_before_the_trouble_and_queued(run):
    assert follow_up.treatment(run, finding(since=12), NOISE) == follow_up.Treatment("branch", 10)
    assert follow_up.treatment(run, finding(since=10), NOISE) == follow_up.Treatment("branch", 5)
    made = follow_up.treat(settings.from_environment(), run, finding(), NOISE)
    assert made.id != run.id and made.checkpoint_steps() == [10] and made.config().remedies.instance_noise == 0.1
    assert queue.queued_ids(made.path.parent) == [made.id] and "treated with" in made.name


def test_a_branch_leaves_steps_to_train(run):
    assert run.checkpoint_steps()[-1] == run.status().total_steps == 20
    assert follow_up.treatment(run, finding(since=99), NOISE) == follow_up.Treatment("branch", 15)


def test_what_no_checkpoint_could_take_begins_again_with_the_same_seed(run):
    assert follow_up.treatment(run, finding(), PACKS) == follow_up.Treatment("rerun")
    made = follow_up.treat(settings.from_environment(), run, finding(), PACKS)
    assert made.checkpoint_steps() == [] and made.config().remedies.packing == 2
    assert made.config().training.seed == run.config().training.seed


def test_trouble_from_the_first_step_leaves_nothing_to_branch_from(run):
    assert follow_up.treatment(run, finding(since=1), NOISE) == follow_up.Treatment("rerun")


def test_advice_that_no_setting_can_follow_has_no_way(run):
    assert follow_up.treatment(run, finding(), ADVICE) is None
    with pytest.raises(ValueError, match="not a setting that can be changed"):
        follow_up.treat(settings.from_environment(), run, finding(), ADVICE)


def test_a_remedy_that_does_not_fit_the_run_leaves_nothing_behind(run, runs_dir):
    before = sorted(p.name for p in runs_dir.iterdir())
    gradient = Remedy("penalty", "", {"penalty.name": "gradient"})  # needs a discriminator without batch norm
    with pytest.raises(ValueError, match="batch"):
        follow_up.treat(settings.from_environment(), run, finding(), gradient)
    assert sorted(p.name for p in runs_dir.iterdir()) == before


# a branch, with changes of one's own


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    """20 steps, a sample grid and a checkpoint every 5."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("replayed"), "Parent")
        assert loop.train(run).state == "finished"
    return run


def test_the_nearest_checkpoint_at_or_before_a_moment(trained: Run, runs_dir: Path) -> None:
    assert [follow_up.checkpoint_before(trained, step) for step in (0, 4, 5, 14, 99)] == [0, 0, 5, 10, 20]
    with pytest.raises(ValueError, match="has no checkpoint to continue from yet"):
        follow_up.checkpoint_before(tiny_run(runs_dir), 5)


def test_checkpoints_without_optimisers_and_moments_before_the_first_are_sentences(
    trained: Run, runs_dir: Path
) -> None:
    copy = copied(trained, runs_dir)
    (copy.checkpoints_dir / "step-00000000" / "optimizer.safetensors").unlink()
    with pytest.raises(ValueError, match=r"is that of step 5\. Move to that step"):
        follow_up.checkpoint_before(copy, 3)
    for file in copy.checkpoints_dir.glob("*/optimizer.safetensors"):
        file.unlink()
    with pytest.raises(ValueError, match="are view-only"):
        follow_up.checkpoint_before(copy, 20)


def copied(run: Run, runs_dir: Path) -> Run:
    shutil.copytree(run.path, runs_dir / "copy")
    return Run(runs_dir / "copy")


def test_a_branch_may_change_what_fits_its_model(trained: Run) -> None:
    names = follow_up.changeable(comparing.read(trained))
    assert names[:3] == [
        "generator_optimizer.learning_rate",
        "discriminator_optimizer.learning_rate",
        "training.epochs",
    ]
    assert "objective.name" in names
    assert not {"network.width", "training.batch_size", "vae.kl_weight"} & set(names)


def test_going_on_queues_a_run_with_the_same_past_and_only_the_real_changes(trained: Run, runs_dir: Path) -> None:
    same = trained.config().generator_optimizer.learning_rate
    changes = {
        "generator_optimizer.learning_rate": f"{same:g}",
        "training.epochs": 7,
        "discriminator_optimizer.learning_rate": "0.01",
    }
    made = follow_up.branch(settings.from_environment(), trained, 10, changes, "  Other way  ")
    assert (made.name, made.path.parent) == ("Other way", runs_dir)
    assert queue.queued_ids(runs_dir) == [made.id]
    (event,) = [event for event in made.events() if event["type"] == "branched"]
    assert event["changes"] == {"training.epochs": 7, "discriminator_optimizer.learning_rate": 0.01}
    assert made.sample_steps() == [0, 5, 10]
    assert comparing.read(made).columns["step"][-1] == 10
    assert loop.train(made).step == 28  # 7 epochs of 4 steps


@pytest.mark.parametrize(
    ("step", "changes", "words"),
    [
        (20, {}, "nothing remains to train after step 20. Set the epochs above 5"),
        (10, {"training.epochs": 2}, "nothing remains to train after step 10. Set the epochs above 2"),
        (10, {"generator_optimizer.learning_rate": "fast"}, "learning_rate"),
        (10, {"network.width": 8}, "cannot be changed in the middle of a run"),
        (7, {}, "has no checkpoint of step 7"),
    ],
)
def test_what_cannot_go_on_is_a_sentence_and_leaves_nothing(trained: Run, runs_dir: Path, step, changes, words) -> None:
    with pytest.raises(ValueError, match=words):
        follow_up.branch(settings.from_environment(), trained, step, changes)
    assert not runs_dir.exists() or not list(runs_dir.glob("[a-z]*"))


def test_a_finished_run_goes_on_for_more_epochs_with_its_past(run):
    made = follow_up.train_longer(settings.from_environment(), run, 3)
    queue.withdraw(made)
    status = loop.train(made)
    assert (status.state, status.step, made.config().training.epochs) == ("finished", 20 + 3 * 4, 8)
    assert [line["step"] for line in made.metrics()] == list(range(1, 33))
    assert run.config().training.epochs == 5 and run.status().step == 20
    with pytest.raises(ValueError, match="at least 1 more epoch; got 0"):
        follow_up.longer(run, 0)
    set_state(run, "stopped")
    with pytest.raises(ValueError, match=r"is stopped\. Resume it instead"):
        follow_up.longer(run, 1)


def test_a_run_with_a_step_limit_and_a_schedule_goes_on_in_the_middle_of_an_epoch_and_says_so(runs_dir):
    short = tiny_run(runs_dir, training__max_steps=6, generator_optimizer__schedule="linear")
    assert loop.train(short).step == 6
    how = follow_up.longer(short, 2)
    assert (how.step, how.total_steps) == (6, 14)
    assert how.changes == {"training.epochs": 4, "training.max_steps": 14}
    (told,) = how.warnings
    assert "'linear'" in told and "100%" in told and "it was 0%" in told  # 6 of 14: before the half way of its fall
