"""Where the settings of runs differ, and what that means for comparing them."""

from collections.abc import Sequence

import streamlit as st

from gan_core.analysis import comparing
from gan_core.analysis.comparing import Compared
from gan_core.config import run_config as schema
from pages.components.compare.choice import titles_of
from pages.components.shared.config_form import setting_name, value_of
from pages.components.shared.departures import show_departures
from pages.components.text import _, as_text, listed, ngettext

SHOWN = 4


def show_obstacles(runs: Sequence[Compared]) -> None:
    """One box with a sentence for each reason why not everything can be compared."""
    found = comparing.obstacles([one.config for one in runs])
    if found:
        said = [as_text(obstacle.said(_)) for obstacle in found]
        st.warning(said[0] if len(said) == 1 else "\n".join(f"- {one}" for one in said), icon=":material/balance:")


def summary(runs: Sequence[Compared]) -> str:
    """How many settings differ, and which, the first of them by name."""
    different = list(comparing.differing([one.config for one in runs], [one.status.total_steps for one in runs]))
    count = len(different)
    if not count:
        return _("No setting differs.")
    words = ngettext("{n} setting differs: {names}", "{n} settings differ: {names}", count)
    names = listed(as_text(setting_name(name)) for name in different[:SHOWN])
    return words.format(n=count, names=names) + (", …" if count > SHOWN else "")


def settings(runs: Sequence[Compared]) -> None:
    """A row for each setting that differs, a column for each run."""
    different = comparing.differing([one.config for one in runs], [one.status.total_steps for one in runs])
    fields, titles = schema.field_names(), titles_of(runs)
    count = len(different)
    departed = show_departures([one.run for one in runs])
    if not count and departed:
        st.caption(_("The settings they began with are the same."))
        return
    if not count:
        st.caption(_("Their settings are the same: any difference is numerical noise."))
        return
    rows = [
        {_("setting"): setting_name(name, [one.config for one in runs]), **{title: value_of(name, value) for title, value in zip(titles, values, strict=True)},
         _("meaning"): _(fields[name].description)}
        for name, values in different.items()
    ]  # fmt: skip
    st.dataframe(rows, hide_index=True, key="compare_settings")
