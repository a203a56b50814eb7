"""The collapse benchmark, shown: a table and a chart for each data set, its conditions, and what may be said of it."""

import streamlit as st

from gan_core.config import RunConfig, with_changes
from gan_core.evaluation.statistics.tests import Difference
from gan_core.experiments.benchmark import METHODS, REAL, TASKS, BenchmarkTask, results
from gan_core.experiments.benchmark.figure import figure
from gan_core.experiments.benchmark.page import figure_of, interval
from gan_core.experiments.benchmark.summary import Row, differences, rows, smeared, target
from gan_core.lab2d.stories import STORIES
from pages.components.shared import lab
from pages.components.text import _

NAMES = {"ring8": _("Ring of 8"), "grid25": _("Grid of 25"), "stacked-mnist": _("Stacked MNIST")}
CRITERIA = {
    "points": _("A mode counts as captured with at least one sample within 3 standard deviations of its middle."),
    "images": _("A mode is one of the 1,000 triples of digits; the shipped digits evaluator reads each colour."),
}
PERFECT = 0.989


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
    found = lab.attempt(lambda: results(name))
    if found is None:
        return
    lines = rows(found)
    if len(lines) < 2:
        st.info(_("No method has been trained on this data set yet. `make collapse-table` does it; it takes hours."))
        return
    st.markdown(" ".join(_sentences(name, task, lines, differences(found))))
    if _has_points(task) and (quality := _compared_with_plain(differences(found, "high_quality"), _("high quality"))):
        st.markdown(" ".join([_("**High quality** is the share of samples on a mode."), *quality]))
    if name == STORIES["bce"].config.dataset.name:
        st.caption(_other_rules(name))
    _charts(name, task, lines)
    st.dataframe(_cells(task, lines), hide_index=True, height="content", key=f"collapse_table_rows_{name}")
    if sources := _sources(lines):
        st.caption(_("Papers: {sources}.").format(sources=" · ".join(sources)))
    _conditions(task)


def _charts(name: str, task: BenchmarkTask, lines: list[Row]) -> None:
    """Mode-TV, modes captured, and for points the share of good samples beside: modes captured alone do not say enough."""
    words = {"seed": _("one seed"), "published": _("a paper's figure"), "real": _("Real samples")}
    shown = [("captured", float(task.num_modes), _("modes captured"))]
    if any("mode_tv" in row.measures for row in lines if row.method != REAL):
        shown.insert(0, ("mode_tv", 1.0, _("mode-TV, 0 is best")))
    if _has_points(task):
        shown.append(("high_quality", PERFECT, _("share of high quality")))
    for place, (measure, highest, title) in zip(st.columns(len(shown)), shown, strict=True):
        drawn = figure(lines, measure, highest, {**words, "measure": title})
        place.plotly_chart(drawn, key=f"collapse_table_{measure}_{name}", config={"displaylogo": False})


def _has_points(task: BenchmarkTask) -> bool:
    return bool(task.settings["network.name"] == "mlp")


def _sentences(name: str, task: BenchmarkTask, lines: list[Row], compared: list[Difference]) -> list[str]:
    """What the figures say, in words."""
    sentences = []
    plain = next((row for row in lines if row.method == "bce"), None)
    if plain is not None:
        words = _("The plain GAN finds **{found}** of {all:,} modes.")
        sentences.append(words.format(found=interval(plain.measures["captured"], 1), all=task.num_modes))
    sentences += _compared_with_plain(differences(results(name), "mode_tv"), _("mode-TV (lower is better)"))
    sentences += _compared_with_plain(compared, _("modes captured"))
    if chance := smeared(lines):
        words = _("Most samples lie between the modes, so modes are hit **by chance**: {methods}.")
        sentences.append(words.format(methods=", ".join(row.title for row in chance)))
    goal = target(results(name))
    if goal is not None:
        goal_modes, reached = goal
        words = _(
            "PacGAN2 reaches the lab's target, its own bar near the paper's figure, of {wanted:g} modes, with {x}."
        )
        missed = _(
            "PacGAN2 misses the lab's target, its own bar near the paper's figure, of {wanted:g} modes, with {x}."
        )
        sentences.append(
            (words if reached.value >= goal_modes else missed).format(x=interval(reached, 2), wanted=goal_modes)
        )
    return sentences


