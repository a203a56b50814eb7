"""Breaking a model on purpose: one setting wrong, the twin with that one put right, a branch that goes on."""

from __future__ import annotations

import json

import pytest
from helpers import MACHINE, tiny_run

from gan_core import presets
from gan_core.config import differences, get, with_changes
from gan_core.config.settings import Settings
from gan_core.experiments import breakages
from gan_core.experiments.breakages import WAYS
from gan_core.training import loop, plan, queue, supervisor


@pytest.fixture
def settings(runs_dir, tmp_path, monkeypatch) -> Settings:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    return Settings(runs_dir, tmp_path / "cache", "thread")


@pytest.mark.parametrize("name", WAYS)
def test_a_way_breaks_one_setting_and_its_twin_has_it_right_and_nothing_else(settings, name):
    way = WAYS[name]
    broken = breakages.break_model(settings, way)
    config = broken.config()
    assert get(config, way.field) == way.sick and breakages.way_of(config) == way
    twin = breakages.train_twin(settings, broken, way)
    assert differences(config, twin.config()) == {way.field: (way.sick, way.sound)}
    assert twin.name.endswith("repaired") and breakages.way_of(twin.config()) is None
    assert queue.queued_ids(settings.runs_dir) == [broken.id, twin.id]
    assert breakages.partners(broken, [broken, twin]) == [twin] and breakages.partners(twin, [broken, twin]) == []
    images = {way.sick: 64, way.sound: 4500} if way.field == "dataset.num_images" else {way.sick: 5000, way.sound: 5000}
    steps = {plan.total_steps(run.config(), images[get(run.config(), way.field)]) for run in (broken, twin)}
    assert len(steps) == 1  # both learn for equally many steps


def test_reports_own_pair_of_presets_is_recognised():
    sick, fixed, other = (presets.preset_config(name) for name in ("r3-collapse-lite", "r3-fixed-lite", "mnist-dcgan"))
    assert breakages.way_of(sick) == WAYS["clip"]
    assert breakages.way_of(fixed) is None and breakages.way_of(other) is None
    assert (
        breakages.way_of(with_changes(sick, {"training.seed": 5})) == WAYS["clip"]
    )  # the same mistake in a run of one's own


def test_a_branch_goes_on_from_the_broken_weights_with_the_setting_put_right(settings):
    broken = tiny_run(settings.runs_dir, "broken", objective__n_critic=20, recording__checkpoint_every_steps=5)
    loop.train(broken)
    way = breakages.way_of(broken.config())
    assert way == WAYS["strong"] and breakages.can_branch_off(way) and not breakages.can_branch_off(WAYS["few"])
    made = breakages.branch_off(settings, broken, way, 10)
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
        breakages.branch_off(settings, broken, WAYS["strong"], 7)
