"""Real images beside generated ones, for any run."""

import streamlit as st

from gan_core.figures import imaging
from gan_core.figures.sheets import side_by_side
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.text import N_, Marked, _
from pages.components.widgets.picture import download_png, picture

COUNTS = (16, 32, 64)
REAL = Marked(
    {
        "test": N_("Real: {n:,} of the test split, never trained on"),
        "left_over": N_("Real: {n:,} that it was not trained on"),
        "training": N_("Real: {n:,} training images"),
    }
)


def real_beside_generated(run: Run) -> None:
    """The choices, both sides, and a file with both."""
    key = f"live_beside_{run.id}"
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    with left:
        count = st.segmented_control(_("Pictures"), COUNTS, default=32, required=True, key=f"{key}_count")
    steps = run.checkpoint_steps()[::-1]
    step = middle.selectbox(
        _("Checkpoint"), steps, format_func=lambda n: _("step {n:,}").format(n=n), key=f"{key}_step"
    )
    seed = int(right.number_input(_("Seed"), 0, 2**31 - 1, 0, key=f"{key}_seed"))
    with st.spinner(_("Loading the model…")):
        from gan_core.runs import beside
        from pages.components.shared import models  # these bring torch

        found = lab.attempt(lambda: beside.real_beside_generated(models.sampler(run, step), count or 32, seed))
    if found is None:
        return
    titles = [
        REAL[found.kind].format(n=found.count),
        _("Generated: {n:,} at step {step:,}, seed {seed}").format(n=found.count, step=step, seed=seed),
    ]
    shown = side_by_side([found.real, found.generated], titles)
    picture(imaging.data_url(shown), key=f"{key}_picture", alt="; ".join(titles), max_width_px=shown.width)
    if run.config().conditioning.labels:
        st.caption(_("Each generated picture has the labels of the real one in its place."))
    download_png(
        _("Download as PNG"), lambda: imaging.png_bytes(shown), f"{run.id}-real-beside-generated", f"{key}_png"
    )
