"""R4's table: a grid's two settings as rows and columns, in each cell what that run draws and what it reached."""

import streamlit as st

from gan_core.config.numbers import significant
from gan_core.experiments.sweeps.folder import SweepFolder
from gan_core.experiments.sweeps.loop import short_name
from gan_core.experiments.sweeps.plan import LINKED, Axis, Value, format_value
from gan_core.experiments.sweeps.table import TrialRow
from pages.components.shared import lab
from pages.components.shared.config_form import LABELS
from pages.components.sweeps.form import title_of
from pages.components.text import _, as_text, listed
from pages.components.widgets.picture import picture

MAX_COLUMNS, MAX_ROWS = 6, 12


def grid_of_samples(folder: SweepFolder, rows: list[TrialRow], top: TrialRow | None) -> None:
    """The table, for a grid; of more than two settings, the others are chosen above it."""
    sweep = folder.sweep
    if sweep.search or not any(row.run_id for row in rows):
        return
    st.subheader(_("What each run draws"))
    words = _(
        "The newest sample grid of each run; runs of one seed and latent size draw from the same latents. A star marks the best."
    )
    st.caption(words)
    wide = [axis for axis in sweep.axes if len(axis.values) > 1] or list(sweep.axes)
    down, across = wide[0], wide[1] if len(wide) > 1 else None
    fixed = {axis.name: choose(axis) for axis in wide[2:]}
    shown = {
        (row.params.get(down.name), row.params.get(across.name) if across else None): row
        for row in rows
        if all(row.params.get(name) == value for name, value in fixed.items())
    }
    columns: tuple[Value | None, ...] = across.values[:MAX_COLUMNS] if across else (None,)
    for value in down.values[:MAX_ROWS]:
        for place, other in zip(st.columns(max(2, len(columns))), columns, strict=False):
            row = shown.get((value, other))
            named = [f"{axis_words(down.name)} {format_value(value)}"]
            if across is not None and other is not None:
                named.append(f"{axis_words(across.name)} {format_value(other)}")
            with place.container(border=True):
                cell(listed(named), row, starred=row is not None and row is top)
    hidden = len(down.values) > MAX_ROWS or (across is not None and len(across.values) > MAX_COLUMNS)
    if hidden:
        st.caption(_("The first {rows} x {columns} are shown.").format(rows=MAX_ROWS, columns=MAX_COLUMNS))


def axis_words(name: str) -> str:
    """What a setting is called, after "G" or "D" where it is of an optimiser."""
    if name in LINKED:
        return title_of(name)
    owner = {"generator_optimizer": "G: ", "discriminator_optimizer": "D: "}.get(name.partition(".")[0], "")
    return owner + LABELS[name] if name in LABELS else short_name(name)


def choose(axis: Axis) -> Value:
    """Which value of a further setting is looked at."""
    chosen = st.segmented_control(
        as_text(axis_words(axis.name)),
        list(axis.values),
        default=axis.values[0],
        format_func=lambda value: as_text(format_value(value)),
        key=f"sweeps_cell_{axis.name}",
    )
    return axis.values[0] if chosen is None else chosen


def cell(words: str, row: TrialRow | None, *, starred: bool) -> None:
    """One run: its settings, its newest samples, its result or why there is none."""
    st.markdown(f"**{'★ ' if starred else ''}{as_text(words)}**")
    if row is None:
        st.caption(_("no such trial"))
        return
    run = lab.run_or_none(row.run_id)
    url = lab.sample_url(run) if run is not None else None
    if url is not None:
        picture(url, key=f"sweeps_picture_{row.index}", alt=_("Samples of trial {n}").format(n=row.index + 1))
    if row.value is not None:
        st.caption(_("reached {value}").format(value=significant(row.value, 4)))
    elif row.reason:
        st.caption(as_text(_(row.reason)[:160]))
    else:
        st.caption(_("not done yet"))
