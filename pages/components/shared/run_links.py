"""Where a run can be looked at: buttons that lead to other pages. Importing this loads no torch."""

from collections.abc import Callable

import streamlit as st

from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from pages.components.shared import lab
from pages.components.text import _


def start_and_watch(make: Callable[[], Run]) -> None:
    """Queues the run that `make` gives and opens its page; a refusal is shown as its sentence."""
    with st.spinner(_("Starting the trainer…")):
        made = lab.attempt(make)
    if made is not None:
        st.switch_page("pages/run.py", query_params={"run": made.id})


def page_button(words: str, key: str, icon: str, page: str, **link: str) -> None:
    """A button that opens a page with these query parameters."""
    if st.button(words, key=key, icon=f":material/{icon}:"):
        st.switch_page(f"pages/{page}.py", query_params=link)


def open_links(run: Run, key: str) -> None:
    """Buttons to the run: what it learned, if there is a model, and its page."""
    training = run.status().state in OPEN_STATES
    if run.checkpoint_steps() and not training:
        page_button(_("Explore"), f"{key}_explore", "explore", "run", run=run.id, tab="explore")
    words, icon = (_("Watch"), "monitoring") if training else (_("Open"), "open_in_new")
    page_button(words, f"{key}_watch", icon, "run", run=run.id)
