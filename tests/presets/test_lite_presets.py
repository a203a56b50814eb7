"""Lite presets: they share few recipes, say what they change and what to look for, and still show what they are for."""

from __future__ import annotations

import pytest

from gan_core.config import differences, get
from gan_core.config.settings import PROJECT_DIR
from gan_core.presets import PRESETS, preset_config
from gan_core.presets.recipes import GAME, RECIPES, read, text, with_recipe
from gan_core.training.plan import total_steps

LITE = [name for name in PRESETS if name.endswith("-lite")]
SIZES = {"dataset.", "network.width", "training.batch_size", "training.epochs", "training.max_steps", "preset"}


def changed(one: str, other: str) -> set[str]:
    return set(differences(preset_config(one), preset_config(other))) - {"preset"}


@pytest.mark.parametrize("name", LITE)
def test_a_lite_preset_differs_in_sizes_and_in_what_it_says(name):
    full, lite = preset_config(name.removesuffix("-lite")), preset_config(name)
    others = {f for f in differences(full, lite) if not f.startswith(tuple(SIZES))}
    assert others <= set(GAME)
    for field in others:
        was, now = (f"{get(c, field):g}" if get(c, field) else "none" for c in (full, lite))
        assert f"{GAME[field]}: {now} instead of {was}." in PRESETS[name].description
    assert not others or "Adjusted for fewer steps" in PRESETS[name].description


@pytest.mark.parametrize("name", LITE)
def test_a_full_preset_keeps_the_last_weights_and_a_lite_one_says_what_to_look_for(name):
    assert preset_config(name.removesuffix("-lite")).training.ema_decay == 0
    preset = PRESETS[name]
    assert len(preset.look_for) > 20 and preset.description.endswith(f"Look for: {preset.look_for}")
    assert PRESETS[name.removesuffix("-lite")].look_for == ""


def test_reports_own_rates_stay_in_the_full_presets():
    rates = {"r1-dcgan": (2e-4, 2e-4), "r2-cgan": (2e-4, 1e-5), "r3-wgan": (5e-5, 5e-5), "r3-lsgan": (1e-4, 1e-4), "r5-gan": (5e-4, 5e-4)}  # fmt: skip
    for name, expected in rates.items():
        config = preset_config(name)
        assert (config.generator_optimizer.learning_rate, config.discriminator_optimizer.learning_rate) == expected


def test_presets_of_one_recipe_play_alike():
    for recipe, names in {
        "faces-gan": ("r1-dcgan-lite", "r1-dcgan-1000-lite", "r3-dcgan-lite", "r3-lsgan-lite", "r5-gan-lite", "r5-acgan-lite"),
        "blocks-gan": [n for n in LITE if n.startswith("r2-")],
        "digits-gan": ("mnist-dcgan",),
    }.items():  # fmt: skip
        for name in names:
            config = preset_config(name)
            assert with_recipe(config, recipe, sizes=False) == config
    assert with_recipe(preset_config("r5-vae-lite"), "faces-vae") == preset_config("r5-vae-lite")


def test_clipping_pair_differs_in_the_clip_alone_and_draws_from_the_last_weights():
    assert changed("r3-collapse-lite", "r3-fixed-lite") == {"objective.weight_clip"}
    assert changed("r3-fixed-lite", "r3-wgan-lite") == set()
    assert preset_config("r3-collapse-lite").training.ema_decay == 0  # an average would soften what it is to show


def test_ratios_differ_in_the_weights_alone():
    for name in LITE:
        if name.startswith("r2-ratio-"):
            assert changed(name, "r2-cgan-lite") <= {"objective.real_weight", "objective.fake_weight"}


@pytest.mark.parametrize("letter", "abcdefgh")
def test_study_of_rates_keeps_the_reports_rates(letter):
    full, lite = preset_config(f"r4-{letter}"), preset_config(f"r4-{letter}-lite")
    rate = 1e-4 if letter == "h" else 2e-4
    for config in (full, lite):
        assert config.generator_optimizer.learning_rate == config.discriminator_optimizer.learning_rate == rate


def test_study_of_batch_and_epochs_varies_nothing_else():
    for letter in "bcdefg":
        assert changed("r4-a-lite", f"r4-{letter}-lite") <= {"training.batch_size", "training.epochs"}


def test_few_faces_are_learned_for_as_many_steps():
    many, few = preset_config("r1-dcgan-lite"), preset_config("r1-dcgan-1000-lite")
    assert total_steps(many, 5000) == total_steps(few, 100) == 1580
    assert changed("r1-dcgan-lite", "r1-dcgan-1000-lite") == {
        "dataset.num_images", "training.epochs", "training.max_steps",
    }  # fmt: skip


def test_recipes_are_read_as_they_are_written(tmp_path):
    (tmp_path / "kept.json").write_text(text(RECIPES))
    assert dict(read(tmp_path / "kept.json")) == dict(RECIPES)
    assert (PROJECT_DIR / "gan_core/presets/recipes.json").read_text() == text(RECIPES)
    (tmp_path / "kept.json").write_text('[{"name": "x"}]')
    with pytest.raises(ValueError, match="settings"):
        read(tmp_path / "kept.json")
