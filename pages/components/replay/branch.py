"""Going on from a moment of a recording with other settings: a new run with the same past."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from gan_core.analysis.comparing import Compared
from gan_core.config import run_config as schema
from gan_core.experiments import follow_up
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, line
from pages.components.shared.config_form import knob, owner_of, setting_name
from pages.components.shared.run_card import start_and_watch
from pages.components.text import _

OFFERED_FIRST = 3
COLUMNS = 3


def branch_form(one: Compared, step: int) -> None:
    """The nearest checkpoint at or before `step`, the settings to change, and the button."""
    run = one.run
    words = _(
        "A **branch** is a new run that has the same past up to a checkpoint (the stored state of all networks and optimisers) "
        "and continues with other settings. The first run is unchanged; compare the two afterwards."
    )
    st.markdown(words)
    found = lab.attempt(lambda: (follow_up.checkpoint_before(run, step), follow_up.changeable(one)), "info")
    if found is None:
        return
    start, names = found
    words = _("The recording is at step {step:,}. The nearest checkpoint at or before it is at step {start:,}.")
    st.caption(words.format(step=step, start=start))
    changes = settings_to_change(one, names)
    name = st.text_input(
        _("Your name for the branch"), key=f"replay_name_{run.id}", max_chars=80, placeholder=_("optional")
    )
    pressed = st.button(
        _("Branch from step {n:,}").format(n=start),
        type="primary",
        key=f"replay_branch_{run.id}",
        icon=":material/call_split:",
    )
    as_command("branch", branch_line(one, start, changes, name))
    if not pressed:
        return
    start_and_watch(lambda: follow_up.branch(lab.start(), run, start, changes, name))


def branch_line(one: Compared, start: int, changes: Mapping[str, Any], name: str) -> str:
    """The branch as a command; "" while a value is refused, which pressing the button says."""
    try:
        wanted = schema.with_changes(one.config, changes)
    except ValueError:
        return ""
    differing = {field: schema.get(wanted, field) for field in schema.differences(one.config, wanted)}
    return line("branch", one.run.id, step=start, set=differing, name=name)


def settings_to_change(one: Compared, names: Sequence[str]) -> dict[str, Any]:
    """Which settings, and a knob for each. Returns dotted field -> the value chosen."""
    run = one.run
    fields = schema.field_names()
    wanted = st.multiselect(
        _("Settings to change"), names, default=names[:OFFERED_FIRST], key=f"replay_fields_{run.id}",
        format_func=setting_name,
        help=_("Only settings that fit a trained checkpoint: the size of a network, say, cannot change in the middle of a run."),
    )  # fmt: skip
    changes: dict[str, Any] = {}
    for place, name in enumerate(wanted):
        if place % COLUMNS == 0:
            columns = st.columns(COLUMNS, vertical_alignment="bottom")
        with columns[place % COLUMNS]:
            owner = owner_of(name)
            if owner:
                st.caption(_("Of the {network}").format(network=owner))
            changes[name] = knob(name, fields[name], schema.get(one.config, name), f"replay_{run.id}_{name}")
    return changes
