"""The menu of a run's page: rename, compare, send, film, files, delete; each opens a panel below the head, or a page."""

from collections.abc import Callable

import streamlit as st

from gan_core.models.kinds import kind_or_none
from gan_core.runs import Run
from pages.components.hub import forms
from pages.components.replay.film import film_form
from pages.components.shared import lab, undo
from pages.components.shared.as_command import as_command, line
from pages.components.shared.bin_view import confirm_delete
from pages.components.shared.links import renew
from pages.components.shared.take_away import files_form
from pages.components.text import N_, Marked, _, called

ENTRIES = Marked(
    {
        "edit": N_("Rename, write a note"),
        "compare": N_("Compare with…"),
        "twin": N_("Twin in the 2-D lab"),
        "film": N_("Film (MP4, GIF)"),
        "files": N_("Files (zip, ONNX, CSV, TensorBoard)"),
        "hub": N_("Send to the Hub"),
        "delete": N_("Delete"),
    }
)
OPEN = "run_panel"


def menu(run: Run) -> None:
    """The button with the list of what fits the run."""
    chosen = st.menu_button(
        _("More"), entries(run), key="run_menu", icon=":material/more_horiz:", format_func=ENTRIES.__getitem__
    )
    match chosen:
        case None:
            return
        case "compare":
            st.switch_page("pages/compare.py", query_params={"runs": run.id})
        case "twin":
            st.switch_page("pages/learn.py", query_params={"tab": "lab", "run": run.id})
        case "delete":
            confirm_delete([run.id])
        case _panel:
            st.session_state[OPEN] = run.id, chosen


def entries(run: Run) -> list[str]:
    """What can be done with the run."""
    try:
        kind = kind_or_none(run.config())
    except ValueError:
        kind = None
    fits = {
        "edit": not run.shipped,
        "twin": kind is not None and kind.has_discriminator,
        "film": bool(run.sample_steps()),
        "hub": bool(run.checkpoint_steps()),
        "delete": not run.shipped,
    }
    return [name for name in ENTRIES if fits.get(name, True)]


def panel(run: Run) -> None:
    """What was opened from the menu, with a button that closes it."""
    run_id, name = st.session_state.get(OPEN, ("", ""))
    if run_id != run.id:
        return
    draw: dict[str, Callable[[Run], None]] = {
        "edit": edit,
        "film": film_form,
        "files": lambda one: files_form(one, "run_file"),
        "hub": send,
    }
    with st.container(border=True):
        words, close = st.columns([8, 1], vertical_alignment="center")
        words.markdown(f"**{ENTRIES[name]}**")
        close.button(_("Close"), key="run_panel_close", icon=":material/close:", type="tertiary", on_click=close_panel)
        draw[name](run)


def close_panel() -> None:
    """Closes what is open."""
    st.session_state.pop(OPEN, None)


def edit(run: Run) -> None:
    """Name and note."""
    with st.form(f"runs_{run.id}_form", border=False):
        name = st.text_input(_("Name"), run.own_name, max_chars=80, key=f"runs_{run.id}_name", placeholder=_(run.title))
        note = st.text_area(_("Note: what did you see?"), run.note, max_chars=5000, key=f"runs_{run.id}_note")
        before, former = run.own_name, called(run)
        if st.form_submit_button(_("Save")) and lab.succeeds(lambda: run.describe(name=name, note=note)):
            undo.offer_rename(former, called(run), lambda: called(run), lambda: give_back(run, before))
            close_panel()
            renew("run_shown")
            st.rerun()
    as_command("rename", line("rename", run.id, run.name), line("note", run.id, run.note or "..."))


def give_back(run: Run, name: str) -> None:
    """Gives a run its former name."""
    run.describe(name=name)
    renew("run_shown")


def send(run: Run) -> None:
    """The account, and what is sent."""
    forms.account()
    forms.upload(run)
