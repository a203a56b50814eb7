"""Experiment: several runs for one question, a sweep or a study: how it stands and what it found. `?id=ID` opens one."""

from collections.abc import Sequence

import streamlit as st

from gan_core.analysis.comparing import MAX_RUNS
from gan_core.experiments import studies
from gan_core.experiments.studies import Study
from gan_core.experiments.sweeps import folder as folders
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.as_command import line
from pages.components.shared.kept_list import all_kept, choose_kept, remove_button
from pages.components.shared.run_card import page_button
from pages.components.shared.run_picker import offer_training
from pages.components.study import results as study_results
from pages.components.sweeps import results as sweep_results
from pages.components.text import _, as_text


def main() -> None:
    """The experiment that the address names, or the newest."""
    lab.enter("experiment")
    place = lab.start().runs_dir
    kept = all_kept(place)
    if not kept:
        st.title(_("Experiments"))
        offer_training("experiment", _("There is no experiment yet."), _("Many runs"), "pages/train.py", tab="many")
        return
    title = st.container()
    shown = choose_kept(kept)
    title.title(as_text(shown.name), anchor=False)
    lab.name_tab(shown.name)
    words = _("Only the experiment is removed from the list. Its runs, with all they hold, stay among the runs.")
    command = line("delete", shown.id, kind="study" if isinstance(shown, Study) else "sweep")
    if isinstance(shown, Study):
        study_results.results(shown)
        side_by_side([run for _member, run in study_results.found_runs(shown) if run is not None])
        remove_button(
            _("Remove this study"), words, "study_forget", command, lambda: studies.STORE.remove(place, shown.id)
        )
    else:
        sweep_results.results(shown)
        side_by_side(sweep_results.runs_of(shown))
        remove_button(_("Remove this sweep"), words, "sweeps_forget", command, lambda: folders.delete(shown))


def side_by_side(members: Sequence[Run]) -> None:
    """Buttons that compare the first finished runs of an experiment, and report on them together."""
    done = [run for run in members if run.status().state == "finished"][:MAX_RUNS]
    if len(done) < 2:
        return
    ids = ",".join(run.id for run in done)
    st.caption(_("The first {n} complete runs together:").format(n=len(done)))
    with st.container(horizontal=True):
        page_button(_("Compare them"), "experiment_compare", "compare", "compare", runs=ids)
        page_button(_("Report on them"), "experiment_report", "article", "compare", runs=ids, view="report")


main()
