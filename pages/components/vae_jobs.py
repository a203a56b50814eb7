"""Work in the background as a page shows it: begin it, how far it is, cancel it, its result. Loads no torch."""

import streamlit as st

from gan_core import embedding_jobs
from gan_core.embedding_jobs import Arrays, Progress, Task
from gan_core.latents.embedding import method_name
from pages.components import lab
from pages.components.text import _, as_text

STAGES = {
    "starting": _("Starting…"),
    "waiting": _("Waits until other work of this kind is done…"),
    "images": _("Preparing the images"),
    "encoding": _("Encoding and decoding images"),
    "tsne": _("t-SNE"),
}


@st.cache_resource(max_entries=12, show_spinner=False)
def _arrays(place: str, _task: Task) -> Arrays:
    """A finished task's arrays, read once for all viewers."""
    return embedding_jobs.result(_task)


def outcome(task: Task, key: str) -> Arrays | None:
    """The result of a task; while there is none, it is begun, and a progress bar stands in its place."""
    now = embedding_jobs.progress(task)
    if now.state == "new":
        if not lab.attempt(lambda: embedding_jobs.start(task)):
            return None
        now = embedding_jobs.progress(task)
    if now.state == "done":
        try:
            return _arrays(str(embedding_jobs.folder(task)), task)
        except ValueError as damage:
            embedding_jobs.forget(task)
            now = Progress("failed", error=str(damage))
    if now.state == "running":
        st.fragment(_watch, run_every=lab.refresh_every())(task, key)
    else:
        _again(task, key, now)
    return None


def _watch(task: Task, key: str) -> None:
    now = embedding_jobs.progress(task)
    if now.state != "running":
        st.rerun()
    share = now.done / now.total if now.total else 0.0
    st.progress(min(share, 1.0), text=words(task, now))
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
    embedding_jobs.cancel(task)
    st.session_state[cancelling] = task


def words(task: Task, now: Progress) -> str:
    """Stage, counts and, for a t-SNE, the KL divergence so far."""
    stage = STAGES.get(now.stage, now.stage)
    if now.stage == "tsne":
        stage = _("t-SNE of {n:,} points ({library})").format(n=task.num_points, library=method_name(task.num_points))
    if not now.total:
        return stage
    unit = _("iteration {done:,} of {total:,}") if now.stage == "tsne" else _("{done:,} of {total:,}")
    parts = [stage, unit.format(done=now.done, total=now.total)]
    if now.kl is not None:
        parts.append(_("KL divergence {kl:.3f}").format(kl=now.kl))
    return " · ".join(parts)


def _again(task: Task, key: str, now: Progress) -> None:
    st.session_state.pop(f"{key}_cancelling", None)
    if now.state == "failed":
        st.error(as_text(now.error), icon=":material/error:")
    else:
        st.info(_("Cancelled."), icon=":material/info:")
    if st.button(_("Start it again"), key=f"{key}_again", icon=":material/refresh:") and lab.attempt(
        lambda: embedding_jobs.start(task)
    ):
        st.rerun()