def _compared_with_plain(compared: list[Difference], measure: str) -> list[str]:
    """Which methods lie above the plain GAN in a measure, which below, and of which one cannot say."""
    kinds = (
        (_("**More** than the plain GAN in {measure}: {methods}."), [d for d in compared if d.differs and d.value > 0]),
        (_("**Less** than the plain GAN in {measure}: {methods}."), [d for d in compared if d.differs and d.value < 0]),
        (
            _("**Cannot be told apart** from the plain GAN in {measure}: {methods}."),
            [d for d in compared if not d.differs],
        ),
    )
    return [
        words.format(measure=measure, methods=", ".join(METHODS[d.first].title for d in some))
        for words, some in kinds
        if some
    ]


def _other_rules(name: str) -> str:
    """In what the 2-D lab's game on the same data differs from the benchmark's."""
    here, there = with_changes(RunConfig(), TASKS[name].changes("r1", 0)), STORIES["r1"].config
    words = _(
        "The page 2-D lab tells of a plain GAN that collapses on this same data: there Adam's momentum is {a:g} (here {b:g}), the "
        "learning rate {c:g} (here {d:g}), a batch {e} (here {f}), R1's weight {g:g} (here {h:g}), and it plays {i:,} steps (here "
        "{j:,})."
    )
    return words.format(
        a=there.generator_optimizer.beta1, b=here.generator_optimizer.beta1,
        c=there.generator_optimizer.learning_rate, d=here.generator_optimizer.learning_rate,
        e=there.training.batch_size, f=here.training.batch_size, g=there.penalty.weight, h=here.penalty.weight,
        i=there.training.max_steps, j=here.training.max_steps,
    )  # fmt: skip


def _sources(lines: list[Row]) -> list[str]:
    """Each paper with the methods whose figures it gives."""
    found: dict[str, list[str]] = {}
    for row in lines:
        for paper in row.published:
            found.setdefault(paper.source, []).append(f"{METHODS[row.method].title} {figure_of(paper)}")
    return [f"{source}: {'; '.join(figures)}" for source, figures in found.items()]


def _cells(task: BenchmarkTask, lines: list[Row]) -> dict[str, list[str]]:
    """The table's columns: ours with intervals, the papers' beside."""
    points = _has_points(task)
    columns: dict[str, list[str]] = {
        _("Method"): [_("Real samples") if row.method == REAL else row.title for row in lines],
        _("Seeds"): [str(row.measures["captured"].count) for row in lines],
        _("Mode-TV"): [interval(row.measures["mode_tv"], 3) if "mode_tv" in row.measures else "–" for row in lines],
        _("Modes captured"): [interval(row.measures["captured"], 1) for row in lines],
    }
    if points:
        columns[_("High quality")] = [interval(row.measures["high_quality"], 3) for row in lines]
    columns[_("Reverse KL")] = [interval(row.measures["reverse_kl"], 2) for row in lines]
    columns[_("Papers: modes")] = ["; ".join(figure_of(p) for p in row.published) or "–" for row in lines]
    if points:
        quality = [[p.high_quality for p in row.published if p.high_quality is not None] for row in lines]
        columns[_("Papers: quality")] = ["; ".join(f"{q:.3f}" for q in known) or "–" for known in quality]
    return columns


def _conditions(task: BenchmarkTask) -> None:
    points = _has_points(task)
    judge = CRITERIA["points" if points else "images"]
    words = _(
        "Conditions: {samples:,} samples from each generator. {judge} Networks of width {width}, batches of {batch} (times the pack "
        "for PacGAN), {steps:,} discriminator steps: far fewer than the papers', with other networks. Neither the height nor the order "
        "of the methods is a verdict on them: one setting for all decides both (Lucic et al. 2018 give each method the same search instead). Methods with five discriminator steps for each of the generator's got a fifth of the "
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
        words = _(
            "- **Reverse KL** says how unevenly the modes are hit (every sample counts for its nearest mode): 0 is as in the data.\n"
            "- **Told apart** means: p at most 0.05 after Holm's correction for all methods of the data set, for each measure by itself. With 5 seeds or more the "
            "test is an exact permutation test, with fewer Welch's t-test.\n"
            "- The papers' ± is PacGAN's standard error; its KL counts samples of high quality only; – where no figure was found. All settings, and what differs from the papers, are in docs/collapse.md."
        )
        st.markdown(words)
