"""The runs' own sample grids beside each other, at a common place in training."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from gan_core.analysis import comparing, curves
from gan_core.analysis.comparing import Compared
from gan_core.config import RunConfig
from gan_core.figures import imaging
from pages.components.compare.choice import titles_of
from pages.components.shared.run_records import grid_url
from pages.components.text import N_, Marked, _, as_text, called
from pages.components.widgets.picture import picture

ALIGNMENTS = Marked({"share": N_("share of training"), "step": N_("step"), "images": N_("images seen")})
FEW = 16
IN_A_ROW = 4


def recorded(runs: Sequence[Compared]) -> None:
    """Where in training, how many pictures; then the grids."""
    if not any(one.run.sample_steps() for one in runs):
        st.caption(_("None of these runs has a sample grid."))
        return
    left, middle, right = st.columns([2, 4, 2], vertical_alignment="bottom")
    with left:
        alignment = st.selectbox(
            _("At the same"), list(ALIGNMENTS), key="compare_alignment", format_func=ALIGNMENTS.__getitem__,
        )  # fmt: skip
    with middle:
        value = place(runs, alignment)
    with right:
        few = st.toggle(_("Only the first {n}").format(n=FEW), True, key="compare_few")
    configs = [one.config for one in runs]
    if comparing.same_pinned_latents(configs):
        st.caption(_("The same place shows the same z in every run: their seed and the length of z are equal."))
    else:
        words = _(
            "The same place shows another z in each run, since their seeds or the lengths of z differ: compare quality and variety."
        )
        st.caption(words)
    titles = titles_of(runs)
    for start in range(0, len(runs), IN_A_ROW):
        row = list(zip(runs, titles, strict=True))[start : start + IN_A_ROW]
        for column, (one, title) in zip(st.columns(min(IN_A_ROW, len(runs))), row, strict=False):
            with column:
                grid(one, title, curves.step_at(one, alignment, value), few)


def place(runs: Sequence[Compared], alignment: str) -> float:
    """The slider: percent, steps or images, up to the longest run's end."""
    if alignment == "share":
        percent = st.slider(_("Percent of each run's training"), 0, 100, 100, 1, key="compare_share", format="%d %%")
        return percent / 100
    longest = max(comparing.last_step(one) for one in runs)
    if alignment == "step":
        return float(st.slider(_("Step"), 0, max(1, longest), max(1, longest), key="compare_step"))
    most = max(curves.images_at(one, comparing.last_step(one)) for one in runs)
    return float(st.slider(_("Images seen"), 0, max(1, most), max(1, most), key="compare_images"))


def grid(one: Compared, title: str, step: int, few: bool) -> None:
    """One run's grid with the step that it is of."""
    st.markdown(f"**{as_text(title)}**")
    drawn = comparing.sample_before(one.run, step)
    url = None if drawn is None else tiles_url(one, drawn) if few else grid_url(one.run, drawn)
    if drawn is None or url is None:
        st.caption(_("No sample grid here."))
        return
    caption = _("step {n:,}, {images:,} images seen").format(n=drawn, images=curves.images_at(one, drawn))
    if drawn < step and step > comparing.last_step(one):
        caption = _("{where}: its end").format(where=caption)
    picture(
        url,
        key=f"compare_picture_{one.run.id}",
        alt=_("Samples of {name}").format(name=called(one.run)),
        caption=caption,
    )


def tiles_url(one: Compared, step: int) -> str | None:
    """The first images of a sample grid as a data URL; None when its file cannot be read."""
    path = one.run.sample_path(step)
    try:
        return _tiles_url(str(path), path.stat().st_mtime_ns, one.run.id, one.config)
    except (OSError, SyntaxError, ValueError):
        return None


@st.cache_resource(max_entries=400, show_spinner=False)
def _tiles_url(path: str, _stamp: int, run_id: str, _config: RunConfig) -> str:
    with Image.open(io.BytesIO(Path(path).read_bytes()), formats=("PNG",)) as stored:
        whole = np.asarray(stored.convert("RGB"))
    return imaging.array_url(comparing.first_tiles(whole, _config, FEW))
