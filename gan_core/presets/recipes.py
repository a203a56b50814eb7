"""Training settings that lite presets share, as data: recipes.json, which `python -m benchmarks.preset_search` writes.

A report's own settings stay in its full preset. The lite form, which has far fewer steps, takes a recipe wherever its
experiment is not about the very setting.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from gan_core.config import RunConfig, Section, get, read_strictly, with_changes
from gan_core.config.registry import Registry

PLACE = Path(__file__).with_name("recipes.json")
GAME = {
    "generator_optimizer.learning_rate": "G's learning rate",
    "discriminator_optimizer.learning_rate": "D's learning rate",
    "generator_optimizer.beta1": "G's beta1",
    "discriminator_optimizer.beta1": "D's beta1",
    "generator_optimizer.schedule": "G's schedule",
    "discriminator_optimizer.schedule": "D's schedule",
    "training.ema_decay": "running average of G's weights",
}
"""Fields that decide how both networks learn, in words; a recipe's others are sizes."""
FEWER_STEPS = "Adjusted for fewer steps."
Value = float | int | str


class PresetRecipe(Section):
    """The settings that were best of those tried at equal processor time.

    Attributes:
        name: the key.
        settings: dotted field of RunConfig -> value.
        source: the command that chose them, or the runs that did.
        trials: settings that were compared; 0 where none were.
        fd, recall: of the best, against held-out images; None where it was not measured.
        cpu_s: processor seconds of its training.
        date: of the choice.
    """

    name: str
    settings: dict[str, Value]
    source: str
    trials: Annotated[int, Field(ge=0)]
    fd: float | None
    recall: float | None
    cpu_s: float | None
    date: str


def read(place: Path = PLACE) -> Registry[PresetRecipe]:
    """The recipes of a file, by name. Raises ValueError if it is damaged."""
    found = TypeAdapter(tuple[PresetRecipe, ...]).validate_python(read_strictly(place))
    return Registry("recipe", {recipe.name: recipe for recipe in found})


def text(recipes: Registry[PresetRecipe]) -> str:
    """The content of the file for these recipes."""
    rows = ",\n ".join(json.dumps(recipe.model_dump(mode="json")) for recipe in recipes.values())
    return f"[\n {rows}\n]\n"


RECIPES = read()


def with_recipe(base: RunConfig, name: str, *, sizes: bool = True) -> RunConfig:
    """`base` with the settings of a recipe.

    Args:
        base: a report's recipe on embedded data.
        name: in RECIPES.
        sizes: also take width, batch and epochs; else the rates, momentum, schedules and average alone.
    """
    settings = RECIPES.find(name).settings
    return with_changes(base, {field: value for field, value in settings.items() if sizes or field in GAME})


def changes_in_words(full: RunConfig, lite: RunConfig) -> str:
    """What a lite preset changes of the full one's game, and why; empty where it changes nothing."""
    changed = [
        f"{words}: {_shown(lite, field)} instead of {_shown(full, field)}."
        for field, words in GAME.items()
        if get(lite, field) != get(full, field)
    ]
    return " ".join([FEWER_STEPS, *changed]) if changed else ""


def _shown(config: RunConfig, field: str) -> str:
    value = get(config, field)
    return value if isinstance(value, str) else f"{value:g}" if value else "none"
