"""The collapse benchmark at searched settings: its conditions, modes against steps and batch, and the settings themselves."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from gan_core.experiments.benchmark import METHODS, TASKS, Result, Results, Tuned
from gan_core.experiments.benchmark.cells import interval
from gan_core.experiments.benchmark.figure import against_batch, against_steps
from gan_core.experiments.benchmark.summary import Row, rows, targets
from gan_core.experiments.benchmark.tuning import AXES
from pages.components.text import N_, Marked, _, listed

PERFECT = 0.989
NAMES = Marked(
    {
        "rate_g": N_("Rate of G"),
        "rate_d": N_("Rate of D"),
        "beta1": N_("Beta 1"),
        "schedule": N_("Rate over the run"),
        "batch": N_("Batch"),
        "weight": N_("Penalty's weight"),
        "clip": N_("Clip bound"),
        "scale": N_("Spectral scale"),
        "n_critic": N_("Critic steps"),
    }
)


def tuned_parts(found: Tuned) -> None:
    """What stands below the table: conditions, two pairs of curves, and the chosen settings."""
    task = TASKS[found.task]
    words = _(
        "Conditions: every method had the same budget of search (Lucic et al. 2018) with seeds that the table does not use. {samples:,} "
        "samples from each generator, {steps:,} generator steps, and as many or five times as many of the discriminator. The table "
        "counts the last weights, and beside them their running average. Points were trained at unit spread and counted in their "
        "own units; networks of width {width}."
    )
    st.caption(words.format(samples=task.num_samples, steps=found.steps, width=task.settings["network.width"]))
    _pair(found, "steps", against_steps, _("generator steps"))
    for steps, made in found.longer().items():
        words = _("With {steps:,} generator steps and otherwise the same settings: {methods}.")
        said = words.format(steps=steps, methods=listed(_reached(row) for row in rows(made)))
        st.markdown(" ".join([said, *target_words(made)]))
    if batches := found.batches():
        _pair(found, "batch", against_batch, _("packs in a batch"))
        st.caption(
            " ".join(
                [_("All but the batch is as the search chose it for the method's own batch."), *_without_modes(batches)]
            )
        )
    with st.expander(_("The settings that the search chose"), icon=":material/tune:"):
        used = [name for name in AXES if any(name in setting for setting in found.settings.values())]
        columns = {NAMES[name]: [str(setting.get(name, "–")) for setting in found.settings.values()] for name in used}
        methods = {_("Method"): [METHODS[method].title for method in found.settings]}
        st.dataframe(methods | columns, hide_index=True, height="content", key=f"collapse_tuned_settings_{found.task}")


def target_words(found: Results) -> list[str]:
    """Whether PacGAN2 reaches its targets, a sentence each; none where it has none or was not trained."""
    names = {"captured": _("modes"), "high_quality": _("high quality")}
    sentences = []
    for measure, wanted, reached in targets(found):
        words = _("PacGAN2 reaches the lab's target, near the paper's figure, of {wanted:g} ({measure}), with {x}.")
        missed = _("PacGAN2 misses the lab's target, near the paper's figure, of {wanted:g} ({measure}), with {x}.")
        sentences.append(
            (words if reached.value >= wanted else missed).format(
                x=interval(reached, 2, _), wanted=wanted, measure=names[measure]
            )
        )
    return sentences


def _reached(row: Row) -> str:
    words = _("{method} {modes} modes, share of high quality {quality}")
    modes, quality = (
        interval(row.measures[name], digits, _) for name, digits in (("captured", 1), ("high_quality", 3))
    )
    return words.format(method=row.title, modes=modes, quality=quality)


def _without_modes(batches: Mapping[str, Mapping[int, Sequence[Result]]]) -> list[str]:
    """A sentence where some seeds found no mode at all: their mean with those that found all says neither."""
    found = [
        _("{method} {n} of {count} with {size}").format(
            method=METHODS[method].title, n=none, count=len(made), size=size
        )
        for method, sizes in batches.items()
        for size, made in sizes.items()
        if (none := sum(not result.captured for result in made))
    ]
    return [_("Seeds that found no mode at all: {seeds}.").format(seeds=listed(found))] if found else []


def _pair(found: Tuned, against: str, draw: Callable[..., go.Figure], axis: str) -> None:
    """Modes and quality beside each other."""
    shown = (
        ("captured", float(TASKS[found.task].num_modes), _("modes captured")),
        ("high_quality", PERFECT, _("high quality")),
    )
    for place, (measure, highest, title) in zip(st.columns(2), shown, strict=True):
        drawn = draw(found, measure, highest, {"measure": title, against: axis})
        key = f"collapse_tuned_{against}_{measure}_{found.task}"
        place.plotly_chart(drawn, key=key, config={"displaylogo": False})
