"""The nearest training images beside any sample: is it a copy? `?sample=N`. Importing this loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core import datasets
from gan_core.config import RunConfig
from gan_core.datasets.base import Dataset
from gan_core.evaluation import evaluators, extractors
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.evaluation.extractors import Extractor
from gan_core.figures import imaging
from gan_core.jobs.task import Arrays, Task
from gan_core.latents import neighbours
from gan_core.latents.neighbours import USUAL, Neighbours
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, numbered_latents
from pages.components.explore.arithmetic import from_address
from pages.components.explore.samples import choose_labels, found_start, sheet_url
from pages.components.shared import lab
from pages.components.shared.task_view import outcome
from pages.components.text import _, as_text
from pages.components.widgets.picture import picture
from pages.components.widgets.sample_picker import LARGEST, picked, sample_picker

COUNT = 5
COLUMNS, ROWS = 8, 2


def neighbours_view(model: Sampler, run: Run) -> None:
    """Choose a sample; beside it its nearest training images, in pixels and in an evaluator's features."""
    words = _(
        "Does the generator make new images, or has it **memorised** its training images? Next to each sample are "
        "the nearest training images, and where that distance lies among those of images that it never saw."
    )
    st.markdown(words)
    labels = choose_labels(model)
    task = index_task(run, model.config)
    if task is None:
        return
    found = outcome(task, "explore_neighbours")
    if found is None:
        st.caption(_("The training images are looked at once, for all models that learned from them."))
        return
    first = int(
        st.number_input(
            _("Sheet from sample"), 0, LARGEST - COLUMNS * ROWS, 0, COLUMNS * ROWS, key="explore_sheet", width=220
        )
    )
    numbers = tuple(range(first, first + COLUMNS * ROWS))
    chosen = picked("explore_sample", from_address(st.query_params.get("sample", ""), 1) or (0,), 1) or (0,)
    sheet = sheet_url(model, numbers, labels, COLUMNS)
    sample_picker(sheet, numbers, chosen, columns=COLUMNS, limit=1, label=_("Samples"), key="explore_sample")
    if chosen != (0,) or "sample" in st.query_params:
        st.query_params["sample"] = str(chosen[0])
    image = model.images(numbered_latents(chosen, model.latent_dim), labels)[0]
    name = _("Sample {n}").format(n=chosen[0])
    start = found_start(run, model.step)
    if start is not None and st.toggle(_("Look at your found picture instead"), key="explore_neighbours_found"):
        image, name = model.images(start.z[None], labels)[0], _("The model's version of your picture")
    beside(image, name, task, found)


def index_task(run: Run, config: RunConfig) -> Task | None:
    """The index of the training images, of so many as somebody chooses; None with a sentence when they are gone."""
    total = lab.attempt(lambda: datasets.count(config.dataset))
    if total is None:
        return None
    num_images = USUAL
    if total > USUAL:
        num_images = st.segmented_control(
            _("Search among"), [USUAL, 0], default=USUAL, required=True, key=f"explore_among_{run.id}",
            format_func=lambda n: _("the first {n:,}").format(n=n) if n else _("all {n:,}").format(n=total),
            help=_("Images that the model was trained on. All of them take longer, the first time."),
        )  # fmt: skip
    return lab.attempt(lambda: neighbours.task(config, num_images))


@st.cache_resource(max_entries=4, show_spinner=False)
def _images(arguments: str, _task: Task) -> Dataset:
    return neighbours.searched_images(_task)


@st.cache_resource(max_entries=4, show_spinner=False)
def extractor(sha: str, _folder: EvaluatorFolder) -> Extractor:
    """An evaluator's extractor, opened once for all viewers."""
    return extractors.open_folder(_folder)


def features_of(image: npt.NDArray[np.uint8], task: Task) -> npt.NDArray[np.float32] | None:
    """What the index's evaluator sees of one image (C, H, W): (F,); None where it has none."""
    sha = task.values["judge"]
    folder = next((f for f in evaluators.available() if sha and f.card.weights_sha256 == sha), None)
    return None if folder is None else extractor(sha, folder).features(image[None]).features[0].astype(np.float32)


@st.cache_data(max_entries=64, show_spinner=False)
def look_up(image: npt.NDArray[np.uint8], arguments: str, _task: Task, _found: Arrays) -> list[Neighbours]:
    """The neighbours of an image in pixels and, where there is an evaluator, in its features."""
    training = _images(arguments, _task)
    count = min(COUNT, len(training))
    result = [neighbours.find(image, training.images, _found["held_pixels"], "pixels", count)]
    features = features_of(image, _task) if _found["features"].shape[1] else None
    if features is not None:
        result.append(neighbours.find(features, _found["features"], _found["held_features"], "features", count))
    return result


def beside(image: npt.NDArray[np.uint8], name: str, task: Task, found: Arrays) -> None:
    """One image, and a row of training images for each way to compare."""
    with st.spinner(_("Searching the training images…")):
        rows = look_up(image, task.arguments, task, found)
    training = _images(task.arguments, task)
    left, right = st.columns([1, 3], gap="medium")
    with left:
        picture(imaging.array_url(image), key="explore_neighbour_of", alt=name, caption=name, max_width_px=320)
        st.markdown(summary(rows, str(found["held_kind"])))
    with right:
        for row in rows:
            title = {
                "pixels": _("Nearest in pixels"),
                "features": _("Nearest in what the evaluator {name} sees").format(
                    name=as_text(task.values["evaluator"])
                ),
            }[row.space]
            st.markdown(f"**{title}**")
            distances = ", ".join(f"{d:.3f}" for d in row.distances)
            found_images = training.images[list(row.places)]
            picture(
                imaging.array_url(imaging.grid(found_images, columns=len(found_images))), key=f"explore_near_{row.space}", alt=title,
                caption=_("Distances: {distances}. {stands}").format(
                    distances=distances, stands=standing(row, str(found["held_kind"]))),
            )  # fmt: skip
        words = _(
            "Of {n:,} training images. A distance is the root of the mean squared difference: of pixel values from 0 to 1, or of the "
            "evaluator's features, each in units of its spread. Training images are numbered {places} here."
        )
        st.caption(words.format(n=len(training), places=", ".join(map(str, rows[-1].places))))


def standing(row: Neighbours, held_kind: str) -> str:
    """Where the first distance stands, with the count behind it."""
    which = _("training images (to their nearest other)") if held_kind == "training" else _("unseen images")
    return _("Of {n:,} {which}, {hits:,} ({p:.1%}) come nearer.").format(
        n=row.nearer.requested, which=which, hits=row.nearer.hits, p=row.nearer.ratio
    )


def summary(rows: list[Neighbours], held_kind: str) -> str:
    """Whether it is a copy, in a sentence."""
    if any(row.is_copy for row in rows):
        spaces = _("pixels") if rows[0].is_copy else _("features")
        if len(rows) > 1 and all(row.is_copy for row in rows):
            spaces = _("pixels and features")
        return _(
            "**Nearer to a training image than 99 % of real unseen images are**, in {spaces}: it may be a copy. Compare the "
            "pictures yourself."
        ).format(spaces=spaces)
    words = _("**No copy**: real images that the model never saw are as close to training images as this one.")
    if held_kind == "training":
        words = _(
            "**No sign of a copy.** This data set has no unseen images, so the yardstick is how near training images are to each other."
        )
    return words
