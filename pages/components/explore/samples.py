"""Numbered samples of a model, the labels to draw them with, and where the sliders begin. Importing this loads torch."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.datasets.conditions import rows_of
from gan_core.figures import imaging
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, numbered_latents
from pages.components.shared.models import first_condition
from pages.components.text import _

FloatArray = npt.NDArray[np.float32]
FOUND = "explore_found"  # in the session: the latent found for the visitor's picture


@dataclass(frozen=True)
class Start:
    """Where sliders begin: a latent (latent_dim,), and a name for files."""

    z: FloatArray
    name: str


def found_start(run: Run, step: int) -> Start | None:
    """The latent that this visitor found last in this model; None if there is none."""
    kept = st.session_state.get(FOUND)
    if not isinstance(kept, dict) or (kept["run"], kept["step"]) != (run.id, step):
        return None
    return Start(kept["z"], "found")


def sheet_url(model: Sampler, numbers: tuple[int, ...], labels: FloatArray, columns: int) -> str:
    """The pictures of samples side by side, without gaps, for a sample picker."""
    return _sheet_url(model, model.weights_id, model.step, numbers, labels, columns)


@st.cache_data(max_entries=64, show_spinner=False)
def _sheet_url(
    _model: Sampler, run_id: str, step: int, numbers: tuple[int, ...], labels: FloatArray, columns: int
) -> str:
    rows = np.repeat(labels, len(numbers), axis=0)
    images = _model.images(numbered_latents(numbers, _model.latent_dim), rows)
    return imaging.array_url(imaging.grid(images, columns=columns, gap_px=0))


def choose_labels(model: Sampler) -> FloatArray:
    """The labels to draw with, (1, L): chosen by name where the model takes any."""
    conditioning = model.config.conditioning
    names = conditioning.labels
    if not names:
        return np.zeros((1, 0), np.float32)
    first = first_condition(model)
    if conditioning.exclusive:
        index = names.index(first[0]) if first else 0
        key = f"explore_label_{model.run_id}"
        chosen = [st.selectbox(_("Label"), names, index=index, key=key, persist_state="session")]
    else:
        key = f"explore_labels_{model.run_id}"
        chosen = st.multiselect(_("Labels"), names, default=first, key=key, persist_state="session")
    return rows_of([chosen], names)
