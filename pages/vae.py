"""VAE: copies, samples, the map of the latents, a GAN beside it. `?run=ID&step=N&view=...`"""

from collections.abc import Sequence

import streamlit as st

from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.links import linked_choice
from pages.components.shared.model_choice import choose_run, choose_step
from pages.components.text import _, as_text

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
    st.markdown(
        _(
            "A **VAE** (variational autoencoder) squeezes each image through a few numbers, its latent z, and learns to draw it again "
            "from them. It is also paid to keep all latents in one cloud, the *prior*, so that random numbers from that cloud make "
            "new images."
        )
    )
    runs = {run.id: run for run in lab.all_runs() if encodes(run)}
    if not runs:
        st.info(_("There is no trained VAE yet. Train a small one on drawn faces first."), icon=":material/info:")
        if st.button(_("Train a VAE"), type="primary", key="vae_train", icon=":material/model_training:"):
            st.switch_page("pages/train.py", query_params={"preset": PRESET})
        return
    wanted = st.query_params.get("run")
    if wanted and wanted not in runs:
        st.warning(_("There is no VAE “{id}” here; another is shown.").format(id=as_text(wanted[:64])))
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        run = choose_run("vae", runs, remember=True)
    with right:
        step = choose_step("vae", run, STEP)
    show(run, step)


def encodes(run: Run) -> bool:
    """Whether it is a VAE with a checkpoint; a run that cannot be read is none."""
    try:
        return kind_of(run.config()).encodes and bool(run.checkpoint_steps())
    except ValueError:
        return False


def choose_view(views: Sequence[str], first: str) -> str:
    """What to look at."""
    return st.segmented_control(
        _("Show"), views, default=first, required=True, key="vae_view", format_func=VIEWS.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip


def show(run: Run, step: int) -> None:
    """The facts and the chosen view, or the sentence why the model cannot be opened."""
    with st.spinner(_("Loading the model…")):
        # these bring torch
        from pages.components.shared import vae_models
        from pages.components.vae import dial, edit, facts, latents, rival
        from pages.components.vae import views as vae_views

        try:
            opened = vae_models.shown(run, step)
        except ValueError as damage:
            st.error(as_text(str(damage)), icon=":material/error:")
            return
    facts.facts(run, step)
    views = {
        COPIES: vae_views.reconstructions,
        SAMPLES: vae_views.samples,
        EDIT: edit.edit,
        MAP: latents.latent_map,
        DIAL: dial.dial_over_lambda,
        RIVAL: rival.beside_a_gan,
    }
    views[linked_choice("view", list(VIEWS), COPIES, choose_view)](opened)


main()
