"""A run in a few words, and the buttons that lead to it: its name, its state, how far it is. Importing this loads no torch."""

from collections.abc import Callable

import streamlit as st

from gan_core.runs import Run
from gan_core.runs.status import OPEN_STATES
from pages.components.shared import lab
from pages.components.text import STATES, _, as_text, called


def state_badge(state: str) -> None:
    """The word for a run's state in its colour."""
    marked, color = STATES[state]
    word = _(marked)
    st.badge(word, color=color)  # type: ignore[arg-type]


def badge(run: Run) -> None:
    """Name, state and progress of a run. The name is shown as text: whatever is typed there stays text."""
    status = run.status()
    st.text(called(run))
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status.state)
        if status.total_steps:
            st.caption(_("step {step:,} of {total:,}").format(step=status.step, total=status.total_steps))
    if status.error:
        st.caption(as_text(_(status.error)))


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
