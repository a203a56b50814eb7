"""The collapse benchmark, shown: a table and a chart for each data set, its conditions, and what may be said of it."""

import streamlit as st

from gan_core.config import RunConfig, with_changes
from gan_core.evaluation.statistics.tests import Difference
from gan_core.experiments.benchmark import METHODS, OTHERS, REAL, TASKS, BenchmarkTask, Results, results, tuned
from gan_core.experiments.benchmark.cells import figure_of, interval, quality_of
from gan_core.experiments.benchmark.figure import figure
from gan_core.experiments.benchmark.summary import Row, differences, rows, smeared
from gan_core.experiments.lessons import LESSONS
from gan_core.lab2d.stories import STORIES
from pages.components.collapse.tuned import PERFECT, target_words, tuned_parts
from pages.components.shared import lab
from pages.components.text import N_, Marked, _, listed, titled

NAMES = Marked({
    "ring8": N_("Ring of 8"), "grid25": N_("Grid of 25"), "stacked-mnist": N_("Stacked MNIST"),
    "stacked-mnist-32": N_("Stacked MNIST, 32 px"),
})  # fmt: skip
CRITERIA = Marked(
    {
        "points": N_("A mode counts as captured with at least one sample within 3 standard deviations of its middle."),
        "images": N_("A mode is one of the 1,000 triples of digits; the shipped digits evaluator reads each colour."),
    }
)


def collapse_table() -> None:
    """One data set at a time: chart, table beside the papers' figures, one sentence, conditions."""
    st.subheader(_("How many modes do methods find?"))
    words = _(
        "A mode is one of the clusters that the data consists of; a generator that makes only some of them has collapsed. "
        "Here the clusters are known, so they can be counted. Each method was trained with several seeds (a seed is the start "
        "of every random choice), and the interval says where the mean over seeds lies with 95 % confidence."
    )
    st.caption(words)
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
    read = lab.attempt(lambda: (results(name), tuned(name)))
    if read is None:
        return
    found, searched = read
    if searched is not None and searched.is_complete:
        words = _("The plain GAN finds {untuned} modes with one setting for all, {tuned} at its own searched setting.")
        st.markdown(words.format(untuned=_plain(rows(found)) or "–", tuned=_plain(rows(searched.table()))))
        _shown(searched.table(), "tuned", {row.method: row for row in rows(searched.table("ema"))})
        tuned_parts(searched)
        with st.expander(_("Untuned: one setting for all methods"), icon=":material/tune:"):
            _one_setting(name, found)
    else:
        _one_setting(name, found)
    others = [
        f"{method} {figure_of(paper)}, {quality_of(paper)} ({_(paper.source)})"
        for method, paper in OTHERS.get(name, ())
    ]
    if others:
        words = _("Published, not trained here (modes, share of high quality): {methods}.")
        st.caption(words.format(methods="; ".join(others)))
    st.caption(
        _(
            "Collapse itself is shown, step by step, by the plain GAN in the 2-D lab and by lesson 3, which also repairs it."
        )
    )
    with st.container(horizontal=True):
        lab_link = {"tab": "lab", "story": "bce"}
        st.page_link("pages/learn.py", label=_("2-D lab"), query_params=lab_link, icon=":material/arrow_forward:")
        lesson = LESSONS["collapse"]
        st.page_link(
            "pages/learn.py", label=_(lesson.title), query_params={"lesson": lesson.name}, icon=":material/arrow_forward:"
        )  # fmt: skip
    _how_to_read(task)


def _one_setting(name: str, found: Results) -> None:
    """The table with one setting for all methods."""
    if len(rows(found)) < 2:
        st.info(_("No method has been trained on this data set yet. `make collapse-table` does it; it takes hours."))
        return
    _shown(found, "untuned")
    if name == STORIES["bce"].config.dataset.name:
        st.caption(_other_rules(name))
    _conditions(TASKS[name])


