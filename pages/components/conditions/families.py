"""R2's question asked of five families: the committed table. Loads no torch."""

import streamlit as st

from gan_core.experiments import conditional_table as table
from pages.components.text import _, estimate_words


def families() -> None:
    """Each family's share of the objects asked for, with its interval; nothing where it was not measured."""
    lines = table.rows(table.committed())
    if not lines:
        return
    with st.expander(_("How well do five families do this?"), icon=":material/leaderboard:"):
        cells = [
            {_("method"): _(table.METHODS[row.method].title), **{name: estimate_words(row.estimate(name)) for name in table.LISTS},
             _("seconds of the quickest run"): round(row.seconds)}
            for row in lines
        ]  # fmt: skip
        st.dataframe(cells, hide_index=True, height="content", key="conditions_families")
        words = _(
            "Share of the requested objects that the evaluator finds, mean over seeds with 95 % t intervals; each "
            "method saw the same number of images of rendered blocks. Published, with another evaluator on i-CLEVR: "
            "{published}. Conditions: docs/conditional.md."
        )
        st.caption(words.format(published=table.PUBLISHED))
