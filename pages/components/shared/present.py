"""Present mode (`?present=1`): a run's Watch, or the wall of a class, for a projector: no sidebar, no controls, larger type."""

import streamlit as st

from pages.components.shared import visitor
from pages.components.text import _
from pages.components.widgets.leave_present import leave_present

PARAM = "present"
STYLE = """<style>
html {font-size: clamp(18px, 1.6vw, 32px) !important}
[data-testid="stHeader"], [data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] {display: none !important}
.stMainBlockContainer {padding: 0.75rem 1rem 1rem !important; max-width: none !important}
.stMainBlockContainer h1 {font-size: 1.5rem !important; padding: 0 0 0.5rem !important}
.st-key-present_run .modebar {display: none}
@media (min-width: 641px) {
  .st-key-present_run .ganvas-picture-image {width: 100%; height: calc(100dvh - 7.5rem); object-fit: contain}
  .st-key-present_run .ganvas-plot {height: calc((100dvh - 12.25rem) / 2) !important}
  .st-key-present_wall .ganvas-picture-image {
    width: 100%; height: max(6rem, calc((100dvh - 4.5rem) / var(--ganvas-wall-rows, 1) - 7rem)); object-fit: contain;
  }
  .st-key-present_wall [class*="st-key-class_card_"] {padding: 0.5rem}
  .st-key-present_wall p {white-space: nowrap; overflow: hidden; text-overflow: ellipsis}
}
</style>"""


def on(page: str) -> bool:
    """Whether a page (its part of the address) is shown in present mode: a run always, Home for the teacher of a class."""
    return st.query_params.get(PARAM) == "1" and (page == "run" or (page == "" and visitor.teaches()))


def offer(key: str, **also: str) -> None:
    """A button that opens this address in present mode, `also` written into it."""
    words, help_ = _("Present"), _("Fills the screen, for a projector. Esc leaves.")
    if st.button(words, key=key, icon=":material/present_to_all:", type="tertiary", help=help_):
        others: dict[str, str] = st.query_params.to_dict()
        st.query_params.from_dict(others | also | {PARAM: "1"})  # at once: one entry of the browser's history
        st.rerun()


def frame() -> None:
    """The style of present mode, and the button that leaves it, as Esc does.

    The sidebar is hidden, not left out: Streamlit would forget the values of its widgets, and take them for changed afterwards.
    """
    st.html(STYLE)
    leave_present(_leave, key="present_leave")


def _leave() -> None:
    st.query_params.pop(PARAM, None)
