"""Where a run can be looked at: buttons that lead to other pages. Importing this loads no torch."""

from collections.abc import Callable

import streamlit as st

from gan_core import datasets
from gan_core.config import RunConfig
from gan_core.models.kinds import kind_or_none
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.text import _


def start_and_watch(make: Callable[[], Run]) -> None:
    """Queues the run that `make` gives and opens it on the page Train; a refusal is shown as its sentence."""
    with st.spinner(_("Starting the trainer…")):
        made = lab.attempt(make)
    if made is not None:
        st.switch_page("pages/train.py", query_params={"run": made.id})


def page_button(words: str, key: str, icon: str, page: str, **link: str) -> None:
    """A button that opens a page with these query parameters."""
    if st.button(words, key=key, icon=f":material/{icon}:"):
        st.switch_page(f"pages/{page}.py", query_params=link)


def open_links(run: Run, key: str) -> None:
    """Buttons to the two pages that are wanted most, and a list of the others that this run can be opened in."""
    page_button(_("Watch"), f"{key}_watch", "monitoring", "train", run=run.id)
    has_model = bool(run.checkpoint_steps())
    if has_model:
        page_button(_("Explore"), f"{key}_explore", "explore", "explore", run=run.id)
    with st.popover(_("More"), key=f"{key}_more", icon=":material/open_in_new:"):
        if run.sample_steps():
            page_button(_("Replay"), f"{key}_replay", "replay", "replay", run=run.id)
        page_button(_("Compare"), f"{key}_compare", "stacked_line_chart", "compare", runs=run.id)
        try:
            config = run.config()
            num_axes = len(datasets.image_shape(config.dataset))
        except ValueError:  # the page that opens it says why
            return
        of_its_kind(run, config, key, pictures=has_model and num_axes == 3, points=has_model and num_axes == 1)


def of_its_kind(run: Run, config: RunConfig, key: str, *, pictures: bool, points: bool) -> None:
    """Buttons to the pages that only some models have something to show on."""
    kind = kind_or_none(config)
    if points and kind and kind.draws_in_steps:
        page_button(_("2-D lab: how its points flow"), f"{key}_flow", "scatter_plot", "twin", view="flow", run=run.id)
    if pictures and config.conditioning.labels:
        page_button(_("Conditions"), f"{key}_conditions", "category", "conditions", run=run.id)
    if pictures and kind and kind.encodes:
        page_button(_("VAE"), f"{key}_vae", "compare", "vae", run=run.id)
    if kind and kind.has_discriminator:
        page_button(_("2-D lab: the same game in the plane"), f"{key}_twin", "scatter_plot", "twin", run=run.id)
