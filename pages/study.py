"""Study: several runs that answer one question, queued by one button, in one chart. `?study=ID` opens one."""

import time
from collections.abc import Sequence

import streamlit as st

from gan_core.evaluation import evaluators
from gan_core.experiments import studies
from gan_core.experiments.studies import MAX_SEEDS, PLANS, Plan, Study
from pages.components.shared import lab
from pages.components.shared.links import linked_choice
from pages.components.study.results import results
from pages.components.text import _, as_text, duration

PLAN = PLANS["r2-ratios"]


def main() -> None:
    """A new study, or the results of one there is."""
    lab.enter("study")
    st.title(_("Study: loss weights"))
    st.markdown(
        _(
            "The discriminator's loss has two parts: how badly it judges **real** images, and how badly it judges **generated** "
            "ones. Does it matter how they are weighted? Report R2 trained one conditional GAN for each of five weightings and "
            "drew five curves into one chart. One button repeats it here in small, and adds what the report left out: whether "
            "the curves can be told apart at all."
        )
    )
    kept = [study for study in studies.list_studies(lab.start().runs_dir) if study.plan == PLAN.key]
    with st.expander(_("New study"), expanded=not kept, icon=":material/add:"):
        new_study(PLAN)
    if not kept:
        return
    wanted = st.query_params.get("study")
    by_id = {study.id: study for study in kept}
    if wanted and wanted not in by_id:
        st.warning(_("There is no study “{id}” here; the newest is shown.").format(id=as_text(wanted[:64])))
    shown = by_id[linked_choice("study", list(by_id), kept[0].id, lambda ids, first: choose(by_id, ids, first))]
    results(shown)
    forget(shown)


def new_study(plan: Plan) -> None:
    """How long, how many, and the button that queues all."""
    usual = plan.base
    columns = st.columns(4)
    epochs = columns[0].number_input(
        _("Epochs"), 1, 200, usual.training.epochs, key="study_epochs",
        help=_("How many times each run sees all images; the evaluator counts at the end of each epoch."),
    )  # fmt: skip
    images = columns[1].number_input(
        _("Images"), usual.training.batch_size, 18_009, usual.dataset.num_images, 500, key="study_images",
        help=_("Drawn scenes to learn from. Fewer are quicker and teach less."),
    )  # fmt: skip
    seeds = columns[2].number_input(
        _("Seeds"), 1, MAX_SEEDS, 1, key="study_seeds",
        help=_("Runs of each weighting, each with other random numbers. One run cannot tell luck from effect."),
    )  # fmt: skip
    name = columns[3].text_input(_("Name"), key="study_name", max_chars=60, placeholder=_("optional"))
    minutes = studies.minutes(plan, int(epochs), int(images), int(seeds))
    judge = studies.judge_of(plan)
    st.caption(
        _(
            "{n} runs, one after the other: about {time} on two quiet processor cores. You can close the page meanwhile."
        ).format(n=len(plan.arms) * int(seeds), time=duration(60 * minutes))
    )
    if judge is None:
        words = _("There is no evaluator for this data set, so nothing would be measured. Train one first: `{command}`")
        st.warning(
            words.format(command=evaluators.how_to_train(studies.judged_config(plan))), icon=":material/warning:"
        )
    start = _("Start the study")
    if st.button(start, type="primary", key="study_start", icon=":material/play_arrow:", disabled=judge is None):
        with st.spinner(_("Queueing the runs…")):
            if lab.attempt(lambda: begin(plan, name, int(epochs), int(images), int(seeds))):
                st.query_params["study"] = st.session_state["study_started"]
                st.rerun()


def begin(plan: Plan, name: str, epochs: int, images: int, seeds: int) -> None:
    """Queues what the form describes."""
    st.session_state["study_started"] = studies.begin(lab.start(), plan, name, epochs, images, seeds).id


def choose(by_id: dict[str, Study], ids: Sequence[str], first: str) -> str:
    """The list of studies, by name and time."""

    def words(study_id: str) -> str:
        study = by_id[study_id]
        return f"{study.name} · {time.strftime('%Y-%m-%d %H:%M', time.localtime(study.created))}"

    return st.selectbox(_("Study"), ids, index=ids.index(first), format_func=words, key="study_shown")


def forget(study: Study) -> None:
    """Takes a study from the list; its runs stay."""
    with st.popover(_("Remove this study"), key="study_forget"):
        st.markdown(_("Only the study is removed from this list. Its runs, with all they hold, stay on the page Runs."))
        if st.button(_("Remove"), key="study_forget_yes", type="primary"):
            studies.forget(lab.start().runs_dir, study)
            st.query_params.clear()
            st.rerun()


main()
