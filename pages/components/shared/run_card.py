"""A run in a few words: its name, its state, how far it is."""

import streamlit as st

from gan_core.runs import Run
from pages.components.text import STATES, _, as_text


def badge(run: Run) -> None:
    """Name, state and progress of a run. The name is shown as text: whatever is typed there stays text."""
    status = run.status()
    word, color = STATES[status.state]
    st.text(run.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(word, color=color)  # type: ignore[arg-type]
        if status.total_steps:
            st.caption(_("step {step:,} of {total:,}").format(step=status.step, total=status.total_steps))
    if status.error:
        st.caption(as_text(status.error))
