"""Remedies, carried out on real runs: live, on a branch, or on a twin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import MACHINE, tiny_run

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
    assert follow_up.way(run, finding(), SLOWER) == follow_up.Way("live")
    assert follow_up.carry_out(settings.from_environment(), run, finding(), SLOWER).id == run.id
    assert run.control().overrides == SLOWER.changes


def test_what_is_over_or_a_failure_is_not_mended_live(run):
    set_state(run, "queued")
    assert follow_up.way(run, finding(lasting=False), SLOWER) == follow_up.Way("branch", 10)
    assert follow_up.way(run, finding(severity="failure"), SLOWER) == follow_up.Way("branch", 10)


def test_an_ended_run_is_branched_from_its_last_checkpoint_before_the_trouble_and_queued(run):
    assert follow_up.way(run, finding(since=12), NOISE) == follow_up.Way("branch", 10)
    assert follow_up.way(run, finding(since=10), NOISE) == follow_up.Way("branch", 5)
    made = follow_up.carry_out(settings.from_environment(), run, finding(), NOISE)
    assert made.id != run.id and made.checkpoint_steps() == [10] and made.config().remedies.instance_noise == 0.1
    assert queue.queued_ids(made.path.parent) == [made.id] and "discriminator won treated" in made.name


def test_what_no_checkpoint_could_take_begins_again_with_the_same_seed(run):
    assert follow_up.way(run, finding(), PACKS) == follow_up.Way("twin")
    made = follow_up.carry_out(settings.from_environment(), run, finding(), PACKS)
    assert made.checkpoint_steps() == [] and made.config().remedies.packing == 2
    assert made.config().training.seed == run.config().training.seed


def test_trouble_from_the_first_step_leaves_nothing_to_branch_from(run):
    assert follow_up.way(run, finding(since=1), NOISE) == follow_up.Way("twin")


def test_advice_that_no_setting_can_follow_has_no_way(run):
    assert follow_up.way(run, finding(), ADVICE) is None
    with pytest.raises(ValueError, match="nothing that a setting could change"):
        follow_up.carry_out(settings.from_environment(), run, finding(), ADVICE)


def test_a_remedy_that_does_not_fit_the_run_leaves_nothing_behind(run, runs_dir):
    before = sorted(p.name for p in runs_dir.iterdir())
    gradient = Remedy("penalty", "", {"penalty.name": "gradient"})  # needs a discriminator without batch norm
    with pytest.raises(ValueError, match="batch"):
        follow_up.carry_out(settings.from_environment(), run, finding(), gradient)
    assert sorted(p.name for p in runs_dir.iterdir()) == before
