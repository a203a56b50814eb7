"""The evaluator of a data set: which there is and how good it is by itself, training one with progress, deleting one's own."""

from dataclasses import replace

import streamlit as st

from gan_core import datasets
from gan_core.access import may
from gan_core.config import settings
from gan_core.datasets import uploads
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import CONVERT, MAX_WIDTH, EvaluatorFolder, kind_of, training_task
from gan_core.evaluation.evaluators.scoring import BASELINE, Score, own_score
from gan_core.evaluation.evaluators.training_task import Order
from gan_core.evaluation.statistics.intervals import wilson
from pages.components.data import tasks
from pages.components.shared import lab, task_view, undo
from pages.components.shared.as_command import as_command, line
from pages.components.shared.bin_view import bin_view
from pages.components.shared.data_choice import Chosen, judge_words
from pages.components.shared.uploads import uploader
from pages.components.text import _, as_text, dangerous

UPLOAD_MB = 50  # as server.maxUploadSize
SIZES = (16, 32, 64, 128)


def evaluator_panel(chosen: Chosen) -> None:
    """All about the evaluator of a data set of pictures; nothing for points."""
    if chosen.entry.domain != "images":
        return
    with st.container(border=True):
        st.subheader(_("Evaluator"))
        if not datasets.label_names(chosen.config):
            words = _(
                "These images have no labels, so an evaluator has nothing to distinguish. Models of them are measured in "
                "features that need no labels. For an evaluator, sort the images into one folder per class."
            )
            st.caption(words)
            return
        found = training_task.of_dataset(chosen.config)
        words = _(
            "A second network that has learned to say what a picture shows: it scores the models that draw what they are "
            "told, and quality is measured in its features."
        )
        st.caption(words if found else words + " " + _("There is no evaluator for these pictures yet."))
        for number, folder in enumerate(found):
            _row(folder, first=number == 0)
        _training(chosen)
        if kind_of(datasets.label_names(chosen.config), chosen.entry.exclusive_labels) == "objects":
            _import(chosen)
        bin_view(settings.evaluators_dir(), "data_evaluators", "evaluator")


def _row(folder: EvaluatorFolder, *, first: bool) -> None:
    info, own = folder.info, own_score(folder.info)
    words = _("**{name}**: {title}. {accuracy}").format(
        name=as_text(info.name),
        title=judge_words(info, info.title),
        accuracy=_judged(own, judge_words(info, info.held_out_note)),
    )
    if first:
        words += " " + _("This one is used.")
    about, button = st.columns([6, 1], vertical_alignment="center")
    about.markdown(words)
    if not folder.shipped and may("own", owner=folder.owner):
        with button.popover(_("Delete"), key=f"data_evaluator_{info.name}"):
            st.markdown(
                _("It goes to the bin and can be taken back for 7 days. Scores that it gave stay with their runs.")
            )
            as_command(f"delete_evaluator_{info.name}", line("delete", folder.path.name, kind="evaluator"))
            if st.button(dangerous(_("Delete")), key=f"data_evaluator_delete_{info.name}") and lab.succeeds(
                lambda: evaluators.delete(folder)
            ):
                undo.offer_deleted({folder.path: info.name})
                st.rerun()
    if folder.card.label_scores:
        with st.expander(_("By label")):
            baseline = _("baseline")
            rows = [
                {
                    _("label"): score.name, _("right"): score.hits, _("of"): score.requested,
                    _("share"): score.hits / max(score.requested, 1), baseline: score.baseline,
                }
                for score in folder.card.label_scores
            ]  # fmt: skip
            st.dataframe(rows, hide_index=True, key=f"data_evaluator_labels_{info.name}")
            st.caption(_("Baseline: {words}.").format(words=_(BASELINE[info.kind])))


def _judged(own: Score | None, note: str) -> str:
    if own is None:
        return _("Its own accuracy is not measured: {note}.").format(note=note)
    low, high = wilson(own).interval
    return _(
        "Right in {hits:,} of {n:,} ({share:.1%}; 95 % interval {low:.1%} to {high:.1%}), measured on {note}."
    ).format(hits=own.hits, n=own.requested, share=own.ratio, low=low, high=high, note=note)


