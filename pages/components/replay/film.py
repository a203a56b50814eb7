"""A run as a film to take away: made in the background, shown and downloaded here."""

import base64

import streamlit as st

from gan_core.analysis import film
from gan_core.jobs import task
from gan_core.jobs.task import Progress
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line, out
from pages.components.shared.task_view import outcome
from pages.components.text import N_, Marked, _
from pages.components.widgets.picture import picture

SPEEDS = (2, 4, 8, 12, 24)
MIME = {"mp4": "video/mp4", "gif": "image/gif"}
TITLES = Marked({"mp4": N_("MP4: small and sharp"), "gif": N_("GIF: plays everywhere, smaller pictures")})


def film_form(run: Run) -> None:
    """Format and speed, the button, then progress or the film."""
    left, right = st.columns([2, 1])
    kind = left.segmented_control(
        _("Format"),
        list(film.FORMATS),
        default="mp4",
        required=True,
        key="replay_format",
        format_func=TITLES.__getitem__,
    )
    fps = right.select_slider(_("Pictures a second"), SPEEDS, value=8, key="replay_fps")
    wanted = lab.attempt(lambda: film.task(run, kind, fps), "info")
    if wanted is None:
        return
    pictures = wanted.values["pictures"]
    words = _("{n} pictures with their step, and the losses below: {s:.0f} seconds of film.")
    st.caption(words.format(n=pictures, s=pictures / fps + film.LAST_FRAME_S))
    as_command("film", line("film", run.id, out=out(run, f".{kind}"), fps=fps))
    asked = st.session_state.get("replay_film_asked") == wanted
    if task.progress(wanted).state != "done" and not asked:
        if not st.button(_("Make the film"), key="replay_film", icon=":material/movie:"):
            return
        st.session_state["replay_film_asked"] = wanted
    made = outcome(wanted, "replay_film_work", stage)
    if made is not None:
        show(run, kind, made["film"].tobytes())


def stage(now: Progress) -> str:
    """What the bar says."""
    if now.stage != "film":
        return _("Another film is made first…") if now.stage == "waiting" else _("Starting…")
    return _("Draws picture {done:,} of {total:,}").format(done=now.done + 1, total=now.total)


def show(run: Run, kind: str, content: bytes) -> None:
    """The film and its download."""
    size = _("{n:,} kB").format(n=round(len(content) / 1000))
    st.download_button(
        _("Download the film ({size})").format(size=size), content, file_name=f"{run.id}.{kind}", mime=MIME[kind],
        key="replay_download", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    if kind == "gif":
        url = f"data:image/gif;base64,{base64.b64encode(content).decode('ascii')}"
        picture(url, key=f"replay_gif_{run.id}", alt=_("The run as a film"), max_width_px=420)
    else:
        with st.container(width=480):
            st.video(content, format=MIME[kind], loop=True)
