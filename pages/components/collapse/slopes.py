"""Clipping against penalty: the gradients of the critic and of the generator, layer by layer."""

import plotly.io
import streamlit as st

from gan_core.experiments import arms, slopes
from gan_core.figures import layers
from pages.components.shared import lab
from pages.components.shared.as_command import arm_lines, as_command
from pages.components.text import _, ngettext
from pages.components.widgets.live_plot import live_plot


def clipping_against_penalty() -> None:
    """What the comparison shows, its button, and its charts from the runs that there are."""
    comparison, names = slopes.COMPARISON, [arm.name for arm in slopes.COMPARISON.arms]
    with st.container(border=True):
        st.markdown("**" + _("Clipping against penalty: does the gradient reach every layer?") + "**")
        words = _(
            "Each layer passes the gradient on, times its weights. Clipped to 0.01 these are small, and hardly anything reaches G; clipped to 0.1, "
            "without batch norm, the gradient grows from layer to layer. A penalty that holds the critic's slope near 1 keeps it level "
            "(Gulrajani et al. 2017, section 3 and figure 1b). Clipped at 0.01 with batch norm, as in report R3, the critic's own gradient stays level "
            "too: batch norm divides the small weights out again."
        )
        st.markdown(words)
        machine = lab.machine()
        found = {} if machine is None else arms.find(comparison, names, lab.all_runs(), machine)
        shown = [(arm, run) for arm in comparison.arms if (run := found.get(arm.name)) is not None]
        if len(shown) < len(names):
            words = _(
                "Trains R3's presets r3-wgan-lite and r3-wgan-gp-lite, and the first with clip 0.1 and no batch norm."
            )
            st.caption(words + " " + _("About 15 minutes on two quiet cores."))
            missing = [name for name in names if found.get(name) is None]
            as_command("slopes", *arm_lines(comparison, missing))
            if st.button(_("Train and compare"), key="collapse_slopes", icon=":material/stacked_line_chart:"):
                with st.spinner(_("Queueing the runs…")):
                    queued = lab.attempt(lambda: arms.queue_missing(lab.start(), comparison, names, slopes.TITLE))
                if queued is not None:
                    words = ngettext("{n} run was queued.", "{n} runs were queued.", len(queued))
                    st.success(words.format(n=len(queued)))
        columns = [lab.tail(str(run.path)).columns() for _arm, run in shown]
        titles = [_(arm.title) for arm, _run in shown]
        for place, (network, title) in zip(st.columns(2), layers.NETWORKS.items(), strict=True):
            if any(layers.layers_of(each, network) for each in columns):
                with place:
                    st.markdown(f"**{_(title)}**")
                    figure = layers.of_runs(columns, titles, network, _)
                    live_plot(str(plotly.io.to_json(figure)), key=f"collapse_slopes_{network}", height_px=320)
