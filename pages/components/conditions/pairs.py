"""Pairs from the same z that differ in one attribute, and how often an evaluator sees the difference. Loads torch."""

import numpy as np
import streamlit as st

from gan_core.datasets.conditions import Flips, Rows, flipped, seen_flips
from gan_core.evaluation.evaluators.evaluator import Evaluator
from gan_core.evaluation.evaluators.scoring import Score
from gan_core.figures.sheets import Line
from gan_core.runs.sampler import Sampler
from pages.components.conditions.choice import choose_condition, choose_seed
from pages.components.conditions.evaluated import Evaluated, evaluator_for, show_score
from pages.components.conditions.pictures import kind, parts, place_of, sheet_button
from pages.components.shared.models import first_condition
from pages.components.text import _, as_text
from pages.components.widgets.condition_cards import condition_cards

SHOWN = 10  # as report R5 shows
NUM_COUNTED = 100
FAVOURITE = "Male"
OPPOSITES = {FAVOURITE: "Female"}  # CelebA has no label for it; like the labels of data it is not translated


@st.fragment
def pairs(model: Sampler) -> None:
    """Ten pairs, "without" above "with"; then the count over a hundred."""
    names = model.config.conditioning.labels
    left, right = st.columns([2, 3])
    with left:
        flip = st.selectbox(
            _("Attribute to flip"), names, index=names.index(FAVOURITE) if FAVOURITE in names else 0,
            key=f"conditions_flip_{model.run_id}", persist_state="session", format_func=as_text,
        )  # fmt: skip
    with right:
        seed = choose_seed(model.config.training.seed)
    base = _others(model) if len(names) > 1 else np.zeros((NUM_COUNTED, 1), np.float32)
    without, with_it = flipped(base, names.index(flip))
    above, below = opposite(flip), flip
    words = _(
        "Above: **{above}**. Below: **{below}**. Each pair is made from the same z and differs in this one label."
    )
    st.markdown(words.format(above=as_text(above), below=as_text(below)))
    with st.spinner(_("Drawing the samples…")):
        images = [model.draw_labelled(rows[:SHOWN], seed, SHOWN) for rows in (without, with_it)]
    evaluator = evaluator_for(model.config)
    found = [_marked(evaluator, pictures, flip, present) for present, pictures in enumerate(images)]
    cards = [list(pair) for pair in zip(*(parts(p, f) for p, f in zip(images, found, strict=True)), strict=True)]
    condition_cards(cards, key="conditions_pairs", columns=SHOWN)
    if evaluator is not None:
        _count(model, evaluator, (without, with_it), flip, seed)
    both = Evaluated([line for evaluate in found for line in evaluate.lines])
    heading = [_("{above} above {below}").format(above=above, below=below), place_of(model, seed)]
    sheet_button(np.concatenate(images), both, heading, f"{model.run_id}-{flip}-seed{seed}", SHOWN)


def opposite(name: str) -> str:
    """What a picture without the attribute is called."""
    return OPPOSITES.get(name) or _("not {name}").format(name=name)


def _others(model: Sampler) -> Rows:
    """The other labels of every pair (NUM_COUNTED, L): those of real pictures, or the chosen ones."""
    words = {"real": _("as in real pictures, another one for each pair"), "chosen": _("chosen by me")}
    how = st.radio(
        _("The other attributes"), list(words), key=f"conditions_others_{model.run_id}", horizontal=True,
        format_func=words.__getitem__,
    )  # fmt: skip
    if how == "real":
        return model.some_labels(NUM_COUNTED)
    names = model.config.conditioning.labels
    chosen = choose_condition(model.run_id, kind(model), names, first_condition(model))
    row = np.array([[float(name in chosen) for name in names]], np.float32)
    return np.repeat(row, NUM_COUNTED, axis=0)


def _marked(
    evaluator: Evaluator | None, images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], flip: str, present: int,
) -> Evaluated:  # fmt: skip
    """One row of pictures, each with the one label that matters, marked if an evaluator agrees."""
    word = flip if present else opposite(flip)
    if evaluator is None:
        return Evaluated([[Line(word)] for _image in images])
    recognised = evaluator.logits(images)[:, evaluator.info.label_names.index(flip)].numpy() > 0
    return Evaluated([[Line(word, bool(yes) == bool(present))] for yes in recognised])


def _count(model: Sampler, evaluator: Evaluator, rows: tuple[Rows, Rows], flip: str, seed: int) -> None:
    """How often the flip is seen, over more pairs than are shown."""
    with st.spinner(_("The evaluator looks at {n} pairs…").format(n=NUM_COUNTED)):
        cache_key = (model.weights_id, model.step, evaluator.info.name, rows[0].tobytes(), flip, seed)
        flips = _flips(model, evaluator, rows, cache_key)
    what = _(
        "{n} pairs, seed {seed}, step {step:,}. A flip is seen when the evaluator finds the attribute in the lower picture and not in "
        "the upper one: it does not find it in {without} of {n} upper pictures, and finds it in {with_it} of {n} lower ones. "
        "A model that ignores its labels shows none: both pictures of a pair are the same."
    )
    words = what.format(n=flips.pairs, seed=seed, step=model.step, without=flips.without, with_it=flips.with_it)
    show_score(_("Flips seen"), Score(flips.both, flips.pairs), 0.0, evaluator, words)


@st.cache_data(max_entries=64, show_spinner=False)
def _flips(
    _model: Sampler, _evaluator: Evaluator, _rows: tuple[Rows, Rows], cache_key: tuple[str, int, str, bytes, str, int]
) -> Flips:
    flip, seed = cache_key[4:]
    place = _evaluator.info.label_names.index(flip)
    logits = [_evaluator.logits(_model.draw_labelled(rows, seed, NUM_COUNTED))[:, place].numpy() for rows in _rows]
    return seen_flips(logits[0], logits[1])
