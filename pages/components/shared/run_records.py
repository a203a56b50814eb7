"""Runs as Compare and Replay read them: from the log that all viewers share, and their pictures in a size for the web."""

import base64
import io
from pathlib import Path

import streamlit as st
from PIL import Image

from gan_core.analysis.comparing import Compared
from gan_core.config import RunConfig
from gan_core.figures import imaging
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.text import _

PLAIN_BYTES = 60_000  # a PNG up to this size is sent as it is, every pixel true
WIDEST_PX = 720
QUALITY = 86


def compared(run: Run) -> Compared:
    """A run with its columns.

    Raises:
        ValueError: its configuration or its log of metrics cannot be read.
    """
    config, status = run.config(), run.status()
    try:
        columns = lab.tail(str(run.path)).columns()
    except (ValueError, AttributeError) as damage:
        raise ValueError(f"The log of metrics of '{run.name}' is damaged ({damage}).") from damage
    return Compared(run, config, status, columns)


def grid_url(run: Run, step: int) -> str | None:
    """A sample grid as a data URL, large ones as JPEG; None when its file cannot be read."""
    path = run.sample_path(step)
    try:
        return _grid_url(str(path), path.stat().st_mtime_ns)
    except (OSError, SyntaxError, ValueError):
        return None


@st.cache_resource(max_entries=600, show_spinner=False)
def _grid_url(path: str, _stamp: int) -> str:
    png = Path(path).read_bytes()
    with Image.open(io.BytesIO(png), formats=("PNG",)) as stored:
        picture = stored.convert("RGB")  # reads it whole: a damaged one is found here
    if len(png) <= PLAIN_BYTES:
        return imaging.file_data_url(png)
    picture.thumbnail((WIDEST_PX, 4 * WIDEST_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def preview_note(config: RunConfig) -> str:
    """That a run's grids are previews, drawn in fewer sampling steps than its samples; "" where they are not."""
    few, many = config.diffusion.preview_steps, config.diffusion.sampling_steps
    if not kind_of(config).latent_is_noise or few >= many:
        return ""
    return _("Preview in {few} sampling steps; Explore uses {many}.").format(few=few, many=many)


def marks(run: Run) -> tuple[lab.Mark, ...]:
    """Every live change, to be drawn on the charts."""
    parts = kind_of(run.config()).optimizers
    names = {part.rate: f"lr {part.symbol}" if len(parts) > 1 else "lr" for part in parts}
    return tuple(
        lab.Mark(event["step"], ", ".join(f"{names.get(k, k)} {v:g}" for k, v in event["changes"].items()))
        for event in run.events()
        if event["type"] == "override" and event.get("changes")
    )
