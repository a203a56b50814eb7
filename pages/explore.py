"""Explore: walk through the latent space of a run. `?run=ID` chooses one."""

from collections.abc import Sequence

import streamlit as st

from gan_core import datasets
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.links import linked_choice
from pages.components.shared.model_choice import choose_run, choose_step
from pages.components.text import _, as_text

VIEWS = {
    "sliders": _("Sliders"),
    "morph": _("Morph"),
    "arithmetic": _("Arithmetic"),
    "picture": _("Find a picture"),
    "neighbours": _("Neighbours"),
}
STEP = _("The generator as it was after so many steps of training.")


def main() -> None:
    """Choose run, checkpoint and view."""
    lab.enter("explore")
    st.title(_("Explore the latent space"))
    st.markdown(
        _(
            "A generator turns a list of random numbers, the **latent** z, into a picture. All such lists together are the "
            "*latent space*. Move through it and see which pictures live beside each other."
        )
    )
    runs = {run.id: run for run in lab.all_runs() if run.checkpoint_steps() and makes_images(run)}
    if not runs:
        st.info(_("There is no trained model yet. Train one first: it takes a minute."), icon=":material/info:")
        if st.button(_("Train a model"), type="primary", key="explore_train"):
            st.switch_page("pages/home.py")
        return
    wanted = st.query_params.get("run")
    if wanted and wanted not in runs:
        st.warning(_("There is no model “{id}” here; the newest is shown.").format(id=as_text(wanted[:64])))
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        run = choose_run("explore", runs, remember=True)
    with right:
        step = choose_step("explore", run, STEP)
    show(run, step, linked_choice("view", list(VIEWS), "sliders", choose_view))


def makes_images(run: Run) -> bool:
    """Whether its samples are pictures; points in the plane have no latent sliders here. A damaged one may say why."""
    try:
        return len(datasets.image_shape(run.config().dataset)) == 3
    except ValueError:
        return True


def choose_view(views: Sequence[str], first: str) -> str:
    """How to look at it."""
    return st.segmented_control(
        _("Show"), views, default=first, required=True, key="explore_view", format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip


def show(run: Run, step: int, mode: str) -> None:
    """The chosen way of looking, or the sentence why the model cannot be opened."""
    with st.spinner(_("Loading the model…")):
        from pages.components.explore import arithmetic, models, neighbours, picture
        from pages.components.explore import views as latent_views
        # these bring torch, which the server does without until here

        try:
            sampler = models.sampler(str(run.path), step)
        except ValueError as damage:
            st.error(as_text(str(damage)), icon=":material/error:")
            return
    match mode:
        case "morph":
            latent_views.morph(sampler)
        case "arithmetic":
            arithmetic.arithmetic(sampler)
        case "picture":
            picture.find_picture(sampler, run)
        case "neighbours":
            neighbours.neighbours_view(sampler, run)
        case _sliders:
            latent_views.sliders(sampler, run=run)


main()
