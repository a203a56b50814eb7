"""Drawing out of noise in steps: the way as film and strip, the sampler's dials, a picture half way. Loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.figures import imaging
from gan_core.latents import denoising
from gan_core.latents.denoising import Way, with_dials
from gan_core.models.posthoc_ema import LONGEST, SHORTEST
from gan_core.runs import Run, checkpoints
from gan_core.runs.sampler import Sampler, averaged_sampler, latents, numbered_latents
from pages.components.explore.picture import choose_image
from pages.components.explore.samples import choose_labels
from pages.components.shared import lab
from pages.components.text import _
from pages.components.widgets.morph import frames_player
from pages.components.widgets.picture import download_png, picture

STOPS = 10  # in a strip
IN_A_ROW = 8
FEW, USUAL = 10, 50  # steps, beside all of them
ETAS, SAMPLES = (0.0, 0.25, 0.5, 0.75, 1.0), 4
MOST_GUIDANCE = 8.0

FloatArray = npt.NDArray[np.float32]
Uint8Array = npt.NDArray[np.uint8]


@st.fragment
def process(model: Sampler) -> None:
    """A sample on its way from noise: to be played, scrubbed, and as a strip."""
    seed = _seed("explore_process_seed")
    labels = choose_labels(model)
    with st.spinner(_("Drawing, step by step…")):
        found = _way(model, (model.weights_id, model.step), seed, labels)
    steps = model.config.diffusion.sampling_steps
    words = _(
        "Left: the picture at this moment, at first noise alone. Right: the finished picture that the network predicts from it. {n} steps lead from step "
        "{total:,}, pure noise, to 0; the large shapes are settled early, the details last."
    )
    st.markdown(words.format(n=steps, total=model.config.diffusion.steps))
    _show(found, "explore_process", f"{model.run_id}-step{model.step}-seed{seed}-process")


@st.cache_data(max_entries=32, show_spinner=False)
def _way(_model: Sampler, place: tuple[str, int], seed: int, labels: FloatArray) -> Way:
    return denoising.way(_model, latents(1, _model.latent_dim, seed)[0], labels)


def _show(found: Way, key: str, name: str) -> None:
    """A way as a film with a scrubber, and as a strip of a few of its moments."""
    pairs = [imaging.grid(np.stack(both), columns=2) for both in zip(found.noisy, found.clean, strict=True)]
    texts = {"play": _("Play"), "pause": _("Pause"), "frame": _("Moment"), "alt": _("From noise to picture")}
    frames_player([imaging.array_url(pair) for pair in pairs], key=f"{key}_film", texts=texts)
    stops = np.linspace(0, len(found.times) - 1, min(STOPS, len(found.times))).round().astype(int)
    strip = imaging.grid(np.concatenate([found.noisy[stops], found.clean[stops]]), columns=len(stops))
    times = ", ".join(f"{found.times[stop]:,}" for stop in stops)
    picture(
        imaging.array_url(strip), key=f"{key}_strip", alt=_("The way from noise to picture, in {n} moments").format(n=len(stops)),
        caption=_("Above: the picture; below: the finished picture that the network predicts. Steps left: {times}.").format(times=times),
    )  # fmt: skip
    download_png(
        _("Download as a strip (PNG)"), lambda: imaging.png_bytes(imaging.to_picture(strip)), name, f"{key}_save"
    )


def _seed(key: str) -> int:
    return int(st.number_input(
        _("Seed"), 0, 2**31 - 1, 0, key=key, width=220, help=_("Picks the noise that it begins with: each number is another picture."),
    ))  # fmt: skip


@st.fragment
def dials(model: Sampler) -> None:
    """The same noise drawn in many steps and in few, with and without fresh noise, and guided."""
    total = model.config.diffusion.steps
    labels = choose_labels(model)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = _seed("explore_dials_seed")
        model, sigma = _averaged(model)
        eta = st.slider(
            _("Fresh noise (eta)"), 0.0, 1.0, model.config.diffusion.eta, 0.05, key="explore_eta", width=240,
            help=_("How much noise each step adds anew: 0 is DDIM, where the same noise always gives the same picture; 1 is DDPM."),
        )  # fmt: skip
        guidance = model.config.diffusion.guidance
        if labels.shape[1]:
            guidance = st.slider(
                _("Guidance"), 0.0, MOST_GUIDANCE, min(guidance, MOST_GUIDANCE), 0.5, key="explore_guidance", width=240,
                help=_("How far pictures follow their labels: 0 ignores them, 1 is the plain model."),
            )  # fmt: skip
        every = total > USUAL and st.toggle(
            _("Also in all {n:,} steps").format(n=total), key="explore_every_step", help=_("As slow as it sounds.")
        )
    begun = tuple(range(seed, seed + IN_A_ROW))
    for steps in sorted({min(FEW, total), min(USUAL, total), *([total] if every else [])}, reverse=True):
        images = _drawn(model, begun, labels, steps, eta, guidance, sigma)
        if images is None:
            return
        words = _("{n:,} steps, eta {eta:g}").format(n=steps, eta=eta)
        picture(imaging.array_url(imaging.grid(images, columns=IN_A_ROW)), key=f"explore_steps_{steps}", alt=words,
                caption=words)  # fmt: skip
    st.caption(
        _("Down a column all pictures begin with the same noise. The less fresh noise, the more alike they are.")
    )
    st.markdown("##### " + _("Fresh noise, from none to DDPM's"))
    steps = int(st.number_input(
        _("Steps"), 1, min(total, 4 * USUAL), min(USUAL, total), key="explore_eta_steps", width=220,
        help=_("Fresh noise wants many steps: in few, what is added last stays in the picture."),
    ))  # fmt: skip
    rows = [_drawn(model, begun[:SAMPLES], labels, steps, each, guidance, sigma) for each in ETAS]
    found = [row for row in rows if row is not None]
    picture(
        imaging.array_url(imaging.grid(np.concatenate(found), columns=SAMPLES)), key="explore_eta_grid", max_width_px=420,
        alt=_("The same noise at several eta"),
        caption=_("From top to bottom eta {etas}, in {n} steps; every column begins with the same noise.").format(
            etas=", ".join(f"{each:g}" for each in ETAS), n=steps),
    )  # fmt: skip


def _averaged(model: Sampler) -> tuple[Sampler, float]:
    """The model with an average of the weights of another length, and that length; itself and 0 where it stays as trained."""
    run = next((run for run in lab.all_runs() if run.id == model.run_id), None)
    if run is None or model.step not in checkpoints.profile_steps(run):
        return model, 0.0
    shares = [0, *range(round(100 * SHORTEST), round(100 * LONGEST) + 1)]
    percent = st.select_slider(
        _("Length of the average"), shares, 0, key="explore_sigma", width=240,
        format_func=lambda share: f"{share} %" if share else _("as trained"),
        help=_("Chosen after training (Karras et al. 2024): the standard deviation of the average of the weights, as a share of the run."),
    )  # fmt: skip
    if not percent:
        return model, 0.0
    with st.spinner(_("Averaging the weights…")):
        found = lab.attempt(lambda: _of_length(run, model.step, percent / 100))
    return (model, 0.0) if found is None else (found, percent / 100)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Run: lambda run: str(run.path)})
def _of_length(run: Run, step: int, sigma: float) -> Sampler:
    return averaged_sampler(run, step, sigma)


def _drawn(
    model: Sampler, seeds: tuple[int, ...], labels: FloatArray, steps: int, eta: float, guidance: float, sigma: float
) -> Uint8Array | None:
    """The samples of these seeds with such dials, or a sentence why they cannot be drawn."""
    dialled = lab.attempt(lambda: with_dials(model, sampling_steps=steps, eta=eta, guidance=guidance))
    if dialled is None:
        return None
    with st.spinner(_("Drawing in {n:,} steps…").format(n=steps)):
        return _images(dialled, (model.weights_id, model.step, steps, eta, guidance, sigma), seeds, labels)


@st.cache_data(max_entries=64, show_spinner=False)
def _images(
    _model: Sampler, dialled: tuple[str, int, int, float, float, float], seeds: tuple[int, ...], labels: FloatArray
) -> Uint8Array:
    return _model.images(numbered_latents(seeds, _model.latent_dim), np.repeat(labels, len(seeds), axis=0))


def denoise(model: Sampler, run: Run) -> None:
    """A picture of the visitor's own, noisy as at any step, and what the model makes of it."""
    words = _(
        "Add as much noise to a picture as it has at a chosen step, and let the model remove it. With much noise it becomes "
        "another picture of its kind; with little noise it stays the same picture."
    )
    st.markdown(words)
    image = choose_image("explore", run)
    if image is not None:
        _half_way(model, image)


@st.fragment
def _half_way(model: Sampler, image: Uint8Array) -> None:
    total = model.config.diffusion.steps
    labels = choose_labels(model)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        t = st.slider(
            _("Start at step"), 1, total, total // 2, key=f"explore_begin_step_{total}", width=360,
            help=_("Steps left to go: {n:,} is noise alone, 0 the picture itself.").format(n=total),
        )  # fmt: skip
        seed = _seed("explore_denoise_seed")
    with st.spinner(_("Drawing, step by step…")):
        found = denoising.denoised(model, image, t, labels, seed)
    shown = ((_("Your picture"), image), (_("With noise"), found.noisy[0]), (_("Without it again"), found.clean[-1]))
    for number, (column, (name, pixels)) in enumerate(zip(st.columns(len(shown)), shown, strict=True)):
        with column:
            picture(
                imaging.array_url(pixels), key=f"explore_half_way_{number}", alt=name, caption=name, max_width_px=320
            )
    _show(found, "explore_half_way", f"{model.run_id}-step{model.step}-from{t}")
