"""The pictures of lessons: real data, and where a run's points end."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image, ImageDraw

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.figures import imaging
from gan_core.runs import Run
from pages.components.text import _
from pages.components.widgets.picture import picture

REACH = 1.6
SIDE_PX = 360
SHOWN_POINTS = 1000
SHOWN_IMAGES = 40
REAL, MADE, PAPER = (150, 158, 170), (224, 112, 31), (20, 24, 30)

Points = npt.NDArray[np.floating]


def real_data(config: DatasetConfig, key: str) -> None:
    """Some of the data that a lesson learns from."""
    picture(_real_url(config.model_dump_json()), key=key, alt=_("Real data"), caption=_("real data"), max_width_px=320)


@st.cache_resource(max_entries=12, show_spinner=False)
def _real_url(config_json: str) -> str:
    config = DatasetConfig.model_validate_json(config_json)
    images = datasets.prepare(config).images
    if images.ndim == 2:
        return imaging.data_url(plot(np.asarray(images[:SHOWN_POINTS], np.float32), None))
    return imaging.array_url(imaging.grid(np.asarray(images[:SHOWN_IMAGES]), columns=8))


def end_points(run: Run, key: str) -> None:
    """New points of a finished run in the plane, over the real ones, all runs at one scale."""
    step = run.checkpoint_steps()[-1]
    alt = _("Real points in grey, generated ones in orange")
    url, beyond = _end_points(str(run.path), step)
    caption = _("the end: {n:,} new points (orange) over real ones (grey)").format(n=SHOWN_POINTS)
    if beyond:
        caption += _("; beyond the frame, drawn at its edge: {n:,}").format(n=beyond)
    picture(url, key=key, alt=alt, caption=caption, pixelated=False)


@st.cache_resource(max_entries=48, show_spinner=False)
def _end_points(path: str, step: int) -> tuple[str, int]:
    from gan_core.runs.sampler import latents, open_sampler  # loads torch

    run = Run(Path(path))
    sampler = open_sampler(run, step)
    made = sampler.samples(latents(SHOWN_POINTS, sampler.latent_dim, 1))
    real = np.asarray(datasets.prepare(run.config().dataset).images[:SHOWN_POINTS], np.float32)
    return imaging.data_url(plot(real, made)), int((np.abs(made) > REACH).any(axis=1).sum())


def plot(real: Points, made: Points | None) -> Image.Image:
    """Points in the square from -REACH to REACH; those beyond it are drawn at its edge."""
    canvas = Image.new("RGB", (SIDE_PX, SIDE_PX), PAPER)
    pen = ImageDraw.Draw(canvas)
    for points, color, radius in ((real, REAL, 3.0), (made, MADE, 1.6)):
        if points is None:
            continue
        for x, y in (np.clip(np.nan_to_num(points), -REACH, REACH) / REACH * 0.98 + 1) * SIDE_PX / 2:
            pen.ellipse((x - radius, SIDE_PX - y - radius, x + radius, SIDE_PX - y + radius), fill=color)
    return canvas
