"""The search for the recipes of lite presets: equal processor time, a journal that is gone on with, a choice written as data."""

from __future__ import annotations

import shutil

import pytest
from helpers import tiny

from benchmarks import preset_search
from gan_core.config import with_changes
from gan_core.config.settings import PROJECT_DIR
from gan_core.experiments.sweeps.storage import open_storage
from gan_core.presets import PRESETS
from gan_core.presets.entry import preset
from gan_core.presets.recipes import PLACE, RECIPES, read
from gan_core.training.plan import check

SMALL = {"network.width": 4, "training.batch_size": 16}


@pytest.fixture(autouse=True)
def few_images(monkeypatch) -> None:
    """With the evaluators that come with the program."""
    monkeypatch.setenv("GANVAS_PRETRAINED_DIR", str(PROJECT_DIR / "checkpoints" / "pretrained"))
    monkeypatch.setattr(preset_search, "NUM_IMAGES", 100)


def test_every_recipe_is_searched_and_its_first_trial_is_the_recipe_itself():
    assert set(preset_search.BASES) == set(RECIPES)
    for name, base in preset_search.BASES.items():
        config = PRESETS[base].config
        first = preset_search.as_it_stands(config)
        for field in set(first) - {"beta1", "schedule"}:
            assert first[field] == RECIPES[name].settings[field]
        assert first["beta1"] == RECIPES[name].settings["generator_optimizer.beta1"]


def test_a_trial_spends_its_time_and_says_what_it_found():
    found = preset_search.train(tiny(), SMALL, 0.5, seed=3)
    assert found.settings["training.epochs"] >= 10 and found.cpu_s > 0  # the 40 timed steps are 10 epochs
    assert found.settings["training.ema_decay"] in (0.0, *preset_search.DECAYS)
    assert found.fd > 0 and 0 <= found.recall <= 1 and found.accuracy is None
    again = preset_search.train(tiny(), {**SMALL, "training.ema_decay": 0.995}, 0.0, seed=3)
    assert again.settings["training.ema_decay"] == 0.995 and again.settings["training.epochs"] == 10  # and no more


def test_a_conditional_trial_is_scored_by_its_labels_too():
    found = preset_search.train(tiny(conditioning__name="acgan"), {**SMALL, "training.ema_decay": 0.0}, 0.0, seed=3)
    assert found.accuracy is not None and 0 <= found.accuracy <= 1
    assert found.score(found.fd) == pytest.approx(1 + 1 - found.recall + 1 - found.accuracy)


def test_a_search_goes_on_where_it_stood_and_its_choice_is_data(tmp_path, monkeypatch):
    made: list[dict[str, object]] = []
    real = preset_search.train

    def counted(base, settings, budget_s, seed):
        made.append(settings)
        return real(base, {**settings, **SMALL}, 0.0, seed)

    monkeypatch.setattr(preset_search, "train", counted)
    monkeypatch.setattr(
        preset_search, "PRESETS", {"mnist-dcgan": preset("mnist-dcgan", "Tiny", "Tiny.", tiny(network__width=16), 0.1)}
    )
    journal = str(tmp_path / "journal.log")
    preset_search.searched(open_storage(journal), "digits-gan", 1, 0.01)
    assert len(made) == 2 and made[0]["generator_optimizer.learning_rate"] == tiny().generator_optimizer.learning_rate
    recipe = preset_search.searched(open_storage(journal), "digits-gan", 2, 0.01)
    assert len(made) == 4  # one more trial, and the best once more
    assert made[2]["generator_optimizer.schedule"] == made[2]["discriminator_optimizer.schedule"] == "linear"
    place = tmp_path / "recipes.json"
    shutil.copy(PLACE, place)
    preset_search.keep(recipe, place)
    kept = read(place)
    assert kept["digits-gan"] == recipe and list(kept) == list(RECIPES) and kept["faces-gan"] == RECIPES["faces-gan"]
    assert recipe.trials == 2 and recipe.source.startswith("python -m benchmarks.preset_search --recipes digits-gan")
    check(with_changes(PRESETS["mnist-dcgan"].config, recipe.settings))
