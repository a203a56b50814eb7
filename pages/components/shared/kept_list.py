"""Things that people keep (studies, sweeps, saved directions, data sets): which one is shown, a line of their list, removal."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan_core.experiments.studies import Study
from gan_core.experiments.sweeps.folder import SweepFolder
from pages.components.shared import lab
from pages.components.shared.links import linked_choice
from pages.components.shared.run_picker import warn_of_unknown
from pages.components.text import _, as_text

K = TypeVar("K", Study, SweepFolder)


def choose_kept(param: str, kept: Sequence[K], *, label: str, key: str, unknown: str) -> K:
    """One of the kept things (at least one), by name and time, the first at first; its id is in the address as `param`.

    `unknown` is the sentence, with `{id}`, for an address that names none of them.
    """
    by_id = {one.id: one for one in kept}
    warn_of_unknown(by_id, unknown, param)

    def words(kept_id: str) -> str:
        one = by_id[kept_id]
        return f"{one.name} · {time.strftime('%Y-%m-%d %H:%M', time.localtime(one.created))}"

    def draw(ids: Sequence[str], first: str) -> str:
        return st.selectbox(label, ids, index=ids.index(first), format_func=words, key=key)

    return by_id[linked_choice(param, list(by_id), kept[0].id, draw)]


def kept_row(name: str, facts: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """A kept thing in a line of a list, its name as it was typed; gives the places of two buttons beside it."""
    words, first, second = st.columns([5, 1, 1], vertical_alignment="center")
    words.markdown(f"**{as_text(name)}**: {facts}")
    return first, second


def tell_damaged(sentences: Sequence[str]) -> None:
    """Names the entries of a list that cannot be read; the others are shown all the same."""
    for sentence in sentences:
        st.warning(as_text(sentence), icon=":material/warning:")


def remove_button(title: str, words: str, key: str, remove: Callable[[], None]) -> None:
    """A button that asks once more, then takes the thing on show from the list and from the address."""
    with st.popover(title, key=key):
        st.markdown(words)
        if st.button(_("Remove"), key=f"{key}_yes", type="primary") and lab.succeeds(remove):
            st.query_params.clear()
            st.rerun()
