"""Runs in a table of two settings with a grid in each cell, as report R4 shows batch size, epochs and learning rate."""

from collections.abc import Sequence

import streamlit as st

from gan_core.analysis import comparing
from gan_core.analysis.comparing import Compared
from gan_core.config import run_config as schema
from gan_core.config.numbers import significant
from pages.components.compare.choice import titles_of
from pages.components.compare.pictures import tiles_url
from pages.components.shared.config_form import setting_name, value_of
from pages.components.text import _, as_text, called
from pages.components.widgets.picture import picture

USUAL = ("training.batch_size", "training.epochs", "generator_optimizer.learning_rate", "training.seed")
RATES = ("generator_optimizer.learning_rate", "discriminator_optimizer.learning_rate")
NOT_AXES = ("recording.", "training.device", "training.threads", "training.deterministic", "dataset.root")


def table(runs: Sequence[Compared]) -> None:
    """Which settings make rows and columns; then the table."""
    different = comparing.differing([one.config for one in runs], [one.status.total_steps for one in runs])
    fields = [name for name in different if not name.startswith(NOT_AXES)]
    fields.sort(key=lambda name: USUAL.index(name) if name in USUAL else len(USUAL))
    if not fields:
        st.info(_("These runs differ in no setting that could make rows and columns."), icon=":material/info:")
        return
    offered = [*fields, ""]
    left, right, _rest = st.columns(3)
    rows = left.selectbox(_("Rows"), offered, index=0, key="compare_rows", format_func=field_title)
    columns = right.selectbox(
        _("Columns"),
        offered,
        index=min(1, len(fields) - 1) if len(fields) > 1 else 1,
        key="compare_columns",
        format_func=field_title,
    )
    if rows == columns:
        st.info(_("Choose two different settings for rows and columns."), icon=":material/info:")
        return
    draw(runs, rows, columns, [name for name in fields if name not in (rows, columns)])


def field_title(name: str) -> str:
    """A setting's name; the empty one is nothing."""
    return setting_name(name) if name else _("(nothing)")


def draw(runs: Sequence[Compared], rows: str, columns: str, others: Sequence[str]) -> None:
    """The table itself: every run in its cell; what else differs is said below its picture."""
    row_values, column_values, cells = comparing.table([one.config for one in runs], rows, columns)
    titles = titles_of(runs)
    widths = [0.7, *[1.0] * len(column_values)]
    head = st.columns(widths, vertical_alignment="bottom")
    named = [_("{name}, down").format(name=field_title(rows))] if rows else []
    named += [_("{name}, across").format(name=field_title(columns))] if columns else []
    head[0].caption(as_text(_("; ").join(named)))
    for column, value in zip(head[1:], column_values, strict=True):
        column.markdown(f"**{as_text(value_of(columns, value))}**" if columns else "")
    for row_value in row_values:
        line = st.columns(widths, vertical_alignment="top")
        line[0].markdown(f"**{as_text(value_of(rows, row_value))}**" if rows else "")
        for column, value in zip(line[1:], column_values, strict=True):
            for index in cells.get((row_value, value), ()):
                with column:
                    cell(runs[index], titles[index], others)
    st.caption(
        _("Each picture: the newest sample grid. Below it the mean loss over the last {n} recorded steps.").format(
            n=comparing.LAST_STEPS
        )
    )


def cell(one: Compared, title: str, others: Sequence[str]) -> None:
    """Picture, name, what else differs, how it ended."""
    drawn = one.run.sample_steps()
    url = tiles_url(one, drawn[-1]) if drawn else None
    if url:
        picture(
            url,
            key=f"compare_cell_{one.run.id}",
            alt=_("Samples of {name}").format(name=called(one.run)),
            caption=title,
        )
    else:
        st.text(title)
        st.caption(_("No sample grid here."))
    ends = comparing.endings(one.columns)
    words = {
        "loss/g": _("G's loss"), "loss/d": _("D's loss"), "loss/reconstruction": _("error"), "loss/kl": "KL",
        "loss/diffusion": _("loss"),
    }  # fmt: skip
    facts = [f"{word} {significant(ends[name].mean, 3)}" for name, word in words.items() if name in ends]
    facts += settings_of(one, others)
    facts.append(_("step {n:,}").format(n=drawn[-1]) if drawn else "")
    st.caption(as_text(" · ".join(part for part in facts if part)))


def settings_of(one: Compared, names: Sequence[str]) -> list[str]:
    """The values of some settings in words; equal learning rates are one."""
    rates = {name: schema.get(one.config, name) for name in RATES if name in names}
    facts = []
    if len(rates) == 2 and len(set(rates.values())) == 1:
        facts.append(_("learning rates {value:g}").format(value=next(iter(rates.values()))))
        names = [name for name in names if name not in rates]
    return facts + [f"{setting_name(name)} {value_of(name, schema.get(one.config, name))}" for name in names[:4]]
