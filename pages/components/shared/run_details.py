"""What a run is made of: its settings and its networks, layer by layer."""

from dataclasses import asdict

import streamlit as st

from gan_core.config import run_config as schema
from gan_core.models.kinds import applying
from gan_core.presets import PRESETS
from gan_core.runs import Run, environment
from pages.components.shared.config_form import label
from pages.components.text import _


def details(run: Run) -> None:
    """Settings, and on request the architecture with output shapes and parameter counts."""
    config = run.config()
    with st.expander(_("Settings of this run")):
        if config.preset in PRESETS:
            st.caption(_(PRESETS[config.preset].description))
        fields = schema.field_names()
        rows = [
            {_("setting"): label(name, info) if "." in name else name, _("value"): str(schema.get(config, name)),
             _("key"): name, _("meaning"): _(info.description)}
            for name, info in ((name, fields[name]) for name in applying([config]))
        ]  # fmt: skip
        st.dataframe(rows, hide_index=True, key=f"details_settings_{run.id}")
    if sessions := environment.sessions(run):
        with st.expander(_("Environment: what it was trained with")):
            st.caption(
                _(
                    "One line for each start and resume. Runs repeat exactly where versions, processor and data are the same."
                )
            )
            words = [{_(name): str(value) for name, value in asdict(session).items()} for session in sessions]
            st.dataframe(words, hide_index=True, key=f"details_environment_{run.id}")
    with st.expander(
        _("Architecture: the networks, layer by layer"), key=f"details_networks_{run.id}", on_change="rerun"
    ) as place:
        if place.open:
            with st.spinner(_("Loading torch…")):
                architecture(run)


def architecture(run: Run) -> None:
    """Each network as a table."""
    from gan_core.models.architecture import describe  # loads torch

    for name, layers in describe(run.config()).items():
        total = sum(layer.num_parameters for layer in layers)
        st.markdown(_("**{name}**: {n:,} parameters").format(name=_(name), n=total))
        st.dataframe(
            [
                {_("layer"): layer.kind, _("settings"): layer.detail, _("output"): " x ".join(map(str, layer.output_shape)),
                 _("parameters"): layer.num_parameters}
                for layer in layers
            ],
            hide_index=True, key=f"details_{run.id}_{name}",
        )  # fmt: skip
