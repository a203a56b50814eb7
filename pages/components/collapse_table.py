"""The collapse benchmark, shown: a table and a chart for each data set, its conditions, and what may be said of it."""

import streamlit as st

from gan_core.collapse_table import REAL, TASKS, Task, results
from gan_core.collapse_table.figure import figure
from gan_core.collapse_table.page import interval, reported
from gan_core.collapse_table.summary import Difference, Row, differences, rows, smeared, target
from pages.components.text import _, as_text

NAMES = {"ring8": _("Ring of 8"), "grid25": _("Grid of 25"), "stacked-mnist": _("Stacked MNIST")}
JUDGES = {
    "points": _("A mode counts as captured with at least one sample within 3 standard deviations of its middle."),
    "images": _("A mode is one of the 1,000 triples of digits; the shipped digits evaluator reads each colour."),
}
PERFECT = 0.989


def collapse_table() -> None:
    """One data set at a time: chart, table beside the papers' figures, one sentence, conditions."""
    st.subheader(_("How many modes do methods find?"))
    st.caption(
        _(
            "A mode is one of the clusters that the data consists of; a generator that makes only some of them has collapsed. "
            "Here the clusters are known, so they can be counted. Each method was trained with several seeds (a seed is the start "
            "of every random choice), and the interval says where the mean over seeds lies with 95 % confidence."
        )
    )
    name = st.segmented_control(
        _("Data set"),
        list(TASKS),
        default=next(iter(TASKS)),
        format_func=lambda key: NAMES[key],
        key="collapse_table_task",
    )
    _task(name or next(iter(TASKS)))


def _task(name: str) -> None:
    task = TASKS[name]
    try:
        found = results(name)
    except ValueError as error:
        st.error(as_text(str(error)))
        return
    lines = rows(found)
    if len(lines) < 2:
        st.info(_("No method has been trained on this data set yet. `make collapse-table` does it; it takes hours."))
        return
    st.markdown(" ".join(_sentences(name, task, lines, differences(found))))
    _charts(name, task, lines)
    st.dataframe(_cells(task, lines), hide_index=True, key=f"collapse_table_rows_{name}")
    _conditions(task)


def _charts(name: str, task: Task, lines: list[Row]) -> None:
    """Modes captured, and for points the share of good samples beside: neither says enough alone."""
    words = {"seed": _("one seed"), "published": _("a paper's figure"), "real": _("Real samples")}
    shown = [("captured", float(task.num_modes), _("modes captured"))]
    if _has_points(task):
        shown.append(("high_quality", PERFECT, _("share of high quality")))
    for place, (measure, highest, title) in zip(st.columns(len(shown)), shown, strict=True):
        drawn = figure(lines, measure, highest, {**words, "measure": title})
        place.plotly_chart(drawn, key=f"collapse_table_{measure}_{name}", config={"displaylogo": False})


def _has_points(task: Task) -> bool:
    return bool(task.settings["network.name"] == "mlp")


def _sentences(name: str, task: Task, lines: list[Row], compared: list[Difference]) -> list[str]:
    """What the figures say, in words."""
    said = []
    more = [line.title for line in compared if line.differs and line.difference > 0]
    fewer = [line.title for line in compared if line.differs and line.difference < 0]
    same = [line.title for line in compared if not line.differs]
    plain = next((row for row in lines if row.method == "bce"), None)
    if plain is not None:
        words = _("The plain GAN finds **{found}** of {all:,} modes.")
        said.append(words.format(found=interval(plain.measures["captured"], 1), all=task.num_modes))
    if more:
        said.append(_("**More** find: {methods}.").format(methods=", ".join(more)))
    if fewer:
        said.append(_("**Fewer** find: {methods}.").format(methods=", ".join(fewer)))
    if same:
        said.append(_("**Cannot be told apart** from the plain GAN: {methods}.").format(methods=", ".join(same)))
    if chance := smeared(lines):
        words = _("Most samples lie between the modes, so modes are hit **by chance**: {methods}.")
        said.append(words.format(methods=", ".join(row.title for row in chance)))
    goal = target(results(name))
    if goal is not None:
        wanted, reached = goal
        words = _("PacGAN2 reaches the lab's target of {wanted:g} modes, with {x}.")
        missed = _("PacGAN2 misses the lab's target of {wanted:g} modes, with {x}.")
        said.append((words if reached.mean >= wanted else missed).format(x=interval(reached, 2), wanted=wanted))
    return said


def _cells(task: Task, lines: list[Row]) -> dict[str, list[str]]:
    """The table's columns: ours with intervals, the papers' beside."""
    points = _has_points(task)
    columns: dict[str, list[str]] = {
        _("Method"): [_("Real samples") if row.method == REAL else row.title for row in lines],
        _("Seeds"): [str(row.measures["captured"].num_seeds) for row in lines],
        _("Modes captured"): [interval(row.measures["captured"], 1) for row in lines],
    }
    if points:
        columns[_("High quality")] = [interval(row.measures["high_quality"], 3) for row in lines]
    columns[_("Reverse KL")] = [interval(row.measures["reverse_kl"], 2) for row in lines]
    columns[_("Papers: modes")] = ["; ".join(reported(p) for p in row.published) or _("none found") for row in lines]
    if points:
        quality = [[p.high_quality for p in row.published if p.high_quality is not None] for row in lines]
        columns[_("Papers: high quality")] = ["; ".join(f"{q:.3f}" for q in known) or "–" for known in quality]
    return columns


def _conditions(task: Task) -> None:
    points = _has_points(task)
    judge = JUDGES["points" if points else "images"]
    words = _(
        "Conditions: {samples:,} samples from each generator. {judge} Networks of width {width}, batches of {batch} (times the pack "
        "for PacGAN), {steps:,} discriminator steps: far fewer than the papers', with other networks, so compare the order of "
        "methods and not only their height. Methods with five discriminator steps for each of the generator's got a fifth of the "
        "generator steps. None was tuned for itself."
    )
    st.caption(
        words.format(
            samples=task.num_samples,
            judge=judge,
            width=task.settings["network.width"],
            batch=task.settings["training.batch_size"],
            steps=task.settings["training.max_steps"],
        )
    )
    with st.expander(_("How to read it"), icon=":material/help:"):
        if points:
            st.markdown(
                _(
                    "- **High quality** is the share of samples within 3 standard deviations of a mode. A perfect sampler reaches {p:.3f}. "
                    "Read it together with the modes: a generator that smears its samples over the whole plane hits every mode by "
                    "chance, with hardly any sample of high quality."
                ).format(p=PERFECT)
            )
        st.markdown(
            _(
                "- **Reverse KL** says how unevenly the modes are hit (every sample counts for its nearest mode): 0 is as in the data.\n"
                "- **Told apart** means: p at most 0.05 after Holm's correction for all methods of the data set. With 5 seeds or more the "
                "test is an exact permutation test, with fewer Welch's t-test.\n"
                "- The papers' ± is as they print it. All settings, and what differs from the papers, are in docs/collapse.md."
            )
        )
