"""Optuna's own pictures of a sweep, as soon as there are trials enough for them."""

from typing import Any

import streamlit as st

from gan_core.experiments.sweeps import figures
from gan_core.experiments.sweeps.book import Book
from gan_core.experiments.sweeps.figures import PICTURES
from gan_core.experiments.sweeps.rows import Row
from pages.components.text import _, as_text


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(sweep_id: str, address: str, key: str, done: tuple[tuple[int, float], ...], _book: Book) -> Any:
    """One picture, built once for all viewers and again when a trial has ended."""
    return figures.figure(_book, key)


def plots(book: Book, rows: list[Row]) -> None:
    """One of the pictures, chosen above it."""
    done = tuple((row.place, row.value) for row in rows if row.value is not None)
    keys = figures.available(len(done), len(book.sweep.axes))
    if not keys:
        return
    st.subheader(_("Optuna's pictures"))
    shown = st.segmented_control(
        _("Picture"), keys, default=keys[0], format_func=lambda key: _(PICTURES[key].title), key="sweeps_plot",
        label_visibility="collapsed",
    )  # fmt: skip
    key = shown if shown in keys else keys[0]
    st.caption(_(PICTURES[key].explanation))
    try:
        figure = _figure(book.sweep_id, book.address, key, done, book)
    except ValueError as refusal:
        st.warning(as_text(str(refusal)), icon=":material/warning:")
        return
    st.plotly_chart(figure, key=f"sweeps_plot_{key}", width="stretch")
