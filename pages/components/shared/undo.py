"""A line above the page that says what was done, with a button that takes it back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gan_core.access import bin
from pages.components.shared import lab
from pages.components.text import N_, _, as_text, listed

KEPT = "lab_undo"
NOT_THERE = N_("It is no longer in the bin.")
CHANGED_AGAIN = N_("The name was changed again in the meantime, so it stays.")


@dataclass(frozen=True)
class Done:
    """What was done: in words (Markdown), on which page, and what takes it back."""

    words: str
    page: str
    take_back: Callable[[], object]


def offer(words: str, take_back: Callable[[], object], page: str = "") -> None:
    """Shows the line from the next run of the page on (this one, or the one named), until it is used or closed, or another is opened."""
    st.session_state[KEPT] = Done(words, page or st.session_state.get("app_page", ""), take_back)


def offer_deleted(names: Mapping[Path, str], page: str = "") -> None:
    """The line after things went to the bin: puts them back.

    Args:
        names: where each was -> its name for people.
        page: on which the line stands, if not on this one.
    """

    def take_back() -> None:
        for path in names:
            thing = next((thing for thing in bin.binned(path.parent) if thing.id == path.name), None)
            if thing is None:
                raise ValueError(NOT_THERE)
            bin.restore(thing)

    words = _("Deleted: {names}.").format(
        names=listed(_("“{name}”").format(name=as_text(name)) for name in names.values())
    )
    offer(words, take_back, page)


def offer_rename(former: str, present: str, name_of: Callable[[], str], give_back: Callable[[], object]) -> None:
    """The line after a rename: gives the former name back, unless the name is another one again by then."""

    def take_back() -> None:
        if name_of() != present:
            raise ValueError(CHANGED_AGAIN)
        give_back()

    if former != present:
        words = _("Renamed from “{former}” to “{present}”.")
        offer(words.format(former=as_text(former), present=as_text(present)), take_back)


def show() -> None:
    """The line, where there is one."""
    done = st.session_state.get(KEPT)
    if done is None:
        return
    if done.page != st.session_state.get("app_page", ""):
        del st.session_state[KEPT]
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="lab_undo_line"):
        st.markdown(done.words, width="content")
        if st.button(_("Undo"), key="lab_undo_yes", icon=":material/undo:"):
            del st.session_state[KEPT]
            lab.press(done.take_back)
        if st.button(_("Close"), key="lab_undo_close", icon=":material/close:", type="tertiary"):
            del st.session_state[KEPT]
            st.rerun()
