"""A sheet of samples for a report: how many, which latents, which labels, how many in a row. Importing this loads torch."""

import io

import numpy as np
import streamlit as st

from gan_core.exchange.pictures import write_zip
from gan_core.figures import imaging
from gan_core.runs.sampler import FloatArray, Sampler, Uint8Array
from pages.components.explore.samples import choose_labels
from pages.components.shared.as_command import as_command, line
from pages.components.text import _
from pages.components.widgets.picture import download_png, picture

COUNTS = (16, 20, 32, 64, 100)


@st.fragment
def sample_sheet(model: Sampler) -> None:
    """The choices, the sheet, and its files."""
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    with left:
        count = st.segmented_control(
            _("Pictures"), COUNTS, default=32, required=True, key="explore_sheet_count"
        )  # fmt: skip
    count = count or COUNTS[2]
    seed = int(middle.number_input(_("Seed"), 0, 2**31 - 1, 0, key="explore_sheet_seed", bind="query-params"))
    fitting = [columns for columns in range(2, count + 1) if count % columns == 0 and columns <= 25]
    columns = right.selectbox(
        _("In a row"), fitting, index=fitting.index(imaging.even_columns(count)), key=f"explore_sheet_columns_{count}"
    )  # fmt: skip
    labels = model.some_labels(count)
    if model.config.conditioning.labels and st.toggle(_("The same labels for all"), key="explore_sheet_same"):
        labels = np.repeat(choose_labels(model), count, axis=0)
    with st.spinner(_("Drawing the samples…")):
        images = _drawn(model, model.weights_id, model.step, count, seed, labels)
    grid = imaging.grid(images, columns)
    words = _("{count} samples at step {step:,}, seed {seed}").format(count=count, step=model.step, seed=seed)
    picture(imaging.array_url(grid), key="explore_sheet", alt=words, caption=words, max_width_px=900)
    name = f"{model.run_id}-{count}-samples-step-{model.step}-seed-{seed}"
    with st.container(horizontal=True):
        download_png(
            _("Download the sheet (PNG)"), lambda: imaging.enlarged_png(grid, 1200), name, "explore_sheet_png"
        )  # fmt: skip
        st.download_button(
            _("Download all pictures (zip)"), lambda: _zip(images), file_name=f"{name}.zip", mime="application/zip",
            key="explore_sheet_zip", icon=":material/folder_zip:", on_click="ignore",
        )  # fmt: skip
    if np.array_equal(labels, model.some_labels(count)) and not model.raw:
        run, step = model.run_id, model.step
        sheet = line("sample", run, out=f"{name}.png", count=count, seed=seed, step=step, columns=columns)
        every = line("export", run, as_="samples", out=f"{name}.zip", count=count, seed=seed, step=step)
        as_command("sheet", sheet, every)


@st.cache_data(max_entries=32, show_spinner=False)
def _drawn(_model: Sampler, run_id: str, step: int, count: int, seed: int, labels: FloatArray) -> Uint8Array:
    return _model.draw(count, seed, labels)


def _zip(images: Uint8Array) -> bytes:
    buffer = io.BytesIO()
    write_zip(buffer, {"samples": images})
    return buffer.getvalue()
