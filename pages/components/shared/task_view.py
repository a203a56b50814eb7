"""Work in the background as a page shows it: begin it, how far it is, cancel it, its result. Loads no torch."""

from collections.abc import Callable

import streamlit as st

from gan_core.jobs import task as background
from gan_core.jobs.task import Arrays, Progress, Task
from pages.components.shared import lab
from pages.components.text import _, as_text

STAGES = {
    "starting": _("Starting…"),
    "waiting": _("Somebody else's work of this kind comes first"),
    "images": _("Preparing the images"),
    "encoding": _("Encoding and decoding images"),
}
Words = Callable[[Progress], str]


@st.cache_resource(max_entries=24, show_spinner=False)
def _arrays(place: str, _task: Task) -> Arrays:
    """A finished task's arrays, read once for all viewers."""
    return background.result(_task)


def outcome(task: Task, key: str, words: Words | None = None) -> Arrays | None:
    """The result of a task; while there is none, it is begun, and a progress bar stands in its place.

    Args:
        task: what is wanted. A task that should wait for a click is asked for after the click only.
        key: begins the keys of the bar's widgets.
        words: what the bar says; `stage_words` when None.
    """
    now = background.progress(task)
    if now.state == "new":
        if not lab.attempt(lambda: background.start(task)):
            return None
        now = background.progress(task)
    if now.state == "done":
        try:
            return _arrays(str(background.folder(task)), task)
        except ValueError as damage:
            background.forget(task)
            now = Progress("failed", error=str(damage))
    if now.state == "running":
        st.fragment(_watch, run_every=lab.refresh_every())(task, key, words or stage_words)
    else:
        _again(task, key, now)
    return None


def stage_words(now: Progress) -> str:
    """Stage and counts; a stage that is not in STAGES is shown as it is, in the viewer's language."""
    stage = STAGES.get(now.stage) or _(now.stage)
    if not now.total:
        return stage
    return f"{stage} · " + _("{done:,} of {total:,}").format(done=now.done, total=now.total)


def _watch(task: Task, key: str, words: Words) -> None:
    now = background.progress(task)
    if now.state != "running":
        st.rerun()
    share = now.done / now.total if now.total else 0.0
    st.progress(min(share, 1.0), text=words(now))
    cancelling = f"{key}_cancelling"
    left = st.session_state.get(cancelling) == task
    with st.container(horizontal=True, vertical_alignment="center"):
        _cancel_button(task, key, cancelling, left)
        st.caption(_("It goes on in the background when you leave this page; the result is kept."))


def _cancel_button(task: Task, key: str, cancelling: str, left: bool) -> None:
    st.button(
        _("Cancel") if not left else _("Stopping…"), key=f"{key}_cancel", icon=":material/close:", disabled=left,
        help=_("Stops it for everybody who waits for the same result."), on_click=_cancel, args=(task, cancelling),
    )  # fmt: skip


def _cancel(task: Task, cancelling: str) -> None:
    background.cancel(task)
    st.session_state[cancelling] = task


def _again(task: Task, key: str, now: Progress) -> None:
    st.session_state.pop(f"{key}_cancelling", None)
    if now.state == "failed":
        st.error(as_text(now.error), icon=":material/error:")
    else:
        st.info(_("Cancelled."), icon=":material/info:")
    if st.button(_("Start it again"), key=f"{key}_again", icon=":material/refresh:") and lab.attempt(
        lambda: background.start(task)
    ):
        st.rerun()
