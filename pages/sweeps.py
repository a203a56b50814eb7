"""Sweeps: many runs that differ in a few settings, to find those that do best. `?sweep=ID` opens one."""

import time
from collections.abc import Sequence

import streamlit as st

from gan_core.experiments.sweeps import folder as folders
from gan_core.experiments.sweeps.folder import SweepFolder
from pages.components.shared import lab
from pages.components.shared.links import linked_choice
from pages.components.sweeps import form
from pages.components.sweeps.results import results
from pages.components.text import _, as_text


def main() -> None:
    """A new sweep, or how one stands."""
    lab.enter("sweeps")
    st.title(_("Sweeps"))
    st.markdown(
        _(
            "Which settings work best? A **sweep** trains many runs that differ in a few settings only, one after the other, and "
            "measures each the same way: a **grid** tries every combination of the values you list; a **search** lets the "
            "library Optuna choose within ranges, nearer and nearer to what did best. The doctor watches each run and stops "
            "one that fails (it is *pruned*), so that no time is lost on it."
        )
    )
    revive(str(lab.start().runs_dir))
    kept = folders.list_folders(lab.start().runs_dir)
    if not kept:
        st.info(
            _("There is no sweep yet. Begin with one of these two, or put together your own."), icon=":material/tune:"
        )
        form.templates()
    with st.expander(_("New sweep"), expanded=not kept, icon=":material/add:"):
        if kept:
            form.templates()
        form.new_sweep()
    if not kept:
        return
    wanted = st.query_params.get("sweep")
    by_id = {folder.id: folder for folder in kept}
    if wanted and wanted not in by_id:
        st.warning(_("There is no sweep “{id}” here; the newest is shown.").format(id=as_text(wanted[:64])))
    shown = by_id[linked_choice("sweep", list(by_id), kept[0].id, lambda ids, first: choose(by_id, ids, first))]
    results(shown)
    forget(shown)


@st.cache_resource(show_spinner=False)
def revive(runs_dir: str) -> None:
    """Once a server: sweeps that should go on, and lost their process when the machine was restarted, go on."""
    folders.revive(lab.start().runs_dir)


def choose(by_id: dict[str, SweepFolder], ids: Sequence[str], first: str) -> str:
    """The list of sweeps, by name and time."""

    def words(sweep_id: str) -> str:
        folder = by_id[sweep_id]
        return f"{folder.sweep.name} · {time.strftime('%Y-%m-%d %H:%M', time.localtime(folder.created))}"

    return st.selectbox(_("Sweep"), ids, index=ids.index(first), format_func=words, key="sweeps_shown")


def forget(folder: SweepFolder) -> None:
    """Takes a sweep from the list; its runs stay."""
    with st.popover(_("Remove this sweep"), key="sweeps_forget"):
        st.markdown(_("Only the sweep is removed from this list. Its runs, with all they hold, stay on the page Runs."))
        if st.button(_("Remove"), key="sweeps_forget_yes", type="primary") and lab.attempt(
            lambda: folders.forget(folder)
        ):
            st.query_params.clear()
            st.rerun()


main()
