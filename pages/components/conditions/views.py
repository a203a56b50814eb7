"""Ways to ask a conditional generator for something and to look at what it makes. Importing this loads torch."""

import numpy as np
import streamlit as st

from gan_core.datasets.conditions import LISTS, Condition, Rows, class_rows, listed_conditions, rows_of
from gan_core.figures import imaging
from gan_core.figures.sheets import Line
from gan_core.latents.denoising import with_dials
from gan_core.runs.sampler import Sampler
from pages.components.conditions.choice import choose_condition, choose_seed
from pages.components.conditions.evaluated import Evaluated, evaluate, evaluator_for, show_score
from pages.components.conditions.families import families
from pages.components.conditions.pictures import ROW, kind, parts, place_of, sheet_button
from pages.components.shared import lab
from pages.components.shared.models import first_condition
from pages.components.text import _, listed
from pages.components.widgets.condition_cards import Part, condition_cards

MAX_CLASSES = 20  # rows at once
SCALES = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0)  # of guidance


def choose(model: Sampler) -> tuple[Condition, int]:
    """The chosen labels, and the seed beside them."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        condition = choose_condition(
            model.run_id, kind(model), model.config.conditioning.labels, first_condition(model)
        )
    with right:
        return condition, choose_seed(model.config.training.seed)


def nothing_asked(model: Sampler, condition: Condition) -> bool:
    """Whether a scene has no object yet; then a sentence says so."""
    nothing = not condition and kind(model) == "objects"
    if nothing:
        st.info(_("Choose at least one object above, and the model draws it."), icon=":material/info:")
    return nothing


@st.fragment
def compose(model: Sampler) -> None:
    """Choose labels, and see them drawn for several z."""
    names = model.config.conditioning.labels
    condition, seed = choose(model)
    if nothing_asked(model, condition):
        return
    count = 2 * ROW if kind(model) == "classes" else ROW
    rows = np.repeat(rows_of([condition], names), count, axis=0)
    with st.spinner(_("Drawing the samples…")):
        images = model.draw_labelled(rows, seed, count)
    pictures = st.container()
    evaluator = evaluator_for(model.config)
    found = evaluate(evaluator, kind(model), images, rows, names)
    with pictures:
        condition_cards([[part] for part in parts(images, found)], key="conditions_row")
    st.caption(
        _("The same labels each time, {n} different z: what they share comes from the labels, the rest from z.").format(
            n=count
        )
    )
    if evaluator is not None and found.score is not None:
        what = _("{n} pictures of one condition, seed {seed}, step {step:,}.")
        show_score(_("Found by the evaluator"), found.score, found.chance, evaluator,
                   what.format(n=count, seed=seed, step=model.step))  # fmt: skip
    heading = [listed(condition) or _("none of the labels"), place_of(model, seed)]
    sheet_button(images, found, heading, f"{model.run_id}-step{model.step}-seed{seed}", ROW)


@st.fragment
def test_grid(model: Sampler) -> None:
    """The 32 conditions of a test list, one picture each, and how many of their objects an evaluator finds."""
    titles = {"test": _("test"), "new_test": _("new_test: combinations that no training picture shows")}
    which = st.segmented_control(
        _("List of conditions"), LISTS, default="test", required=True, key="conditions_list",
        format_func=titles.__getitem__,
    )  # fmt: skip
    seed = choose_seed(model.config.training.seed)
    names = model.config.conditioning.labels
    conditions = lab.attempt(lambda: listed_conditions(model.config, which))
    if conditions is None:
        return
    if not conditions:
        st.info(
            _("This model learned too few objects: no condition of the list can be asked of it."),
            icon=":material/info:",
        )
        return
    rows = rows_of(conditions, names)
    with st.spinner(_("Drawing the samples…")):
        images = model.draw_labelled(rows, seed, len(rows))
    evaluator = evaluator_for(model.config)
    found = evaluate(evaluator, "objects", images, rows, names)
    heading = [_("{n} conditions of the list “{name}”").format(n=len(rows), name=which), place_of(model, seed)]
    if evaluator is not None and found.score is not None:
        what = _(
            "One picture for each of {n} conditions of the list “{name}”, seed {seed}, step {step:,}. For a condition with k "
            "objects, the k objects that the evaluator is surest of count."
        )
        show_score(_("Objects found"), found.score, found.chance, evaluator,
                   what.format(n=len(rows), name=which, seed=seed, step=model.step))  # fmt: skip
        heading.append(
            _("evaluator: {hits} of {asked}, chance {chance:.3f}").format(
                hits=found.score.hits, asked=found.score.requested, chance=found.chance
            )
        )
    condition_cards([[part] for part in parts(images, found)], key="conditions_test")
    sheet_button(images, found, heading, f"{model.run_id}-step{model.step}-{which}-seed{seed}", ROW)
    families()


@st.fragment
def all_classes(model: Sampler) -> None:
    """A row for each class, the same z down every column."""
    seed = choose_seed(model.config.training.seed)
    names = model.config.conditioning.labels
    shown = names
    if len(names) > MAX_CLASSES:
        first = st.number_input(_("First class"), 1, len(names), 1, key=f"conditions_first_{model.run_id}")
        shown = names[first - 1 : first - 1 + MAX_CLASSES]
    place = names.index(shown[0])
    rows = class_rows(len(names), ROW)[place * ROW : (place + len(shown)) * ROW]
    with st.spinner(_("Drawing the samples…")):
        images = model.draw_labelled(rows, seed, ROW)
    evaluator = evaluator_for(model.config)
    found = evaluate(evaluator, "classes", images, rows, names)
    if evaluator is not None and found.score is not None:
        what = _("{n} pictures, {row} of each of {classes} classes, seed {seed}, step {step:,}.")
        show_score(_("Right class"), found.score, found.chance, evaluator,
                   what.format(n=len(rows), row=ROW, classes=len(shown), seed=seed, step=model.step))  # fmt: skip
    strips = []
    for number, name in enumerate(shown):
        part = slice(number * ROW, (number + 1) * ROW)
        url = imaging.array_url(imaging.grid(images[part], columns=ROW, gap_px=1))
        right = sum(bool(lines[0].mark) for lines in found.lines[part])
        named = [Line(name), *([Line(_("{hits} of {n} right").format(hits=right, n=ROW))] if evaluator else [])]
        strips.append([Part(url, _("{n} pictures of {name}").format(n=ROW, name=name), named)])
    condition_cards(strips, key="conditions_classes", rows=True)
    words = _(
        "All pictures of a column come from the same z: what stays the same down a column is style, what changes is the class."
    )
    st.caption(words)
    sheet_button(images, found, [_("Every class"), place_of(model, seed)], f"{model.run_id}-classes-seed{seed}", ROW)


@st.fragment
def guide(model: Sampler) -> None:
    """The same noise and labels with less and more guidance, a row each."""
    names = model.config.conditioning.labels
    condition, seed = choose(model)
    if nothing_asked(model, condition):
        return
    rows = np.repeat(rows_of([condition], names), ROW, axis=0)
    with st.spinner(_("Drawing, step by step…")):
        images = lab.attempt(lambda: _guided(model, (model.weights_id, model.step), rows, seed))
    if images is None:
        return
    evaluator = evaluator_for(model.config)
    found = [evaluate(evaluator, kind(model), pictures, rows, names) for pictures in images]
    strips = []
    for scale, pictures, judged in zip(SCALES, images, found, strict=True):
        named = [Line(_("guidance {scale:g}").format(scale=scale))]
        if judged.score is not None:
            named.append(
                Line(_("found: {hits} of {asked}").format(hits=judged.score.hits, asked=judged.score.requested))
            )
        url = imaging.array_url(imaging.grid(pictures, columns=ROW, gap_px=1))
        strips.append([Part(url, named[0].text, named)])
    condition_cards(strips, key="conditions_guide", rows=True)
    words = _(
        "Down a column all pictures begin with the same noise. At 0 the labels are ignored, at 1 the model draws as it learned to; "
        "above that each step is moved further in the direction of the labels: pictures show more clearly what was asked for, "
        "and become more alike, until colours saturate (classifier-free guidance, Ho and Salimans 2022)."
    )
    st.caption(words)
    both = Evaluated([line for judged in found for line in judged.lines])
    heading = [listed(condition) or _("none of the labels"), place_of(model, seed)]
    sheet_button(np.concatenate(images), both, heading, f"{model.run_id}-guidance-seed{seed}", ROW)


@st.cache_data(max_entries=16, show_spinner=False)
def _guided(_model: Sampler, place: tuple[str, int], rows: Rows, seed: int) -> list[imaging.Uint8Array]:
    return [with_dials(_model, guidance=scale).draw_labelled(rows, seed, ROW) for scale in SCALES]
