"""Break a model with one click: four ways, each by one setting."""

from typing import Any

import streamlit as st

from gan_core.config import run_config
from gan_core.experiments import arms
from gan_core.experiments.breakages import BREAKAGES, Breakage
from pages.components.shared import lab
from pages.components.shared.setting_words import setting_name, value_of
from pages.components.text import _


def break_one() -> None:
    """A card for each way; its button queues the broken model and shows it below."""
    for place, name in zip([*st.columns(2), *st.columns(2)], BREAKAGES, strict=True):
        with place, st.container(border=True, height="stretch"):
            card(name, BREAKAGES[name])


def card(name: str, breakage: Breakage) -> None:
    """What is set wrong, what comes of it, how long it takes, and the button."""
    st.markdown(f"**{_(breakage.title)}**", help=_(run_config.field_names()[breakage.field].description))
    st.markdown(_(breakage.story))
    words = _("{setting}: {broken} instead of {repaired}. About {minutes:g} minutes on two quiet cores.")
    st.caption(
        words.format(
            setting=setting_name(breakage.field), broken=in_words(breakage.field, breakage.broken), repaired=in_words(breakage.field, breakage.repaired),
            minutes=breakage.minutes,
        )
    )  # fmt: skip
    if st.button(_("Break it"), key=f"collapse_break_{name}", icon=":material/heart_broken:"):
        with st.spinner(_("Starting the trainer…")):
            broken = lab.attempt(lambda: arms.submit(lab.start(), breakage.config, breakage.title))
        if broken is not None:
            show_pair(broken.id, None)


def in_words(name: str, value: Any) -> str:
    """A setting's value, as people say it."""
    return _("all") if name == "dataset.num_images" and not value else value_of(name, value)


def show_pair(broken: str, repaired: str | None) -> None:
    """Opens the page again with these two beside each other."""
    st.session_state["collapse_turn"] = turn() + 1
    st.query_params["broken"] = broken
    st.query_params.pop("sound", None)
    if repaired:
        st.query_params["sound"] = repaired
    st.rerun()


def turn() -> int:
    """How often this page chose for the visitor; part of the lists' keys, so that they forget what was chosen before."""
    return int(st.session_state.get("collapse_turn", 0))
