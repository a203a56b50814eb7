"""What a map is coloured by: an attribute, or the classes of a data set whose images have exactly one. Loads no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.jobs.task import Arrays
from gan_core.latents.probes import Probe, linear_probe, silhouette
from pages.components.text import _, as_text

FIRST = "Male"  # report R5's
CLASSES = ""  # all classes at once
WEAK, REASONABLE = 0.25, 0.5  # Kaufman and Rousseeuw 1990, "Finding Groups in Data", table 4


@dataclass(frozen=True)
class Groups:
    """Images in groups: what they are grouped by, the groups' names, the group of each image (N,)."""

    title: str
    names: tuple[str, ...]
    members: npt.NDArray[np.int64]


def options(label_names: Sequence[str], exclusive: bool) -> list[str]:
    """What the map may be coloured by."""
    return [CLASSES] if exclusive and len(label_names) > 1 else list(label_names)


def grouped(measured: Arrays, by: str, count: int) -> Groups:
    """The first `count` images grouped by an attribute, or by class."""
    names = [str(name) for name in measured["label_names"]]
    labels = measured["labels"][:count]
    if by == CLASSES:
        return Groups(_("class"), tuple(names), labels.argmax(axis=1).astype(np.int64))
    members = labels[:, names.index(by)].astype(np.int64)
    return Groups(by, (_("not {attribute}").format(attribute=by), by), members)


@st.cache_data(max_entries=64, show_spinner=False)
def probe(place: str, by: str, count: int, _latents: npt.NDArray[np.float32], _groups: Groups) -> Probe:
    """The linear probe, once for all viewers."""
    return linear_probe(_latents, _groups.members)


@st.cache_data(max_entries=128, show_spinner=False)
def mean_silhouette(
    place: str, space: str, by: str, count: int, _points: npt.NDArray[np.float32], _groups: Groups
) -> Estimate:
    """The mean silhouette in a space ("latents", "pca" or the name of a map), once for all viewers."""
    return silhouette(_points, _groups.members)


def summary(groups: Groups, probed: Probe, in_latents: Estimate, on_map: Estimate) -> str:
    """What accuracy and silhouettes say together, in a sentence."""
    title = as_text(groups.title)
    if not probed.beats_majority:
        return _("**{title}** cannot be read from the latents: a straight cut does no better than always naming the largest group.").format(
            title=title
        )  # fmt: skip
    highest = max(in_latents.value, on_map.value)
    if highest >= REASONABLE:
        return _("The latents hold **{title}**, and its groups are clearly separated.").format(title=title)
    if highest >= WEAK:
        return _("The latents hold **{title}**; its groups are only weakly separated.").format(title=title)
    return _(
        "The latents hold **{title}** (a straight cut finds it), but its groups are **not clearly separated**: they overlap, because "
        "most of the distance between two images comes from other things."
    ).format(title=title)
