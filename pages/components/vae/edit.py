"""Change a face by attribute: encode it, shift its latent, decode it again. Importing this loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.figures import imaging
from gan_core.latents.directions import moved
from pages.components.explore import directions
from pages.components.explore.directions import Axes
from pages.components.explore.out_of_distribution import out_of_distribution
from pages.components.explore.picture import choose_image
from pages.components.shared.models import Shown, sampler
from pages.components.text import _
from pages.components.widgets.latent_explorer import latent_explorer, latent_state
from pages.components.widgets.picture import download_png

Uint8Array = npt.NDArray[np.uint8]


def edit(shown: Shown) -> None:
    """Choose a picture; then a slider for each attribute."""
    words = _(
        "The encoder turns **your** picture into a latent. A slider adds an attribute's direction to it, and the decoder draws "
        "the result. Nothing is searched for: a VAE has an encoder, a plain GAN has none (BiGAN, Donahue et al. 2017, adds one)."
    )
    st.markdown(words)
    image = choose_image("vae", shown.run)
    if image is None:
        return
    model = sampler(shown.run, shown.model.step)
    axes = directions.axes(directions.ATTRIBUTES, model, shown.run, "vae")
    if axes is not None:
        keep = st.toggle(
            _("Keep the details that the encoder lost"), key="vae_keep",
            help=_("Adds the difference between your picture and its reconstruction to the result, so that only what the sliders "
                   "change is changed."),
        )  # fmt: skip
        if keep:
            st.caption(
                _("The lost details lie over the result again. Small changes may vanish in them: move a slider far.")
            )
        _shift(shown, image, axes, bool(keep))
    out_of_distribution(shown.run, shown.model.config, image)


@st.fragment
def _shift(shown: Shown, image: Uint8Array, axes: Axes, keep: bool) -> None:
    key = f"vae_shift_{shown.run.id}"
    state = latent_state(axes.sliders, key=key)
    shift = moved(np.zeros_like(axes.vectors[0]), axes.vectors, [state.values[knob.id] for knob in axes.sliders])
    changed, plain, error = shown.model.shifted(image, shift, keep)
    both = imaging.to_picture(imaging.grid(np.stack([image, plain]), columns=1))
    latent_explorer(
        axes.sliders, image=imaging.array_url(changed), neighbours=imaging.data_url(both), sequence=state.sequence, key=key,
        texts={
            "reset": _("Reset"),
            "image": _("Your picture, changed"),
            "neighbours": _("Your picture; below, what the decoder makes of its latent (MSE {error:.4f})").format(error=error),
        },
    )  # fmt: skip
    download_png(
        _("Download this picture (PNG)"),
        lambda: imaging.enlarged_png(changed),
        f"{shown.run.id}-changed",
        "vae_edit_download",
    )