def _shown(found: Results, key: str, average: dict[str, Row] | None = None) -> None:
    """Sentences, charts, table and papers of one set of results; with those of the running average beside, if given."""
    task, lines = TASKS[found.task], rows(found)
    st.markdown(" ".join(_sentences(found, task, lines)))
    if _has_points(task) and (quality := _compared_with_plain(differences(found, "high_quality"), _("high quality"))):
        st.markdown(" ".join([_("**High quality** is the share of samples on a mode."), *quality]))
    _charts(f"{key}_{found.task}", task, lines)
    cells = _cells(task, lines, average or {})
    widths = {
        _("Mode-TV"): st.column_config.TextColumn(width=165)
    }  # most rows of it may be empty, and its width follows them
    st.dataframe(
        cells, hide_index=True, height="content", key=f"collapse_table_rows_{key}_{found.task}", column_config=widths
    )
    if sources := _sources(lines):
        st.caption(_("Papers: {sources}.").format(sources=" · ".join(sources)))


def _charts(key: str, task: BenchmarkTask, lines: list[Row]) -> None:
    """Mode-TV, modes captured, and for points the share of good samples beside: modes captured alone do not say enough."""
    words = {"seed": _("one seed"), "published": _("a paper's figure"), "real": _("Real samples")}
    shown = [("captured", float(task.num_modes), _("modes captured"))]
    if any("mode_tv" in row.measures for row in lines if row.method != REAL):
        shown.insert(0, ("mode_tv", 1.0, _("mode-TV, 0 is best")))
    if _has_points(task):
        shown.append(("high_quality", PERFECT, _("share of high quality")))
    for place, (measure, highest, title) in zip(st.columns(len(shown)), shown, strict=True):
        drawn = figure(lines, measure, highest, {**words, "measure": title})
        place.plotly_chart(drawn, key=f"collapse_table_{measure}_{key}", config={"displaylogo": False})


def _has_points(task: BenchmarkTask) -> bool:
    return bool(task.settings["network.name"] == "mlp")


def _plain(lines: list[Row]) -> str:
    """The plain GAN's modes with their interval; empty where it was not trained."""
    return next((interval(row.measures["captured"], 1, _) for row in lines if row.method == "bce"), "")


def _sentences(found: Results, task: BenchmarkTask, lines: list[Row]) -> list[str]:
    """What the figures say, in words."""
    sentences = []
    if modes := _plain(lines):
        words = _("The plain GAN finds **{found}** of {all:,} modes.")
        sentences.append(words.format(found=modes, all=task.num_modes))
    sentences += _compared_with_plain(differences(found, "mode_tv"), _("mode-TV (lower is better)"))
    sentences += _compared_with_plain(differences(found), _("modes captured"))
    if chance := smeared(lines):
        words = _("Most samples lie between the modes, so modes are hit **by chance**: {methods}.")
        sentences.append(words.format(methods=listed(row.title for row in chance)))
    sentences += target_words(found)
    return sentences


def _compared_with_plain(compared: list[Difference], measure: str) -> list[str]:
    """Which methods lie above the plain GAN in a measure, which below, and of which one cannot say."""
    kinds = (
        (_("**More** than the plain GAN in {measure}: {methods}."), [d for d in compared if d.differs and d.value > 0]),
        (_("**Less** than the plain GAN in {measure}: {methods}."), [d for d in compared if d.differs and d.value < 0]),
        (
            _("**No significant difference** from the plain GAN in {measure}: {methods}."),
            [d for d in compared if not d.differs],
        ),
    )
    return [
        words.format(measure=measure, methods=listed(METHODS[d.first].title for d in some))
        for words, some in kinds
        if some
    ]


def _other_rules(name: str) -> str:
    """In what the 2-D lab's game on the same data differs from the benchmark's."""
    here, there = with_changes(RunConfig(), TASKS[name].changes("bce", 0)), STORIES["bce"].config
    words = _(
        "The 2-D lab shows a plain GAN that collapses on the same data: there Adam's momentum is {a:g} (here {b:g}), the "
        "learning rate {c:g} (here {d:g}), the batch size {e} (here {f}), and training takes {g:,} steps (here {h:,})."
    )
    return words.format(
        a=there.generator_optimizer.beta1, b=here.generator_optimizer.beta1,
        c=there.generator_optimizer.learning_rate, d=here.generator_optimizer.learning_rate,
        e=there.training.batch_size, f=here.training.batch_size,
        g=there.training.max_steps, h=here.training.max_steps,
    )  # fmt: skip


