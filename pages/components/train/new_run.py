"""A new run: an experiment, its settings, and the button that starts it."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from gan_core.config import with_changes
from gan_core.presets import DEFAULT, PRESETS
from gan_core.presets.entry import Preset
from gan_core.training import supervisor
from pages.components.shared import lab
from pages.components.shared.config_form import config_form
from pages.components.shared.links import linked_choice
from pages.components.shared.preset_choice import choose_preset
from pages.components.shared.run_links import start_and_watch
from pages.components.shared.settings_link import linked_settings
from pages.components.text import _, as_text, duration
from pages.components.train.data_form import data_form


def new_run() -> None:
    """Preset, data set and every knob; then start."""
    st.title(_("Train a model"))
    words = _(
        "Choose an experiment and press Start. A **preset** is a complete experiment with settings that work; "
        "everything below it may be changed, and nothing needs to be."
    )
    st.markdown(words)

    def draw(names: Sequence[str], first: str) -> str:
        return choose_preset(names, first, "train_preset")

    preset = PRESETS[linked_choice("preset", list(PRESETS), DEFAULT, draw, key="train_preset")]
    told, start = (
        st.container(),
        st.container(),
    )  # filled below: they need the settings, and belong where they are seen at once
    prefix = f"train_{preset.name}"
    base, prefix = linked_settings(preset.config, prefix)
    changes = data_form(base, prefix)
    with told:
        tell(preset, changes["dataset.name"], changes["dataset.root"])
    st.subheader(_("Settings"))
    changes |= config_form(base, prefix)
    name = st.text_input(
        _("Your name for the run"),
        key=f"{prefix}_name",
        max_chars=80,
        persist_state="session",
        placeholder=_("optional, for example: wide generator, batch 32"),
    )
    with start:
        pressed = st.button(_("Start training"), type="primary", key="train_start", icon=":material/play_arrow:")
        if preset.minutes and base == preset.config:
            hint = _("With these settings unchanged it takes about {time} on two processor cores.")
            st.caption(hint.format(time=duration(60 * preset.minutes)))
        if not pressed:
            return
        start_and_watch(lambda: supervisor.submit(lab.start(), with_changes(preset.config, changes), name))


def tell(preset: Preset, dataset: str, root: str) -> None:
    """What the preset is; on other data than its own, only where the settings come from."""
    words = _(preset.description)
    if dataset != preset.config.dataset.name:
        data = Path(root).stem or dataset
        words = _("Your data, “{data}”, with the network and the settings of “{preset}”.")
        words = words.format(data=as_text(data), preset=_(preset.title))
    st.info(words, icon=":material/science:")
