"""A run as a report reads it: its record, what was noted of it, and the model that draws for it."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gan_core.analysis import comparing
from gan_core.datasets.held_out import held_out
from gan_core.figures import imaging, svg_chart
from gan_core.report.document import Illustration, Translate
from gan_core.runs import Run, notes

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gan_core.datasets.base import Dataset
    from gan_core.runs.autoencoder import Autoencoder, FloatArray
    from gan_core.runs.sampler import Sampler

ENCODED = 200
WIDTH_PX = 680  # of a picture on paper; small ones are enlarged by a whole number towards it
PLAIN_BYTES, QUALITY = 300_000, 88  # a PNG up to this size stays one


class Reported:
    """One run of a report.

    Attributes:
        run, record: it, and its record as it is now.
        translate: of the report's language.
        count: samples that a grid shows.
    """

    def __init__(self, run: Run, translate: Translate, count: int) -> None:
        self.run = run
        self.record = comparing.read(run)
        self.config = self.record.config
        self.translate = translate
        self.count = count
        self.observations = notes.read(run).observations

    @cached_property
    def sampler(self) -> Sampler:
        """Its model at the newest checkpoint. Loads torch. Raises ValueError if there is none, or it is damaged."""
        from gan_core.runs.sampler import open_sampler

        return open_sampler(self.run)

    @cached_property
    def autoencoder(self) -> Autoencoder:
        """A VAE's two networks, likewise."""
        from gan_core.runs.autoencoder import open_autoencoder

        return open_autoencoder(self.run)

    @cached_property
    def encoded(self) -> tuple[Dataset, FloatArray, FloatArray]:
        """ENCODED images that a VAE never saw, their latents (N, D), and their reconstructions' mean squared errors (N,)."""
        found = held_out(self.config.dataset).images(ENCODED)
        return found, *self.autoencoder.measure(np.asarray(found.images))

    def picture(self, key: str, caption: str, picture: Image.Image) -> Illustration:
        """A picture as a figure of the report, with the observation kept under its key."""
        content, kind = imaging.png_bytes(picture), "png"
        if len(content) > PLAIN_BYTES:
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "JPEG", quality=QUALITY)
            content, kind = buffer.getvalue(), "jpeg"
        width = min(WIDTH_PX, picture.width * max(1, WIDTH_PX // picture.width))
        return Illustration(key, caption, content, kind, width, self.observations.get(key, ""))  # type: ignore[arg-type]

    def chart(self, key: str, caption: str, fig: go.Figure) -> Illustration:
        """A Plotly figure as a figure of the report."""
        return self.drawing(key, caption, svg_chart.svg(fig, caption), svg_chart.WIDTH)

    def drawing(self, key: str, caption: str, svg: str, width_px: int) -> Illustration:
        """An SVG document as a figure of the report."""
        return Illustration(key, caption, svg.encode(), "svg", width_px, self.observations.get(key, ""))
