"""Where the sliders begin: a sample, or the latent that was found for somebody's picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.runs import Run

FOUND = "explore_found"


@dataclass(frozen=True)
class Start:
    """Where sliders begin: a latent (latent_dim,), and a name for files."""

    z: npt.NDArray[np.float32]
    name: str


def found_start(run: Run, step: int) -> Start | None:
    """The latent of the picture that this visitor found last in this model; None if there is none."""
    kept = st.session_state.get(FOUND)
    if not isinstance(kept, dict) or (kept["run"], kept["step"]) != (run.id, step):
        return None
    return Start(kept["z"], "found")
