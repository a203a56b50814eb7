"""Breaking a model on purpose: one setting wrong, the rerun with that one put right, a branch that goes on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers import MACHINE, tiny_run

from gan_core import presets
from gan_core.config import differences, get, with_changes
from gan_core.config.settings import Settings
from gan_core.experiments import arms, breakages
from gan_core.experiments.breakages import BREAKAGES
from gan_core.training import loop, plan, queue, supervisor


@pytest.fixture
def settings(runs_dir, tmp_path, monkeypatch) -> Settings:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    return Settings(runs_dir, tmp_path / "cache", "thread")


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_sets_one_setting_wrong_and_its_repair_has_it_right_and_nothing_else(settings, name):
    breakage = BREAKAGES[name]
    broken = arms.submit(settings, breakage.config, breakage.title)
    config = broken.config()
    assert get(config, breakage.field) == breakage.broken and breakages.breakage_of(config) == breakage
    rerun = breakages.repair(settings, broken, breakage)
    assert differences(config, rerun.config()) == {breakage.field: (breakage.broken, breakage.repaired)}
    assert rerun.name.endswith(", repaired from step 0") and breakages.breakage_of(rerun.config()) is None
    assert queue.queued_ids(settings.runs_dir) == [broken.id, rerun.id]
    assert breakages.partners(broken, [broken, rerun]) == [rerun] and breakages.partners(rerun, [broken, rerun]) == []
    coarse = arms.submit(settings, with_changes(rerun.config(), {"training.precision": "bf16"}), "coarse")
    assert breakages.partners(broken, [coarse, broken, rerun]) == [
        rerun,
        coarse,
    ]  # the one that differs in nothing else
    stopped = replace(rerun.status(), state="stopped", step=3, total_steps=20)
    assert rerun.write_last_status(stopped) and breakages.partners(broken, [broken, rerun]) == []  # not all of it
    images = (
        {breakage.broken: 64, breakage.repaired: 4500}
        if breakage.field == "dataset.num_images"
        else {breakage.broken: 5000, breakage.repaired: 5000}
    )
    steps = {plan.total_steps(run.config(), images[get(run.config(), breakage.field)]) for run in (broken, rerun)}
    assert len(steps) == 1  # both learn for equally many steps


def test_reports_own_pair_of_presets_is_recognised():
    config, fixed, other = (
        presets.preset_config(name) for name in ("r3-collapse-lite", "r3-fixed-lite", "mnist-dcgan")
    )
    assert breakages.breakage_of(config) == BREAKAGES["clip"]
    assert breakages.breakage_of(fixed) is None and breakages.breakage_of(other) is None
    assert (
        breakages.breakage_of(with_changes(config, {"training.seed": 5})) == BREAKAGES["clip"]
    )  # the same mistake in a run of one's own


def test_a_branch_goes_on_from_the_broken_weights_with_the_setting_put_right(settings):
    broken = tiny_run(settings.runs_dir, "broken", objective__n_critic=20, recording__checkpoint_every_steps=5)
    loop.train(broken)
    breakage = breakages.breakage_of(broken.config())
    assert breakage == BREAKAGES["strong"] and breakage.can_branch and not BREAKAGES["few"].can_branch
    made = breakages.repair(settings, broken, breakage, 10)
    assert made.config().objective.n_critic == 1 and made.checkpoint_steps() == [10]
    assert queue.queued_ids(settings.runs_dir) == [made.id]
    queue.withdraw(made)
    loop.train(made)
    lines = [json.loads(line) for line in made.metrics_path.read_text().splitlines()]
    assert len(lines) == 20
    assert sum("loss/g" in line for line in lines) == 10  # none of the first 10: G's turn never came


def test_what_cannot_be_branched_is_a_sentence(settings):
    broken = tiny_run(settings.runs_dir, "broken", objective__n_critic=20)
    with pytest.raises(ValueError, match="no checkpoint of step 7"):
        breakages.repair(settings, broken, BREAKAGES["strong"], 7)
