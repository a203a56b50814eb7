"""A new study: several runs that answer one question, queued by one button."""

import streamlit as st

from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.experiments import studies
from gan_core.experiments.studies import MAX_SEEDS, PLANS
from pages.components.shared import lab, links
from pages.components.shared.as_command import as_command, line
from pages.components.shared.class_link import class_link
from pages.components.shared.data_choice import evaluator_link
from pages.components.shared.settings_link import tell_refusals
from pages.components.text import _, duration

PLAN = PLANS["r2-ratios"]
WEIGHTS = "weights"
MAX_EPOCHS, MAX_IMAGES = 200, 18_009


def new_study() -> None:
    """How long, how many, and the button that queues all."""
    words = _(
        "The discriminator's loss has two parts, for **real** and for **generated** images. Does their ratio matter? (Only the ratio can: "
        "Adam is invariant to a common factor, Kingma and Ba 2015, section 2.1.) One conditional GAN for each of five weightings, and a "
        "test whether their curves differ."
    )
    st.markdown(words)
    plan, usual = PLAN, PLAN.base
    begun, prefix = given()
    columns = st.columns(4)
    epochs = columns[0].number_input(
        _("Epochs"), 1, MAX_EPOCHS, begun["epochs"], key=f"{prefix}_epochs", persist_state="session",
        help=_("How many times each run sees all images; the evaluator counts at the end of each epoch."),
    )  # fmt: skip
    images = columns[1].number_input(
        _("Images"), usual.training.batch_size, MAX_IMAGES, begun["images"], 500, key=f"{prefix}_images", persist_state="session",
        help=_("Rendered scenes to learn from. Fewer are quicker and teach less."),
    )  # fmt: skip
    seeds = columns[2].number_input(
        _("Seeds"), 1, MAX_SEEDS, begun["seeds"], key=f"{prefix}_seeds", persist_state="session",
        help=_("Runs of each weighting, each with other random numbers. One run cannot separate chance from effect."),
    )  # fmt: skip
    name = columns[3].text_input(
        _("Name"), key=f"{prefix}_name", persist_state="session", max_chars=60, placeholder=_("optional")
    )
    evaluator = foreseen(int(epochs), int(images), int(seeds))
    numbers = {"epochs": str(int(epochs)), "images": str(int(images)), "seeds": str(int(seeds))}
    with st.container(horizontal=True):
        pressed = st.button(
            _("Start the study"),
            type="primary",
            key="study_start",
            icon=":material/play_arrow:",
            disabled=evaluator is None,
        )
        class_link("train", "study_link", lambda: {"tab": "many", links.ABOUT: WEIGHTS} | numbers)
    as_command("study", line("study", plan.key, name=name, **numbers))
    if pressed:
        with st.spinner(_("Queueing the runs…")):
            study = lab.attempt(lambda: studies.begin(lab.start(), plan, name, int(epochs), int(images), int(seeds)))
        if study is not None:
            st.switch_page("pages/experiment.py", query_params={"id": study.id})


def foreseen(epochs: int, images: int, seeds: int) -> EvaluatorFolder | None:
    """Says how long such a study takes; the evaluator that will measure it, with a warning where there is none."""
    minutes = studies.minutes(PLAN, epochs, images, seeds)
    evaluator = studies.evaluator_of(PLAN)
    words = _(
        "{n} runs, one after the other: about {time} on two quiet processor cores. You can close the page meanwhile."
    )
    st.caption(words.format(n=len(PLAN.arms) * seeds, time=duration(60 * minutes)))
    if evaluator is None:
        st.warning(
            _("There is no evaluator for this data set, so nothing would be measured. Train one first."),
            icon=":material/warning:",
        )
        evaluator_link(studies.evaluated_config(PLAN).dataset)
    return evaluator


def given() -> tuple[dict[str, int], str]:
    """The numbers that the form begins with, those of the address where it is about this study, and the prefix of the keys."""
    usual = PLAN.base
    begun = {"epochs": usual.training.epochs, "images": usual.dataset.num_images, "seeds": 1}
    if st.query_params.get(links.ABOUT) != WEIGHTS:
        return begun, "study"
    bounds = {"epochs": (1, MAX_EPOCHS), "images": (usual.training.batch_size, MAX_IMAGES), "seeds": (1, MAX_SEEDS)}
    refusals: list[str] = []
    found = {name: links.linked_number(name, *bounds[name], begun[name], refusals) for name in begun}
    tell_refusals(refusals)
    return found, f"study_{links.mark()}"
