"""Both runs measured: report R3's figure with notes, a table with intervals, and which metrics tell the two apart."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.config.numbers import significant
from gan_core.evaluation.measure import NUM_IMAGES, Measurement, conditions
from gan_core.evaluation.measure_task import rows_of, same_extractor, task
from gan_core.evaluation.metrics import METRICS
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.tests import Difference, of_replicates, together
from gan_core.figures import imaging
from gan_core.figures.sheets import Line, contact_sheet
from gan_core.jobs import task as background
from gan_core.jobs.task import Arrays
from gan_core.runs import Run
from pages.components.shared.as_command import as_command, line
from pages.components.shared.task_view import outcome
from pages.components.text import _, as_text, called, estimate_words, listed, ngettext, told_apart_means
from pages.components.widgets.picture import picture

COLUMNS = 10
COUNTS = (500, NUM_IMAGES, 5000)


def measured(broken: Run, repaired: Run, models: tuple[str, str] | None = None) -> None:
    """How many images, and a button; after it two bars, then figure, table and sentence. What was measured before is shown at once.

    `models` is what the two are called in the words.
    """
    models = models or (_("broken"), _("repaired"))
    steps = newest_common(broken, repaired)
    if steps is None:
        st.info(_("Both need a checkpoint first: wait until they have trained a little."), icon=":material/hourglass:")
        return
    st.subheader(_("Measure both"), anchor=False)
    count = st.segmented_control(
        _("Images drawn from each"), COUNTS, default=NUM_IMAGES, required=True, key="collapse_count", format_func=counted,
        help=_("More images make narrower intervals and take longer. Values of different counts do not compare."),
    )  # fmt: skip
    tasks = [task(run, step, count) for run, step in zip((broken, repaired), steps, strict=True)]
    begun_key = f"collapse_asked_{tasks[0].arguments}_{tasks[1].arguments}"
    began = all(background.progress(one).state != "new" for one in tasks)
    if not (st.session_state.get(begun_key) or began):
        words = _(
            "They are compared with real images that neither learned from, in the eyes of an evaluator (a classifier trained on "
            "such images beforehand). 2,000 take half a minute for each run on a quiet machine."
        )
        st.caption(words)
        pressed = st.button(_("Measure now"), key="collapse_measure", type="primary", icon=":material/straighten:")
        as_command(
            "measure_pair", *(command(run, count, step) for run, step in zip((broken, repaired), steps, strict=True))
        )
        if not pressed:
            return
        st.session_state[begun_key] = True
    results = []
    for run, one in zip((broken, repaired), tasks, strict=True):
        place = st.container()
        results.append(outcome(one, f"collapse_work_{run.id}"))
        if results[-1] is None:
            place.caption(as_text(called(run)))
    if results[0] is None or results[1] is None:
        return
    try:
        rows = [rows_of(result) for result in results if result is not None]
        same_extractor(*rows)
    except ValueError as stale:
        for one in tasks:
            background.forget(one)
        st.warning(as_text(_(str(stale))), icon=":material/refresh:")
        return
    figure(broken, repaired, results[0], results[1], steps, models)
    table(rows[0], rows[1], models)


def command(run: Run, count: int, step: int) -> str:
    """The measuring of a run as a command."""
    return line("evaluate", run.id, metrics="all", num_images=count, step=step, seed=0)


def counted(count: int) -> str:
    """A number of images."""
    return f"{count:,}"


def newest_common(broken: Run, repaired: Run) -> tuple[int, int] | None:
    """The newest checkpoint of the same step, else the newest of each; None while one has none."""
    left, right = broken.checkpoint_steps(), repaired.checkpoint_steps()
    if not left or not right:
        return None
    common = [step for step in left if step in right and step > 0]
    return (common[-1], common[-1]) if common else (left[-1], right[-1])


def figure(
    broken: Run, repaired: Run, left: Arrays, right: Arrays, steps: tuple[int, int], models: tuple[str, str]
) -> None:
    """One above the other, the same latents in the same places, the best and the worst of each marked."""
    above, below = map(as_text, models)
    st.markdown(f"**{_('Above {above}, below {below}').format(above=above, below=below)}**")
    for run, result, step in ((broken, left, steps[0]), (repaired, right, steps[1])):
        distances = result["apart"]
        best, worst = int(distances.argmin()), int(distances.argmax())
        notes = [[Line(_("best"), True)] if i == best else [Line(_("worst"), False)] if i == worst else [Line("")]
                 for i in range(len(distances))]  # fmt: skip
        title = _("{run}, step {n:,}").format(run=called(run), n=step)
        sheet = contact_sheet(result["pinned"], notes, [title], columns=COLUMNS, side_px=96)
        picture(imaging.data_url(sheet), key=f"collapse_sheet_{run.id}", alt=title, pixelated=False)
        sentence = _(
            "Best: number {a}, {x:.1f} from its nearest real image; worst: number {b}, {y:.1f} from it. On average {mean:.1f}."
        )
        st.caption(
            sentence.format(a=best + 1, x=distances[best], b=worst + 1, y=distances[worst], mean=distances.mean())
        )
    words = _(
        "The same latents in the same places. “Best” and “worst” are measured: the distance to the nearest of up "
        "to 500 held-out real images, in the evaluator's features. It measures likeness to a real image, not "
        "beauty."
    )
    st.caption(words)


def table(left: list[Measurement], right: list[Measurement], models: tuple[str, str]) -> None:
    """Every metric of both with its interval, the verdict, and the sentence over all."""
    ours = {row.metric: row for row in left}
    theirs = {row.metric: row for row in right}
    names = [name for name in METRICS if name in ours and name in theirs]
    tested = together(of_replicates(sampled(ours[name]), sampled(theirs[name])) for name in names)
    found = dict(zip(names, tested, strict=True))
    st.markdown(summary(names, ours, theirs, found, models))
    st.dataframe(
        [
            {
                _("metric"): _(METRICS[name].title),
                models[0]: estimate_words(ours[name].estimate),
                models[1]: estimate_words(theirs[name].estimate),
                _("real images"): "–" if (real := ours[name].real) is None else significant(real, 3),
                _("result"): comparison_words(ours[name], theirs[name], found[name], models),
                _("meaning"): _(METRICS[name].explanation),
            }
            for name in names
        ],
        hide_index=True,
        height="content",
        key="collapse_table",
    )
    st.caption(as_text(_(conditions(left))))
    st.caption(
        told_apart_means(len(names))
        + " "
        + _(
            "So the chance of even one false result is at most 5 %. It is about these two trained models: how another "
            "seed would do, only other seeds can show."
        )
    )


def summary(
    names: list[str],
    ours: dict[str, Measurement],
    theirs: dict[str, Measurement],
    found: dict[str, Difference],
    models: tuple[str, str],
) -> str:
    """Whether the two can be told apart, in a sentence."""
    different = [name for name in names if found[name].differs]
    if not different:
        return _(
            "None of {n} metrics differs significantly; a difference too small for so few images may still exist."
        ).format(n=len(names))
    better = [name for name in different if repaired_is_better(ours[name], theirs[name])]
    worse = [name for name in different if name not in better]
    first = ngettext(
        "{n} of {total} metrics differs significantly.", "{n} of {total} metrics differ significantly.", len(different)
    ).format(n=len(different), total=len(names))
    parts = [first]
    for model, won in ((models[0], worse), (models[1], better)):
        if won:
            words = _("The {model} model is better in: {names}.")
            parts.append(words.format(model=as_text(model), names=titles(won)))
    return " ".join(parts)


def titles(names: list[str]) -> str:
    """Metrics by their titles."""
    return listed(_(METRICS[name].title) for name in names)


def repaired_is_better(broken: Measurement, repaired: Measurement) -> bool:
    """Whether the repaired model's value is the better one."""
    direction = METRICS[broken.metric].direction
    if direction == "real":
        target = 1.0 if broken.real is None else broken.real
        return abs(repaired.value - target) < abs(broken.value - target)
    return repaired.value > broken.value if direction == "higher" else repaired.value < broken.value


def comparison_words(broken: Measurement, repaired: Measurement, found: Difference, models: tuple[str, str]) -> str:
    """One metric's verdict in a few words."""
    if not found.differs:
        return _("no significant difference")
    return _("{model} is better").format(model=models[repaired_is_better(broken, repaired)])


def sampled(row: Measurement) -> tuple[Estimate, npt.NDArray[np.float64]]:
    """A value and its replicates."""
    return row.estimate, np.array(row.replicates)
