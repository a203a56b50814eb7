"""What was deleted lately, to take back or to remove for good."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from gan_core.access import bin, current
from gan_core.training import supervisor
from pages.components.shared import lab, undo
from pages.components.shared.as_command import as_command, line
from pages.components.text import _, as_text, called, dangerous, ngettext


def bin_view(folder: Path, key: str, kind: str) -> None:
    """The bin of a folder, folded; nothing while it is empty.

    Args:
        folder: whose bin.
        key: of its widgets.
        kind: of the things in it, as the command line names it.
    """
    bin.empty(folder)
    things = bin.binned(folder)
    if not things:
        return
    with st.expander(_("Deleted ({n})").format(n=len(things)), icon=":material/delete:", key=f"{key}_bin"):
        several = sum(thing.owner == current().id for thing in things) > 1
        if several:
            help_ = _("Removes all that you deleted, and frees its disk space. This cannot be undone.")
            if st.button(dangerous(_("Empty my bin")), key=f"{key}_bin_empty", help=help_) and lab.succeeds(
                partial(bin.remove_own, things)
            ):
                st.rerun()
        for thing in things:
            days = ngettext("{n} day left", "{n} days left", thing.days_left).format(n=thing.days_left)
            words, back, gone = st.columns([5, 1, 1], vertical_alignment="center")
            words.markdown(f"**{as_text(thing.name)}**: {days}")
            if back.button(_("Take back"), key=f"{key}_restore_{thing.path.name}") and lab.succeeds(
                partial(bin.restore, thing)
            ):
                st.rerun()
            if gone.button(
                dangerous(_("Remove now")),
                key=f"{key}_remove_{thing.path.name}",
                help=_("Frees its disk space. This cannot be undone."),
            ) and lab.succeeds(partial(bin.remove, thing)):
                st.rerun()
        as_command(
            f"bin_{key}",
            *(line(command, thing.id, kind=kind) for command in ("restore", "empty-bin") for thing in things),
            line("empty-bin", kind=kind) if several else "",
        )


def confirm_delete(run_ids: Sequence[str]) -> None:
    """Asks once more, names what is lost, then deletes the runs and opens the list."""
    st.dialog(_("Delete?"))(_ask)(run_ids)


def _ask(run_ids: Sequence[str]) -> None:
    runs = [run for run in map(lab.run_or_none, run_ids) if run is not None]
    if not runs:
        st.rerun()
    names = {run.path: called(run) for run in runs}
    st.text("\n".join(names.values()))
    st.markdown(
        _(
            "It goes to the bin, below the list of runs, and can be taken back for 7 days. Its disk space is freed after that."
        )
    )
    as_command("delete", line("delete", *(run.id for run in runs)))
    with st.container(horizontal=True):
        if st.button(dangerous(_("Delete")), key="runs_delete_yes", icon=":material/delete:") and all(
            lab.succeeds(partial(supervisor.delete, run)) for run in runs
        ):
            undo.offer_deleted(names, "runs")
            if st.session_state.get("app_page") == "runs":
                st.rerun()
            st.switch_page("pages/runs.py")
        if st.button(_("Cancel"), key="runs_delete_no"):
            st.rerun()
