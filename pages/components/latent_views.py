"""Ways to walk through a generator's latent space. Importing this loads torch."""

from pathlib import Path

import numpy as np
import streamlit as st
import torch
from PIL import Image

from gan_core import imaging
from gan_core.latents.directions import principal_directions, raw_coordinates, truncate
from gan_core.latents.interpolation import neighbours, slerp
from gan_core.runs import Run
from gan_core.sampling import Sampler, Uint8Array, latents, open_sampler
from pages.components.latent_explorer import Slider, latent_explorer, latent_state
from pages.components.morph import frames_player
from pages.components.text import _

NUM_SLIDERS = 8
RANGE = 4.0  # standard deviations; a normal latent rarely goes further along a direction
NEIGHBOURS = 5  # in a row and in a column
REACH = 2.0
MORPH_FRAMES = 36
DOWNLOAD_PX = 512

torch.set_num_threads(1)  # small networks; training should keep its cores


@st.cache_resource(max_entries=8, show_spinner=False)
def sampler(path: str, step: int) -> Sampler:
    """A run's generator at a checkpoint, loaded once for all viewers."""
    return open_sampler(Run(Path(path)), step)


@st.cache_resource(max_entries=32, show_spinner=False)
def _directions(_sampler: Sampler, run_id: str, step: int, kind: str) -> torch.Tensor:
    count = min(NUM_SLIDERS, _sampler.latent_dim)
    if kind == "pca":
        return principal_directions(_sampler, _sampler.latent_dim, count)
    return raw_coordinates(_sampler.latent_dim, count)


def sliders(model: Sampler, labels: torch.Tensor | None = None, page: str = "explore") -> None:
    """Sliders along directions; one large picture and its neighbours follow while one is dragged.

    Args:
        model: whose latent space.
        labels: (1, L) to hold while z moves; chosen here when None.
        page: begins every key.
    """
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    with left:
        kind = st.segmented_control(
            _("Directions"), ["pca", "raw"], default="pca", required=True, key=f"{page}_kind",
            format_func=lambda kind: {"pca": _("Where it changes most (PCA)"), "raw": _("Single numbers of z")}[kind],
            help=_("PCA finds the directions along which the generator's first layer responds most: few sliders change much. "
                   "Single numbers of z each change a little of everything."),
        )  # fmt: skip
    with middle:
        seed = st.number_input(
            _("Seed"), 0, 2**31 - 1, 0, key=f"{page}_seed", bind="query-params",
            help=_("Picks the starting point: each number is another random latent."),
        )  # fmt: skip
    with right:
        if st.button(_("Another"), icon=":material/casino:", key=f"{page}_another", on_click=_next_seed, args=(page,)):
            pass
    _walk(model, kind or "pca", int(seed), choose_labels(model) if labels is None else labels, page)


def choose_labels(model: Sampler) -> torch.Tensor:
    """The labels to draw with, (1, L): chosen by name where the model takes any."""
    conditioning = model.config.conditioning
    names = conditioning.labels
    if not names:
        return torch.zeros(1, 0)
    first = [name for name, on in zip(names, model.some_labels(1)[0], strict=True) if on]
    if conditioning.exclusive:
        index = names.index(first[0]) if first else 0
        chosen = [st.selectbox(_("Label"), names, index=index, key=f"explore_label_{model.run_id}")]
    else:
        chosen = st.multiselect(_("Labels"), names, default=first, key=f"explore_labels_{model.run_id}")
    return torch.tensor([[float(name in chosen) for name in names]])


def _next_seed(page: str) -> None:
    st.session_state[f"{page}_seed"] = int(st.session_state.get(f"{page}_seed", 0)) + 1


