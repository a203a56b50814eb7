"""Runs: every run with its picture; rename, note, open, delete."""

import math

import streamlit as st

from gan_core.datasets import DATASETS
from gan_core.runs import Run, recovery
from gan_core.runs.status import OPEN_STATES
from gan_core.training import supervisor
from pages.components.shared import lab
from pages.components.shared.bin_view import bin_view
from pages.components.shared.kept_list import tell_damaged
from pages.components.shared.run_card import badge
from pages.components.shared.run_links import open_links
from pages.components.text import _, as_text, dangerous, ngettext
from pages.components.widgets.picture import picture

ON_A_PAGE = 12


def main() -> None:
    """Draws the page."""
    lab.enter("runs")
    st.title(_("Runs"))
    runs = lab.all_runs()
    every_run(runs)
    bin_view(lab.start().runs_dir, "runs")


def every_run(runs: list[Run]) -> None:
    """Search, pages, rows; or the way to a first run."""
    if not runs:
        words = _(
            "A **run** is one training from start to end, with everything it left behind. There is none yet: train one."
        )
        st.markdown(words)
        if st.button(_("Train a model"), type="primary", key="runs_train"):
            st.switch_page("pages/train.py")
        return
    words = st.text_input(
        _("Find by name or preset"), key="runs_find", icon=":material/search:", bind="query-params", max_chars=80
    )
    found = [run for run in runs if words.lower() in f"{run.name} {run.id}".lower()]
    if not found:
        st.caption(_("No run has “{words}” in its name.").format(words=as_text(words)))
        return
    pages = math.ceil(len(found) / ON_A_PAGE)
    first = 0
    if pages > 1:
        first = (
            st.number_input(_("Page of {n}").format(n=pages), 1, pages, 1, key="runs_page", width=160) - 1
        ) * ON_A_PAGE
    shown = [run.id for run in found[first : first + ON_A_PAGE]]
    training = any(run.status().state in OPEN_STATES for run in found)
    st.fragment(table, run_every=3 + lab.refresh_every() if training else None)(shown)


def table(run_ids: list[str]) -> None:
    """One row a run."""
    for run_id in run_ids:
        run = lab.run_or_none(run_id)
        if run is not None:
            row(run)


def row(run: Run) -> None:
    """Picture, what it is, what may be done with it."""
    with st.container(border=True):
        left, middle, right = st.columns([1, 4, 2], vertical_alignment="center")
        url = lab.sample_url(run)
        with left:
            if url:
                picture(url, key=f"runs_picture_{run.id}", alt=_("Newest samples"), max_width_px=160)
        with middle:
            badge(run)
            what(run)
            tell_damaged(recovery.damage(run))
            if run.note:
                st.text(run.note)
        with right, st.container(horizontal=True):
            open_links(run, f"runs_{run.id}")
            if run.shipped:
                st.caption(_("Comes with Ganvas: to look at, not to change."))
                return
            saved = st.session_state.get(f"runs_{run.id}_saved", 0)  # another key is another popover, which is closed
            with st.popover(_("Edit"), icon=":material/edit:", key=f"runs_{run.id}_edit_{saved}"):
                edit(run)
            if st.button(_("Delete"), key=f"runs_{run.id}_delete", icon=":material/delete:", type="tertiary"):
                confirm_delete(run.id)


def what(run: Run) -> None:
    """Its experiment in a line, or why it cannot be read."""
    try:
        config = run.config()
    except ValueError as damage:
        st.caption(as_text(str(damage)))
        return
    words = _("{preset} · {data} · {size}x{size} px · batch {batch} · {epochs} · seed {seed}")
    st.caption(
        words.format(
            preset=as_text(config.preset),
            data=_(DATASETS[config.dataset.name].title)
            if config.dataset.name in DATASETS
            else as_text(config.dataset.name),
            size=config.dataset.image_size,
            batch=config.training.batch_size,
            epochs=ngettext("{n} epoch", "{n} epochs", config.training.epochs).format(n=config.training.epochs),
            seed=config.training.seed,
        )
    )


def edit(run: Run) -> None:
    """Name and note."""
    with st.form(f"runs_{run.id}_form", border=False):
        name = st.text_input(_("Name"), run.name, max_chars=80, key=f"runs_{run.id}_name")
        note = st.text_area(_("Note: what did you see?"), run.note, max_chars=5000, key=f"runs_{run.id}_note")
        if st.form_submit_button(_("Save")) and lab.succeeds(lambda: run.describe(name=name, note=note)):
            st.session_state[f"runs_{run.id}_saved"] = st.session_state.get(f"runs_{run.id}_saved", 0) + 1
            st.rerun()


@st.dialog(_("Delete this run?"))
def confirm_delete(run_id: str) -> None:
    """Asks once more, names what is lost, then deletes."""
    run = lab.run_or_none(run_id)
    if run is None:
        st.rerun()
    st.text(run.name)
    st.markdown(
        _("It goes to the bin, below the list, and can be taken back for 7 days. Its disk space is freed after that.")
    )
    with st.container(horizontal=True):
        if st.button(dangerous(_("Delete")), key="runs_delete_yes", icon=":material/delete:") and lab.succeeds(
            lambda: supervisor.delete(run)
        ):
            st.rerun()
        if st.button(_("Keep it"), key="runs_delete_no"):
            st.rerun()


main()
