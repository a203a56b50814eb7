"""What a run is made of: its settings and its networks, layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import streamlit as st

from gan_core.config import RunConfig
from gan_core.config import run_config as schema
from gan_core.figures import diagram, imaging
from gan_core.models.kinds import applying
from gan_core.presets import PRESETS
from gan_core.runs import Run, environment
from gan_core.runs.status import OPEN_STATES
from pages.components.run.log import log, log_table
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.config_form import label
from pages.components.shared.preset_choice import description_of
from pages.components.text import _, as_text
from pages.components.widgets.picture import download_png, picture

OF_THE_MACHINE = ("recording.", "training.threads")  # resolved before step 0 from what the preset leaves open


def settings(run: Run) -> None:
    """What differs from the preset, all settings, the networks, the environment, the log, and the command that repeats it."""
    config = run.config()
    fields = schema.field_names()
    names = applying([config])
    different = departing(config, names)
    if config.preset in PRESETS:
        preset = PRESETS[config.preset]
        line_of_preset = _("**Preset**: {title}. {description}")
        st.markdown(line_of_preset.format(title=_(preset.title), description=description_of(preset)))
        if different:
            table(config, {name: fields[name] for name in different}, f"details_different_{run.id}")
        else:
            st.caption(_("All settings are those of the preset."))
        changed = {name: schema.get(config, name) for name in different}
        as_command("settings", line("train", config.preset, set=changed), line("verify", run.id))
    if hardware := environment.hardware_line(run, _):
        st.caption(_("**Hardware**: {line}").format(line=as_text(hardware)))
    with st.expander(_("All settings")):
        table(config, {name: fields[name] for name in names}, f"details_settings_{run.id}")
    if sessions := environment.sessions(run):
        with st.expander(_("Environment: what it was trained with")):
            st.caption(
                _(
                    "One line for each start and resume. Runs repeat exactly where versions, processor and data are the same."
                )
            )
            rows = [{_(name): str(value) for name, value in asdict(session).items()} for session in sessions]
            st.dataframe(rows, hide_index=True, key=f"details_environment_{run.id}")
    with st.expander(
        _("Architecture: the networks, layer by layer"), key=f"details_networks_{run.id}", on_change="rerun"
    ) as place:
        if place.open:
            with st.spinner(_("Loading torch…")):
                architecture(run)
    every = lab.refresh_every() if run.status().state in OPEN_STATES else None
    st.fragment(log, run_every=every)(run)
    st.fragment(log_table)(run)


def departing(config: RunConfig, names: Sequence[str]) -> list[str]:
    """The settings that are not those of the run's preset; what the preset leaves to the machine is none."""
    if config.preset not in PRESETS:
        return []
    usual = PRESETS[config.preset].config
    return [
        name for name in names
        if "." in name and schema.get(usual, name) not in ("auto", schema.get(config, name)) and not name.startswith(OF_THE_MACHINE)
    ]  # fmt: skip


def table(config: RunConfig, fields: Mapping[str, Any], key: str) -> None:
    """Settings with their values and what they mean."""
    rows = [
        {_("setting"): label(name, info) if "." in name else name, _("value"): str(schema.get(config, name)),
         _("key"): name, _("meaning"): _(info.description)}
        for name, info in fields.items()
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, key=key)


def architecture(run: Run) -> None:
    """Each network as a diagram and as a table."""
    from gan_core.models.architecture import describe, diagrams  # loads torch

    drawn = diagrams(run.config())
    for name, layers in describe(run.config()).items():
        total = sum(layer.num_parameters for layer in layers)
        title = _("{name}: {n:,} parameters").format(name=_(name), n=total)
        st.markdown(f"**{title}**")
        key = f"details_{run.id}_{name}"
        shown = diagram.drawn(title, drawn[name], _)
        picture(imaging.data_url(shown), key=f"{key}_diagram", alt=title, pixelated=False, max_width_px=shown.width // 2,
                caption=_("From the input on, in the order in which the layers run; the shape is that of what comes out of a block."))  # fmt: skip
        with st.container(horizontal=True):
            file = f"{run.id}-{name}"
            download_png(_("Download the diagram (PNG)"), partial(imaging.png_bytes, shown), file, f"{key}_png")
            st.download_button(
                _("Download the diagram (SVG)"), diagram.svg(title, drawn[name], _), file_name=f"{file}.svg",
                mime="image/svg+xml", key=f"{key}_svg", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
        st.dataframe(
            [
                {_("layer"): layer.kind, _("settings"): layer.detail, _("output"): " x ".join(map(str, layer.output_shape)),
                 _("parameters"): f"{layer.num_parameters:,}"}
                for layer in layers
            ],
            hide_index=True, key=key, height="content",
        )  # fmt: skip
