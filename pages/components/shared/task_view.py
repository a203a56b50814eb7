"""Work in a process of its own as a page shows it: begin it, how far it is, cancel it, how it ended. Loads no torch."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from gan_core.jobs import task as background
from gan_core.jobs.task import Arrays, Progress, Task
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.text import N_, Marked, _, as_text

STAGES = Marked(
    {
        "starting": N_("Starting…"),
        "waiting": N_("Somebody else's work of this kind comes first"),
        "images": N_("Preparing the images"),
        "encoding": N_("Encoding and decoding images"),
    }
)
STOPS_FOR_ALL = N_("Stops it for everybody who waits for the same result.")
Words = Callable[[Progress], str]
Work = TypeVar("Work")


@st.cache_resource(max_entries=24, show_spinner=False)
def _arrays(place: str, _task: Task) -> Arrays:
    """A finished task's arrays, read once for all viewers."""
    return background.result(_task)


def outcome(task: Task, key: str, words: Words | None = None) -> Arrays | None:
    """The result of a task; None until it is done: then it is started if new, and a progress bar is shown.

    `key` begins the keys of the bar's widgets; `words` gives the bar's text, `stage_words` when None.
    """
    now = background.progress(task)
    if now.state == "new":
        if not lab.succeeds(lambda: background.start(task)):
            return None
        now = background.progress(task)
    if now.state == "done":
        try:
            return _arrays(str(background.folder(task)), task)
        except ValueError as damage:
            background.forget(task)
            now = Progress("failed", error=str(damage))
    if now.state == "running":
        note = _("It continues in the background when you leave this page; the result is kept.")
        follow(
            task, key, words or stage_words, background.progress, background.cancel, note=note, command=command(task)
        )
    else:
        show_end(key, now)
        if st.button(_("Start it again"), key=f"{key}_again", icon=":material/refresh:") and lab.succeeds(
            lambda: background.start(task)
        ):
            st.rerun()
    return None


def command(task: Task) -> str:
    """The command that cancels a task."""
    return line("cancel", background.task_id(task))


def stage_words(now: Progress) -> str:
    """Stage and counts; a stage that is not in STAGES is shown as it is, in the viewer's language."""
    stage = STAGES.get(now.stage) or _(now.stage)
    if not now.total:
        return stage
    return f"{stage} · " + _("{done:,} of {total:,}").format(done=now.done, total=now.total)


def follow(
    work: Work,
    key: str,
    words: Words,
    look: Callable[[Work], Progress],
    cancel: Callable[[Work], None],
    *,
    note: str = "",
    cancel_help: str | None = STOPS_FOR_ALL,
    command: str = "",
) -> None:
    """A bar for work that runs, and the way to cancel it; the page is drawn anew once it has ended.

    Args:
        work: a task, or anything else that `look` (its progress) and `cancel` take.
        key: begins the keys of the bar's widgets.
        words: the bar's text.
        note, cancel_help: beside the button, and its tooltip.
        command: what cancels it from a shell.
    """
    cancelling = f"{key}_cancelling"

    def stop() -> None:
        cancel(work)
        st.session_state[cancelling] = work

    def bar() -> None:
        now = look(work)
        if now.state != "running":
            st.rerun()
        st.progress(min(now.done / now.total, 1.0) if now.total else 0.0, text=words(now))
        left = st.session_state.get(cancelling) == work
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                _("Cancel") if not left else _("Stopping…"), key=f"{key}_cancel", icon=":material/close:",
                disabled=left, help=_(cancel_help) if cancel_help else None,
            ):  # fmt: skip
                lab.press(stop)
            if note:
                st.caption(note)
        as_command(f"cancel_{key}", command)

    st.fragment(bar, run_every=lab.refresh_every())()


def show_end(key: str, now: Progress, cancelled: str = N_("Cancelled.")) -> None:
    """Why work that `follow` showed under this key failed, or that it was cancelled; of any other state nothing."""
    st.session_state.pop(f"{key}_cancelling", None)
    if now.state == "failed":
        st.error(as_text(_(now.error)), icon=":material/error:")
    elif now.state == "cancelled":
        st.info(_(cancelled), icon=":material/info:")
