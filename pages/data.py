"""Data: look at a data set, see how it is prepared, bring your own. `?data=NAME` chooses one, `?view=` what to see of it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan_core import datasets
from gan_core.datasets import DATASETS
from gan_core.datasets.sources.folder import listed_once
from pages.components.data.add import add_view
from pages.components.data.evaluators import evaluator_panel
from pages.components.data.look import counts, left_out, look
from pages.components.data.steps import steps_view
from pages.components.data.tasks import download_panel, prepare_panel
from pages.components.shared import lab
from pages.components.shared.data_choice import Chosen, choose_name, choose_place, choose_settings
from pages.components.shared.links import linked_view
from pages.components.shared.settings_link import device, link_to_train, own_proposal
from pages.components.text import N_, Marked, _, as_text

VIEWS = Marked({"look": N_("What is in it"), "steps": N_("How it is prepared"), "add": N_("Bring your own")})


def main() -> None:
    """A view; then the data set that it shows."""
    lab.enter("data")
    st.title(_("Data"))
    words = _(
        "A model learns everything from its **data set**: what it never saw, it cannot draw. Look at the pictures before "
        "you train on them."
    )
    st.markdown(words)
    view = linked_view(VIEWS, key="data_view")
    if view == "add":
        add_view()
        return
    key = choose_name()
    place = choose_place(key)
    download_panel(key)
    if place.get("dataset.root") == "":
        named = _("file") if DATASETS[key].domain == "points" else _("folder")
        st.info(
            _("Name the {place} above: its full path on the computer that Ganvas runs on.").format(place=named),
            icon=":material/info:",
        )
        return
    pictures = st.container()  # above the settings, which a phone shows one below the other
    st.subheader(_("Settings"))
    chosen = choose_settings(key, place)
    if chosen is None:
        return
    with listed_once():
        lab.succeeds(lambda: show(chosen, view, pictures))


def show(chosen: Chosen, view: str, pictures: DeltaGenerator) -> None:
    """The view in the place for pictures; below the settings counts, the way to training, and the evaluator."""
    with st.spinner(_("Counting…")):
        count = datasets.count(chosen.config)
    counts(chosen, count)
    left_out(chosen, count)
    if st.button(_("Train on this data"), type="primary", key="data_train", icon=":material/play_arrow:"):
        st.switch_page("pages/train.py", query_params=link_to_train(chosen, count))
    if chosen.entry.needs_root and chosen.entry.domain == "images" and count:
        proposal(chosen, count)
    prepare_panel(chosen.config)
    if count < chosen.batch_size:
        words = _(
            "There are fewer samples ({count:,}) than one batch of {batch}: choose a smaller batch to train on them."
        )
        st.warning(as_text(words.format(count=count, batch=chosen.batch_size)))
    with pictures:
        if view == "steps":
            steps_view(chosen, count)
        else:
            look(chosen, count)
    evaluator_panel(chosen)


def proposal(chosen: Chosen, count: int) -> None:
    """What the button proposes for pictures of one's own, and why."""
    found = own_proposal(chosen, count)
    size, batch, steps = (
        found[f"{name}"] for name in ("dataset.image_size", "training.batch_size", "training.max_steps")
    )
    words = _(
        "Proposed for {count:,} pictures on {device}: {size} px, {batch} a step, {steps:,} steps, so that each is seen about {times:,} "
        "times and shapes appear within about five minutes. Everything can be changed on the next page."
    )
    processor = _("a GPU") if device() != "cpu" else _("a processor without a GPU")
    told = words.format(
        count=count, device=processor, size=size, batch=batch, steps=steps, times=max(1, round(steps * batch / count))
    )
    if found["augmentation.kinds"]:
        told += " " + _(
            "The discriminator would soon memorise so few: it sees them randomly changed (differentiable augmentation)."
        )
    st.caption(told)


main()
