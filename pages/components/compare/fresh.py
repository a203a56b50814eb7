"""New pictures of several models from the same random numbers. Importing this loads torch."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.analysis import comparing
from gan_core.analysis.comparing import Compared
from gan_core.figures import imaging
from gan_core.runs.sampler import latents
from pages.components.compare.choice import titles_of
from pages.components.compare.pictures import IN_A_ROW
from pages.components.shared import lab
from pages.components.shared.models import sampler
from pages.components.text import _, as_text, called
from pages.components.widgets.picture import picture

COUNTS = (16, 36, 64)


def fresh(runs: Sequence[Compared]) -> None:
    """Seed and count; then each run's newest checkpoint draws the same latents."""
    left, right, _rest = st.columns([1, 1, 3])
    seed = left.number_input(
        _("Seed"), 0, 2**31 - 1, 0, key="compare_seed", help=_("Other random numbers, other pictures.")
    )
    count = right.selectbox(_("Pictures"), COUNTS, key="compare_count")
    st.caption(
        _("Drawn now by the newest checkpoint of each run: the same place has the same z everywhere. Whether a likeness means "
          "anything depends on the runs: two trained from different weights use z in different ways.")
    )  # fmt: skip
    labels = comparing.common_labels(runs, int(count))
    titles = titles_of(runs)
    for start in range(0, len(runs), IN_A_ROW):
        row = list(zip(runs, titles, strict=True))[start : start + IN_A_ROW]
        for column, (one, title) in zip(st.columns(min(IN_A_ROW, len(runs))), row, strict=False):
            with column:
                st.markdown(f"**{as_text(title)}**")
                drawn(one, int(count), int(seed), labels)


def drawn(one: Compared, count: int, seed: int, labels: npt.NDArray[np.float32] | None) -> None:
    """One run's pictures, or the sentence why it cannot draw."""
    steps = one.run.checkpoint_steps()
    if not steps:
        st.caption(_("No checkpoint yet."))
        return
    model = lab.attempt(lambda: sampler(one.run, steps[-1]))
    if model is None:
        return
    made = model.sheet(latents(count, model.latent_dim, seed), labels)
    picture(
        imaging.data_url(made), key=f"compare_fresh_{one.run.id}", caption=_("step {n:,}, seed {seed}").format(n=steps[-1], seed=seed),
        alt=_("New samples of {name}").format(name=called(one.run)),
    )  # fmt: skip
