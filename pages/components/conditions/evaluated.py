"""The evaluator's outputs for conditional samples, as lines, marks and a score. Importing this loads torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from gan_core.config import RunConfig
from gan_core.datasets.conditions import Kind, Rows, condition_of, strongest
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators.evaluator import Evaluator
from gan_core.evaluation.evaluators.scoring import Score, chance_level, count_hits, in_order, own_words
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.figures.imaging import Uint8Array
from gan_core.figures.sheets import Line
from pages.components.shared import lab
from pages.components.shared.data_choice import evaluator_link, judge_words
from pages.components.shared.models import opened
from pages.components.text import _, listed


@dataclass(frozen=True)
class Evaluated:
    """Lines, score and outputs of an evaluator for some pictures.

    Attributes:
        lines: for every picture, the requested labels, marked where there is an evaluator.
        score: over all of them; None without an evaluator.
        chance: the ratio of a model that ignores its labels.
        logits: the evaluator's outputs for the run's own labels (N, L); None without one.
    """

    lines: list[list[Line]]
    score: Score | None = None
    chance: float = 0.0
    logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None = None


def evaluator_for(config: RunConfig) -> Evaluator | None:
    """The evaluator that fits a run; None, with a sentence on the page, when there is none or it is damaged."""
    folder = evaluators.folder_for(config)
    if folder is None:
        st.info(
            _(
                "No score: there is no **evaluator** for this data set yet, a second network that has learned to say what a "
                "picture shows."
            ),
            icon=":material/info:",
        )
        evaluator_link(config.dataset)
        return None
    return lab.attempt(lambda: opened(str(folder.path), folder.card.weights_sha256, folder), "warning")


def evaluate(
    evaluator: Evaluator | None, kind: Kind, images: Uint8Array, rows: Rows, names: Sequence[str]
) -> Evaluated:
    """The requested labels of every picture and, if there is an evaluator, those that it recognises.

    Shapes: images uint8 (N, C, H, W), requested labels `rows` (N, L) with the L `names`.
    """
    requested = [condition_of(row, names) for row in rows]
    if evaluator is None:
        return Evaluated([[Line(name) for name in condition] for condition in requested])
    info = evaluator.info
    logits = evaluator.logits(images).numpy()
    own_logits = logits[:, [info.label_names.index(name) for name in names]]
    places, targets = in_order(info, rows, names)
    score, _hits = count_hits(info.kind, logits[:, places], targets)
    if kind == "attributes":
        lines = [_attribute_lines(condition, names, row) for condition, row in zip(requested, own_logits, strict=True)]
    else:
        recognised = strongest(logits, info.label_names, [len(condition) for condition in requested])
        lines = [_object_lines(condition, found) for condition, found in zip(requested, recognised, strict=True)]
    return Evaluated(lines, score, chance_level(info.kind, targets), own_logits)


def _object_lines(requested: Sequence[str], recognised: Sequence[str]) -> list[Line]:
    lines = [Line(name, name in recognised) for name in requested]
    instead = [name for name in recognised if name not in requested]
    return [*lines, Line(_("saw {names}").format(names=listed(instead)))] if instead else lines


def _attribute_lines(
    requested: Sequence[str], names: Sequence[str], logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> list[Line]:
    """Every attribute asked for, and those not asked for that are there; all of them where there are few."""
    lines = []
    for name, logit in zip(names, logits, strict=True):
        if name in requested:
            lines.append(Line(name, bool(logit > 0)))
        elif logit > 0 or len(names) <= 3:
            lines.append(Line(_("not {name}").format(name=name), bool(logit <= 0)))
    return lines


def show_score(title: str, score: Score, chance: float, evaluator: Evaluator, conditions: str) -> None:
    """A score with its count, interval and conditions, chance (none where one answer suits all) and the evaluator's own accuracy."""
    low, high = wilson(score).interval
    columns = st.columns([3, 3, 5, 3])
    columns[0].metric(title, f"{score.hits}/{score.requested}")
    columns[1].metric(_("Ratio"), f"{score.ratio:.3f}", help=_("Hits divided by what was asked for."))
    columns[2].metric(_("95 % interval"), _("{low:.3f} to {high:.3f}").format(low=low, high=high),
                      help=_("Wilson's interval, as if every answer were independent; objects in one picture are not quite."))  # fmt: skip
    told = _("What a generator that ignores the labels would reach on average.")
    if chance == 1:
        told = _(
            "All pictures are asked for the same, so a generator that ignores the labels may have all of it right."
        )
    columns[3].metric(_("Chance"), "–" if chance == 1 else f"{chance:.3f}", help=told)
    info = evaluator.info
    words = _("{conditions} Evaluator: {title}; {own}.")
    st.caption(
        words.format(
            conditions=conditions,
            title=judge_words(info, info.title),
            own=judge_words(info, own_words(info)),
        )
    )