def _training(chosen: Chosen) -> None:
    """The form, or how far the training is."""
    order = training_task.proposed(chosen.config, uploads.name_of(chosen.config))
    work = training_task.task(order)
    note = _("It continues in the background when you leave this page; the result is kept.")
    if tasks.under_way(work, "data_evaluator", task_view.stage_words, note):
        return
    if tasks.came(work):
        st.success(_("The evaluator is trained: its accuracy is above."), icon=":material/check:")
    with st.expander(_("Train an evaluator"), icon=":material/school:"):
        order = _settings(chosen.key, order)
        words = _(
            "About {steps:,} steps of {batch} pictures on one core; a tenth of the pictures, or the data set's own test part, is "
            "kept back to measure it."
        )
        st.caption(words.format(steps=order.steps, batch=order.batch_size))
        pressed = st.button(_("Train an evaluator"), key="data_evaluator_train", icon=":material/play_arrow:")
        as_command("train_evaluator", training_line(order))
    if pressed and lab.succeeds(lambda: training_task.begin(order)):
        tasks.watch(work)
        st.rerun()


def training_line(order: Order) -> str:
    """The training as a command."""
    data = order.dataset
    return line(
        "train-evaluator", data.name, root=data.root, image_size=data.image_size, channels=data.channels,
        num_images=data.num_images, epochs=order.epochs, batch_size=order.batch_size, width=order.width, name=order.name,
    )  # fmt: skip


def _import(chosen: Chosen) -> None:
    """The course's own evaluator, from a file."""
    with st.expander(_("Use an evaluator from elsewhere"), icon=":material/upload_file:"):
        words = _(
            "The course's ResNet-18 with 24 outputs: a safetensors file of its state dict (torchvision's names, conv1.weight to "
            "fc.0.weight), for pictures of 64 px in [-1, 1]. Its outputs are taken in the order of objects.json: cubes, spheres, "
            "cylinders, each gray, red, blue, green, brown, purple, cyan, yellow; a JSON of names says another. A pickle (.pth) is "
            "not opened; where you trust it, convert it:"
        )
        st.markdown(words)
        st.code(CONVERT, language=None, wrap_lines=True)
        turn = st.session_state.setdefault("data_evaluator_turn", 0)  # a new key empties the boxes
        file = uploader(
            _("The network (.safetensors)"), type=["safetensors", "pth", "pt"], key=f"data_evaluator_file_{turn}",
            max_upload_size=UPLOAD_MB,
        )  # fmt: skip
        names = uploader(
            _("or with another order: its labels (JSON)"),
            type="json",
            key=f"data_evaluator_names_{turn}",
            max_upload_size=1,
        )
        pressed = st.button(_("Check and keep"), key="data_evaluator_import", disabled=file is None)
        if file is not None:
            free = training_task.free_name(file.name.rsplit(".", 1)[0])
            labels, data = None if names is None else names.name, chosen.config
            command = line("import-evaluator", file.name, name=free, labels=labels, dataset=data.name, root=data.root)
            as_command("import_evaluator", command)
    if not pressed or file is None:
        return

    def keep() -> None:
        from gan_core.evaluation.evaluators import importing  # loads torch

        order = OBJECTS if names is None else importing.labels_of(names.getvalue())
        free = training_task.free_name(file.name.rsplit(".", 1)[0])
        importing.import_evaluator(file.getvalue(), free, chosen.config, order)

    with st.spinner(_("Checking and measuring it…")):
        kept = lab.succeeds(keep)
    if kept:
        st.session_state["data_evaluator_turn"] += 1
        st.rerun()


def _settings(key: str, order: Order) -> Order:
    """The proposed order, with what the visitor changed."""
    columns = st.columns(4)
    most = datasets.count(order.dataset.model_copy(update={"num_images": 0}))
    images = columns[0].number_input(
        _("Pictures"), min(10, most), max(most, 1), max(order.dataset.num_images, 1), key=f"data_evaluator_images_{key}",
    )  # fmt: skip
    epochs = columns[1].number_input(_("Epochs"), 1, 10_000, order.epochs, key=f"data_evaluator_epochs_{key}")
    size = columns[2].selectbox(
        _("Size in pixels"), sorted({*SIZES, order.dataset.image_size}), key=f"data_evaluator_size_{key}",
        index=sorted({*SIZES, order.dataset.image_size}).index(order.dataset.image_size),
    )  # fmt: skip
    width = columns[3].number_input(
        _("Width"), 1, MAX_WIDTH, order.width, key=f"data_evaluator_width_{key}",
        help=_("Channels of its first stage. 64 is the full ResNet-18, sixteen times the work of 16."),
    )  # fmt: skip
    dataset = order.dataset.model_copy(update={"image_size": int(size), "num_images": int(images)})
    return replace(order, dataset=dataset, epochs=int(epochs), width=int(width))
