"""The models that come with the program: they open, draw, say how they were made, and are small."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from gan_core import runs
from gan_core.config import differences, with_changes
from gan_core.config.settings import PROJECT_DIR
from gan_core.presets import preset_config
from gan_core.runs import Run
from gan_core.runs.sampler import open_sampler

PLACE = PROJECT_DIR / "checkpoints" / "pretrained"
MAX_BYTES = 40_000_000
DECIDED = ("preset", "training.device", "training.precision", "training.threads", "recording.", "conditioning.")


def recipes() -> dict[str, tuple[str, str, dict[str, object]]]:
    """The table in tools/pretrained.py."""
    spec = importlib.util.spec_from_file_location("pretrained_recipes", PROJECT_DIR / "tools" / "pretrained.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.RECIPES


RECIPES = recipes()


@pytest.fixture(autouse=True)
def shipped(monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PLACE))


def test_there_is_one_run_for_each_recipe():
    assert [run.id for run in runs.shipped_runs()] == sorted(RECIPES)


def test_all_together_are_small():
    assert sum(file.stat().st_size for file in PLACE.rglob("*") if file.is_file()) < MAX_BYTES


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_run_is_what_its_recipe_says(name):
    run, (title, preset, changes) = Run(PLACE / name), RECIPES[name]
    asked = with_changes(preset_config(preset), changes)
    odd = [field for field in differences(asked, run.config()) if not field.startswith(DECIDED)]
    assert odd == [] and run.name == title and run.status().state == "finished"
    assert run.status().owner == ""  # nothing about the machine that made it
    assert run.config().conditioning.name == asked.conditioning.name
    assert set(asked.conditioning.labels) <= set(run.config().conditioning.labels)


@pytest.mark.parametrize("name", RECIPES)
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
        with pytest.raises(ValueError, match="comes with Ganvas and stays as it is"):
            action()
    assert {file: file.stat().st_mtime_ns for file in run.path.rglob("*")} == before
