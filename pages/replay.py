"""Replay: a run as a recording: scrub, film it, go on from any moment another way. `?run=ID&step=N`."""

import streamlit as st

from gan_core.runs import Run
from pages.components.replay.film import film_form
from pages.components.replay.view import recording
from pages.components.shared import lab
from pages.components.shared.run_links import page_button
from pages.components.shared.run_picker import choose_run, offer_training, warn_of_unknown
from pages.components.shared.run_records import compared
from pages.components.shared.take_away import files_form
from pages.components.text import _


def main() -> None:
    """Choose a run; then its recording, and what can be made of it."""
    lab.enter("replay")
    st.title(_("Replay a run"))
    words = _(
        "Every run is a recording. Move through its **training steps**: the pictures, the curves and what the doctor found "
        "move together. Then film it, or go on from a moment with other settings."
    )
    st.markdown(words)
    runs = {run.id: run for run in lab.all_runs() if recorded(run)}
    if not runs:
        words = _("Nothing is recorded yet. Train a model first: it takes a minute.")
        offer_training("replay", words, _("Train a model"), "pages/home.py")
        return
    wanted = st.query_params.get("run")
    unknown = _("There is no recording of “{id}” here; the newest is shown.")
    warn_of_unknown(runs, unknown, icon=":material/warning:")
    chosen, links = st.columns([3, 2], vertical_alignment="bottom")
    with chosen:
        run = choose_run("replay", runs)
    with links, st.container(horizontal=True):
        page_button(_("Watch"), "replay_watch", "monitoring", "train", run=run.id)
        page_button(_("Compare"), "replay_compare", "stacked_line_chart", "compare", runs=run.id)
    if wanted and wanted != run.id:
        st.query_params.pop("step", None)  # a step of the other recording
    if not lab.succeeds(lambda: compared(run)):
        return
    lab.tell_damaged_lines(run)
    recording(run)
    with st.expander(_("Film: MP4 or GIF"), icon=":material/movie:"):
        st.fragment(film_form)(run)
    with st.expander(_("Files for other programs: zip, ONNX, CSV, TensorBoard"), icon=":material/download:"):
        st.fragment(files_form)(run, "replay_file")


def recorded(run: Run) -> bool:
    """Whether there is anything to play: a picture, or one recorded step."""
    return bool(run.sample_steps()) or run.metrics_path.exists()


main()
