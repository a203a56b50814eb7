"""Whether a picture is of the kind that a model learned from: a face for a model of faces. Importing this loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.config import RunConfig
from gan_core.jobs import task as background
from gan_core.latents import neighbours
from gan_core.latents.neighbours import STRANGE, Neighbours
from gan_core.runs import Run
from pages.components.explore.neighbours import beside, index_task, look_up
from pages.components.shared.task_view import outcome
from pages.components.text import _


def out_of_distribution(run: Run, config: RunConfig, image: npt.NDArray[np.uint8]) -> None:
    """A sentence: as near to the training images as unseen ones are, or of another kind; with the figures behind it."""
    st.subheader(_("Is it a picture of the kind that the model knows?"), anchor=False)
    if st.session_state.get("explore_kind_wanted") is None and not _ready(config):
        st.caption(_("To say so, the training images are looked at once; that may take a minute."))
        if not st.button(_("Check it"), key="explore_kind_check", icon=":material/fact_check:"):
            return
        st.session_state["explore_kind_wanted"] = True
    task = index_task(run, config)
    found = None if task is None else outcome(task, "explore_kind_index")
    if task is None or found is None:
        return
    rows = look_up(image, task.arguments, task, found)
    strange = [row for row in rows if row.is_strange]
    held_kind = str(found["held_kind"])
    figures = " ".join([*(_figures(row, held_kind) for row in strange or rows), _rule(len(rows))])
    if strange:
        st.warning(
            _("This is probably **no picture of the kind** that this model learned, so no latent draws it well.")
            + f" {figures}",
            icon=":material/warning:",
        )
    else:
        st.success(_("It is like the pictures that this model learned from.") + f" {figures}", icon=":material/check:")
    with st.expander(_("The training images nearest to your picture"), key="explore_kind_nearest"):
        beside(image, _("Your picture"), task, found)


def _figures(row: Neighbours, held_kind: str) -> str:
    """Where the picture stands among unseen images, in one space."""
    words = _(
        "In {space}, {hits:,} of {n:,} unseen images of its data ({p:.1%}) lie nearer to a training image than yours does."
    )
    if held_kind == "training":
        words = _("In {space}, {hits:,} of {n:,} training images ({p:.1%}) lie nearer to another one than yours does.")
    return words.format(
        n=row.nearer.requested, hits=row.nearer.hits, p=row.nearer.ratio,
        space=_("an evaluator's features") if row.space == "features" else _("pixels"),
    )  # fmt: skip


def _rule(num_spaces: int) -> str:
    """From where on a picture is called one of another kind."""
    if num_spaces > 1:
        return _("From {limit:.0%} on, in pixels or in features, it is called a picture of another kind.").format(
            limit=STRANGE
        )
    return _("From {limit:.0%} on it is called a picture of another kind.").format(limit=STRANGE)


def _ready(config: RunConfig) -> bool:
    """Whether the index is there already."""
    try:
        return background.progress(neighbours.task(config)).state in ("done", "running")
    except ValueError:
        return True  # the page then says what is missing
