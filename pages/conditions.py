"""Conditions: ask a conditional model for what you want, and see whether you get it. `?run=ID&step=N&view=...`"""

import streamlit as st

from gan_core import datasets
from gan_core.datasets.conditions import Kind, kind_of
from gan_core.presets import PRESETS
from gan_core.runs import Run
from pages.components.shared import lab
from pages.components.shared.links import linked_view
from pages.components.shared.run_picker import pick_run_and_step
from pages.components.text import _

COMPOSE, TEST, CLASSES, PAIRS, WALK, GUIDE = "compose", "test", "classes", "pairs", "walk", "guide"
VIEWS = {
    COMPOSE: _("Ask for something"),
    TEST: _("32 test conditions"),
    CLASSES: _("Every class, same z"),
    PAIRS: _("Flip one attribute"),
    WALK: _("Hold the labels, move z"),
    GUIDE: _("Guidance from 0 to 8"),
}
OFFERED: dict[Kind, tuple[str, ...]] = {
    "objects": (COMPOSE, TEST, WALK),
    "classes": (COMPOSE, CLASSES, WALK),
    "attributes": (COMPOSE, PAIRS, WALK),
}
SUGGESTED = {
    "r2-cgan-lite": _("Objects: click together a scene of up to three of 24 objects."),
    "r5-acgan-lite": _("Attributes: the same face, once female and once male."),
}
STEP = _("The generator as it was after so many steps of training.")


def main() -> None:
    """Choose model, checkpoint and view."""
    lab.enter("conditions")
    st.title(_("Ask for what you want"))
    words = _(
        "A **conditional** generator gets two things: the latent z, random numbers as always, and **labels** that say what to "
        "draw. Choose the labels here and see whether it listens. A second network, the **evaluator**, has learned from "
        "real pictures to name what they show, and counts the hits."
    )
    st.markdown(words)
    everything = lab.all_runs()
    kinds = {run.id: kind_or_none(run) for run in everything}
    runs = {run.id: run for run in everything if kinds[run.id]}
    if not runs:
        nothing_yet()
        return
    unknown = _("There is no conditional model “{id}” here; another is shown.")
    run, step = pick_run_and_step("conditions", runs, unknown=unknown, step_help=STEP)
    offered = OFFERED[kinds[run.id] or "attributes"]
    if lab.draws_in_steps(run):  # its z has no directions to move along
        offered = tuple(GUIDE if view == WALK else view for view in offered)
    key = f"conditions_view_{'_'.join(offered)}"  # the ways differ with the kind of labels
    show(run, step, linked_view({name: VIEWS[name] for name in offered}, key=key))


def kind_or_none(run: Run) -> Kind | None:
    """What a trained run's labels are; None for a run without labels, pictures, checkpoint or readable configuration."""
    try:
        config = run.config()
        pictures = len(datasets.image_shape(config.dataset)) == 3
    except ValueError:
        return None
    return kind_of(config.conditioning) if pictures and run.checkpoint_steps() else None


def nothing_yet() -> None:
    """What to train first."""
    st.info(_("There is no trained model with labels yet. Train one of these first:"), icon=":material/info:")
    for name, words in SUGGESTED.items():
        with st.container(border=True):
            st.markdown(f"**{_(PRESETS[name].title)}**")
            st.markdown(words)
            if st.button(_("Train this"), key=f"conditions_train_{name}", icon=":material/model_training:"):
                st.switch_page("pages/train.py", query_params={"preset": name})
    words = _(
        "For digits on demand, choose any preset with digits on the page Train and set “How labels enter” to joined (concat), "
        "judged (acgan) or projected."
    )
    st.caption(words)
    if st.button(_("Train on digits"), key="conditions_train_digits", icon=":material/model_training:"):
        st.switch_page("pages/train.py", query_params={"preset": "mnist-dcgan"})


def show(run: Run, step: int, view: str) -> None:
    """The chosen view, or the sentence why the model cannot be opened."""
    with st.spinner(_("Loading the model…")):
        from pages.components.conditions import pairs
        from pages.components.conditions import views as condition_views
        from pages.components.shared import models  # bring torch

        model = lab.attempt(lambda: models.sampler(run, step))
    if model is None:
        return
    views = {
        COMPOSE: condition_views.compose,
        TEST: condition_views.test_grid,
        CLASSES: condition_views.all_classes,
        PAIRS: pairs.pairs,
        WALK: condition_views.walk,
        GUIDE: condition_views.guide,
    }
    views[view](model)


main()
