"""The study "how many pictures?": what was measured, and the button that trains it all here."""

import base64

import streamlit as st

from gan_core.config import read_bounded
from gan_core.config.numbers import significant
from gan_core.evaluation.metrics import METRICS
from gan_core.experiments import few_pictures as study
from gan_core.experiments.few_pictures import CountRow
from gan_core.figures.by_count import by_count
from pages.components.shared import lab
from pages.components.text import _, estimate_words, listed, ngettext
from pages.components.widgets.picture import picture

DRAWN = ("fd", "recall")
MAX_PICTURE_BYTES = 2_000_000


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
        _measured(lines)
    else:
        st.info(_("It has not been measured yet. The button below trains all of it, which takes hours."))
    words = _("Train all {n} runs here")
    if st.button(words.format(n=len(study.COMPARISON.arms)), key="few_pictures_queue", icon=":material/playlist_add:"):
        with st.spinner(_("Queueing the runs…")):
            queued = lab.attempt(lambda: study.queue(lab.start()))
        if queued is not None:
            words = ngettext("{n} run was queued.", "{n} runs were queued.", len(queued))
            st.success(words.format(n=len(queued)))


@st.cache_data(show_spinner=False)
def _samples() -> str:
    """The committed picture as a data URL; empty where there is none."""
    if not study.PICTURE.exists():
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(read_bounded(study.PICTURE, MAX_PICTURE_BYTES)).decode("ascii")


def _measured(lines: list[CountRow]) -> None:
    """What the generators draw, two charts, what may be said of them, and the table."""
    words = _("Samples of the first seed, from the same latents. Rows: {methods}. Columns: {counts} pictures.")
    words = words.format(
        methods=listed(_(entry.title) for entry in study.METHODS.values()),
        counts=listed(f"{count:,}" for count in study.COUNTS),
    )
    if url := _samples():
        picture(url, key="few_pictures_samples", alt=words, caption=words)
    titles = {
        name: _(METRICS[name].title) if name in METRICS else _("D's gap, training to held-out")
        for name in study.MEASURES
    }
    for place, name in zip(st.columns(len(DRAWN)), DRAWN, strict=True):
        by_method = {
            _(entry.title): {row.count: row.values[name] for row in lines if row.method == method}
            for method, entry in study.METHODS.items()
        }
        place.plotly_chart(
            by_count({method: values for method, values in by_method.items() if values}, _("pictures"), titles[name]),
            key=f"few_pictures_{name}", config={"displaylogo": False},
        )  # fmt: skip
    told = [words for name, title in titles.items() if (words := _told_apart(lines, name, title))]
    st.markdown("\n".join(told))
    st.caption(
        _(
            "Lines: means over seeds; dots: single seeds. {steps:,} steps each. Significant differences from no augmentation by Welch's "
            "t-test after Holm's correction; with so few seeds only large ones show."
        ).format(steps=study.BASE.training.max_steps)
    )
    cells = [
        {_("pictures"): f"{row.count:,}", _("method"): _(study.METHODS[row.method].title)}
        | {title: estimate_words(row.estimate(name)) for name, title in titles.items()}
        for row in lines
    ]  # fmt: skip
    st.dataframe(cells, hide_index=True, height="content", key="few_pictures_rows")
    st.caption(_("Means over seeds with 95 % t intervals. Conditions and tests: docs/few-data.md."))


def _told_apart(lines: list[CountRow], measure: str, title: str) -> str:
    """A line of Markdown on the significant differences of a measure; empty where there are none."""
    found = [
        _("{method} on {count:,} ({difference})").format(
            method=_(study.METHODS[one.first].title), count=count,
            difference=("+" if one.value >= 0 else "−") + significant(abs(one.value), 2),
        )
        for count, one in study.differences(lines, measure)
        if one.differs
    ]  # fmt: skip
    words = _("- {measure} differs significantly from no augmentation: {found}.")
    return words.format(measure=title, found=listed(found)) if found else ""
