"""Things that people keep (studies, sweeps, saved directions, data sets): which one is shown, a line of their list, removal."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan_core.experiments import studies
from gan_core.experiments.studies import Study
from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.folder import SweepFolder
from pages.components.shared import lab
from pages.components.shared.as_command import as_command
from pages.components.shared.links import linked_choice
from pages.components.shared.run_picker import warn_of_unknown
from pages.components.text import _, as_text

Kept = Study | SweepFolder


def all_kept(runs_dir: Path) -> list[Kept]:
    """All experiments of a runs folder, newest first."""
    kept: list[Kept] = [*folders.list_folders(runs_dir), *studies.STORE.all(runs_dir)]
    return sorted(kept, key=lambda one: -one.created)


def choose_kept(kept: Sequence[Kept]) -> Kept:
    """One of the kept things (at least one), by name and time, the first at first; its id is in the address as `id`."""
    by_id = {one.id: one for one in kept}
    warn_of_unknown(by_id, _("There is no experiment “{id}” here; the newest is shown."), "id")

    def draw(ids: Sequence[str], first: str) -> str:
        return st.selectbox(
            _("Experiment"), ids, index=ids.index(first), key="experiment_shown", label_visibility="collapsed",
            format_func=lambda kept_id: f"{by_id[kept_id].name} · {begun(by_id[kept_id])}",
        )  # fmt: skip

    return by_id[linked_choice("id", list(by_id), kept[0].id, draw, key="experiment_shown")]


def begun(one: Kept) -> str:
    """When it was begun."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created))


def kept_row(name: str, facts: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """A kept thing in a line of a list, its name as it was typed; gives the places of two buttons beside it."""
    words, first, second = st.columns([5, 1, 1], vertical_alignment="center")
    words.markdown(f"**{as_text(name)}**: {facts}")
    return first, second


def tell_damaged(sentences: Sequence[str]) -> None:
    """Names the entries of a list that cannot be read; the others are shown all the same."""
    for sentence in sentences:
        st.warning(as_text(_(sentence)), icon=":material/warning:")


def remove_button(title: str, words: str, key: str, command: str, remove: Callable[[], None]) -> None:
    """A button that asks once more, then takes the thing on show from the list, and opens the list; the same as a command."""
    with st.popover(title, key=key):
        st.markdown(words)
        as_command(f"remove_{key}", command)
        if st.button(_("Remove"), key=f"{key}_yes", type="primary") and lab.succeeds(remove):
            st.switch_page("pages/runs.py", query_params={"tab": "experiments"})
