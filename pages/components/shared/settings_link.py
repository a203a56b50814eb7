"""Settings that a link brings to Train: `?dataset.name=faces&training.batch_size=32`, any field by its dotted name."""

import hashlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from gan_core import config as schema
from gan_core.config import RunConfig, with_changes
from gan_core.datasets import DATASETS, uploads
from gan_core.presets import DEFAULT, PRESETS, own_data
from gan_core.training import supervisor
from pages.components.shared import lab, links
from pages.components.shared.config_form import setting_name
from pages.components.shared.data_choice import Chosen
from pages.components.text import _, as_text, titled

POINTS_STEPS = 3_000  # about what a small network needs to find the modes of points in the plane
POINTS_BATCH = 128
USUAL_BATCH = 64  # of the page Data
MOST_REFUSALS = 5  # shown at once


def linked_settings(base: RunConfig, prefix: str) -> tuple[RunConfig, str]:
    """The preset's configuration with the settings of the address, and the prefix of the form's keys for it.

    Settings from a link stay in the address, so that it can be passed on, until a button takes them out.
    """
    given = settings_of_address(schema.field_names())
    if not given:
        return base, prefix
    config, refusals = with_settings(base, given)
    tell_refusals(refusals)
    changed = [titled(setting_name(name), _shown(config, name)) for name in schema.differences(base, config)]
    if changed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                _("From the link: {settings}.").format(settings=as_text("; ".join(changed)[:600])), width="stretch"
            )
            if not links.only():
                st.button(_("Forget these"), key="train_forget", on_click=_forget, args=(tuple(given),))
    mark = hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest()[:8]
    return config, f"{prefix}_{mark}"  # widgets of their own: a key that is known keeps its old value


def _shown(config: RunConfig, name: str) -> str:
    """A setting in few words; a place by its name."""
    return uploads.name_of(config.dataset) if name == "dataset.root" else in_link(schema.get(config, name))


def settings_of_address(known: Collection[str]) -> dict[str, str]:
    """Dotted name -> value in the address, of the settings `known`; of a link for the class also of those that are not."""
    return {name: st.query_params[name] for name in st.query_params if "." in name and (name in known or links.only())}


def with_settings(
    base: RunConfig, given: Mapping[str, str], check: Callable[[RunConfig], object] = lambda _config: None
) -> tuple[RunConfig, list[str]]:
    """A configuration with the settings of an address, those left out that it cannot have, and a sentence for each of these.

    Args:
        base: what they change.
        given: dotted name -> value, as text.
        check: refuses, with a ValueError, a configuration that cannot be used.
    """
    sound: dict[str, str] = {}
    refusals: list[str] = []
    for name, value in given.items():
        try:
            if name in schema.field_names():
                with_changes(base, {name: value})
                sound[name] = value
            else:
                refusals.append(_("There is no setting '{name}'. It is left out.").format(name=name[:60]))
        except ValueError as refusal:
            refusals.append(str(refusal))
    try:
        config = with_changes(base, sound)
        check(config)
    except ValueError as refusal:
        return base, [*refusals, str(refusal)]
    return config, refusals


def tell_refusals(refusals: Sequence[str]) -> None:
    """Why some settings of the address are not used."""
    for refusal in refusals[:MOST_REFUSALS]:
        st.warning(as_text(_(refusal)), icon=":material/warning:")
    if refusals:
        st.caption(_("Instead of what the address asks for there, the usual values are used."))


def in_address(usual: RunConfig, config: RunConfig) -> dict[str, str]:
    """What an address must say of `config` where it differs from the `usual` one."""
    return {name: in_link(schema.get(config, name)) for name in schema.differences(usual, config) if "." in name}


def _forget(names: tuple[str, ...]) -> None:
    for name in names:
        if name in st.query_params:
            del st.query_params[name]


def link_to_train(chosen: Chosen, count: int) -> dict[str, str]:
    """Query parameters that open Train with a fitting preset and this data set as it is used here."""
    settings: dict[str, Any] = {f"dataset.{name}": value for name, value in chosen.config.model_dump().items()}
    settings["training.batch_size"] = chosen.batch_size
    if chosen.entry.domain == "points":
        batch = min(POINTS_BATCH, max(schema.MIN_BATCH_SIZE, count // 2))
        epochs = max(1, round(POINTS_STEPS * batch / count))
        settings |= {
            "network.name": "mlp",
            "network.latent_dim": 2,
            "training.batch_size": batch,
            "training.epochs": epochs,
        }
    elif chosen.entry.needs_root:
        settings |= own_proposal(chosen, count)
    return {"preset": _preset(chosen)} | {name: in_link(value) for name, value in settings.items()}


def in_link(value: Any) -> str:
    """A setting as an address carries it."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def device() -> str:
    """What a run trains on unless told otherwise; "cpu" until that is known."""
    found = supervisor.machine(lab.start())
    return found.devices[0] if found else "cpu"


def own_proposal(chosen: Chosen, count: int) -> dict[str, Any]:
    """What is proposed for pictures of one's own; a size or batch that the visitor chose stays."""
    found = dict(own_data.proposed(count, chosen.config.channels, device()))
    if chosen.config.image_size != chosen.entry.usual_size:
        found["dataset.image_size"] = chosen.config.image_size
    if chosen.batch_size != USUAL_BATCH:
        found["training.batch_size"] = chosen.batch_size
        found["training.epochs"] = math.ceil(found["training.max_steps"] / max(1, count // chosen.batch_size))
    return found


def _preset(chosen: Chosen) -> str:
    """The first preset on this data set, else the first on pictures of its kind that need no copy of one's own."""
    if chosen.entry.domain == "points":
        return DEFAULT
    fitting = [name for name, preset in PRESETS.items() if preset.config.dataset.name == chosen.config.name]
    if fitting and not chosen.entry.needs_root:
        return fitting[0]
    same = [
        name
        for name, preset in PRESETS.items()
        if preset.config.dataset.channels == chosen.config.channels
        and not DATASETS[preset.config.dataset.name].needs_root
    ]
    return (same or [DEFAULT])[0]
