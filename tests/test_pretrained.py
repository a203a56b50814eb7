"""The models that come with the program: they open, draw, say how they were made, and are small."""

from __future__ import annotations

import importlib.util
import sys

import pytest
import torch
from helpers import tiny

from gan_core import runs
from gan_core.config import differences, with_changes
from gan_core.config.devices import detect
from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments import breakages
from gan_core.models import kinds
from gan_core.runs import Run, evaluations
from gan_core.runs.sampler import open_sampler
from gan_core.training.plan import resolve

PLACE = PROJECT_DIR / "checkpoints" / "pretrained"
DECIDED = ("preset", "training.device", "training.precision", "training.threads", "recording.", "conditioning.")
spec = importlib.util.spec_from_file_location("pretrained_recipes", PROJECT_DIR / "tools" / "pretrained.py")
assert spec and spec.loader
pretrained = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pretrained)
RECIPES = pretrained.RECIPES
SHIPPED = sorted(path.parent.name for path in PLACE.glob("*/config.json"))


@pytest.fixture(autouse=True)
def shipped(monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PLACE))


def test_every_shipped_run_has_a_recipe():
    assert sorted(run.id for run in runs.shipped_runs()) == SHIPPED
    assert {"digits-dcgan", "faces-acgan", "blocks-cgan", "faces-vae"} <= set(SHIPPED) <= set(RECIPES)


def test_all_together_are_small():
    assert pretrained.megabytes(PLACE) < pretrained.MAX_MB


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_run_is_what_its_recipe_says(name):
    run, recipe = Run(PLACE / name), RECIPES[name]
    assert run.name == recipe.title and run.status().state == "finished"
    assert run.status().owner == ""  # nothing about the machine that made it
    if run.note != pretrained.NOTE.format(name=name):
        assert "python tools/pretrained.py" in run.note  # by an earlier recipe
        return
    asked = recipe.whole()
    own = ("network.latent_dim",) if kinds.kind_of(run.config()).draws_in_steps else ()  # its z is a picture of noise
    assert [field for field in differences(asked, run.config()) if not field.startswith((*DECIDED, *own))] == []
    assert run.config().conditioning.name == asked.conditioning.name
    assert set(asked.conditioning.labels) <= set(run.config().conditioning.labels)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_can_be_trained(name):
    config = resolve(RECIPES[name].config(), detect())
    assert config.training.threads == 1 and config.preset == RECIPES[name].preset
    assert kinds.kind_of(config).encodes or config.training.ema_decay > 0


def test_the_collapsed_pair_is_one_that_the_page_collapse_knows():
    broken, repaired = (RECIPES[f"digits-{name}"].config() for name in ("collapsed", "dcgan"))
    breakage = breakages.breakage_of(broken)
    assert breakage is not None and breakages.breakage_of(repaired) is None
    assert differences(broken, repaired) == {breakage.field: (breakage.broken, breakage.repaired)}


def test_training_goes_on_where_it_stood_and_is_done_once(tmp_path, monkeypatch):
    recipe = pretrained.Recipe("Tiny", "mnist-dcgan", {})
    monkeypatch.setattr(pretrained.Recipe, "config", lambda self: tiny())
    monkeypatch.setattr(pretrained, "RECIPES", {"tiny": recipe})
    monkeypatch.setattr(pretrained, "NUM_IMAGES", 100)
    folder = tmp_path / "runs"
    begun = runs.create(folder, with_changes(tiny(), {"training.precision": "bf16"}), "tiny")  # on another processor
    asked = iter([None] * 12 + ["stop"])
    assert pretrained.loop.train(begun, request=lambda: next(asked)).step == 12
    done = pretrained.train("tiny", folder)
    assert done.id == begun.id and done.status().state == "finished" and done.status().step == 20
    assert [e["step"] for e in done.events() if e["type"] == "resumed"] == [12]
    kept = {found.metric for found in evaluations.read(done)}
    assert kept == set(pretrained.MEASURED)
    stamp = done.metrics_path.stat().st_mtime_ns
    assert pretrained.train("tiny", folder).id == begun.id
    assert done.metrics_path.stat().st_mtime_ns == stamp and len(evaluations.read(done)) == len(kept)


def test_a_recipe_may_go_on_for_more_epochs_when_its_first_run_has_finished(tmp_path, monkeypatch):
    recipe = pretrained.Recipe("Tiny", "mnist-dcgan", {}, longer=2)
    monkeypatch.setattr(pretrained.Recipe, "config", lambda self: tiny())
    monkeypatch.setattr(pretrained, "RECIPES", {"tiny": recipe})
    monkeypatch.setattr(pretrained, "NUM_IMAGES", 100)
    done = pretrained.train("tiny", tmp_path)
    assert done.name == pretrained.last_name("tiny") == "tiny, 2 epochs more"
    assert done.status().step == 28 and done.config().training.epochs == recipe.whole().training.epochs == 7
    assert [e["step"] for e in done.events() if e["type"] == "branched"] == [20]
    assert evaluations.read(done) and pretrained.train("tiny", tmp_path).id == done.id
    assert sorted(run.status().step for run in runs.list_runs(tmp_path)) == [20, 28]


def test_a_plan_says_what_training_costs(capsys, monkeypatch):
    monkeypatch.setattr(pretrained.Recipe, "config", lambda self: tiny())
    pretrained.print_plan(["digits-dcgan", "faces-vae"], 2)
    head, _line, digits, _faces, total = capsys.readouterr().out.splitlines()
    assert head.startswith("| model | images | steps |") and digits.startswith("| digits-dcgan | 60 | 20 | 0.")
    shared = sum(t.numel() for t in tiny_weights()) * 2 / 1e6
    assert f"| {shared + pretrained.LOGS_MB:.1f} |" in digits and total.startswith("| all, with ")


def tiny_weights() -> list[torch.Tensor]:
    from gan_core.models.building import build

    model = build(tiny(), "cpu")
    return [
        t for network in (*model.networks.values(), *model.averages.values()) for t in network.state_dict().values()
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_run_draws_pictures_that_differ(name):
    sampler = open_sampler(Run(PLACE / name))
    images = sampler.draw(8, seed=0)
    config = sampler.config.dataset
    assert images.shape == (8, config.channels, config.image_size, config.image_size)
    assert images.std(axis=0).mean() > 10  # of 255
    assert Run(PLACE / name).sample_steps()


def test_a_shipped_run_is_never_changed():
    run = runs.shipped_runs()[0]
    before = {file: file.stat().st_mtime_ns for file in run.path.rglob("*")}
    for action in (lambda: run.describe(name="mine"), run.delete):
        with pytest.raises(ValueError, match="is built-in and read-only"):
            action()
    assert {file: file.stat().st_mtime_ns for file in run.path.rglob("*")} == before
