"""The latent map: held-out images as points, coloured by attribute, with figures beside the picture. Importing this loads torch."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import plotly.io
import streamlit as st

from gan_core.datasets import DATASETS
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.figures import imaging
from gan_core.figures.latent_map import map_figure
from gan_core.figures.sheets import Sheet, sprite_sheet
from gan_core.jobs import task
from gan_core.jobs.task import Arrays, Progress
from gan_core.latents.embedding import LARGEST_EXACT, NEIGHBOURS_A_PERPLEXITY, method_name, pca
from gan_core.latents.vae_map import LatentMap
from pages.components.shared import lab
from pages.components.shared.models import Shown, images
from pages.components.shared.task_view import outcome, stage_words
from pages.components.text import _
from pages.components.vae import groups as vae_groups
from pages.components.vae.groups import Groups
from pages.components.vae.views import label_words, measurement_of, metric_card
from pages.components.widgets.picture import picture
from pages.components.widgets.vae_map import chosen_point, picture_map, send_sheet

COUNTS = (500, 1000, 2000, 3000, 5000, 10000)
TILE_PX, SMALL_TILE_PX = 40, 32
HEIGHT_PX = 520


def latent_map(shown: Shown) -> None:
    """Choose how many points and what colours them; then the map, what is under the mouse, and what the figures say."""
    layout = _choose_layout(shown)
    measured = outcome(layout.measuring.task, "vae_measure")
    if measured is None:
        return
    count = layout.num_points
    points, share = _preview(str(task.folder(layout.measuring.task)), count, measured["latents"])
    made = outcome(layout.task, "vae_tsne", lambda now: _map_words(layout, now))
    name = "pca" if made is None else str(task.folder(layout.task))
    _draw(shown, layout, measured, points if made is None else made["points"], name)
    if made is None:
        st.caption(
            _("A preview: the two directions in which the latents vary most (PCA), which keep {share:.0%} of their variance.").format(
                share=share
            )
        )  # fmt: skip
    else:
        st.caption(
            _(
                "t-SNE of the posterior means of {which}; {library}, perplexity {perplexity:g}, seed {seed}, KL divergence {kl:.3f}. "
                "**Near** points are near in the latents; **distances between** groups and the **sizes** of groups mean little, and "
                "another perplexity or seed draws another map (Wattenberg et al. 2016, “How to Use t-SNE Effectively”)."
            ).format(
                which=shown.which(count), library=method_name(count), perplexity=layout.perplexity, seed=layout.seed,
                kl=float(made["kl"]),
            )
        )  # fmt: skip


def _choose_layout(shown: Shown) -> LatentMap:
    """How many points, and the settings of the t-SNE."""
    most = shown.held_out.count
    offered = sorted({min(n, most) for n in (*COUNTS, shown.num_images)})
    with st.expander(_("Settings of the map"), icon=":material/tune:"), st.form("vae_wishes", border=False):
        columns = st.columns(3)
        count = columns[0].selectbox(
            _("Points"), offered, index=offered.index(shown.num_images), key=f"vae_points_{shown.run.id}",
            format_func=lambda n: f"{n:,}",
            help=_("Up to {n:,} points are laid out by scikit-learn, more by openTSNE, which is quicker there.").format(n=LARGEST_EXACT),
        )  # fmt: skip
        highest = max(1, min(100, (count - 2) // NEIGHBOURS_A_PERPLEXITY))
        perplexity = columns[1].number_input(
            _("Perplexity"), 1, 100, min(30, highest), key="vae_perplexity",
            help=_("About how many neighbours of each point count; 5 to 50 are usual."),
        )  # fmt: skip
        seed = columns[2].number_input(_("Seed"), 0, 2**31 - 1, 0, key="vae_tsne_seed")
        st.form_submit_button(_("Draw this map"), icon=":material/scatter_plot:")
    measured = measurement_of(shown, max(shown.num_images, count))
    return replace(measured, num_points=count, perplexity=float(perplexity), seed=int(seed))


@st.cache_data(max_entries=24, show_spinner=False)
def _preview(place: str, count: int, _latents: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float]:
    return pca(_latents[:count])


@st.cache_resource(max_entries=6, show_spinner=False)
def _sheet(path: str, count: int, wanted: int) -> Sheet:
    """The pictures of the points; `wanted` is what was prepared, of which they are the first."""
    return sprite_sheet(images(path, wanted).images[:count], TILE_PX if count <= LARGEST_EXACT else SMALL_TILE_PX)


def _draw(shown: Shown, layout: LatentMap, measured: Arrays, points: npt.NDArray[np.float32], name: str) -> None:
    """The map with the chosen image beside it, and the figures below."""
    path = str(shown.run.path)
    sheet_key = f"vae_sheet_{shown.run.id}_{layout.num_points}"
    with st.spinner(_("Preparing the small pictures…")):
        send_sheet(_sheet(path, layout.num_points, layout.num_images), key=sheet_key)
    exclusive = DATASETS[shown.model.config.dataset.name].exclusive_labels
    offered = vae_groups.options([str(n) for n in measured["label_names"]], exclusive)
    by = None
    if offered:
        first = offered.index(vae_groups.FIRST) if vae_groups.FIRST in offered else 0
        by = st.selectbox(
            _("Colour by"), offered, index=first, key=f"vae_by_{shown.run.id}", width=320,
            format_func=lambda option: option or _("class"),
        )  # fmt: skip
    if by is None:
        groups = Groups("", (_("image"),), np.zeros(len(points), np.int64))
    else:
        groups = vae_groups.grouped(measured, by, len(points))
    map_and_image(shown, layout, measured, points, groups, name, sheet_key)
    if by is None:
        st.caption(_("This data set has no labels, so there is nothing to colour by and nothing to probe."))
    else:
        figures(layout, measured, points, groups, name)


@st.fragment
def map_and_image(
    shown: Shown,
    layout: LatentMap,
    measured: Arrays,
    points: npt.NDArray[np.float32],
    groups: Groups,
    name: str,
    sheet_key: str,
) -> None:
    """The map; a click puts the image and its reconstruction beside it."""
    count = len(points)
    key, number = f"vae_map_{shown.run.id}", f"vae_point_{shown.run.id}"

    def take() -> None:
        clicked = chosen_point(key, count)
        if clicked is not None:
            st.session_state[number] = clicked

    left, right = st.columns([3, 1], gap="medium")
    with right:
        if int(st.session_state.get(number, 0)) >= count:
            st.session_state[number] = 0
        st.session_state.setdefault(number, 0)
        chosen = int(st.number_input(
            _("Image"), 0, count - 1, key=number,
            help=_("Click a point of the map, or type a number: its image, and what the decoder makes of its latent."),
        ))  # fmt: skip
        original = images(str(shown.run.path), layout.num_images).images[chosen : chosen + 1]
        both = np.concatenate([original, shown.model.decode(measured["latents"][chosen : chosen + 1])])
        picture(
            imaging.array_url(imaging.grid(both, columns=1)), key="vae_chosen",
            alt=_("Image {n} and its reconstruction").format(n=chosen),
            caption=_("Image {n}; below, decoded from its latent, its reconstruction (MSE {mse:.4f})").format(
                n=chosen, mse=float(measured["errors"][chosen])
            ),
        )  # fmt: skip
        words = label_words(chosen, measured)
        if words:
            st.caption(words)
    with left:
        figure = map_figure(points, groups.members, groups.names, chosen, uirevision=name)
        picture_map(
            plotly.io.to_json(figure), sheet_key=sheet_key, key=key, height_px=HEIGHT_PX, on_choice=take,
            description=_("{n:,} images as points, coloured by {what}").format(n=count, what=groups.title or _("nothing")),
        )  # fmt: skip


def figures(layout: LatentMap, measured: Arrays, points: npt.NDArray[np.float32], groups: Groups, name: str) -> None:
    """Probe and silhouettes, each with count and interval, and what they say together."""
    count = len(points)
    latents = measured["latents"][:count]
    place, by = str(task.folder(layout.measuring.task)), groups.title
    with st.spinner(_("Probing the latents…")):
        found = lab.attempt(
            lambda: (
                vae_groups.probe(place, by, count, latents, groups),
                vae_groups.mean_silhouette(place, "latents", by, count, latents, groups),
                vae_groups.mean_silhouette(place, name, by, count, points, groups),
            ),
            "info",
        )
    if found is None:
        return
    probed, in_latents, on_map = found
    st.markdown(vae_groups.summary(groups, probed, in_latents, on_map))
    low, high = wilson(probed.right).interval
    cells = [
        (
            _("Linear probe, from the latents"), f"{probed.right.ratio:.1%}",
            _("{hits} classified correctly, 95 % interval {low:.1%} to {high:.1%}; always naming the largest group gets {base:.1%}. Logistic "
              "regression on the {dim} numbers of z, each image classified by a model that was not trained on it (5 folds).").format(
                hits=probed.right, low=low, high=high, base=probed.majority.ratio, dim=latents.shape[1]),
        ),
        (_("Silhouette, in the latents"), f"{in_latents.value:.3f}", _silhouette_words(in_latents)),
        (
            _("Silhouette, on the map") if name != "pca" else _("Silhouette, on PCA"),
            f"{on_map.value:.3f}", _silhouette_words(on_map),
        ),
    ]  # fmt: skip
    for column, (title, value, words) in zip(st.columns([2, 1, 1]), cells, strict=True):
        metric_card(column, title, value, words)


def _silhouette_words(mean: Estimate) -> str:
    low, high = mean.interval
    return _("{n:,} points, 95 % interval {low:.3f} to {high:.3f}. 1: groups far apart; 0: mixed.").format(
        n=mean.count, low=low, high=high
    )


def _map_words(layout: LatentMap, now: Progress) -> str:
    """Stage, counts and the KL divergence so far."""
    if now.stage != "tsne":
        return stage_words(now)
    parts = [_("t-SNE of {n:,} points ({library})").format(n=layout.num_points, library=method_name(layout.num_points))]
    if now.total:
        parts.append(_("iteration {done:,} of {total:,}").format(done=now.done, total=now.total))
    if now.value is not None:
        parts.append(_("KL divergence {kl:.3f}").format(kl=now.value))
    return " · ".join(parts)
