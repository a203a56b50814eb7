"""The tab Explore of a run's page: the ways of looking that its kind of model offers. `?step=N&weights=raw&view=...`"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from gan_core import datasets
from gan_core.datasets.conditions import Kind
from gan_core.datasets.conditions import kind_of as kind_of_labels
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import choose_step, choose_weights
from pages.components.text import N_, Marked, _

if TYPE_CHECKING:
    from gan_core.runs.sampler import Sampler

VIEWS = Marked(
    {
        "compose": N_("Ask for something"),
        "classes": N_("Every class, same z"),
        "pairs": N_("Flip one attribute"),
        "guide": N_("Guidance from 0 to 8"),
        "reconstructions": N_("Originals and copies"),
        "edit": N_("Change a picture"),
        "map": N_("Latent map"),
        "samples": N_("Samples"),
        "flow": N_("Noise that flows"),
        "process": N_("From noise to picture"),
        "dials": N_("Steps and fresh noise"),
        "sliders": N_("Sliders"),
        "morph": N_("Morph"),
        "arithmetic": N_("Arithmetic"),
        "picture": N_("Find a picture"),
        "denoise": N_("Denoise a picture"),
        "sheet": N_("Sample sheet"),
        "dial": N_("λ dial"),
        "rival": N_("Compare with a GAN"),
    }
)
OF_LABELS: dict[Kind, tuple[str, ...]] = {
    "objects": ("compose",),
    "classes": ("compose", "classes"),
    "attributes": ("compose", "pairs"),
}
OF_A_VAE = ("reconstructions", "edit", "map", "samples", "dial", "rival")
WALKED = ("sliders", "morph", "arithmetic", "picture", "sheet")
IN_STEPS = ("process", "dials", "morph", "arithmetic", "denoise", "sheet")  # its z has no directions to find
AVERAGED = (*OF_A_VAE, "picture", "flow")  # their work in the background takes the running average, where there is one
STEP = N_("The model after this many training steps.")


def views_of(run: Run) -> tuple[str, ...]:
    """The names of the views that a run with a checkpoint can be seen in, the most telling first; none of one without."""
    try:
        config = run.config()
        num_axes = len(datasets.image_shape(config.dataset))
    except ValueError:
        return ()
    if not run.checkpoint_steps():
        return ()
    kind = kind_of(config)
    if num_axes != 3:
        return ("flow",) if kind.draws_in_steps else ()
    labels = kind_of_labels(config.conditioning)
    asked = OF_LABELS[labels] if labels else ()
    if kind.draws_in_steps:
        return (*asked, *(("guide",) if asked else ()), *IN_STEPS)
    return (*asked, *(OF_A_VAE if kind.encodes else ()), *WALKED)


def explore(run: Run) -> None:
    """The checkpoint, the view, and what it shows."""
    offered = views_of(run)
    if not offered:
        st.info(nothing_to_explore(run), icon=":material/info:")
        if run.checkpoint_steps():
            twin = {"tab": "lab", "run": run.id}
            st.page_link(
                "pages/learn.py", label=_("Twin in the 2-D lab"), query_params=twin, icon=":material/arrow_forward:"
            )
        return
    with st.container(horizontal=True):
        views = {name: VIEWS[name] for name in offered}
        view = linked_view(views, key=f"explore_view_{'_'.join(offered)}", keep=("run", "tab", "step", "weights"))
        step = choose_step("explore", run, _(STEP))
        raw = view not in AVERAGED and choose_weights("explore", run, step)
    show(run, step, view, raw=raw)


def nothing_to_explore(run: Run) -> str:
    """Why there is nothing to explore."""
    if not run.checkpoint_steps():
        return _("There is nothing to explore before the first checkpoint.")
    return _("A GAN of points has no pictures to explore: its twin can be watched in the 2-D lab.")


def show(run: Run, step: int, view: str, *, raw: bool = False) -> None:
    """The chosen view, or the sentence why the model cannot be opened."""
    with st.spinner(_("Loading the model…")):  # these bring torch, which the server does without until here
        from pages.components.conditions import pairs
        from pages.components.conditions import views as conditions
        from pages.components.explore import arithmetic, denoising, picture, sheet
        from pages.components.explore import views as latents
        from pages.components.lab2d.flow import flowing
        from pages.components.shared import models
        from pages.components.vae import beside_gan, dial, edit
        from pages.components.vae import latents as latent_maps
        from pages.components.vae import views as copies

        is_vae = view in OF_A_VAE
        vae = lab.attempt(lambda: models.shown(run, step)) if is_vae else None
        model = None if is_vae else lab.attempt(lambda: models.sampler(run, step, raw))
    of_a_vae: dict[str, Callable[[models.Shown], None]] = {
        "reconstructions": copies.reconstructions,
        "edit": edit.edit,
        "map": latent_maps.latent_map,
        "samples": copies.samples,
        "dial": dial.dial_over_lambda,
        "rival": beside_gan.beside_a_gan,
    }
    of_any: dict[str, Callable[[Sampler], None]] = {
        "compose": conditions.compose,
        "classes": conditions.all_classes,
        "pairs": pairs.pairs,
        "guide": conditions.guide,
        "flow": lambda _model: flowing(run, step),
        "process": denoising.process,
        "dials": denoising.dials,
        "denoise": lambda model: denoising.denoise(model, run),
        "sliders": lambda model: latents.sliders(model, run),
        "morph": latents.morph,
        "arithmetic": arithmetic.arithmetic,
        "picture": lambda model: picture.find_picture(model, run),
        "sheet": sheet.sample_sheet,
    }
    if vae is not None:
        of_a_vae[view](vae)
    elif model is not None:
        of_any[view](model)
