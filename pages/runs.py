"""Runs: mine, those that come with Ganvas, experiments of several, and the import from the Hub. `?tab=` chooses."""

import math
from collections.abc import Sequence

import streamlit as st

from gan_core.analysis.comparing import MAX_RUNS
from gan_core.datasets import DATASETS
from gan_core.experiments import studies
from gan_core.experiments.sweeps import folder as folders
from gan_core.runs import Run, recovery
from gan_core.runs.status import OPEN_STATES
from pages.components.hub import forms
from pages.components.shared import lab
from pages.components.shared.bin_view import bin_view, confirm_delete
from pages.components.shared.kept_list import all_kept, begun, kept_row, tell_damaged
from pages.components.shared.links import linked_tab
from pages.components.shared.run_card import badge, open_links
from pages.components.shared.run_picker import offer_training
from pages.components.text import N_, Marked, _, as_text, called, ngettext
from pages.components.widgets.picture import picture

ON_A_PAGE = 12


def main() -> None:
    """The chosen list."""
    lab.enter("runs")
    words, draw = TABS[linked_tab({name: words for name, (words, _draw) in TABS.items()}, key="runs_tab")]
    st.title(words)
    lab.name_tab(words)
    draw()


def mine() -> None:
    """The runs that were made here, and the bin."""
    runs = lab.own_runs()
    if runs:
        every_run(runs)
    else:
        words = _("A **run** is one training from start to end, with everything it recorded. There are no runs yet.")
        offer_training("runs", words, _("Train a model"), "pages/train.py")
    bin_view(lab.start().runs_dir, "runs", "run")


def ready_made() -> None:
    """The runs that come with the program."""
    every_run([run for run in lab.all_runs() if run.shipped])


def experiments() -> None:
    """Sweeps and studies, a line each, and their bins."""
    place = lab.start().runs_dir
    tell_damaged([*folders.damaged_folders(place), *studies.STORE.damaged(place)])
    kept = all_kept(place)
    if not kept:
        words = _("An **experiment** is several runs for one question. There are no experiments yet.")
        offer_training("experiments", words, _("Many runs"), "pages/train.py", tab="many")
    for one in kept:
        count = one.sweep.trials if isinstance(one, folders.SweepFolder) else len(one.members)
        facts = ngettext("{n} run", "{n} runs", count).format(n=count) + f" · {begun(one)}"
        _first, button = kept_row(one.name, facts)
        if button.button(_("Open"), key=f"experiments_open_{one.id}"):
            st.switch_page("pages/experiment.py", query_params={"id": one.id})
    bin_view(place / folders.FOLDER, "sweeps", "sweep")
    bin_view(place / studies.STORE.folder, "study", "study")


def from_hub() -> None:
    """A run that others have put on the Hugging Face Hub."""
    with st.container(border=True):
        forms.download()
    with st.container(border=True):
        forms.collection()
    with st.container(border=True):
        forms.account()


TABS = Marked(
    {
        "mine": (N_("All runs"), mine),
        "ready": (N_("Ready-made"), ready_made),
        "experiments": (N_("Experiments"), experiments),
        "import": (N_("Import from the Hub"), from_hub),
    }
)


def every_run(runs: Sequence[Run]) -> None:
    """Search, pages, rows."""
    words = st.text_input(
        _("Find by name or preset"), key="runs_find", icon=":material/search:", bind="query-params", max_chars=80
    )
    found = [run for run in runs if words.lower() in f"{called(run)} {run.name} {run.id}".lower()]
    if not found:
        st.caption(_("No run has “{words}” in its name.").format(words=as_text(words)))
        return
    pages = math.ceil(len(found) / ON_A_PAGE)
    first = 0
    if pages > 1:
        number = st.number_input(_("Page (of {n})").format(n=pages), 1, pages, 1, key="runs_page", width=160)
        first = (number - 1) * ON_A_PAGE
    shown = [run.id for run in found[first : first + ON_A_PAGE]]
    training = any(run.status().state in OPEN_STATES for run in found)
    st.fragment(table, run_every=3 + lab.refresh_every() if training else None)(shown)


def ticked(run_ids: Sequence[str]) -> None:
    """What may be done with the runs that are ticked."""
    chosen = [run_id for run_id in run_ids if st.session_state.get(f"runs_tick_{run_id}")]
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(ngettext("{n} run ticked", "{n} runs ticked", len(chosen)).format(n=len(chosen)), width="content")
        if len(chosen) <= MAX_RUNS and st.button(
            _("Compare"), key="runs_compare", icon=":material/stacked_line_chart:"
        ):
            st.switch_page("pages/compare.py", query_params={"runs": ",".join(chosen)})
        own = {run.id for run in lab.own_runs()}
        if own.issuperset(chosen) and st.button(
            _("Delete"), key="runs_delete", icon=":material/delete:", type="tertiary"
        ):
            confirm_delete(chosen)


def table(run_ids: Sequence[str]) -> None:
    """What may be done with the ticked ones; one row a run."""
    ticked(run_ids)
    for run_id in run_ids:
        run = lab.run_or_none(run_id)
        if run is not None:
            row(run)


def row(run: Run) -> None:
    """A box to tick, its picture, what it is, where to go."""
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
            if run.note and not run.shipped:
                st.text(run.note)
        with right, st.container(horizontal=True, vertical_alignment="center"):
            open_links(run, f"runs_{run.id}")
            st.checkbox(_("Select"), key=f"runs_tick_{run.id}")


def what(run: Run) -> None:
    """Its experiment in a line, or why it cannot be read."""
    try:
        config = run.config()
    except ValueError as damage:
        st.caption(as_text(_(str(damage))))
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


main()
