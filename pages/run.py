"""Run: all about one run, in tabs. `?run=ID&tab=...&view=...`; without `run` one that fits, the one looked at last before others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from gan_core.runs import Run
from pages.components.replay.tab import recorded, replay
from pages.components.report.form import report
from pages.components.run.details import settings
from pages.components.run.explore import explore, views_of
from pages.components.run.head import head
from pages.components.run.measure import measure
from pages.components.run.measure import views_of as measures_of
from pages.components.run.present import present
from pages.components.run.publish import publish
from pages.components.run.watch import watch
from pages.components.shared import lab
from pages.components.shared import present as present_mode
from pages.components.shared.links import linked_choice, linked_tab
from pages.components.shared.run_picker import offer_training, titles_of, warn_of_unknown
from pages.components.text import N_, _, as_text, called

KEPT = "run_kept"


@dataclass(frozen=True)
class Tab:
    """A part of the page.

    Attributes:
        words: its name, marked for translation.
        draw: what draws it.
        fits: whether it has anything of a run.
        views: the names of its ways of looking at a run.
    """

    words: str
    draw: Callable[[Run], None]
    fits: Callable[[Run], bool] = lambda run: True
    views: Callable[[Run], Sequence[str]] = lambda run: ()


def report_and_page(run: Run) -> None:
    """The report, and the run as a web page."""
    report([run])
    publish(run)


TABS = {
    "watch": Tab(N_("Watch"), watch),
    "replay": Tab(N_("Replay"), replay, recorded),
    "explore": Tab(N_("Explore"), explore, lambda run: bool(views_of(run)), views_of),
    "measure": Tab(N_("Measure"), measure, lambda run: bool(run.checkpoint_steps()), measures_of),
    "report": Tab(N_("Report"), report_and_page),
    "settings": Tab(N_("Settings"), settings),
}


def main() -> None:
    """Which run; its head; the chosen tab."""
    lab.enter("run")
    runs = {run.id: run for run in lab.all_runs()}
    warn_of_unknown(runs, _("There is no run “{id}” here; it may have been deleted. Another is shown."))
    first = usual(runs)
    if first is None:
        st.title(_("Run"))
        offer_training(
            "run",
            _("There is no run yet that can be shown here. Train one first."),
            _("Train a model"),
            "pages/train.py",
        )
        return
    if present_mode.on("run"):
        lab.name_tab(runs[first].name)
        if lab.succeeds(runs[first].config):
            present(runs[first])
        return
    title = st.container(horizontal=True, vertical_alignment="center")
    with title:
        place = st.container(width="stretch")
        run = choose(runs, first)
    place.title(as_text(called(run)), anchor=False)
    lab.name_tab(called(run))
    if not lab.succeeds(run.config):
        return
    head(run)
    tab = linked_tab(
        {name: _(tab.words) for name, tab in TABS.items()}, key="run_tab", keep=("run",), first=usual_tab(run)
    )
    TABS[tab].draw(run)


def usual(runs: dict[str, Run]) -> str | None:
    """The run of the address, else one that the tab has something of: with the view that is asked for, looked at last, or newest."""
    if (asked := st.query_params.get("run")) in runs:
        return asked
    tab, view = TABS.get(st.query_params.get("tab", ""), TABS["watch"]), st.query_params.get("view")
    kept = st.session_state.get(KEPT)
    fitting = [run for run in runs.values() if tab.fits(run)]
    best = min(fitting, key=lambda run: (view not in tab.views(run), run.id != kept), default=None)
    return None if best is None else best.id


def usual_tab(run: Run) -> str:
    """Where the page opens: a ready-made model on what can be explored, any other run on how it went."""
    return "explore" if run.shipped and views_of(run) else "watch"


def choose(runs: dict[str, Run], first: str) -> Run:
    """The run of the address, and the list to choose another; it is remembered when somebody chose it."""
    titles = titles_of(runs)

    def draw(ids: Sequence[str], initial: str) -> str:
        return st.selectbox(
            _("Run"), ids, index=ids.index(initial), format_func=titles.__getitem__, key="run_shown", width=260,
            label_visibility="collapsed",
        )  # fmt: skip

    run = runs[linked_choice("run", list(runs), first, draw, key="run_shown", keep=("tab", "view"))]
    if "run" in st.query_params:
        st.session_state[KEPT] = run.id
    return run


main()
