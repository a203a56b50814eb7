"""Train: a new run (`?preset=NAME`), or many for one question (`?tab=many`)."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from gan_core.config import field_names
from gan_core.experiments.sweeps.templates import TEMPLATES
from pages.components.shared import lab, links
from pages.components.shared.links import linked_tab
from pages.components.study.new import WEIGHTS, new_study
from pages.components.sweeps import form, link
from pages.components.text import N_, Marked, _, as_text
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
    """Runs that differ in a few settings: ready-made, one's own, the study of loss weights; of these, a link for the class has one."""
    st.title(TABS["many"])
    parts: dict[str, Callable[[], None]] = {name: partial(form.template, name) for name in TEMPLATES}
    parts |= {link.OWN: form.new_sweep, WEIGHTS: new_study}
    about = st.query_params.get(links.ABOUT, "")
    if links.only() and about in parts:
        parts[about]()
        return
    if about and about not in parts:
        words = _("There is no form “{name}” here; all are shown.")
        st.warning(words.format(name=as_text(about[:64])), icon=":material/warning:")
    words = _(
        "A **grid** trains every combination of the values you list; a **search** lets Optuna choose within ranges. Every run is "
        "measured the same way, and one that fails is stopped early."
    )
    st.markdown(words)
    form.templates()
    with st.expander(_("Your own grid or search"), icon=":material/tune:", expanded=about == link.OWN):
        form.new_sweep()
    with st.expander(
        _("Loss weights: real against generated images"), icon=":material/balance:", expanded=about == WEIGHTS
    ):
        new_study()


main()
