"""Arithmetic with latents: a - b + c, each the average of some samples. `?a=3.5.7&b=...&c=...`. Importing this loads torch."""

import re

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.figures import imaging
from gan_core.latents.arithmetic import equation
from gan_core.latents.interpolation import slerp
from gan_core.runs.sampler import Sampler, numbered_latents
from pages.components.explore.samples import choose_labels, sheet_url
from pages.components.text import N_, Marked, _, listed
from pages.components.widgets.picture import download_png, picture
from pages.components.widgets.sample_picker import LARGEST, picked, sample_picker

LIMIT = 3  # samples averaged, as in DCGAN's paper
COLUMNS, ROWS = 4, 3
NUM_STOPS = 8
TERMS = Marked({"a": N_("a: begin with"), "b": N_("− b: take away"), "c": N_("+ c: add")})
FIRST = {"a": (0,), "b": (1,), "c": (2,)}


def arithmetic(model: Sampler) -> None:
    """Three pickers, the three averages, the result, and the way from c to it."""
    words = _(
        "Latents can be added up. In DCGAN's paper (Radford et al. 2016) *man with glasses* − *man* + *woman* became a woman with "
        "glasses. Choose samples for each of the three; up to three are averaged, which the paper found steadier than one."
    )
    st.markdown(words)
    labels = choose_labels(model)
    _calculate(model, labels)


@st.fragment
def _calculate(model: Sampler, labels: npt.NDArray[np.float32]) -> None:
    chosen = {}
    for column, term in zip(st.columns(3, gap="medium"), TERMS, strict=True):
        with column:
            chosen[term] = _pick(model, labels, term)
    missing = [term for term, numbers in chosen.items() if not numbers]
    if missing:
        st.info(_("Choose at least one sample for: {terms}.").format(terms=listed(missing)), icon=":material/info:")
        return
    for term, numbers in chosen.items():
        if numbers != FIRST[term] or term in st.query_params:
            st.query_params[term] = ".".join(map(str, numbers))
    usual = st.toggle(
        _("Bring the result to a usual length"), value=True, key="explore_usual_length",
        help=_("a − b + c of single samples is longer than random latents are, by √3, and the generator has rarely seen such "
               "latents. Averages of three come out right by themselves."),
    )  # fmt: skip
    a, b, c = (numbered_latents(chosen[term], model.latent_dim) for term in TERMS)
    means = equation(a, b, c, usual_length=bool(usual))
    with st.spinner(_("Drawing the samples…")):
        terms = model.images(means, np.repeat(labels, len(means), axis=0))
        way = model.images(slerp(means[2], means[3], NUM_STOPS), np.repeat(labels, NUM_STOPS, axis=0))
    _equation(model, terms)
    picture(
        imaging.array_url(imaging.grid(way, columns=NUM_STOPS)), key="explore_between", alt=_("In-betweens from c to the result"),
        caption=_("From c to the result: what is added a little at a time."),
    )  # fmt: skip


def _pick(model: Sampler, labels: npt.NDArray[np.float32], term: str) -> tuple[int, ...]:
    """The samples of one term, chosen on a sheet."""
    st.markdown(f"**{TERMS[term]}**")
    key = f"explore_pick_{term}"
    first = int(st.number_input(
        _("Sheet from sample"), 0, LARGEST - COLUMNS * ROWS, 0, COLUMNS * ROWS, key=f"explore_sheet_{term}",
        help=_("Each sample has a number, the seed of its latent. Press + for another sheet; what is chosen stays chosen."),
    ))  # fmt: skip
    numbers = tuple(range(first, first + COLUMNS * ROWS))
    default = from_address(st.query_params.get(term, ""), LIMIT) or FIRST[term]
    chosen = picked(key, default, LIMIT)
    sheet = sheet_url(model, numbers, labels, COLUMNS)
    sample_picker(sheet, numbers, chosen, columns=COLUMNS, limit=LIMIT, label=TERMS[term], key=key)
    return chosen


def from_address(text: str, limit: int) -> tuple[int, ...]:
    """The sample numbers that an address names, such as "3.5.7"; none if it names anything else."""
    if not re.fullmatch(r"\d{1,10}(\.\d{1,10})*", text):
        return ()
    numbers = tuple(dict.fromkeys(map(int, text.split("."))))
    return numbers if len(numbers) <= limit and max(numbers) <= LARGEST else ()


def _equation(model: Sampler, images: imaging.Uint8Array) -> None:
    """a - b + c = result, as pictures; the result is large."""
    widths = [2, 0.4, 2, 0.4, 2, 0.4, 4]
    columns = st.columns(widths, vertical_alignment="center")
    for place, sign in zip((1, 3, 5), ("−", "+", "="), strict=True):
        columns[place].markdown(f"## {sign}")
    for place, image, name in zip((0, 2, 4), images, TERMS, strict=False):
        with columns[place]:
            picture(imaging.array_url(image), key=f"explore_term_{name}", alt=_("The average of {term}").format(term=name),
                    caption=_("average of {term}").format(term=name))  # fmt: skip
    with columns[6]:
        picture(
            imaging.array_url(images[3]), key="explore_result", alt=_("The result of a − b + c"), caption=_("a − b + c")
        )
    download_png(
        _("Download the result (PNG)"),
        lambda: imaging.enlarged_png(images[3]),
        f"{model.run_id}-arithmetic",
        "explore_download_result",
    )
