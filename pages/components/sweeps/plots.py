"""Optuna's own pictures of a sweep, as soon as there are trials enough for them."""

from typing import Any

import streamlit as st

from gan_core.experiments.sweeps import figures
from gan_core.experiments.sweeps.figures import PICTURES
from gan_core.experiments.sweeps.study import SweepStudy
from gan_core.experiments.sweeps.table import TrialRow
from pages.components.text import _, as_text


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(sweep_id: str, address: str, key: str, done: tuple[tuple[int, float], ...], _study: SweepStudy) -> Any:
    """One picture, built once for all viewers and again when a trial has ended."""
    return figures.figure(_study, key)


def plots(study: SweepStudy, rows: list[TrialRow]) -> None:
    """One of the pictures, chosen above it."""
    done = tuple((row.index, row.value) for row in rows if row.value is not None)
    keys = figures.available(len(done), len(study.sweep.axes))
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
        figure = _figure(study.sweep_id, study.address, key, done, study)
    except ValueError as refusal:
        st.warning(as_text(str(refusal)), icon=":material/warning:")
        return
    st.plotly_chart(figure, key=f"sweeps_plot_{key}", width="stretch")
