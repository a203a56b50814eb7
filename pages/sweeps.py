"""Sweeps: many runs that differ in a few settings, to find those that do best. `?sweep=ID` opens one."""

import streamlit as st

from gan_core.experiments.sweeps import folder as folders
from pages.components.shared import lab
from pages.components.shared.bin_view import bin_view
from pages.components.shared.kept_list import choose_kept, remove_button, tell_damaged
from pages.components.sweeps import form
from pages.components.sweeps.results import results
from pages.components.text import _


def main() -> None:
    """A new sweep, or how one stands."""
    lab.enter("sweeps")
    st.title(_("Sweeps"))
    words = _(
        "Which settings work best? A **sweep** trains many runs that differ in a few settings only, one after the other, and "
        "measures each the same way: a **grid** tries every combination of the values you list; a **search** lets the "
        "library Optuna choose within ranges, nearer and nearer to what did best. The doctor watches each run and stops "
        "one that fails (it is *pruned*), so that no time is lost on it."
    )
    st.markdown(words)
    kept = folders.list_folders(lab.start().runs_dir)
    tell_damaged(folders.damaged_folders(lab.start().runs_dir))
    if not kept:
        st.info(
            _("There is no sweep yet. Begin with one of these two, or put together your own."), icon=":material/tune:"
        )
        form.templates()
    with st.expander(_("New sweep"), expanded=not kept, icon=":material/add:"):
        if kept:
            form.templates()
        form.new_sweep()
    bin_view(lab.start().runs_dir / folders.FOLDER, "sweeps")
    if not kept:
        return
    unknown = _("There is no sweep “{id}” here; the newest is shown.")
    shown = choose_kept("sweep", kept, label=_("Sweep"), key="sweeps_shown", unknown=unknown)
    results(shown)
    words = _("Only the sweep is removed from this list. Its runs, with all they hold, stay on the page Runs.")
    remove_button(_("Remove this sweep"), words, "sweeps_forget", lambda: folders.delete(shown))


main()
