"""What was measured of several runs, each value with its interval and its conditions."""

from collections.abc import Sequence
from itertools import combinations

import streamlit as st

from gan_core.analysis import comparing, curves
from gan_core.analysis.comparing import Compared, Ending
from gan_core.config.numbers import significant
from gan_core.evaluation import measure_task
from gan_core.evaluation.statistics.tests import of_estimates, together
from gan_core.models.kinds import kind_or_none
from gan_core.runs.evaluations import Evaluation
from pages.components.collapse.measured import measured as measured_pair
from pages.components.compare.choice import titles_of
from pages.components.text import _, as_text, listed, told_apart_means

Group = list[tuple[str, Evaluation]]


def numbers(runs: Sequence[Compared]) -> None:
    """Measurements made afterwards; then the end of each curve."""
    st.subheader(_("Measured afterwards"))
    measured(runs)
    st.subheader(_("Final values"))
    ends(runs)


def measured(runs: Sequence[Compared]) -> None:
    """A table of all measurements, and for those of equal conditions which runs can be told apart."""
    groups: dict[tuple[str, str, int], Group] = {}
    for one, title in zip(runs, titles_of(runs), strict=True):
        for found in evaluations_of(one, title):
            groups.setdefault((found.metric, found.extractor, found.num_samples), []).append((title, found))
    if not groups:
        st.caption(_("Nothing was measured after training."))
        against_each_other(runs)
        return
    rows = [row(title, found) for key in sorted(groups) for title, found in groups[key]]
    st.dataframe(rows, hide_index=True, key="compare_measured")
    for sentence in tested_sentences([groups[key] for key in sorted(groups) if len(groups[key]) > 1]):
        st.markdown(sentence)
    against_each_other(runs)
    words = _(
        "Only values of one metric with the same extractor (the network whose features are compared) and the same number of "
        "images can be compared. An interval says how far the value would move with other images from the same model; it "
        "does not cover training again with another seed."
    )
    st.caption(words)


def evaluations_of(one: Compared, title: str) -> list[Evaluation]:
    """What was measured of a run; a damaged log is said and passed over."""
    try:
        return measure_task.evaluations_of(one.run)
    except ValueError as damage:
        words = _("The measurements of {name} cannot be read ({reason}).")
        st.warning(words.format(name=as_text(title), reason=as_text(_(str(damage)))), icon=":material/warning:")
        return []


def row(title: str, found: Evaluation) -> dict[str, str]:
    """A measurement with its conditions, for the table."""
    low, high = found.interval or (None, None)
    return {
        _("metric"): curves.title_of(found.metric, _),
        _("run"): title,
        _("value"): significant(found.value, 4),
        _("interval"): "–" if low is None or high is None else interval_words(low, high),
        _("images"): f"{found.num_samples:,}" if found.num_samples else "–",
        _("extractor"): found.extractor or "–",
        _("step"): f"{found.step:,}",
        _("seed"): "–" if found.seed is None else str(found.seed),
    }


def interval_words(low: float, high: float) -> str:
    """The ends of an interval."""
    return _("{low} to {high}").format(low=significant(low, 4), high=significant(high, 4))


def tested_sentences(groups: Sequence[Group]) -> list[str]:
    """A sentence for each metric that tells runs apart, one for all that do not, one for those without intervals; and the rule."""
    with_interval = [group for group in groups if all(found.interval for _title, found in group)]
    pairs = [pair for group in with_interval for pair in combinations(group, 2)]
    tested = together(
        of_estimates(comparing.estimate_of(left), comparing.estimate_of(right)) for (_a, left), (_b, right) in pairs
    )
    different: dict[str, list[str]] = {}
    for ((title, left), (other, _right)), found in zip(pairs, tested, strict=True):
        if found.differs:
            words = _("“{left}” and “{right}”").format(left=as_text(title), right=as_text(other))
            different.setdefault(left.metric, []).append(words)
    sentences = [
        _("**{metric}** differs significantly: {pairs}.").format(metric=metric_words([metric]), pairs=listed(named))
        for metric, named in different.items()
    ]
    if same := [group[0][1].metric for group in with_interval if group[0][1].metric not in different]:
        words = _(
            "**{metrics}**: no significant difference between these runs. They may still differ: two runs measured on the same "
            "images are compared more precisely."
        )
        sentences.append(words.format(metrics=metric_words(same)))
    if without := [group[0][1].metric for group in groups if group not in with_interval]:
        words = _("**{metrics}**: not tested, because not every run has an interval.")
        sentences.append(words.format(metrics=metric_words(without)))
    return [*sentences, told_apart_means(len(tested))] if tested else sentences


def metric_words(metrics: Sequence[str]) -> str:
    """The titles of metrics, each once."""
    return listed(dict.fromkeys(as_text(curves.title_of(metric, _)) for metric in metrics))


def against_each_other(runs: Sequence[Compared]) -> None:
    """Two GANs of the same pictures, measured on the same images and tested."""
    if len(runs) == 2 and measurable(*runs):
        left, right = titles_of(runs)
        measured_pair(runs[0].run, runs[1].run, (left, right))


def measurable(one: Compared, other: Compared) -> bool:
    """Whether they can be measured against each other: GANs of the same pictures with z of one length."""
    configs = (one.config, other.config)
    gans = all((kind := kind_or_none(c)) and kind.has_discriminator and c.network.name != "mlp" for c in configs)
    stands = {obstacle.name for obstacle in comparing.obstacles(configs)}
    return gans and not stands & {"data", "size", "latents", "model"}


def ends(runs: Sequence[Compared]) -> None:
    """A row for each metric, a column for each run."""
    titles = titles_of(runs)
    by_run = [comparing.endings(one.columns) for one in runs]
    names = [name for name in curves.metrics_of(runs) if any(name in found for found in by_run)]
    if not names:
        st.caption(_("The curves begin with the first step."))
        return
    rows = [
        {
            _("metric"): curves.title_of(name, _),
            **{title: ending(found.get(name)) for title, found in zip(titles, by_run, strict=True)},
        }
        for name in names
    ]
    st.dataframe(rows, hide_index=True, key="compare_ends")
    words = _(
        "Mean of the last {n} recorded steps, and in brackets the range without the lowest and highest tenth of them. The range says "
        "how far the curve swings, not how sure the mean is: neighbouring steps depend on each other."
    )
    st.caption(words.format(n=comparing.LAST_STEPS))


def ending(found: Ending | None) -> str:
    """A curve's end in words."""
    if found is None:
        return "–"
    if found.count == 1:
        return significant(found.mean, 3)
    return f"{significant(found.mean, 3)} ({significant(found.low, 3)} … {significant(found.high, 3)})"
