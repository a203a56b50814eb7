"""Compare: any runs side by side: settings, curves, pictures, measurements, a table. `?runs=a,b&view=...`"""

from collections.abc import Sequence

import streamlit as st

from gan_core.analysis.comparing import Compared
from gan_core.runs import Run
from pages.components.compare.choice import choose_runs, suggestions
from pages.components.compare.curves import curves
from pages.components.compare.numbers import numbers
from pages.components.compare.pictures import recorded
from pages.components.compare.settings import settings, show_obstacles, summary
from pages.components.compare.table import table
from pages.components.report.form import report
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import offer_training
from pages.components.shared.run_records import compared
from pages.components.text import N_, Marked, _, as_text, called, titled

PICTURES, FRESH, CURVES, NUMBERS, SETTINGS, TABLE = "pictures", "fresh", "curves", "numbers", "settings", "table"
REPORT = "report"
VIEWS = Marked(
    {
        PICTURES: N_("Recorded pictures"),
        FRESH: N_("New pictures, same z"),
        CURVES: N_("Curves"),
        NUMBERS: N_("Measurements"),
        SETTINGS: N_("Settings"),
        TABLE: N_("Table of two settings"),
        REPORT: N_("Report"),
    }
)


def main() -> None:
    """Choose runs; then what differs, and one way of looking at them."""
    lab.enter("compare")
    st.title(_("Compare runs"))
    words = _(
        "Two runs that differ in one setting are an experiment. Choose some runs: you see where their **settings** differ, and "
        "what came of it in curves, pictures and numbers."
    )
    st.markdown(words)
    runs = {run.id: run for run in lab.all_runs()}
    if len(runs) < 2:
        words = _("It takes two runs to compare. Train a model, then the same with one setting changed.")
        offer_training("compare", words, _("Train a model"), "pages/train.py")
        return
    chosen = choose_runs(runs)
    if len(chosen) < 2:
        suggestions(runs, chosen)
        return
    readable = [one for one in (opened(run) for run in chosen) if one is not None]
    if len(readable) < 2:
        st.info(_("At least two runs that can be read are needed."), icon=":material/info:")
        return
    for one in readable:
        lab.tell_damaged_lines(one.run)
    show(readable)


def opened(run: Run) -> Compared | None:
    """The run, or None after its sentence why it cannot be read."""
    try:
        return compared(run)
    except ValueError as damage:
        st.warning(titled(as_text(called(run)), as_text(_(str(damage)))), icon=":material/warning:")
        return None


def show(runs: Sequence[Compared]) -> None:
    """What stands against comparing them, how many settings differ, and the chosen view."""
    lab.name_tab(" | ".join(called(one.run) for one in runs))
    show_obstacles(runs)
    st.caption(summary(runs))
    view = linked_view(VIEWS, key="compare_view")
    if view == REPORT:
        report([one.run for one in runs])
        return
    views = {PICTURES: recorded, FRESH: fresh, CURVES: curves, NUMBERS: numbers, SETTINGS: settings, TABLE: table}
    views[view](runs)
    as_command("compare", line("compare", *(one.run.id for one in runs)))


def fresh(runs: Sequence[Compared]) -> None:
    """New pictures from one seed; loads torch."""
    if len({one.config.network.latent_dim for one in runs}) > 1:
        st.info(
            _("No z fits all of these runs. Choose runs with latents of one length, or look at the recorded pictures."),
            icon=":material/info:",
        )
        return
    with st.spinner(_("Loading the models…")):
        from pages.components.compare import (
            fresh as compare_fresh,  # brings torch, which the server does without until here
        )
    compare_fresh.fresh(runs)


main()
