"""Saving a direction under a name, and looking after those that are saved. Importing this loads torch."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from gan_core.latents import saved_directions
from gan_core.latents.directions import moved
from gan_core.latents.saved_directions import Direction
from gan_core.runs import Run
from pages.components.explore.directions import Axes
from pages.components.shared import lab, undo
from pages.components.shared.as_command import as_command, line
from pages.components.shared.bin_view import bin_view
from pages.components.shared.kept_list import kept_row, tell_damaged
from pages.components.shared.uploads import uploader
from pages.components.text import _, as_text, dangerous, ngettext

TOGETHER = -1


def save_popover(run: Run, step: int, axes: Axes, offsets: Sequence[float], page: str) -> None:
    """A button that opens a small form: which of the sliders' directions, or their sum at `offsets`, and its name."""
    with st.popover(_("Save a direction"), icon=":material/bookmark_add:", key=f"{page}_save"):
        offered = [*([TOGETHER] if any(offsets) else []), *range(len(axes.sliders))]
        which = st.selectbox(
            _("Which"), offered, key=f"{page}_save_which_{len(offered)}",
            format_func=lambda i: (
                _("All sliders as they stand now, together") if i == TOGETHER else axes.sliders[i].label
            ),
        )  # fmt: skip
        name = st.text_input(
            _("Name"), key=f"{page}_save_name", max_chars=saved_directions.MAX_NAME, placeholder=_("for example: smile")
        )
        if st.button(_("Save"), type="primary", key=f"{page}_save_do"):
            vector = (
                moved(np.zeros_like(axes.vectors[0]), axes.vectors, offsets)
                if which == TOGETHER
                else axes.vectors[which]
            )
            wanted = Direction(
                name, run.id, run.name, step, tuple(vector.tolist()), "sum" if which == TOGETHER else axes.found_by,
                "" if which == TOGETHER else axes.notes[which],
            )  # fmt: skip
            if lab.succeeds(lambda: saved_directions.save(lab.start().runs_dir, wanted)):
                st.success(_("Saved. It is a slider under “Saved” now."), icon=":material/check:")
        along = _along(axes, offsets) if which == TOGETHER else [axes.along[which]]
        as_command(
            "save_direction",
            line("save-direction", run.id, name or _("Name"), along=along, by=axes.by, hold=axes.hold, step=step),
        )


def _along(axes: Axes, offsets: Sequence[float]) -> list[str]:
    """The sum of sliders, as the command takes it."""
    return [f"{name}={offset:g}" for name, offset in zip(axes.along, offsets, strict=True) if offset]


def manage(page: str) -> None:
    """The list of saved directions: rename, delete, export; and a file of others' to import."""
    runs_dir = lab.start().runs_dir
    kept = saved_directions.list_directions(runs_dir)
    tell_damaged(saved_directions.STORE.damaged(runs_dir))
    bin_view(runs_dir / saved_directions.FOLDER, page, "direction")
    done = st.session_state.pop(f"{page}_imported", None)
    if done:
        st.success(_("Imported: {n}.").format(n=done), icon=":material/check:")
    with st.expander(_("Manage saved directions ({n})").format(n=len(kept)), key=f"{page}_manage"):
        for direction in kept:
            _row(direction, page)
        as_command(
            f"directions_{page}",
            *(line("rename", direction.id, direction.name) for direction in kept),
            *(line("delete", direction.id, kind="direction") for direction in kept),
            line("export-directions", out="directions.json") if kept else "",
            line("import-directions", "directions.json"),
        )
        if kept:
            st.download_button(
                _("Export all (JSON)"), saved_directions.exported(kept), file_name="directions.json",
                mime="application/json", key=f"{page}_export", on_click="ignore", icon=":material/download:",
            )  # fmt: skip
        turn = st.session_state.setdefault(f"{page}_import_turn", 0)
        file = uploader(_("Import (JSON)"), type="json", key=f"{page}_import_{turn}", max_upload_size=1)
        if file is not None and st.button(_("Import"), key=f"{page}_import_do"):
            _import(file.getvalue(), page)


def _row(direction: Direction, page: str) -> None:
    facts = ngettext(
        "{n} number, from {run}, step {step:,}", "{n} numbers, from {run}, step {step:,}", direction.latent_dim
    ).format(n=direction.latent_dim, run=as_text(direction.run_name), step=direction.step)
    rename, delete = kept_row(direction.name, facts)
    with rename.popover(_("Rename"), key=f"{page}_rename_{direction.id}"):
        name = st.text_input(
            _("New name"), direction.name, key=f"{page}_new_name_{direction.id}", max_chars=saved_directions.MAX_NAME
        )
        runs_dir = lab.start().runs_dir
        if st.button(_("Rename it"), key=f"{page}_rename_do_{direction.id}"):
            renamed = lab.attempt(lambda: saved_directions.rename(runs_dir, direction.id, name))
            if renamed is not None:
                undo.offer_rename(
                    direction.name, renamed.name,
                    lambda: saved_directions.find(runs_dir, direction.id).name,
                    lambda: saved_directions.rename(runs_dir, direction.id, direction.name),
                )  # fmt: skip
                st.rerun()
    if delete.button(dangerous(_("Delete")), key=f"{page}_delete_{direction.id}"):
        lab.press(partial(_delete, direction))


def _delete(direction: Direction) -> None:
    runs_dir = lab.start().runs_dir
    saved_directions.delete(runs_dir, direction.id)
    undo.offer_deleted({saved_directions.place(runs_dir, direction.id): direction.name})


def _import(content: bytes, page: str) -> None:
    """Keeps what a file holds; what is refused is a sentence each, the rest is kept."""
    runs_dir, kept = lab.start().runs_dir, 0
    directions = lab.attempt(lambda: saved_directions.imported(content)) or []
    for direction in directions:
        kept += lab.succeeds(lambda d=direction: saved_directions.save(runs_dir, d))  # type: ignore[misc]
    if kept:
        st.session_state[f"{page}_imported"] = kept
        st.session_state[f"{page}_import_turn"] += 1
        if kept == len(directions):
            st.rerun()
