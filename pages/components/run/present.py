"""A run in present mode: its newest samples and its two main curves fill the screen, and follow its training."""

import streamlit as st

from gan_core.runs import Run
from pages.components.run.head import counts
from pages.components.run.watch import OPEN_CHARTS, drawn
from pages.components.shared import lab
from pages.components.shared.run_card import state_badge
from pages.components.text import _, as_text, called
from pages.components.widgets.live_plot import SMOOTHING, live_plot
from pages.components.widgets.picture import picture

PLOT_PX = 260  # where the screen's height does not decide


def present(run: Run) -> None:
    """The screen, kept fresh."""
    with st.container(key="present_run"):
        st.title(as_text(called(run)), anchor=False)
        st.fragment(screen, run_every=lab.refresh_every())(run)


def screen(run: Run) -> None:
    """State; samples at the left, curves at the right."""
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(status.state)
        st.caption(counts(run, status))
    left, right = st.columns([11, 9], gap="medium")
    with left:
        steps, url = run.sample_steps(), lab.sample_url(run)
        if url:
            picture(url, key=f"present_picture_{run.id}", alt=_("Samples at step {n:,}").format(n=steps[-1]))
        else:
            st.caption(_("The first grid is on its way."))
    with right:
        found = lab.tail(str(run.path)).charts()[:OPEN_CHARTS]
        for chart, figure in zip(found, drawn(run, found, SMOOTHING, log_scale=False), strict=True):
            st.markdown(f"**{_(chart.title)}**")
            live_plot(figure, key=f"present_plot_{run.id}_{chart.key}", height_px=PLOT_PX)
