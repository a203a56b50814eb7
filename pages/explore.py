"""Explore: walk through the latent space of a run. `?run=ID` chooses one."""

import streamlit as st

from gan_core import datasets
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import offer_training, pick_run_and_step
from pages.components.text import _

VIEWS = {
    "process": _("From noise to picture"),
    "dials": _("Steps and fresh noise"),
    "sliders": _("Sliders"),
    "morph": _("Morph"),
    "arithmetic": _("Arithmetic"),
    "picture": _("Find a picture"),
    "denoise": _("Denoise a picture"),
    "neighbours": _("Neighbours"),
    "sheet": _("Sample sheet"),
}
WALKED = ("sliders", "morph", "arithmetic", "picture", "neighbours", "sheet")
IN_STEPS = (
    "process",
    "dials",
    "morph",
    "arithmetic",
    "denoise",
    "neighbours",
    "sheet",
)  # its z has no directions to find
STEP = _("The generator as it was after so many steps of training.")


def main() -> None:
    """Choose run, checkpoint and view."""
    lab.enter("explore")
    st.title(_("Explore the latent space"))
    words = _(
        "A generator turns a list of random numbers, the **latent** z, into a picture. All such lists together are the "
        "*latent space*. Move through it and see which pictures live beside each other."
    )
    st.markdown(words)
    runs = {run.id: run for run in lab.all_runs() if run.checkpoint_steps() and makes_images(run)}
    if not runs:
        words = _("There is no trained model yet. Train one first: it takes a minute.")
        offer_training("explore", words, _("Train a model"), "pages/home.py")
        return
    unknown = _("There is no model “{id}” here; the newest is shown.")
    run, step = pick_run_and_step("explore", runs, unknown=unknown, step_help=STEP, remember=True)
    offered = IN_STEPS if lab.draws_in_steps(run) else WALKED
    key = "explore_view_steps" if offered is IN_STEPS else "explore_view"
    show(run, step, linked_view({name: VIEWS[name] for name in offered}, key=key))


def makes_images(run: Run) -> bool:
    """Whether its samples are pictures; points in the plane have no latent sliders here. A damaged one may say why."""
    try:
        return len(datasets.image_shape(run.config().dataset)) == 3
    except ValueError:
        return True


def show(run: Run, step: int, mode: str) -> None:
    """The chosen way of looking, or the sentence why the model cannot be opened."""
    with st.spinner(_("Loading the model…")):
        from pages.components.explore import arithmetic, denoising, neighbours, picture, sheet
        from pages.components.explore import views as latent_views
        from pages.components.shared import models  # these bring torch, which the server does without until here

        sampler = lab.attempt(lambda: models.sampler(run, step))
    if sampler is None:
        return
    match mode:
        case "process":
            denoising.process(sampler)
        case "dials":
            denoising.dials(sampler)
        case "denoise":
            denoising.denoise(sampler, run)
        case "morph":
            latent_views.morph(sampler)
        case "arithmetic":
            arithmetic.arithmetic(sampler)
        case "picture":
            picture.find_picture(sampler, run)
        case "neighbours":
            neighbours.neighbours_view(sampler, run)
        case "sheet":
            sheet.sample_sheet(sampler)
        case _sliders:
            latent_views.sliders(sampler, run=run)


main()
