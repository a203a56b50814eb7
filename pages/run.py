"""Run: all about one run, in tabs. `?run=ID&tab=...&view=...`; without `run` the one that was looked at last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from gan_core.runs import Run
from pages.components.replay.tab import recorded, replay
from pages.components.run.details import settings
from pages.components.run.explore import VIEWS, explore, views_of
from pages.components.run.head import head
from pages.components.run.measure import measure
from pages.components.run.present import present
from pages.components.run.report import report
from pages.components.run.watch import watch
from pages.components.shared import lab
from pages.components.shared import present as present_mode
from pages.components.shared.links import linked_choice, linked_tab
from pages.components.shared.run_picker import offer_training, titles_of, warn_of_unknown
from pages.components.text import _, as_text

KEPT = "run_kept"


@dataclass(frozen=True)
class Tab:
    """A part of the page: its name, what draws it, and whether a run that nobody chose is shown in it."""

    words: str
    draw: Callable[[Run], None]
    fits: Callable[[Run], bool] = lambda run: True


def explorable(run: Run) -> bool:
    """Whether it can be explored, in the view that the address names if any."""
    view = st.query_params.get("view")
    return view in views_of(run) if view in VIEWS else bool(views_of(run))


TABS = {
    "watch": Tab(_("Watch"), watch),
    "replay": Tab(_("Replay"), replay, recorded),
    "explore": Tab(_("Explore"), explore, explorable),
    "measure": Tab(_("Measure"), measure, lambda run: bool(run.checkpoint_steps())),
    "report": Tab(_("Report"), lambda run: report([run])),
    "settings": Tab(_("Settings"), settings),
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
    place.title(as_text(run.name), anchor=False)
    lab.name_tab(run.name)
    if not lab.succeeds(run.config):
        return
    head(run)
    tab = linked_tab({name: tab.words for name, tab in TABS.items()}, key="run_tab", keep=("run",))
    TABS[tab].draw(run)


def usual(runs: dict[str, Run]) -> str | None:
    """The run of the address, else the one looked at last or the newest that the tab has something of."""
    if (asked := st.query_params.get("run")) in runs:
        return asked
    tab = TABS.get(st.query_params.get("tab", ""), TABS["watch"])
    kept = runs.get(st.session_state.get(KEPT, ""))
    candidates = [*([kept] if kept else []), *runs.values()]
    fitting = [run.id for run in candidates if tab.fits(run)]
    others = [
        run.id for run in candidates if views_of(run) or tab is not TABS["explore"]
    ]  # none has the view that is asked for
    return next(iter(fitting or others), None)


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
