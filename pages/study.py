"""Study: several runs that answer one question, queued by one button, in one chart. `?study=ID` opens one."""

import streamlit as st

from gan_core.evaluation import evaluators
from gan_core.experiments import studies
from gan_core.experiments.studies import MAX_SEEDS, PLANS, Plan
from pages.components.shared import lab
from pages.components.shared.bin_view import bin_view
from pages.components.shared.kept_list import choose_kept, remove_button, tell_damaged
from pages.components.study.results import results
from pages.components.text import _, duration

PLAN = PLANS["r2-ratios"]


def main() -> None:
    """A new study, or the results of one there is."""
    lab.enter("study")
    st.title(_("Study: loss weights"))
    words = _(
        "The discriminator's loss has two parts: how badly it judges **real** images, and how badly it judges **generated** "
        "ones. Does it matter how they are weighted? (Only their ratio can: Adam does not see a factor on both, Kingma and Ba 2015, section "
        "2.1.) Report R2 trained one conditional GAN for each of five weightings and drew five curves into one chart. One button repeats it here in small, and adds what the report left out: whether "
        "the curves can be told apart at all."
    )
    st.markdown(words)
    kept = [study for study in studies.STORE.all(lab.start().runs_dir) if study.plan == PLAN.key]
    tell_damaged(studies.STORE.damaged(lab.start().runs_dir))
    with st.expander(_("New study"), expanded=not kept, icon=":material/add:"):
        new_study(PLAN)
    bin_view(lab.start().runs_dir / studies.STORE.folder, "study")
    if not kept:
        return
    unknown = _("There is no study “{id}” here; the newest is shown.")
    shown = choose_kept("study", kept, label=_("Study"), key="study_shown", unknown=unknown)
    results(shown)
    words = _("Only the study is removed from this list. Its runs, with all they hold, stay on the page Runs.")
    remove_button(
        _("Remove this study"), words, "study_forget", lambda: studies.STORE.remove(lab.start().runs_dir, shown.id)
    )


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
    evaluator = studies.evaluator_of(plan)
    words = _(
        "{n} runs, one after the other: about {time} on two quiet processor cores. You can close the page meanwhile."
    )
    st.caption(words.format(n=len(plan.arms) * int(seeds), time=duration(60 * minutes)))
    if evaluator is None:
        words = _("There is no evaluator for this data set, so nothing would be measured. Train one first: `{command}`")
        st.warning(
            words.format(command=evaluators.how_to_train(studies.evaluated_config(plan))), icon=":material/warning:"
        )
    start = _("Start the study")
    if st.button(start, type="primary", key="study_start", icon=":material/play_arrow:", disabled=evaluator is None):
        with st.spinner(_("Queueing the runs…")):
            study = lab.attempt(lambda: studies.begin(lab.start(), plan, name, int(epochs), int(images), int(seeds)))
        if study is not None:
            st.query_params["study"] = study.id
            st.rerun()


main()
