"""The kinds of directions that a slider can move along, and the sliders of each. Importing this loads torch."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.evaluation import evaluators
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.jobs.task import Arrays
from gan_core.latents import attribute_search, saved_directions
from gan_core.latents.attribute_directions import AttributeDirection, apart
from gan_core.latents.directions import NUM_DIRECTIONS, Method, find_directions
from gan_core.latents.saved_directions import Direction, FoundBy
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler
from pages.components.shared import lab
from pages.components.shared.data_choice import evaluator_link
from pages.components.shared.task_view import outcome
from pages.components.text import N_, Marked, _, as_text, listed
from pages.components.widgets.latent_explorer import Slider

SHOWN_ATTRIBUTES = 6
RANGE = 4.0  # standard deviations; a normal latent rarely goes further along a direction
PCA, SEFA, RAW, ATTRIBUTES, SAVED = "pca", "sefa", "raw", "attributes", "saved"
KINDS = Marked(
    {
        PCA: N_("Most change (PCA)"),
        SEFA: N_("Closed form (SeFa)"),
        ATTRIBUTES: N_("Attributes"),
        SAVED: N_("Saved"),
        RAW: N_("Single numbers"),
    }
)
EXPLAINED = Marked({
    PCA: N_("**PCA**: the directions along which the first layer's answers to random latents vary most (GANSpace, Härkönen et al. 2020)."),
    SEFA: N_(
        "**SeFa** needs no samples: the directions that the first layer's weights stretch most, the eigenvectors of AᵀA "
        "(Shen and Zhou 2021)."
    ),
    ATTRIBUTES: N_("**Attributes**: directions with a meaning, found from labels."),
    SAVED: N_("**Saved**: directions that somebody named and kept. Everybody who uses this lab sees them."),
    RAW: N_("**Single numbers**: each slider moves one number of z, which changes a little of everything."),
})  # fmt: skip


@dataclass(frozen=True)
class Axes:
    """Directions with their sliders.

    Attributes:
        found_by: how they were found, for the one that is saved.
        vectors: (K, latent_dim).
        sliders: K of them, in the same order.
        notes: what is known of each, kept with a saved one.
        by: their kind, as `save-direction` names it, and `hold` whether each was cleared of the others.
        along: what that command calls each.
    """

    found_by: FoundBy
    vectors: npt.NDArray[np.float32]
    sliders: tuple[Slider, ...]
    notes: tuple[str, ...]
    by: str
    along: tuple[str, ...]
    hold: bool = False


def axes(kind: str, model: Sampler, run: Run | None, page: str) -> Axes | None:
    """The directions of a kind; None while there are none to show, with the reason on the page."""
    if kind == ATTRIBUTES and run is not None:
        return _attribute_axes(model, run, page)
    if kind == SAVED and run is not None:
        return _saved_axes(model, run, page)
    method: Method = "raw" if kind == RAW else "sefa" if kind == SEFA else "pca"
    computed = lab.attempt(lambda: _computed(model, model.weights_id, model.step, method), "info")
    if computed is None:
        return None
    vectors, stretches = computed
    names = [f"z[{i}]" if kind == RAW else _("Direction {n}").format(n=i + 1) for i in range(len(vectors))]
    helps = [_help(kind, i, stretches) for i in range(len(vectors))]
    first = 0 if kind == RAW else 1
    along = tuple(str(first + i) for i in range(len(vectors)))
    return Axes(method, vectors, _sliders(kind, names, helps), ("",) * len(names), method, along)


@st.cache_resource(max_entries=32, show_spinner=False)
def _computed(_model: Sampler, run_id: str, step: int, kind: Method) -> tuple[npt.NDArray[np.float32], list[float]]:
    """Directions, and for SeFa the share of the largest eigenvalue that each has."""
    return find_directions(_model, kind, NUM_DIRECTIONS)


def _help(kind: str, index: int, stretches: list[float]) -> str:
    if kind == PCA:
        return _("Principal direction {n}: the lower the number, the more the picture changes.").format(n=index + 1)
    if kind == SEFA:
        return _("Eigenvector {n}: its eigenvalue is {share:.0%} of the largest.").format(
            n=index + 1, share=stretches[index]
        )
    return _("Number {n} of the latent.").format(n=index + 1)


def _sliders(prefix: str, names: list[str], helps: list[str]) -> tuple[Slider, ...]:
    return tuple(
        Slider(f"{prefix}{i}", name, words, -RANGE, RANGE, 0.05, 0.0)
        for i, (name, words) in enumerate(zip(names, helps, strict=True))
    )


# attributes


def _attribute_axes(model: Sampler, run: Run, page: str) -> Axes | None:
    found = attribute_outcome(model, run, page)
    if found is None:
        return None
    there = attribute_search.directions(found)
    refusals(found, page)
    if not there:
        st.info(_("No attribute's direction could be found; the list above says why."), icon=":material/info:")
        return None
    by_name = {d.name: d for d in there}
    sure = [d.name for d in there if d.beats_chance]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        chosen = st.multiselect(
            _("Attributes"), list(by_name), default=(sure or list(by_name))[:SHOWN_ATTRIBUTES], key=f"{page}_attributes_{run.id}",
            help=_("The surest first: how often the direction is right about images that it was not found from."),
        )  # fmt: skip
    with right:
        held = st.toggle(
            _("Hold the others still"), key=f"{page}_hold",
            help=_("Takes out of each direction what it shares with the other chosen ones (InterFaceGAN's conditional manipulation)."),
        )  # fmt: skip
    _accuracies(there, page)
    if not chosen:
        st.info(_("Choose an attribute above; each becomes a slider."), icon=":material/info:")
        return None
    shown = [by_name[name] for name in chosen]
    vectors = np.stack([d.vector for d in shown])
    if held:
        vectors = apart(vectors)
    knobs = [Slider(f"attribute-{d.name}", d.name, _(d.accuracy), -RANGE, RANGE, 0.05, 0.0) for d in shown]
    notes = tuple(d.accuracy for d in shown)
    return Axes("attribute", vectors, tuple(knobs), notes, "attribute", tuple(chosen), held)


def _accuracies(there: list[AttributeDirection], page: str) -> None:
    """How sure each direction is, folded away."""
    with st.expander(_("How sure these directions are"), key=f"{page}_sure"):
        bounds = [wilson(d.right).interval for d in there]
        st.dataframe(
            {
                _("Attribute"): [d.name for d in there],
                _("With it"): [d.with_it for d in there],
                _("Without"): [d.without for d in there],
                _("Right, held out"): [str(d.right) for d in there],
                _("Share"): [f"{d.right.ratio:.0%}" for d in there],
                _("95 % interval"): [f"{low:.0%} – {high:.0%}" for low, high in bounds],
                _("Better than a guess"): [_("yes") if d.beats_chance else _("no") for d in there],
            },
            hide_index=True, key=f"{page}_sure_table",
        )  # fmt: skip
        words = _(
            "A quarter of each kind was kept back. Counted are as many with as without, so that a guess is right half the time; "
            "an image counts as having the attribute when it lies past the middle between the two kinds."
        )
        st.caption(words)


def attribute_outcome(model: Sampler, run: Run, page: str) -> Arrays | None:
    """What the search for attribute directions found; its progress, or the sentence why it cannot be made."""
    task = lab.attempt(lambda: attribute_search.task(run, model.step), "info")
    if task is None:
        if not kind_of(model.config).encodes and not evaluators.of_data(model.config):
            evaluator_link(model.config.dataset)
        return None
    found = outcome(task, f"{page}_attribute_search")
    if found is not None:
        if kind_of(model.config).encodes:
            words = _(
                "From the labels of {n:,} training images: the mean latent of those with the attribute minus the mean of those "
                "without (Larsen et al. 2016). At 1 a slider has moved by the whole difference."
            )
        else:
            words = _(
                "{n:,} random latents were drawn, the evaluator read their pictures, and logistic regression found the plane in z "
                "between those with and without (InterFaceGAN, Shen et al. 2020). A slider counts standard deviations of z."
            )
        st.caption(words.format(n=int(found["num_images"])))
    return found


def refusals(found: Arrays, page: str) -> None:
    """The attributes whose direction could not be found, folded away."""
    if len(found["refused_names"]):
        title = _("Without a direction: {names}").format(names=as_text(listed(map(str, found["refused_names"]))))
        with st.expander(title, key=f"{page}_refused"):
            for sentence in found["refusals"]:
                st.markdown(as_text(_(str(sentence))))


# saved ones


def _saved_axes(model: Sampler, run: Run, page: str) -> Axes | None:
    kept = {d.id: d for d in saved_directions.list_directions(lab.start().runs_dir)}
    if not kept:
        st.info(
            _("Nobody saved a direction yet. Move sliders of another kind until the picture changes as you like, then press “Save a direction”."),
            icon=":material/info:",
        )  # fmt: skip
        return None
    own = [d.id for d in kept.values() if d.run_id == run.id]
    fitting = [d.id for d in kept.values() if saved_directions.fits(d, model.latent_dim)]
    key = f"{page}_saved_{run.id}"
    if key in st.session_state:  # one may have been deleted meanwhile
        st.session_state[key] = [i for i in st.session_state[key] if i in kept]
    chosen = st.multiselect(
        _("Saved directions"), list(kept), default=(own or fitting)[:NUM_DIRECTIONS], key=key,
        format_func=lambda i: saved_title(kept[i], run),
    )  # fmt: skip
    usable: list[Direction] = []
    for direction in (kept[i] for i in chosen):
        if lab.succeeds(lambda d=direction: saved_directions.check_fits(d, model.latent_dim, run.name)):  # type: ignore[misc]
            usable.append(direction)
    if not usable:
        return None
    vectors = np.array([d.vector for d in usable], np.float32)
    knobs = tuple(
        Slider(
            f"saved-{d.id}", d.name, _(d.note) or _("Found in {run}.").format(run=d.run_name), -RANGE, RANGE, 0.05, 0.0
        )
        for d in usable
    )
    return Axes("sum", vectors, knobs, tuple(d.note for d in usable), "saved", tuple(d.id for d in usable))


def saved_title(direction: Direction, run: Run) -> str:
    """Its name, and where it was found if that was in another model."""
    if direction.run_id == run.id:
        return direction.name
    return _("{name} (from {run})").format(name=direction.name, run=direction.run_name)
