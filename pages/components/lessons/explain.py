"""Terms of the loss as formula, as our line of code, and as the number of the student's own run. Loads torch."""

import numpy as np
import streamlit as st

from gan_core.experiments.lessons import Lesson
from gan_core.experiments.lessons.entry import Explain, Term
from gan_core.experiments.lessons.replay import Replay, by_hand, largest_kl, probabilities, samples_with_outputs
from gan_core.experiments.lessons.source import excerpt
from gan_core.figures import imaging
from gan_core.figures.sheets import Line, contact_sheet
from gan_core.runs import Run
from pages.components.lessons.state import Found
from pages.components.lessons.work import step_again
from pages.components.shared import lab
from pages.components.text import _, as_text
from pages.components.widgets.picture import picture

BY_HAND = 4
NUM_OUTPUTS = 8


def show_explain(lesson: Lesson, step: Explain, runs: Found) -> None:
    """The mechanism, then its terms one below the other."""
    st.markdown(_(step.text))
    replayed: dict[str, Replay | None] = {}
    for arm in dict.fromkeys(term.arm for term in step.terms):
        replayed[arm] = _replayed(runs[arm])
    first = replayed[step.terms[0].arm]
    if step.picture == "outputs" and first is not None:
        output_sheet(first, f"lessons_verdicts_{lesson.name}")
    for number, term in enumerate(step.terms):
        with st.container(border=True, key=f"lessons_term_{lesson.name}_{number}"):
            show_term(lesson, term, runs[term.arm], replayed[term.arm])


def _replayed(run: Run | None) -> Replay | None:
    """The run's step made once more; None, and a sentence, where that cannot be."""
    if run is None:
        return None
    try:
        return step_again(str(run.path))
    except ValueError as refusal:
        st.caption(_("No step can be made again: {why}").format(why=as_text(_(str(refusal)))))
        return None


def show_term(lesson: Lesson, term: Term, run: Run | None, replayed: Replay | None) -> None:
    """Formula, code and number, side by side."""
    st.markdown(f"**{_(term.title)}**")
    words, number = st.columns([3, 2], gap="medium")
    with words:
        st.latex(term.latex)
        st.caption(_(term.symbols) + " " + _("Source: {paper}.").format(paper=_(term.source)))
        lines = excerpt(term.code)
        st.code(lines.text, language="python", wrap_lines=True)
        st.caption(_("Ours, as it runs: {file}, line {n}").format(file=f"`{lines.file}`", n=lines.line))
    with number:
        if run is not None:
            _value(lesson, term, run, replayed)


def _value(lesson: Lesson, term: Term, run: Run, replayed: Replay | None) -> None:
    """The term's newest value in the run; one of its steps made once more; the first samples by hand."""
    columns = lab.tail(str(run.path)).columns()
    values = columns.get(term.metric, np.empty(0))
    there = np.flatnonzero(np.isfinite(values))
    label = _(lesson.experiment.arm(term.arm).title)
    if not len(there):
        st.caption(_("The run “{arm}” has not recorded it.").format(arm=label))
        return
    last = _("{arm}, step {n:,}, its last value:").format(arm=label, n=int(columns["step"][there[-1]]))
    st.markdown(f"{last} **{values[there[-1]]:.6g}**")
    if replayed is None or term.metric not in replayed.metrics:
        return
    recorded = values[columns["step"] == replayed.step]
    same = len(recorded) == 1 and recorded[0] == replayed.metrics[term.metric]
    words = _(
        "Step {n:,}, recorded: **{recorded:.6g}**. Made once more just now, from the checkpoint of step {start:,}: **{again:.6g}**{same}"
    )
    st.markdown(
        words.format(
            n=replayed.step, recorded=recorded[0] if len(recorded) else np.nan, start=replayed.checkpoint,
            again=replayed.metrics[term.metric], same=_(", the same.") if same else ".",
        )
    )  # fmt: skip
    rows = hand_rows(term, replayed)
    if rows:
        st.dataframe(rows, hide_index=True, key=f"lessons_hand_{lesson.name}_{term.metric}_{term.arm}")
        st.caption(hand_words(term, replayed))


def hand_rows(term: Term, replayed: Replay) -> list[dict[str, str]]:
    """The first samples of that step, each with its own share of the mean."""
    share = _("its share")
    if term.inputs == "latents" and "mean" in replayed.inputs:
        rows = largest_kl(replayed, BY_HAND)
        return [{"μ": f"{mean:.4f}", "σ": f"{sigma:.4f}", share: f"{each:.4f}"} for mean, sigma, each in rows]
    if term.inputs not in replayed.inputs or not term.each:
        return []
    pairs = by_hand(term.each, replayed.inputs[term.inputs], BY_HAND)
    if term.inputs == "slopes":
        return [{_("slope"): f"{given:.4f}", share: f"{value:.4f}"} for given, value in pairs]
    probability = probabilities(replayed.inputs[term.inputs][:BY_HAND])
    return [
        {"l": f"{given:.4f}", "σ(l)": f"{chance:.4f}", share: f"{value:.4f}"}
        for (given, value), chance in zip(pairs, probability, strict=True)
    ]


def hand_words(term: Term, replayed: Replay) -> str:
    """What the small table shows."""
    if term.inputs == "latents":
        return _("Image 1 of that step, its {n} dearest dimensions: μ, σ and ½ (μ² + σ² − 1 − log σ²).").format(
            n=BY_HAND
        )
    count = len(replayed.inputs[term.inputs])
    return _("The first {n} of the {count} samples of that step; the value is the mean over all {count}.").format(
        n=BY_HAND, count=count
    )


def output_sheet(replayed: Replay, key: str) -> None:
    """The first real and generated pictures of a step, each with D's probability below it."""
    real, fake = (samples_with_outputs(replayed, which, NUM_OUTPUTS) for which in ("real", "fake"))
    if real is None or fake is None:
        return
    lines = [[Line(f"D = {p:.2f}")] for p in (*real[1], *fake[1])]
    title = [_("Step {n:,}: what D said of real digits (above) and of generated ones (below)").format(n=replayed.step)]
    sheet = contact_sheet(np.concatenate([real[0], fake[0]]), lines, title, columns=NUM_OUTPUTS, side_px=80)
    alt = _("Real and generated digits with D's probability of “real” below each")
    picture(imaging.data_url(sheet), key=key, alt=alt, max_width_px=sheet.width)  # its letters are not enlarged
