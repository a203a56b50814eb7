"""New pictures of several models from the same random numbers. Importing this loads torch."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
import torch

from gan_core.analysis.comparing import Compared
from gan_core.datasets.batches import to_uint8
from gan_core.figures import imaging
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, latents, open_sampler
from pages.components.compare.choice import titles_of
from pages.components.compare.pictures import IN_A_ROW
from pages.components.text import _, as_text
from pages.components.widgets.picture import picture

COUNTS = (16, 36, 64)

torch.set_num_threads(1)  # small networks; training should keep its cores


@st.cache_resource(max_entries=16, show_spinner=False)
def sampler(path: str, step: int) -> Sampler:
    """A run's generator at a checkpoint, loaded once for all viewers."""
    return open_sampler(Run(Path(path)), step)


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
    labels = common_labels(runs, int(count))
    titles = titles_of(runs)
    for start in range(0, len(runs), IN_A_ROW):
        row = list(zip(runs, titles, strict=True))[start : start + IN_A_ROW]
        for column, (one, title) in zip(st.columns(min(IN_A_ROW, len(runs))), row, strict=False):
            with column:
                st.markdown(f"**{as_text(title)}**")
                drawn(one, int(count), int(seed), labels)


def common_labels(runs: Sequence[Compared], count: int) -> torch.Tensor | None:
    """Labels (count, L) that all are asked for: the first run's pinned ones; None when the runs know different labels."""
    if len({one.config.conditioning.labels for one in runs}) > 1 or not runs[0].config.conditioning.labels:
        return None
    pinned = runs[0].run.pinned_labels()
    if not pinned or len(pinned[0]) != len(runs[0].config.conditioning.labels):
        return None
    return torch.tensor(pinned, dtype=torch.float32)[torch.arange(count) % len(pinned)]


def drawn(one: Compared, count: int, seed: int, labels: torch.Tensor | None) -> None:
    """One run's pictures, or the sentence why it cannot draw."""
    steps = one.run.checkpoint_steps()
    if not steps:
        st.caption(_("No checkpoint yet."))
        return
    try:
        model = sampler(str(one.run.path), steps[-1])
    except ValueError as damage:
        st.error(as_text(str(damage)), icon=":material/error:")
        return
    samples = model.samples(latents(count, model.latent_dim, seed), labels)
    if samples.dim() == 2:
        made = imaging.scatter(samples.float().numpy())
    else:
        made = imaging.to_picture(imaging.grid(to_uint8(samples)))
    picture(
        imaging.data_url(made), key=f"compare_fresh_{one.run.id}", caption=_("step {n:,}, seed {seed}").format(n=steps[-1], seed=seed),
        alt=_("New samples of {name}").format(name=one.run.name),
    )  # fmt: skip
