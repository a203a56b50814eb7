"""Train: a new run (`?preset=NAME`), or many for one question (`?tab=many`)."""

import streamlit as st

from gan_core.config import field_names
from pages.components.shared import lab
from pages.components.shared.links import linked_tab
from pages.components.study.new import new_study
from pages.components.sweeps import form
from pages.components.text import N_, Marked, _
from pages.components.train.new_run import new_run

KEPT = ("preset", *(name for name in field_names() if "." in name))  # of the form for one run
TABS = Marked({"one": N_("One run"), "many": N_("Many runs")})


def main() -> None:
    """The form for one run, or those for many."""
    lab.enter("train")
    if "run" in st.query_params:  # an earlier address of a run's page
        st.switch_page("pages/run.py", query_params=st.query_params.to_dict())
    if linked_tab(TABS, key="train_tab", keep=KEPT) == "one":
        new_run()
        return
    many_runs()


def many_runs() -> None:
    """Runs that differ in a few settings: ready-made, one's own, the study of loss weights."""
    st.title(TABS["many"])
    words = _(
        "A **grid** trains every combination of the values you list; a **search** lets Optuna choose within ranges. Every run is "
        "measured the same way, and one that fails is stopped early."
    )
    st.markdown(words)
    form.templates()
    with st.expander(_("Your own grid or search"), icon=":material/tune:"):
        form.new_sweep()
    with st.expander(_("Loss weights: real against generated images"), icon=":material/balance:"):
        new_study()


main()
