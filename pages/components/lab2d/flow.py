"""Diffusion in the plane: the score as arrows, and points that flow along it. Importing this loads torch."""

import numpy as np
import streamlit as st

from gan_core.datasets import some
from gan_core.figures import imaging
from gan_core.figures.flow import flow_frame, square
from gan_core.latents.denoising import flow
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, latents
from pages.components.shared import lab, models
from pages.components.text import N_, Marked, _
from pages.components.widgets.morph import frames_player

NUM_POINTS = 400
SIDE = 21  # arrows in a row
MARGIN, NOISE = 1.2, 3.0  # beyond the farthest point; where almost no noise lies

DIRECTIONS = Marked({"data": N_("From noise to data"), "noise": N_("From data to noise")})


@st.fragment
def flowing(run: Run, step: int) -> None:
    """The flow of a run's checkpoint, in the direction that is chosen."""
    model = lab.attempt(lambda: models.sampler(run, step))
    if model is None:
        return
    way = st.segmented_control(
        _("Direction"), list(DIRECTIONS), default="data", required=True, key="twin_flow_way",
        format_func=DIRECTIONS.__getitem__, label_visibility="collapsed",
    ) or "data"  # fmt: skip
    with st.spinner(_("Letting the points flow…")):
        frames = lab.attempt(lambda: _frames(model, model.weights_id, model.step, way == "data"))
    if frames is None:
        return
    texts = {"play": _("Play"), "pause": _("Pause"), "frame": _("Moment"), "alt": DIRECTIONS[way]}
    frames_player(frames, key="twin_flow", texts=texts, max_width_px=560)
    words = _(
        "Arrows: the **score**, the direction in which data become likelier, as the network sees it through the noise of this "
        "moment (longer is stronger; the usual one is half a cell). Points follow it without fresh noise (DDIM) in {n} steps. The "
        "same equation leads back: data that flow to noise are spread over the plane as random numbers are."
    )
    st.caption(words.format(n=model.config.diffusion.sampling_steps))


@st.cache_data(max_entries=8, show_spinner=False)
def _frames(_model: Sampler, run_id: str, step: int, to_data: bool) -> list[str]:
    """The pictures of the flow, as data URLs."""
    real = np.asarray(some(_model.config.dataset, NUM_POINTS).images, np.float32)
    reach = MARGIN * max(NOISE, float(np.abs(real).max()))
    begin = latents(NUM_POINTS, _model.latent_dim, 0) if to_data else real
    found = flow(_model, begin, square(SIDE, reach), to_data=to_data)
    return [
        imaging.data_url(flow_frame(points, found.places, scores, reach))
        for points, scores in zip(found.points, found.scores, strict=True)
    ]
