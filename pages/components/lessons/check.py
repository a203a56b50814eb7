"""A prediction against what was measured: the verdict is computed from the runs. Loads torch."""

import math

import streamlit as st

from gan_core.config.numbers import Significant
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.entry import Check, Predict
from gan_core.experiments.lessons.measures import MEASURES
from gan_core.experiments.lessons.outcome import IntervalWords, Outcome, PredictionResult
from gan_core.experiments.lessons.over_seeds import holding
from pages.components.lessons.state import Found, given_answers
from pages.components.lessons.work import outcomes
from pages.components.text import _, as_text


def show_check(lesson: Lesson, step: Check, runs: Found) -> None:
    """What was measured, what was predicted, and whether they agree."""
    prediction = lesson.prediction(step.of)
    try:
        shown = outcomes(lesson, runs)
        verdict = prediction.result(shown)
    except (KeyError, ValueError) as refusal:
        words = (
            _(str(refusal))
            if isinstance(refusal, ValueError)
            else _("A run did not record {what}.").format(what=refusal)
        )
        st.warning(_("This cannot be checked. {why}").format(why=as_text(words)), icon=":material/warning:")
        return
    if step.text:
        st.markdown(_(step.text))
    st.markdown(_(verdict.words).format(**{name: _said(value) for name, value in verdict.values.items()}))
    arms = step.arms or tuple(arm.name for arm in lesson.experiment.arms)
    if step.measures:
        table(
            lesson, step.measures, {arm: shown[arm] for arm in arms if arm in shown}, f"lessons_{lesson.name}_{step.of}"
        )
    show_result(prediction, given_answers(lesson).get(prediction.key, ""), verdict)
    held, count = holding(lesson, prediction.key)
    if count:
        words = _("Seeds tried (docs/lessons.md): {count}. Theory's answer held in {held}: {expected}.")
        st.caption(words.format(count=count, held=held, expected=_(prediction.words(prediction.expected))))


def show_result(prediction: Predict, answer: str, verdict: PredictionResult) -> None:
    """The prediction's fate, and an honest word where the runs and theory part."""
    measured = _(prediction.words(verdict.choice))
    if not verdict.choice:
        st.info(_("None of the answers fits these runs."), icon=":material/balance:")
    elif answer == verdict.choice:
        st.success(_("**Your prediction holds here:** {words}").format(words=measured), icon=":material/check_circle:")
    else:
        words = _("**Your prediction does not hold here.** Measured: {measured}. You said: {answer}.")
        st.info(words.format(measured=measured, answer=_(prediction.words(answer))), icon=":material/cancel:")
    if verdict.choice != prediction.expected:
        st.warning(
            _("Theory expects otherwise: {expected}. One run with one seed is no proof of either. {doubt}").format(
                expected=_(prediction.words(prediction.expected)), doubt=_(prediction.doubt)
            ),
            icon=":material/casino:",
        )


def table(lesson: Lesson, measures: tuple[str, ...], shown: dict[str, Outcome], key: str) -> None:
    """One line a run, each value with its interval; below, what the measures are."""
    rows = []
    for arm, outcome in shown.items():
        row = {_("run"): _(lesson.experiment.arm(arm).title)}
        for name in measures:
            row[_(MEASURES[name].title)] = words(outcome.readings.get(name), MEASURES[name].format)
        rows.append(row)
    st.dataframe(rows, hide_index=True, key=f"{key}_table")
    explained = "  \n".join(f"**{_(MEASURES[name].title)}**: {_(MEASURES[name].explanation)}" for name in measures)
    with st.expander(_("What these numbers are")):
        st.markdown(explained)
        st.markdown(_("One run each, with seed {seed}: the intervals say how sure we are of *this* run, not of another seed.").format(
            seed=lesson.experiment.base.training.seed))  # fmt: skip


def words(found: Estimate | None, form: str) -> str:
    """A value and its interval."""
    if found is None or not math.isfinite(found.value):
        return "–"
    numbers = [format(Significant(number), form) for number in (found.value, found.low, found.high)]
    return _said(IntervalWords(*numbers) if found.has_interval else numbers[0])


def _said(value: str | IntervalWords) -> str:
    """A value as the visitor's language writes it."""
    if isinstance(value, str):
        return value
    return _("{value} ({low} to {high})").format(value=value.value, low=value.low, high=value.high)
