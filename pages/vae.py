"""VAE: copies, samples, the map of the latents, a GAN beside it. `?run=ID&step=N&view=...`"""

import streamlit as st

from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import offer_training, pick_run_and_step
from pages.components.text import _

COPIES, SAMPLES, EDIT, MAP, DIAL, RIVAL = "reconstructions", "samples", "edit", "map", "dial", "rival"
VIEWS = {
    COPIES: _("Reconstructions"),
    SAMPLES: _("Samples"),
    EDIT: _("Change a picture"),
    MAP: _("Latent map"),
    DIAL: _("λ dial"),
    RIVAL: _("Beside a GAN"),
}
PRESET = "r5-vae-lite"
STEP = _("Encoder and decoder as they were after so many steps of training.")


def main() -> None:
    """Choose model, checkpoint and view."""
    lab.enter("vae")
    st.title(_("Look inside a VAE"))
    words = _(
        "A **VAE** (variational autoencoder) squeezes each image through a few numbers, its latent z, and learns to draw it again "
        "from them. It is also paid to keep all latents in one cloud, the *prior*, so that random numbers from that cloud make "
        "new images."
    )
    st.markdown(words)
    runs = {run.id: run for run in lab.all_runs() if encodes(run)}
    if not runs:
        words = _("There is no trained VAE yet. Train a small one on drawn faces first.")
        offer_training("vae", words, _("Train a VAE"), "pages/train.py", preset=PRESET)
        return
    unknown = _("There is no VAE “{id}” here; another is shown.")
    run, step = pick_run_and_step("vae", runs, unknown=unknown, step_help=STEP, remember=True)
    show(run, step)


def encodes(run: Run) -> bool:
    """Whether it is a VAE with a checkpoint; a run that cannot be read is none."""
    try:
        return kind_of(run.config()).encodes and bool(run.checkpoint_steps())
    except ValueError:
        return False


def show(run: Run, step: int) -> None:
    """The facts and the chosen view, or the sentence why the model cannot be opened."""
    with st.spinner(_("Loading the model…")):
        # these bring torch
        from pages.components.shared import models
        from pages.components.vae import beside_gan, dial, edit, facts, latents
        from pages.components.vae import views as vae_views

        opened = lab.attempt(lambda: models.shown(run, step))
    if opened is None:
        return
    facts.facts(run, step)
    views = {
        COPIES: vae_views.reconstructions,
        SAMPLES: vae_views.samples,
        EDIT: edit.edit,
        MAP: latents.latent_map,
        DIAL: dial.dial_over_lambda,
        RIVAL: beside_gan.beside_a_gan,
    }
    views[linked_view(VIEWS, key="vae_view")](opened)


main()
