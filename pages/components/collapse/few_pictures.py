"""The study "how many pictures?": what was measured, and the button that trains it all here."""

import streamlit as st

from gan_core.evaluation.metrics import METRICS
from gan_core.experiments import few_pictures as study
from pages.components.shared import lab
from pages.components.text import _, estimate_words, ngettext


def few_pictures() -> None:
    """The table of means over seeds, where it has been made, and the button."""
    st.subheader(_("How many pictures does a GAN need?"))
    words = _(
        "With few images D memorises all of them and no longer helps G. Augmentation changes every image that D "
        "sees, real and generated alike (DiffAugment), or only as many as its overfitting requires (ADA). Faces, "
        "on {counts} of them, {seeds} seeds each."
    )
    counts = ", ".join(f"{count:,}" for count in study.COUNTS)
    st.caption(words.format(counts=counts, seeds=len(study.SEEDS)))
    lines = study.rows(study.committed())
    if lines:
        titles = {
            name: _(METRICS[name].title) if name in METRICS else _("D's gap, training to held-out")
            for name in study.MEASURES
        }
        cells = [
            {_("pictures"): row.count, _("method"): _(study.METHODS[row.method].title)}
            | {title: estimate_words(row.estimate(name)) for name, title in titles.items()}
            for row in lines
        ]  # fmt: skip
        st.dataframe(cells, hide_index=True, height="content", key="few_pictures_rows")
        st.caption(_("Means over seeds with 95 % t intervals. Conditions and tests: docs/few-data.md."))
    else:
        st.info(_("It has not been measured yet. The button below trains all of it, which takes hours."))
    words = _("Train all {n} runs here")
    if st.button(words.format(n=len(study.COMPARISON.arms)), key="few_pictures_queue", icon=":material/playlist_add:"):
        with st.spinner(_("Queueing the runs…")):
            queued = lab.attempt(lambda: study.queue(lab.start()))
        if queued is not None:
            words = ngettext("{n} run was queued.", "{n} runs were queued.", len(queued))
            st.success(words.format(n=len(queued)))
