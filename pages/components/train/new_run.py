"""A new run: an experiment, its settings, and the button that starts it."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gan_core.config import DatasetConfig, RunConfig, with_changes
from gan_core.config import run_config as schema
from gan_core.datasets import uploads
from gan_core.presets import DEFAULT, PRESETS
from gan_core.presets.entry import Preset
from gan_core.training import supervisor
from pages.components.shared import class_link, lab, links
from pages.components.shared.as_command import as_command, train_line
from pages.components.shared.config_form import config_form, few_knobs
from pages.components.shared.devices import choose_processes
from pages.components.shared.links import linked_choice
from pages.components.shared.preset_choice import choose_preset, description_of, linked_preset
from pages.components.shared.run_card import start_and_watch
from pages.components.shared.settings_link import in_address, linked_settings
from pages.components.text import _, as_text, duration
from pages.components.train.data_form import data_form


def new_run() -> None:
    """Preset, data set and every knob; then start. From a link for the class: the settings that it names; then start."""
    st.title(_("Train a model"))
    only = links.only()
    if only:
        st.markdown(_("Press Start. The settings that your class's link names stand below, and may be changed."))
    else:
        words = _(
            "Choose an experiment and press Start. A **preset** is a complete experiment with settings that work; "
            "everything below it may be changed, and nothing needs to be."
        )
        st.markdown(words)
    preset = linked_preset() if only else chosen_preset()
    told, start = (
        st.container(),
        st.container(),
    )  # filled below: they need the settings, and belong where they are seen at once
    prefix = f"train_{preset.name}"
    base, prefix = linked_settings(preset.config, prefix)
    changes = linked_form(preset, base, prefix) if only else data_form(base, prefix)
    with told:
        data = base.dataset
        tell(preset, changes.get("dataset.name", data.name), changes.get("dataset.root", data.root))
    if not only:
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
        offer(preset, base, base if only else preset.config, changes, name)


def offer(preset: Preset, base: RunConfig, changed: RunConfig, changes: Mapping[str, Any], name: str) -> None:
    """The button that starts `changed` with these changes, and the link for the class; how long it takes."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        processes = choose_processes(changes.get("training.device", base.training.device), 1, "train_processes")
        pressed = st.button(_("Start training"), type="primary", key="train_start", icon=":material/play_arrow:")
        class_link.class_link("train", "train_link", lambda: parameters(preset, changed, changes))
    if preset.minutes and base == preset.config:
        hint = _("With these settings unchanged it takes about {time} on two processor cores.")
        st.caption(hint.format(time=duration(60 * preset.minutes)))
    config = valid(changed, changes)
    if config is not None:
        as_command("train", train_line(config, name, processes))
    if pressed:
        start_and_watch(
            lambda: supervisor.submit(lab.start(), with_changes(changed, changes), name, processes=processes)
        )


def valid(changed: RunConfig, changes: Mapping[str, Any]) -> RunConfig | None:
    """The configuration that the form describes; None while a value is refused, which pressing the button says."""
    try:
        return with_changes(changed, changes)
    except ValueError:
        return None


def parameters(preset: Preset, changed: RunConfig, changes: Mapping[str, Any]) -> dict[str, str] | None:
    """What an address must say to open the form as it stands; None, and why, where its values are not valid."""
    config = lab.attempt(lambda: with_changes(changed, changes))
    return None if config is None else {"preset": preset.name} | in_address(preset.config, config)


def chosen_preset() -> Preset:
    """The preset chosen from the list, which the address carries."""

    def draw(names: Sequence[str], first: str) -> str:
        return choose_preset(names, first, "train_preset")

    return PRESETS[linked_choice("preset", list(PRESETS), DEFAULT, draw, key="train_preset")]


def linked_form(preset: Preset, base: RunConfig, prefix: str) -> dict[str, Any]:
    """The knobs of the settings in which a link for the class departs from its preset."""
    names = [name for name in schema.field_names() if "." in name and name in st.query_params]
    names = [name for name in names if name in schema.differences(preset.config, base)]
    return few_knobs(base, names, prefix)


def tell(preset: Preset, dataset: str, root: str) -> None:
    """What the preset is; on other data than its own, only where the settings come from."""
    words = description_of(preset)
    if dataset != preset.config.dataset.name:
        data = uploads.name_of(DatasetConfig(name=dataset, root=root))
        words = _("Your data, “{data}”, with the network and the settings of “{preset}”.")
        words = words.format(data=as_text(data), preset=_(preset.title))
    st.info(words, icon=":material/science:")
