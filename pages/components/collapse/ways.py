"""Break a model with one click: four ways, each by one setting."""

from typing import Any

import streamlit as st

from gan_core.config import run_config
from gan_core.experiments import breakages
from gan_core.experiments.breakages import WAYS, Way
from pages.components.compare.settings import setting_name, value_of
from pages.components.shared import lab
from pages.components.text import _


def break_one() -> None:
    """A card for each way; its button queues the broken model and shows it below."""
    for place, name in zip([*st.columns(2), *st.columns(2)], WAYS, strict=True):
        with place, st.container(border=True, height="stretch"):
            card(name, WAYS[name])


def card(name: str, way: Way) -> None:
    """What is set wrong, what comes of it, how long it takes, and the button."""
    st.markdown(f"**{_(way.title)}**", help=_(run_config.field_names()[way.field].description))
    st.markdown(_(way.story))
    words = _("{setting}: {sick} instead of {sound}. About {minutes:g} minutes on two quiet cores.")
    st.caption(
        words.format(
            setting=setting_name(way.field), sick=in_words(way.field, way.sick), sound=in_words(way.field, way.sound),
            minutes=way.minutes,
        )
    )  # fmt: skip
    if st.button(_("Break it"), key=f"collapse_break_{name}", icon=":material/heart_broken:"):
        with st.spinner(_("Starting the trainer…")):
            done = lab.attempt(lambda: begin(way))
        if done:
            show_pair(st.session_state["collapse_made"], None)


def in_words(name: str, value: Any) -> str:
    """A setting's value, as people say it."""
    return _("all") if name == "dataset.num_images" and not value else value_of(name, value)


def begin(way: Way) -> None:
    """Queues the broken model and remembers which."""
    st.session_state["collapse_made"] = breakages.break_model(lab.start(), way).id


def show_pair(broken: str, sound: str | None) -> None:
    """Opens the page again with these two beside each other."""
    st.session_state["collapse_turn"] = turn() + 1
    st.query_params["broken"] = broken
    st.query_params.pop("sound", None)
    if sound:
        st.query_params["sound"] = sound
    st.rerun()


def turn() -> int:
    """How often this page chose for the visitor; part of the lists' keys, so that they forget what was chosen before."""
    return int(st.session_state.get("collapse_turn", 0))
