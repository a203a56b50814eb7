"""What an address says of many runs: `?tab=many&about=own&vary.training.batch_size=16,32`, and what the form begins with for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from gan_core.config import field_names
from gan_core.experiments.sweeps.objectives import MAX_IMAGES, MIN_IMAGES, fitting_metrics
from gan_core.experiments.sweeps.plan import LINKED, MAX_AXES, MAX_TRIALS, NOT_VARIED
from gan_core.presets import PRESETS
from pages.components.shared import links
from pages.components.shared.preset_choice import linked_preset
from pages.components.shared.settings_link import tell_refusals
from pages.components.text import _

OWN, VARY = "own", "vary."
SEEDS = 2**31 - 1
USUAL_TRIALS, USUAL_IMAGES = 20, 1000


@dataclass(frozen=True)
class Given:
    """What the form for a sweep begins with.

    Attributes:
        preset: the base of every run.
        axes: setting -> its values in words; None: the usual ones of the preset.
        aim: the metric; "" for the first that fits.
        images: to measure on.
        trials: of a search; 0 for a grid.
        seed: of a search.
        prefix: begins the keys of the widgets: a key that is known keeps its old value.
    """

    preset: str = next(iter(PRESETS))
    axes: Mapping[str, str] | None = None
    aim: str = ""
    images: int = USUAL_IMAGES
    trials: int = 0
    seed: int = 0
    prefix: str = "sweeps"


def varied() -> list[str]:
    """The settings that a sweep of the page can vary."""
    named = (name for name in field_names() if name not in NOT_VARIED and not name.startswith("recording."))
    return [*LINKED, *named]


def given() -> Given:
    """As the address says where it is about a sweep of one's own; what it cannot have is told and left out."""
    if st.query_params.get(links.ABOUT) != OWN:
        return Given()
    said = st.query_params.to_dict()
    refusals: list[str] = []
    axes = {name.removeprefix(VARY): words for name, words in said.items() if name.startswith(VARY)}
    for name in [name for name in axes if name not in varied()]:
        refusals.append(_("There is no setting '{name}'. It is left out.").format(name=name[:60]))
        del axes[name]
    if len(axes) > MAX_AXES:
        refusals.append(f"A sweep varies at most {MAX_AXES} settings at once; got {len(axes)}.")
        axes = dict(list(axes.items())[:MAX_AXES])
    preset = linked_preset()
    aim = said.get("aim", "")
    if aim and aim not in fitting_metrics(preset.config):
        words = _("The runs of this preset do not have the metric '{name}'.")
        refusals.append(words.format(name=aim[:60]))
        aim = ""
    found = Given(
        preset.name, axes or None, aim,
        images=links.linked_number("images", MIN_IMAGES, MAX_IMAGES, USUAL_IMAGES, refusals),
        trials=links.linked_number("trials", 0, MAX_TRIALS, 0, refusals),
        seed=links.linked_number("seed", 0, SEEDS, 0, refusals),
        prefix=f"sweeps_{links.mark()}",
    )  # fmt: skip
    tell_refusals(refusals)
    return found
