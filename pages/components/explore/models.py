"""What every view of a latent space needs: the generator, numbered samples, labels to draw with. Importing this loads torch."""

from pathlib import Path

import numpy as np
import streamlit as st
import torch
from PIL import Image

from gan_core.figures import imaging
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, Uint8Array, latents, open_sampler
from pages.components.text import _

DOWNLOAD_PX = 512

torch.set_num_threads(1)  # small networks; training should keep its cores


@st.cache_resource(max_entries=8, show_spinner=False)
def sampler(path: str, step: int) -> Sampler:
    """A run's generator at a checkpoint, loaded once for all viewers."""
    return open_sampler(Run(Path(path)), step)


def latents_of(numbers: tuple[int, ...], latent_dim: int) -> torch.Tensor:
    """The latents (N, latent_dim) of samples by their numbers: each number is a seed."""
    return torch.stack([latents(1, latent_dim, number)[0] for number in numbers])


def sheet_url(model: Sampler, numbers: tuple[int, ...], labels: torch.Tensor, columns: int) -> str:
    """The pictures of samples side by side, without gaps, for a sample picker."""
    key = tuple(tuple(row) for row in labels.tolist())
    return _sheet_url(model, model.run_id, model.step, numbers, key, columns)


@st.cache_data(max_entries=64, show_spinner=False)
def _sheet_url(
    _model: Sampler,
    run_id: str,
    step: int,
    numbers: tuple[int, ...],
    labels: tuple[tuple[float, ...], ...],
    columns: int,
) -> str:
    rows = torch.tensor(labels).reshape(len(labels), -1).expand(len(numbers), -1)
    images = _model.images(latents_of(numbers, _model.latent_dim), rows)
    return imaging.data_url(imaging.to_picture(imaging.grid(images, columns=columns, gap_px=0)))


def choose_labels(model: Sampler) -> torch.Tensor:
    """The labels to draw with, (1, L): chosen by name where the model takes any."""
    conditioning = model.config.conditioning
    names = conditioning.labels
    if not names:
        return torch.zeros(1, 0)
    first = [name for name, on in zip(names, model.some_labels(1)[0], strict=True) if on]
    if conditioning.exclusive:
        index = names.index(first[0]) if first else 0
        key = f"explore_label_{model.run_id}"
        chosen = [st.selectbox(_("Label"), names, index=index, key=key, persist_state="session")]
    else:
        key = f"explore_labels_{model.run_id}"
        chosen = st.multiselect(_("Labels"), names, default=first, key=key, persist_state="session")
    return torch.tensor([[float(name in chosen) for name in names]])


def url_of(image: Uint8Array) -> str:
    """One image as a data URL."""
    return imaging.data_url(imaging.to_picture(image))


def strip(images: Uint8Array) -> Image.Image:
    """Images side by side in one row."""
    return imaging.to_picture(imaging.grid(np.asarray(images), columns=len(images)))


def enlarged(image: Uint8Array) -> bytes:
    """One image as PNG, enlarged without smoothing so that it can be seen."""
    picture = imaging.to_picture(image)
    factor = max(1, DOWNLOAD_PX // picture.width)
    return imaging.png_bytes(
        picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    )
