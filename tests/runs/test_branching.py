"""A branch: the same past, a different future."""

from __future__ import annotations

import json

import pytest
from helpers import outcome, tiny_run

from gan_core.models.building import build
from gan_core.runs import Run, checkpoints
from gan_core.runs.branching import branch, can_branch
from gan_core.training import loop


@pytest.fixture
def parent(runs_dir) -> Run:
    """A finished run of 20 steps with a checkpoint every 5."""
    run = tiny_run(runs_dir, "parent")
    assert loop.train(run).state == "finished"
    return run


def test_a_branch_without_changes_ends_where_its_parent_did(parent, runs_dir):
    made = branch(runs_dir, parent, 10, {})
    assert loop.train(made).state == "finished"
    ours, theirs = outcome(made), outcome(parent)
    assert ours["tensors"] == theirs["tensors"]
    assert ours["metrics"] == theirs["metrics"] and ours["final sample"] == theirs["final sample"]


def test_a_branch_goes_its_own_way_from_its_step_on(parent, runs_dir):
    before = outcome(parent)
    made = branch(runs_dir, parent, 10, {"remedies.instance_noise": 0.5}, "repaired")
    assert loop.train(made).state == "finished"
    ours = [json.loads(line) for line in made.metrics_path.read_text().splitlines()]
    theirs = [json.loads(line) for line in parent.metrics_path.read_text().splitlines()]
    assert ours[:10] == theirs[:10]
    assert all(a["loss/d"] != b["loss/d"] for a, b in zip(ours[10:], theirs[10:], strict=True))
    assert outcome(parent) == before
    assert made.name == "repaired" and made.config().remedies.instance_noise == 0.5


def test_a_branch_that_begins_to_adapt_its_augmentation_begins_with_none(parent, runs_dir):
    made = branch(runs_dir, parent, 10, {"augmentation.kinds": "cutout", "augmentation.adaptive": True})
    model = build(made.config(), "cpu")
    checkpoints.load(made, 10, model)
    assert {name: value.item() for name, value in model.scalars().items()} == {"strength": 0, "signs": 0, "logits": 0}
    assert loop.train(made).state == "finished"


def test_a_changed_learning_rate_reaches_the_optimisers_that_the_checkpoint_kept(parent, runs_dir):
    changes = {"discriminator_optimizer.learning_rate": 1e-6, "discriminator_optimizer.beta1": 0.9}
    made = branch(runs_dir, parent, 15, changes)
    model = build(made.config(), "cpu")
    checkpoints.load(made, 15, model)
    groups = {name: optimizer.param_groups[0] for name, optimizer in model.optimizers.items()}
    assert groups["discriminator"]["lr"] == 1e-6 and tuple(groups["discriminator"]["betas"]) == (0.9, 0.999)
    assert groups["generator"]["lr"] == parent.config().generator_optimizer.learning_rate


def flip(run: Run, step: int, name: str, at: bytes) -> None:
    """Flips a bit of a checkpoint's file, right behind some bytes of it."""
    file = run.checkpoint_dir(step) / name
    content = bytearray(file.read_bytes())
    content[content.index(at) + len(at)] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("at", [b'"rng": "vf/fod', b'"seconds": '])
def test_a_branch_with_another_rate_vouches_for_no_damage(parent, runs_dir, at):
    flip(parent, 10, "state.json", at)
    before = sorted(p.name for p in runs_dir.iterdir())
    with pytest.raises(ValueError, match=r"state\.json of .* is damaged: its SHA-256 is not the manifest's"):
        branch(runs_dir, parent, 10, {"generator_optimizer.learning_rate": 1e-4})
    assert sorted(p.name for p in runs_dir.iterdir()) == before


def test_a_branch_with_the_rates_of_its_parent_keeps_the_parents_hashes(parent, runs_dir):
    flip(parent, 10, "state.json", b'"rng": "vf/fod')
    made = branch(runs_dir, parent, 10, {"remedies.instance_noise": 0.5})
    with pytest.raises(ValueError, match=r"state\.json of .* is damaged"):
        checkpoints.load(made, 10, build(made.config(), "cpu"))


def test_a_branch_takes_a_schedule_over_its_own_length_and_keeps_the_rate_of_its_checkpoint(parent, runs_dir):
    changes = {"generator_optimizer.schedule": "linear", "training.epochs": 10}  # 40 steps in place of 20
    made = branch(runs_dir, parent, 15, changes)
    kept = [json.loads((run.checkpoint_dir(15) / "state.json").read_bytes()) for run in (parent, made)]
    assert kept[0] == kept[1]
    assert loop.train(made).state == "finished"
    rates = {line["step"]: line.get("rate/g") for line in outcome(made)["metrics"]}
    assert rates[15] is None and rates[21] == pytest.approx(2e-4) and rates[40] == pytest.approx(2e-4 / 20)


@pytest.mark.parametrize(
    ("step", "changes", "words"),
    [
        (10, {"network.width": 8}, "'network.width' cannot be changed in the middle of a run"),
        (10, {"remedies.packing": 2}, "Train a new run from step 0"),
        (11, {}, "no checkpoint of step 11. It has: 0, 5, 10, 15, 20"),
        (10, {"penalty.weight": -1}, "penalty.weight"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(parent, runs_dir, step, changes, words):
    before = sorted(p.name for p in runs_dir.iterdir())
    with pytest.raises(ValueError, match=words):
        branch(runs_dir, parent, step, changes)
    assert sorted(p.name for p in runs_dir.iterdir()) == before


def test_a_checkpoint_for_looking_at_cannot_be_trained_from(parent, runs_dir):
    (parent.checkpoint_dir(10) / "optimizer.safetensors").unlink()
    with pytest.raises(ValueError, match="is view-only"):
        branch(runs_dir, parent, 10, {})


def test_which_changes_fit_a_trained_checkpoint():
    assert can_branch({"objective.weight_clip": 0.01, "generator_optimizer.learning_rate": 1e-4})
    assert not can_branch({"objective.weight_clip": 0.01, "remedies.minibatch_std": True})
