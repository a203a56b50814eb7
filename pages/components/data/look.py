"""What is in a data set: how many, which labels, and pictures by label."""

import math

import numpy as np
import streamlit as st

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import preprocessing, statistics
from gan_core.datasets.base import Pair, Uint8Array
from gan_core.datasets.epochs import Epoch
from gan_core.figures import imaging
from pages.components.data.charts import correlation_figure, share_figure
from pages.components.shared.data_choice import Chosen, left_out_table
from pages.components.text import N_, Marked, _, as_text, listed, ngettext
from pages.components.widgets.picture import picture

SHOWN = 24
SIDES = Marked({"have": N_("with the label"), "lack": N_("without the label")})
MAX_CORRELATED = 40


@st.cache_data(max_entries=16, ttl=300, show_spinner=False)
def labels_of(config_json: str, count: int) -> Uint8Array:
    """The labels of all images, kept for a while: thousands of visitors ask for the same."""
    return datasets.labels(DatasetConfig.model_validate_json(config_json))


@st.cache_data(max_entries=128, ttl=300, show_spinner=False)
def pairs_of(config_json: str, count: int, indices: tuple[int, ...]) -> list[Pair]:
    """These images before and after preprocessing, kept for a while."""
    return datasets.pairs(DatasetConfig.model_validate_json(config_json), indices)


@st.cache_data(max_entries=16, ttl=300, show_spinner=False)
def _left_out(config_json: str, count: int, prepared: bool) -> tuple[tuple[tuple[str, str], ...], int]:
    return datasets.left_out(DatasetConfig.model_validate_json(config_json))


def left_out(chosen: Chosen, count: int) -> None:
    """The files in the data set's folder that are not used, if there are any."""
    config = chosen.config
    files, total = _left_out(config.model_dump_json(), count, datasets.is_prepared(config))
    if total:
        title = ngettext("{n:,} file of the folder is not used", "{n:,} files of the folder are not used", total)
        left_out_table(title.format(n=total), files, f"data_left_out_{chosen.key}")


def counts(chosen: Chosen, count: int) -> None:
    """The true numbers: images, labels, values a sample, steps an epoch."""
    steps = Epoch(count, chosen.batch_size).steps
    names = datasets.label_names(chosen.config)
    shape = datasets.image_shape(chosen.config)
    row = st.container(horizontal=True)  # two stand side by side on a phone
    images, labels, sample, epoch = (row.container(width=145) for _number in range(4))
    images.metric(_("Points") if len(shape) == 1 else _("Images"), f"{count:,}")
    kind = _("Classes") if chosen.entry.exclusive_labels else _("Attributes")
    labels.metric(kind, f"{len(names):,}" if names else _("none"))
    words = "×".join(str(side) for side in (*shape[1:], shape[0])) if len(shape) == 3 else str(shape[0])
    sample.metric(_("One sample"), words, help=_("{n:,} numbers").format(n=math.prod(shape)))
    epoch.metric(
        _("Steps per epoch"), f"{steps:,}",
        help=_("{count:,} in batches of {batch}: one epoch, once through all of them, is {steps:,} training steps.").format(
            count=count, batch=chosen.batch_size, steps=steps
        ),
    )  # fmt: skip


def look(chosen: Chosen, count: int) -> None:
    """Pictures by label, beside the labels' shares; points as dots."""
    if chosen.entry.domain == "points":
        _dots(chosen.config)
        return
    names = datasets.label_names(chosen.config)
    text = chosen.config.model_dump_json()
    labels = labels_of(text, count) if names else np.zeros((count, 0), np.uint8)
    left, right = st.columns([3, 2], gap="large") if names else (st.container(), None)
    with left:
        gallery(chosen, count, labels, names)
    if right is not None:
        with right:
            st.subheader(_("Images per label"))
            st.plotly_chart(
                share_figure(statistics.shares(labels, names)), key=f"data_shares_{chosen.key}",
                config={"displayModeBar": False}, width="stretch",
            )  # fmt: skip
    if names and not chosen.entry.exclusive_labels and 2 <= len(names) <= MAX_CORRELATED:
        with st.expander(_("Which labels go together")):
            words = _(
                "The **correlation** of two labels: +1 when every image has both or neither, 0 when one says nothing "
                "about the other, -1 when an image has exactly one of them. A model told to draw one label often draws "
                "what goes with it as well. Computed over {n:,} images."
            )
            st.markdown(words.format(n=count))
            st.plotly_chart(
                correlation_figure(statistics.correlations(labels), names), key=f"data_correlations_{chosen.key}",
                config={"displayModeBar": False}, width="stretch",
            )  # fmt: skip


@st.fragment
def gallery(chosen: Chosen, count: int, labels: Uint8Array, names: tuple[str, ...]) -> None:
    """A grid of images with or without a label; another seed shows others."""
    st.subheader(_("Pictures, as the model sees them"))
    column: int | None = None
    present = True
    boxes = st.columns([2, 2, 1], vertical_alignment="bottom") if names else st.columns([4, 1])
    if names:
        label = boxes[0].selectbox(
            _("Show"), ["", *names], format_func=lambda name: name or _("any images"), key=f"data_label_{chosen.key}"
        )
        column = names.index(label) if label else None
        if label:
            side = boxes[1].segmented_control(
                _("Images that"), list(SIDES), default="have", required=True, key=f"data_present_{chosen.key}",
                format_func=SIDES.__getitem__,
            )  # fmt: skip
            present = side != "lack"
    seed = boxes[-1].number_input(
        _("Selection"), 0, 9_999, 0, key=f"data_seed_{chosen.key}", help=_("Another number shows other images.")
    )
    fitting = statistics.num_fitting(labels, column, present)
    if not fitting:
        st.info(_("No image matches. Choose another label."))
        return
    indices = statistics.chosen(labels, column, present, SHOWN, int(seed))
    with st.spinner(_("Reading the pictures…")):
        pairs = pairs_of(chosen.config.model_dump_json(), count, tuple(int(index) for index in indices))
    if not pairs:
        st.warning(_("None of the {n} files chosen here can be read as a picture.").format(n=len(indices)))
        return
    words = _("{shown} of {fitting:,} images").format(shown=len(pairs), fitting=fitting)
    if column is not None:
        which = _("with “{label}”") if present else _("without “{label}”")
        words += f" {which.format(label=names[column])} ({fitting / count:.1%})"
    picture(
        imaging.data_url(preprocessing.side_by_side(pairs, 6)), key=f"data_grid_{chosen.key}", alt=words,
        caption=words, pixelated=chosen.config.image_size < 64,
    )  # fmt: skip
    if len(pairs) < len(indices):
        st.caption(_("{n} files cannot be read as pictures; they are left out.").format(n=len(indices) - len(pairs)))


def _dots(config: DatasetConfig) -> None:
    data = datasets.prepare(config)
    dots, shown, reach = preprocessing.dots(data, 480)
    words = _("{shown:,} of {count:,} points; the edge is at {reach:.1f}").format(
        shown=shown, count=len(data), reach=reach
    )
    with st.container(width=480):
        picture(imaging.data_url(dots), key="data_dots", alt=words, caption=words, pixelated=False)
    if data.label_names:
        names = as_text(listed(data.label_names[:60]))
        st.caption(_("Each point has one of {n} labels: {names}.").format(n=len(data.label_names), names=names))
