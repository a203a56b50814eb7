"""Sliders and morphs: two ways to walk through a generator's latent space. Importing this loads torch."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from gan_core.figures import imaging
from gan_core.latents.directions import moved, truncate
from gan_core.latents.interpolation import lerp, neighbours, slerp
from gan_core.models.kinds import kind_of
from gan_core.runs import Run
from gan_core.runs.sampler import Sampler, latents
from pages.components.explore import directions as latent_directions
from pages.components.explore.directions import KINDS, Axes
from pages.components.explore.samples import Start, choose_labels, found_start
from pages.components.explore.saved import manage, save_popover
from pages.components.shared import lab
from pages.components.shared.links import linked_view
from pages.components.shared.take_away import take_away
from pages.components.text import _
from pages.components.widgets.latent_explorer import Slider, latent_explorer, latent_state
from pages.components.widgets.morph import frames_player
from pages.components.widgets.picture import download_png, picture

SEED_PX = 180  # wide enough for ten digits
NEIGHBOURS = 5  # in a row and in a column
REACH = 2.0
MORPH_FRAMES = 36
STOPS = 9
AT = "at"  # where the sliders stand, in the address


def sliders(model: Sampler, run: Run) -> None:
    """Sliders along directions; one large picture and its neighbours follow while one is dragged."""
    kind = linked_view(
        KINDS, key="explore_kind", param="along", keep=("run", "tab", "view", "step", "weights", "explore_seed")
    )
    st.caption(latent_directions.EXPLAINED[kind])
    begun = _start(model, found_start(run, model.step))
    labels = choose_labels(model)
    axes = latent_directions.axes(kind, model, run, "explore")
    if axes is not None:
        _walk(model, axes, begun, labels, kind, run)
    if kind == latent_directions.SAVED:
        manage("explore")


def _start(model: Sampler, found: Start | None) -> Start:
    """Where the sliders begin: a sample by its number, or the picture that was found last."""
    with st.container(horizontal=True, vertical_alignment="bottom"):  # side by side on a phone too
        origin = "sample"
        if found is not None:
            origin = st.segmented_control(
                _("Start with"), ["found", "sample"], default="found", required=True, key="explore_begin",
                format_func={"found": _("Your picture"), "sample": _("A random sample")}.__getitem__,
            ) or "found"  # fmt: skip
        if found is not None and origin == "found":
            return found
        seed = int(st.number_input(
            _("Seed"), 0, 2**31 - 1, 0, key="explore_seed", bind="query-params", width=SEED_PX,
            help=_("Picks the starting point: each number is another random latent."),
        ))  # fmt: skip
        st.button(_("Another"), icon=":material/casino:", key="explore_another", on_click=_next_seed)
    return Start(latents(1, model.latent_dim, seed)[0], f"seed{seed}")


def _next_seed() -> None:
    st.session_state["explore_seed"] = int(st.session_state.get("explore_seed", 0)) + 1


@st.fragment
def _walk(model: Sampler, axes: Axes, start: Start, labels: npt.NDArray[np.float32], kind: str, run: Run) -> None:
    knobs = [
        Slider("truncation", _("Truncation"), _("Pulls z towards the centre: below 1 pictures are more typical and less varied."),
               0.0, 1.5, 0.01, 1.0),
        *axes.sliders,
    ]  # fmt: skip
    key = f"explore_walk_{kind}"
    state = latent_state(knobs, key=key, param=AT)
    offsets = [state.values[knob.id] for knob in axes.sliders]
    z = moved(truncate(start.z, state.values["truncation"]), axes.vectors, offsets)
    around = neighbours(z, axes.vectors, NEIGHBOURS, REACH)
    images = model.images(around, np.repeat(labels, len(around), axis=0))
    centre = images[len(images) // 2]
    grid = imaging.to_picture(imaging.grid(images, columns=NEIGHBOURS, gap_px=1))
    latent_explorer(
        knobs, image=imaging.array_url(centre), neighbours=imaging.data_url(grid), sequence=state.sequence, key=key, param=AT,
        texts={
            "reset": _("Reset"),
            "image": _("The picture at this point"),
            "neighbours": _neighbours_words(axes),
        },
    )  # fmt: skip
    name = f"{model.run_id}-step{model.step}-{start.name}"
    with st.container(horizontal=True):
        download_png(_("Download this picture (PNG)"), lambda: imaging.enlarged_png(centre), name, "explore_download")
        download_png(
            _("Download the neighbours (PNG)"),
            lambda: imaging.png_bytes(grid),
            f"{name}-neighbours",
            "explore_download_grid",
        )
        save_popover(run, model.step, axes, offsets, "explore")


def _neighbours_words(axes: Axes) -> str:
    names = [slider.label for slider in axes.sliders]
    if len(names) == 1:
        return _("Its neighbours: “{a}” from left to right").format(a=names[0])
    return _("Its neighbours: “{a}” from left to right, “{b}” from top to bottom").format(a=names[0], b=names[1])


@st.fragment
def morph(model: Sampler) -> None:
    """From one random latent to another, as an animation."""
    columns = st.columns(2)
    start = columns[0].number_input(_("From seed"), 0, 2**31 - 1, 0, key="explore_from", bind="query-params")
    end = columns[1].number_input(_("To seed"), 0, 2**31 - 1, 1, key="explore_to", bind="query-params")
    z_start, z_end = (latents(1, model.latent_dim, int(seed))[0] for seed in (start, end))
    labels = choose_labels(model)
    with st.spinner(_("Drawing the samples…")):
        images = model.images(slerp(z_start, z_end, MORPH_FRAMES), np.repeat(labels, MORPH_FRAMES, axis=0))
    there_and_back = np.concatenate([images, images[-2:0:-1]])
    frames_player(
        [imaging.array_url(image) for image in there_and_back],
        key="explore_morph",
        texts={"play": _("Play"), "pause": _("Pause"), "frame": _("Frame"),
               "alt": _("Morph from seed {a} to seed {b}").format(a=start, b=end)},
    )  # fmt: skip
    strip = imaging.grid(images[:: MORPH_FRAMES // STOPS], columns=STOPS)
    words = _(
        "The path follows a great circle (slerp), so that every point on it is as far from the centre as a random latent. The "
        "numbers of samples in Arithmetic, and in “Is it a copy?” under Measure, are seeds and can be entered here."
    )
    st.caption(words)
    if kind_of(model.config).latent_is_noise:
        _straight(model, z_start, z_end, labels, strip)
    download_png(
        _("Download as a strip (PNG)"),
        lambda: imaging.png_bytes(imaging.to_picture(strip)),
        f"{model.run_id}-{start}-to-{end}",
        "explore_download_strip",
    )
    run = lab.run_or_none(model.run_id)
    if run is not None and not model.raw:  # a film is made of the running average
        ends, row = [int(start), int(end)], labels[0].tolist()
        take_away(run, "walk", _("Make a film of it"), "explore_walk", seeds=ends, labels=row, step=model.step)


def _straight(
    model: Sampler,
    start: npt.NDArray[np.float32],
    end: npt.NDArray[np.float32],
    labels: npt.NDArray[np.float32],
    strip: npt.NDArray[np.uint8],
) -> None:
    """The great circle's strip, and below it that of the straight line, on which noise is weaker half way."""
    with st.spinner(_("Drawing the samples…")):
        images = model.images(
            lerp(start, end, MORPH_FRAMES)[:: MORPH_FRAMES // STOPS], np.repeat(labels, STOPS, axis=0)
        )
    picture(
        imaging.array_url(strip),
        key="explore_slerp",
        alt=_("Along a great circle"),
        caption=_("Along a great circle (slerp)"),
    )
    picture(
        imaging.array_url(imaging.grid(images, columns=STOPS)), key="explore_lerp", alt=_("Along a straight line"),
        caption=_("Along the straight line (lerp): half way the noise is weaker by √2 than any that the model was trained on, and "
                  "the picture is flatter."),
    )  # fmt: skip
