"""The images of a run: which ones, how many, and what preprocessing does to them, before and after."""

from typing import Any

import streamlit as st

from gan_core import datasets
from gan_core.config import DatasetConfig, RunConfig, with_changes
from gan_core.config import run_config as schema
from gan_core.datasets import DATASETS, uploads
from gan_core.datasets.base import Pair
from gan_core.datasets.epochs import Epoch
from pages.components.shared import lab
from pages.components.shared.config_form import knob
from pages.components.shared.data_choice import warn_of_mirroring
from pages.components.text import _

SHOWN = 6
FOR_POINTS = ("dataset.split", "dataset.num_images")


def data_form(base: RunConfig, prefix: str) -> dict[str, Any]:
    """Draws the choice of images and a look at them. Returns dotted field name -> value chosen."""
    st.subheader(_("Images"))
    fields = schema.field_names()
    first, *rest = [name for name in fields if name.startswith("dataset.")]
    chosen = {first: knob(first, fields[first], schema.get(base, first), f"{prefix}_{first}")}
    entry = DATASETS[chosen[first]]
    st.caption(_(entry.description))
    if entry.needs_root:
        offer_own(chosen[first], prefix)
        chosen["dataset.root"] = knob(
            "dataset.root", fields["dataset.root"], base.dataset.root, f"{prefix}_dataset.root"
        )
    else:
        chosen["dataset.root"] = ""
    numbers = [name for name in rest if name != "dataset.root" and (entry.domain == "images" or name in FOR_POINTS)]
    for start in range(0, len(numbers), 3):
        for column, name in zip(st.columns(3), numbers[start : start + 3], strict=False):
            with column:
                chosen[name] = knob(name, fields[name], schema.get(base, name), f"{prefix}_{name}")
    warn_of_mirroring(entry, bool(chosen.get("dataset.flip")))
    if entry.needs_root and not chosen["dataset.root"]:
        st.caption(_("Name the folder above: its full path on the computer that Ganvas runs on."))
    else:
        batch = st.session_state.get(
            f"{prefix}_training.batch_size", base.training.batch_size
        )  # its knob is drawn later
        look(base, chosen, batch)
    return chosen


def offer_own(name: str, prefix: str) -> None:
    """A list of what users brought for this data set; choosing one fills in its place."""
    own = {found.root: found.name for found in uploads.list_own() if found.dataset == name}
    if not own:
        return

    def fill() -> None:
        st.session_state[f"{prefix}_dataset.root"] = st.session_state[f"{prefix}_own_{name}"] or ""

    st.selectbox(
        _("One that you brought"), ["", *own], format_func=lambda root: own.get(root) or _("choose one, or name a place below"),
        key=f"{prefix}_own_{name}", on_change=fill, persist_state="session",
    )  # fmt: skip


@st.cache_data(max_entries=32, ttl=300, show_spinner=False)
def _preview(config_json: str, count: int) -> list[Pair]:
    """Some of the pictures, kept for a while: a process reads them."""
    return datasets.preview(DatasetConfig.model_validate_json(config_json), SHOWN)


def look(base: RunConfig, chosen: dict[str, Any], batch: int) -> None:
    """A few pictures as they are on disk and as the model will see them, with the true counts."""
    config = lab.attempt(lambda: with_changes(base, chosen).dataset)
    found = (
        None
        if config is None
        else lab.attempt(lambda: (count := datasets.count(config), _preview(config.model_dump_json(), count)))
    )
    if config is None or found is None:
        return
    count, pairs = found
    epoch = Epoch(count, batch, base.remedies.packing)
    words = _("{count:,} images; in batches of {batch} that is {steps:,} steps per epoch (once through all images).")
    if epoch.images < count:
        words += " " + _("{left} of them, others in each epoch, are not used: too few for a batch.")
    st.caption(words.format(count=count, batch=batch, steps=epoch.steps, left=count - epoch.images))
    if not pairs:  # points in the plane are used as they are
        return
    with st.expander(_("Preprocessing: before and after")):
        rule = _(
            "Every image becomes {size}x{size} pixels: the shorter side is resized to {size}, the square in the middle is "
            "kept (digits are padded instead). Pixel values 0 to 255 become -1 to 1, the range that the generator's last "
            "layer (tanh) can make."
        )
        st.markdown(rule.format(size=config.image_size))
        for column, (before, after) in zip(st.columns(SHOWN), pairs, strict=False):
            size = f"{before.width}x{before.height}"
            column.image(before, caption=_("before: {size}").format(size=size), width="stretch")
            column.image(after, caption=_("after: {n}x{n}").format(n=config.image_size), width="stretch")
