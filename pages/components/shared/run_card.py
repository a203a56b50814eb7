"""A run in a few words: its name, its state, how far it is."""

import streamlit as st

from gan_core.runs import Run
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
