"""Change a face by attribute: encode it, shift its latent, decode it again. Importing this loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st
import torch

from gan_core.figures import imaging
from pages.components.explore import kinds, models
from pages.components.explore.kindness import kind_of_picture
from pages.components.explore.kinds import Axes
from pages.components.explore.models import enlarged, url_of
from pages.components.explore.picture import choose_image
from pages.components.shared.vae_models import Shown
from pages.components.text import _
from pages.components.widgets.latent_explorer import latent_explorer, latent_state

Uint8Array = npt.NDArray[np.uint8]


def edit(shown: Shown) -> None:
    """Choose a picture; then a slider for each attribute."""
    st.markdown(
        _(
            "The encoder turns **your** picture into a latent. A slider adds an attribute's direction to it, and the decoder draws "
            "the result. Nothing is searched for: this is what a VAE can do and a GAN cannot."
        )
    )
    image = choose_image("vae", shown.run)
    if image is None:
        return
    model = models.sampler(str(shown.run.path), shown.model.step)
    axes = kinds.axes(kinds.ATTRIBUTES, model, shown.run, "vae")
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
    kind_of_picture(shown.run, shown.model.config, image)


def shifted(
    shown: Shown, image: Uint8Array, shift: npt.NDArray[np.float32], keep: bool
) -> tuple[Uint8Array, Uint8Array, float]:
    """The picture after its latent was shifted, the reconstruction without a shift, and its mean squared error."""
    latents, errors = shown.model.measure(image[None])
    plain, moved = shown.model.decode(np.concatenate([latents, latents + shift[None]]))
    if keep:
        rest = image.astype(np.int16) - plain.astype(np.int16)
        moved = (moved.astype(np.int16) + rest).clip(0, 255).astype(np.uint8)
    return moved, plain, float(errors[0])


@st.fragment
def _shift(shown: Shown, image: Uint8Array, axes: Axes, keep: bool) -> None:
    key = f"vae_shift_{shown.run.id}"
    state = latent_state(axes.sliders, key=key)
    offsets = torch.tensor([state.values[knob.id] for knob in axes.sliders])
    moved, plain, error = shifted(shown, image, (offsets @ axes.vectors).numpy(), keep)
    both = imaging.to_picture(imaging.grid(np.stack([image, plain]), columns=1))
    latent_explorer(
        axes.sliders, image=url_of(moved), neighbours=imaging.data_url(both), sequence=state.sequence, key=key,
        texts={
            "reset": _("Reset"),
            "image": _("Your picture, changed"),
            "neighbours": _("Your picture; below, what the decoder makes of its latent (MSE {error:.4f})").format(error=error),
        },
    )  # fmt: skip
    st.download_button(
        _("Download this picture (PNG)"), lambda: enlarged(moved), file_name=f"{shown.run.id}-changed.png", mime="image/png",
        key="vae_edit_download", on_click="ignore", icon=":material/download:",
    )  # fmt: skip
