"""Where a run can be looked at: buttons that lead to other pages. Importing this loads no torch."""

import streamlit as st

from gan_core import datasets
from gan_core.config import RunConfig
from gan_core.models.kinds import kind_or_none
from gan_core.runs import Run
from pages.components.text import _


def open_links(run: Run, key: str) -> None:
    """Buttons to the two pages that are wanted most, and a list of the others that this run can be opened in."""
    if st.button(_("Watch"), key=f"{key}_watch", icon=":material/monitoring:"):
        st.switch_page("pages/train.py", query_params={"run": run.id})
    has_model = bool(run.checkpoint_steps())
    if has_model and st.button(_("Explore"), key=f"{key}_explore", icon=":material/explore:"):
        st.switch_page("pages/explore.py", query_params={"run": run.id})
    with st.popover(_("More"), key=f"{key}_more", icon=":material/open_in_new:"):
        if run.sample_steps() and st.button(_("Replay"), key=f"{key}_replay", icon=":material/replay:"):
            st.switch_page("pages/replay.py", query_params={"run": run.id})
        if st.button(_("Compare"), key=f"{key}_compare", icon=":material/stacked_line_chart:"):
            st.switch_page("pages/compare.py", query_params={"runs": run.id})
        try:
            config = run.config()
            num_axes = len(datasets.image_shape(config.dataset))
        except ValueError:  # the page that opens it says why
            return
        of_its_kind(run, config, key, pictures=has_model and num_axes == 3)


def of_its_kind(run: Run, config: RunConfig, key: str, *, pictures: bool) -> None:
    """Buttons to the pages that only some models have something to show on."""
    kind = kind_or_none(config)
    if pictures and config.conditioning.labels and st.button(
        _("Conditions"), key=f"{key}_conditions", icon=":material/category:"
    ):  # fmt: skip
        st.switch_page("pages/conditions.py", query_params={"run": run.id})
    if pictures and kind and kind.encodes and st.button(_("VAE"), key=f"{key}_vae", icon=":material/compare:"):
        st.switch_page("pages/vae.py", query_params={"run": run.id})
    if (
        kind
        and kind.has_discriminator
        and st.button(_("2-D lab: the same game in the plane"), key=f"{key}_twin", icon=":material/scatter_plot:")
    ):
        st.switch_page("pages/twin.py", query_params={"run": run.id})
