"""Which data set, and how it is used: the table's entries, what users brought, size, part, how many, random changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gan_core import config as schema
from gan_core.config import DatasetConfig, RunConfig, with_changes
from gan_core.datasets import DATASETS, label_names, uploads
from gan_core.datasets.base import DatasetEntry
from gan_core.datasets.uploads import Own
from gan_core.evaluation.evaluators import EvaluatorInfo
from pages.components.shared import lab
from pages.components.shared.config_form import knob
from pages.components.shared.links import linked_choice
from pages.components.text import _, as_text, listed, ngettext

FIRST = "mnist5k"
LESSON = 1_000  # report R1 trained on so few, and found the result useless


@dataclass(frozen=True)
class Chosen:
    """A data set as the page shows it: its key in the address, its settings, images a step."""

    key: str
    entry: DatasetEntry
    config: DatasetConfig
    batch_size: int


def choose_name() -> str:
    """The list of data sets: an entry's name, or the id of one that somebody brought."""
    own = {found.id: found for found in uploads.list_own()}
    asked = st.query_params.get("data")
    options = [*DATASETS, *own]
    if asked and asked not in options:
        words = _("There is no data set “{id}” here; it may have been deleted.")
        st.warning(words.format(id=as_text(asked[:64])))
    return linked_choice("data", options, FIRST, lambda names, first: _choose(names, first, own), key="data_name")


def _choose(names: Sequence[str], first: str, own: dict[str, Own]) -> str:
    def title(name: str) -> str:
        if name in own:
            return _("Yours: {name}").format(name=own[name].name)
        return _(DATASETS[name].title)

    if st.session_state.get("data_name") not in (None, *names):  # deleted meanwhile
        del st.session_state["data_name"]
    return st.selectbox(
        _("Data set"), names, index=names.index(first), format_func=title, key="data_name", persist_state="session"
    )


def judge_words(info: EvaluatorInfo, sentence: str) -> str:
    """What gan_core says of an evaluator, in the viewer's language, with its data set called by title instead of by key."""
    entry = DATASETS.get(info.dataset)
    return as_text(_(sentence.replace(f"'{info.dataset}'", f"'{entry.title}'") if entry else sentence))


def choose_place(key: str) -> dict[str, Any]:
    """What the data set with this key is, and the box for its folder where it needs one; its settings so far."""
    own = next((found for found in uploads.list_own() if found.id == key), None)
    if own is not None:
        _about(own)
        return {"dataset.name": own.dataset, "dataset.root": own.root}
    entry = DATASETS[key]
    st.markdown(_(entry.description))
    place = {"dataset.root": _knob("dataset.root", "", key)} if entry.needs_root else {}
    return {"dataset.name": key, **place}


def choose_settings(key: str, place: dict[str, Any]) -> Chosen | None:
    """The other settings of the data set with this key and place; None, with a sentence, where one of them cannot be."""
    entry, changes = DATASETS[place["dataset.name"]], dict(place)
    points = entry.domain == "points"
    columns = st.columns([1, 1, 1, 1] if not points else [1, 3], vertical_alignment="bottom")
    batch = columns[0].number_input(
        _("Batch size (images)") if not points else _("Batch size (points)"), schema.MIN_BATCH_SIZE, 65536, 64, key=f"data_batch_{key}",
        help=_("Images used in one training step. It decides the number of steps per epoch."), persist_state="session",
    )  # fmt: skip
    if not points:
        usual = {"image_size": entry.usual_size, "channels": entry.usual_channels, "split": "train"}
        for column, (name, value) in zip(columns[1:], usual.items(), strict=True):
            with column:
                changes[f"dataset.{name}"] = _knob(f"dataset.{name}", value, key)
    changes["dataset.num_images"] = _first_images(key, None if points else changes)
    config = lab.attempt(lambda: with_changes(RunConfig(), changes).dataset)
    if config is None:
        return None
    warn_of_mirroring(entry, config.flip)
    return Chosen(key, entry, config, int(batch))


def _first_images(key: str, random_changes: dict[str, Any] | None) -> int:
    """The switch for few images, and beside it the random changes (put into the given table) where there are pictures."""
    columns = st.columns([1, 1, 1, 1], vertical_alignment="bottom")
    few = columns[0].toggle(
        _("Only a sample"), key=f"data_few_{key}", persist_state="session",
        help=_("Report R1 trained on {n:,} of its 202,599 images and found the result useless: see it for yourself.").format(n=LESSON),
    )  # fmt: skip
    count = columns[1].number_input(
        _("How many"), 1, 10_000_000, LESSON, key=f"data_first_{key}", disabled=not few, persist_state="session"
    )
    if random_changes is not None:
        for column, name, value in ((columns[2], "dataset.flip", False), (columns[3], "dataset.rotation_degrees", 0.0)):
            with column:
                random_changes[name] = _knob(name, value, key)
    if few and random_changes is not None:
        st.info(
            _(
                "A model that sees few images again and again memorises them: a GAN's generator gets no useful gradient, "
                "and the images of any model stay poor or repeat the data. R1 saw this with 1,000 images. Flips and "
                "rotations add views, but no new images."
            ),
            icon=":material/school:",
        )
    return int(count) if few else 0


def _about(own: Own) -> None:
    """What is in a set that somebody brought."""
    if own.kind == "points":
        words = _("Points of your own.")
    elif own.classes:
        words = _("Pictures of your own in {n} classes: {classes}.").format(
            n=len(own.classes), classes=as_text(listed(own.classes)[:300])
        )
    else:
        words = _("Pictures of your own, without classes.")
    if own.encoding:
        words += " " + _("The zip does not say how its names are written; they were read as {encoding}.").format(
            encoding=as_text(own.encoding)
        )
    st.markdown(words)
    if own.num_skipped:
        title = ngettext("{n} file of the zip was not taken", "{n} files of the zip were not taken", own.num_skipped)
        left_out_table(title.format(n=own.num_skipped), own.skipped, f"data_skipped_{own.id}")


def evaluator_link(config: DatasetConfig) -> None:
    """A link to where an evaluator of a data set is trained; nothing for one without labels, or that is gone."""
    try:
        labelled = bool(label_names(config))
    except ValueError:
        return
    if not labelled:
        return
    own = next((found.id for found in uploads.list_own() if config.root and found.root == config.root), config.name)
    st.page_link(
        "pages/data.py", label=_("Train an evaluator"), query_params={"data": own}, icon=":material/arrow_forward:"
    )


def left_out_table(title: str, files: Sequence[tuple[str, str]], key: str) -> None:
    """(file, reason) of files that are not used, to be opened."""
    with st.expander(title):
        rows = [{_("file"): file, _("reason"): _(reason)} for file, reason in files]
        st.dataframe(rows, hide_index=True, key=key)


def warn_of_mirroring(entry: DatasetEntry, flip: bool) -> None:
    """A warning where mirrored images are false examples of the data set."""
    if flip and entry.mirrored_is_false:
        st.warning(
            _("Do not mirror digits or letters: a mirrored 2 is a false example that the model will learn."),
            icon=":material/warning:",
        )


def _knob(name: str, value: Any, key: str) -> Any:
    """One field's widget, for one data set."""
    return knob(name, schema.field_names()[name], value, f"data_{name}_{key}")