@st.fragment
def _walk(model: Sampler, kind: str, seed: int, labels: torch.Tensor, page: str) -> None:
    directions = _directions(model, model.run_id, model.step, kind)
    knobs = [
        Slider("truncation", _("Truncation"), _("Pulls z towards the centre: below 1 pictures are more typical and less varied."),
               0.0, 1.5, 0.01, 1.0),
        *(
            Slider(f"{kind}{i}", _direction_label(kind, i), _direction_help(kind, i), -RANGE, RANGE, 0.05, 0.0)
            for i in range(len(directions))
        ),
    ]  # fmt: skip
    key = f"{page}_walk_{kind}"
    state = latent_state(knobs, key=key)
    offsets = torch.tensor([state.values[knob.id] for knob in knobs[1:]])
    z = truncate(latents(1, model.latent_dim, seed), state.values["truncation"])[0] + offsets @ directions
    around = neighbours(z, directions[0], directions[min(1, len(directions) - 1)], NEIGHBOURS, REACH)
    images = model.images(around, labels.expand(len(around), -1))
    centre = images[len(images) // 2]
    grid = imaging.to_picture(imaging.grid(images, columns=NEIGHBOURS, gap_px=1))
    latent_explorer(
        knobs,
        image=imaging.data_url(imaging.to_picture(centre)),
        neighbours=imaging.data_url(grid),
        sequence=state.sequence,
        texts={
            "reset": _("Reset"),
            "image": _("The picture at this point"),
            "neighbours": _("Its neighbours: direction 1 from left to right, direction 2 from top to bottom"),
        },
        key=key,
    )
    name = f"{model.run_id}-step{model.step}-seed{seed}"
    with st.container(horizontal=True):
        st.download_button(
            _("Download this picture (PNG)"), lambda: _enlarged(centre), file_name=f"{name}.png", mime="image/png",
            key=f"{page}_download", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        st.download_button(
            _("Download the neighbours (PNG)"), lambda: imaging.png_bytes(grid), file_name=f"{name}-neighbours.png",
            mime="image/png", key=f"{page}_download_grid", on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def _direction_label(kind: str, index: int) -> str:
    return _("Direction {n}").format(n=index + 1) if kind == "pca" else f"z[{index}]"


def _direction_help(kind: str, index: int) -> str:
    if kind == "pca":
        return _("Principal direction {n}: the lower the number, the more the picture changes.").format(n=index + 1)
    return _("Number {n} of the latent.").format(n=index + 1)


def _enlarged(image: Uint8Array) -> bytes:
    """One image as PNG, enlarged without smoothing so that it can be seen."""
    picture = imaging.to_picture(image)
    factor = max(1, DOWNLOAD_PX // picture.width)
    return imaging.png_bytes(
        picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    )


@st.fragment
def morph(model: Sampler) -> None:
    """From one random latent to another, as an animation."""
    columns = st.columns(2)
    start = columns[0].number_input(_("From seed"), 0, 2**31 - 1, 0, key="explore_from", bind="query-params")
    end = columns[1].number_input(_("To seed"), 0, 2**31 - 1, 1, key="explore_to", bind="query-params")
    z_start, z_end = (latents(1, model.latent_dim, int(seed))[0] for seed in (start, end))
    images = model.images(slerp(z_start, z_end, MORPH_FRAMES), choose_labels(model).expand(MORPH_FRAMES, -1))
    there_and_back = np.concatenate([images, images[-2:0:-1]])
    frames_player(
        [imaging.data_url(imaging.to_picture(image)) for image in there_and_back],
        key="explore_morph",
        texts={"play": _("Play"), "pause": _("Pause"), "frame": _("Frame"),
               "alt": _("Morph from seed {a} to seed {b}").format(a=start, b=end)},
    )  # fmt: skip
    strip = imaging.grid(images[:: max(1, MORPH_FRAMES // 9)], columns=9)
    st.caption(
        _("The way follows a great circle (slerp), so that every stop is as far from the centre as a random latent is.")
    )
    st.download_button(
        _("Download as a strip (PNG)"), lambda: imaging.png_bytes(imaging.to_picture(strip)), mime="image/png",
        file_name=f"{model.run_id}-{start}-to-{end}.png", key="explore_download_strip", on_click="ignore",
        icon=":material/download:",
    )  # fmt: skip
