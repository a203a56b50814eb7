"""What a VAE makes: copies of images that it never saw, and new images out of the prior. Importing this loads torch."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_of, standard_error
from gan_core.evaluation.statistics.tests import of_estimates
from gan_core.figures import imaging
from gan_core.figures.imaging import Uint8Array
from gan_core.figures.sheets import Line, contact_sheet
from gan_core.jobs.task import Arrays
from gan_core.latents.vae_map import LatentMap
from gan_core.runs.sampler import latents
from pages.components.shared.models import Shown, images
from pages.components.shared.task_view import outcome
from pages.components.text import _, as_text, called, listed
from pages.components.widgets.condition_cards import Part, condition_cards
from pages.components.widgets.picture import download_png, picture

NUM_PAIRS = 10
NUM_SAMPLES = 32
REPORT_MSE, REPORT_IMAGES = 0.0076, 2621
DOWNLOAD_PX = 96


def measurement_of(shown: Shown, num_images: int | None = None) -> LatentMap:
    """The measurement of a VAE on its held-out images."""
    return LatentMap(str(shown.run.path), shown.model.step, num_images or shown.num_images)


def reconstructions(shown: Shown) -> None:
    """Ten images that it never saw, each above its copy."""
    originals = images(str(shown.run.path), NUM_PAIRS).images
    _means, errors = shown.model.measure(originals)
    copies = shown.model.reconstruct(originals)
    words = _(
        "Above an image, below what the decoder makes of its latent: a sample, {which}. The latent is the mean of the "
        "encoder's cloud (the posterior), without noise. MSE: mean squared error over all pixel values, in 0 to 1."
    )
    st.caption(words.format(which=shown.which(len(originals))))
    condition_cards(pairs(originals, copies, errors), key="vae_pairs", columns=NUM_PAIRS)
    download_png(
        _("Download these pairs (PNG)"),
        lambda: _pairs_png(shown, originals, copies, errors),
        f"{shown.run.id}-step{shown.model.step}-pairs",
        "vae_pairs_download",
    )


def test_error(shown: Shown) -> None:
    """The error over all held-out images, as soon as it is known."""
    measured = outcome(measurement_of(shown).task, "vae_measure")
    if measured is not None:
        totals(shown, measured)


def pairs(originals: Uint8Array, copies: Uint8Array, errors: np.ndarray) -> list[list[Part]]:
    """A card an image: the original above its reconstruction, the error below."""
    cards = []
    for number, (original, copy, error) in enumerate(zip(originals, copies, errors, strict=True)):
        line = Line(_("MSE {mse:.4f}").format(mse=error))
        cards.append(
            [
                Part(imaging.array_url(original), _("Image {n}").format(n=number)),
                Part(imaging.array_url(copy), _("Reconstruction of image {n}").format(n=number), (line,)),
            ]
        )
    return cards


def _pairs_png(shown: Shown, originals: Uint8Array, copies: Uint8Array, errors: np.ndarray) -> bytes:
    empty: list[list[Line]] = [[] for _image in originals]
    captions = [*empty, *([Line(_("MSE {mse:.4f}").format(mse=error))] for error in errors)]
    title = [called(shown.run), _("Originals above, reconstructions below; step {n:,}").format(n=shown.model.step)]
    sheet = contact_sheet(
        np.concatenate([originals, copies]), captions, title, columns=len(originals), side_px=DOWNLOAD_PX
    )
    return imaging.png_bytes(sheet)


def totals(shown: Shown, measured: Arrays) -> None:
    """The held-out error with its count and interval, the training error beside it, the report's for comparison."""
    test, train = mean_of(measured["errors"]), mean_of(measured["training_errors"])
    unseen = shown.held_out.kind != "training"
    left, middle, right = st.columns(3)
    title = _("Test MSE") if unseen else _("MSE on training images")
    metric_card(left, title, f"{test.value:.4f}", f"{_precision(test)} {shown.which(test.count)}.")
    words = _("A sample of {n:,} training images, measured in the same way.").format(n=train.count)
    notes = [f"{_precision(train)} {words}", *([gap(test, train)] if unseen else [])]
    metric_card(middle, _("MSE on images it learned from"), f"{train.value:.4f}", *notes)
    words = _("On {n:,} photographs of CelebA.").format(n=REPORT_IMAGES) + " " + comparability(shown)
    metric_card(right, _("Report R5's test MSE"), f"{REPORT_MSE:.4f}", words)
    words = _(
        "The losses above are of training itself: there each latent is drawn from its cloud with noise, and "
        "the weights still change. So they are not the errors measured here."
    )
    st.caption(words)


def metric_card(place: DeltaGenerator, title: str, value: str, *notes: str) -> None:
    """A figure in a frame, with captions below it."""
    with place, st.container(border=True, height="stretch"):
        st.metric(title, value)
        for note in notes:
            st.caption(note)


def _precision(mean: Estimate) -> str:
    return _("95 % interval {low:.4f} to {high:.4f} (standard error {se:.5f}).").format(
        low=mean.low, high=mean.high, se=standard_error(mean)
    )


def gap(test: Estimate, train: Estimate) -> str:
    """Whether unseen images come back worse than those it learned from, in a sentence."""
    found = of_estimates(test, train)
    if found.differs and found.value > 0:
        return _("Reconstructions of images that it never saw are worse: part of its training images is memorised.")
    return _("No worse on images that it never saw, as far as these counts show: it has not memorised its images.")


def comparability(shown: Shown) -> str:
    """What may be concluded from the report's figure beside this one."""
    dataset = shown.model.config.dataset
    if dataset.name == "celeba":
        return (
            _("The same kind of images as here.")
            if dataset.image_size == 64
            else _("There at 64 px, here at another size.")
        )
    if dataset.name in ("faces", "blocks"):
        return _(
            "**Drawings are not photographs:** they have plain backgrounds and flat colours, so the two figures do not compare."
        )
    return _("**These are other images:** the two figures do not compare.")


def samples(shown: Shown) -> None:
    """New images: random latents out of the prior, decoded."""
    seed = int(st.number_input(
        _("Seed"), 0, 2**31 - 1, 0, key="vae_seed", bind="query-params", width=200,
        help=_("Each number gives 32 other random latents; the same number always the same."),
    ))  # fmt: skip
    made = sampled(shown, seed)
    grid = imaging.grid(made, columns=8)
    picture(
        imaging.array_url(grid), key="vae_samples", max_width_px=720,
        alt=_("{n} random samples").format(n=NUM_SAMPLES),
        caption=_("{n} latents drawn from the prior (a standard normal cloud) and decoded; none of them is a copy of an image.").format(
            n=NUM_SAMPLES
        ),
    )  # fmt: skip
    download_png(
        _("Download this grid (PNG)"),
        lambda: imaging.png_bytes(imaging.to_picture(grid)),
        f"{shown.run.id}-step{shown.model.step}-seed{seed}",
        "vae_samples_download",
    )
    words = _(
        "Report R5: with λ too large, reconstructions blur; with λ too small they are sharp, but the encoder's posteriors leave "
        "gaps in the prior, and random latents from these gaps decode to images that are not faces."
    )
    st.caption(words)


def sampled(shown: Shown, seed: int, count: int = NUM_SAMPLES) -> Uint8Array:
    """Images of random latents."""
    return shown.model.decode(latents(count, shown.model.config.network.latent_dim, seed))


def label_words(index: int, measured: Arrays) -> str:
    """The labels that hold for an image, as text."""
    row, names = measured["labels"][index], measured["label_names"]
    return as_text(listed(str(name) for name, on in zip(names, row, strict=True) if on))