def _sources(lines: list[Row]) -> list[str]:
    """Each paper with the methods whose figures it gives."""
    found: dict[str, list[str]] = {}
    for row in lines:
        for paper in row.published:
            found.setdefault(_(paper.source), []).append(f"{METHODS[row.method].title} {figure_of(paper)}")
    return [titled(source, "; ".join(figures)) for source, figures in found.items()]


def _cells(task: BenchmarkTask, lines: list[Row], average: dict[str, Row]) -> dict[str, list[str]]:
    """The table's columns: ours with intervals, those of the running average if given, the papers' beside."""
    points = _has_points(task)
    columns: dict[str, list[str]] = {
        _("Method"): [_("Real samples") if row.method == REAL else row.title for row in lines],
        _("Seeds"): [str(row.measures["captured"].count) for row in lines],
        _("Mode-TV"): [interval(row.measures["mode_tv"], 3, _) if "mode_tv" in row.measures else "–" for row in lines],
        _("Modes captured"): [interval(row.measures["captured"], 1, _) for row in lines],
    }
    if points:
        columns[_("High quality")] = [interval(row.measures["high_quality"], 3, _) for row in lines]
    columns[_("Reverse KL")] = [interval(row.measures["reverse_kl"], 2, _) for row in lines]
    if points and any("good_kl" in row.measures for row in lines):  # pictures have no bad samples: the two KLs are one
        columns[_("KL of good samples")] = [interval(row.measures["good_kl"], 2, _) for row in lines]
    for measure, title, digits in (
        ("captured", _("Average: modes"), 1),
        ("high_quality", _("Average: quality"), 3),
    ):
        if average:
            own = [None if row.method == REAL else average[row.method].measures[measure] for row in lines]
            columns[title] = ["–" if mean is None else interval(mean, digits, _) for mean in own]
    columns[_("Papers: modes (± standard error)")] = [
        "; ".join(figure_of(p) for p in row.published) or "–" for row in lines
    ]
    if points:
        quality = [[p.high_quality for p in row.published if p.high_quality is not None] for row in lines]
        columns[_("Papers: quality")] = ["; ".join(f"{q:.3f}" for q in known) or "–" for known in quality]
    return columns


def _conditions(task: BenchmarkTask) -> None:
    judge = CRITERIA["points" if _has_points(task) else "images"]
    words = _(
        "Conditions: {samples:,} samples from each generator. {judge} Networks of width {width}, batches of "
        "{batch} (times the pack for PacGAN), {steps:,} discriminator steps: far fewer than in the papers, with "
        "other networks. Neither the values nor the order of the methods says how good they are: one setting for "
        "all decides both (Lucic et al. 2018 give each method the same search instead). Methods with five "
        "discriminator steps per generator step got a fifth of the generator steps. No method was tuned "
        "individually."
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


def _how_to_read(task: BenchmarkTask) -> None:
    points = _has_points(task)
    with st.expander(_("How to read it"), icon=":material/help:"):
        st.markdown(
            _(
                "- **Mode-TV** is one number for all of it: half the differences of the modes' shares of all samples from those in the "
                "data, plus half the share of samples on no mode. 0 is best, 1 is worst; – where the results were made before it was measured."
            )
        )
        if points:
            words = _(
                "- **High quality** is the share of samples within 3 standard deviations of a mode. A perfect sampler reaches {p:.3f}. "
                "Read it together with the modes: a generator that smears its samples over the whole plane hits every mode by "
                "chance, with hardly any sample of high quality."
            )
            st.markdown(words.format(p=PERFECT))
            st.markdown(_("- **KL of good samples** counts samples of high quality only, as PacGAN's code does."))
        words = _(
            "- **Reverse KL** says how unevenly the modes are hit (every sample counts for its nearest mode): 0 is as "
            "in the data.\n"
            "- **Significantly different** means: p at most 0.05 after Holm's correction for all methods of the data "
            "set, for each measure by itself. With 5 seeds or more the test is an exact permutation test, with fewer "
            "Welch's t-test.\n"
            "- The papers' ± is PacGAN's standard error; – where no figure was found. All settings, and what differs from the papers, "
            "are in docs/collapse.md."
        )
        st.markdown(words)
