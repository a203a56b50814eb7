"""The lambda dial: what the weight of the KL term changes, over a family of VAEs. Importing this loads torch."""

import math

import numpy as np
import plotly.io
import streamlit as st

from gan_core.config import with_changes
from gan_core.experiments import vae_family
from gan_core.experiments.lessons import LESSONS
from gan_core.experiments.vae_family import LAMBDAS, FamilyMember, lambda_words
from gan_core.figures import imaging
from gan_core.figures.vae_family import dial_figure
from gan_core.jobs.task import Arrays
from gan_core.latents.posterior import ACTIVE
from gan_core.presets import PRESETS
from gan_core.runs.sampler import latents
from gan_core.runs.status import OPEN_STATES
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, train_line
from pages.components.shared.config_form import setting_name
from pages.components.shared.models import Shown, images
from pages.components.shared.models import shown as opened
from pages.components.shared.task_view import outcome
from pages.components.text import _, as_text, called, duration, listed
from pages.components.widgets.latent_explorer import Slider, latent_explorer, latent_state
from pages.components.widgets.live_plot import live_plot

COLUMNS, NUM_SAMPLES = 8, 48  # with a row of images and one of reconstructions: a square of 8 x 8
SEED = 0
HEIGHT_PX = 620


def dial_over_lambda(shown: Shown) -> None:
    """The family, the dial over it, the chart, and the button that trains what is missing."""
    words = _(
        "A VAE's loss has two terms: the reconstruction error, and the KL divergence of the latents, weighted by "
        "**λ**. Here are VAEs that learned from the same images with different λ."
    )
    st.markdown(words)
    members = vae_family.family(shown.run, lab.all_runs())
    train_missing(shown, members)
    if len(members) < 2:
        st.info(
            _(
                "There is only this one VAE so far. Train others with the button above; each appears here when it has a checkpoint."
            ),
            icon=":material/info:",
        )
        lesson_link()
        return
    others = vae_family.confounders(members)
    if others:
        st.warning(
            _("These VAEs also differ in: {fields}. The effect of λ cannot be separated from theirs.").format(
                fields=as_text(listed(map(setting_name, others)))
            ),
            icon=":material/warning:",
        )  # fmt: skip
    turn(shown, members)
    found = outcome(vae_family.measure_task(members), "vae_family")
    if found is not None:
        chart(members, found)


def lesson_link() -> None:
    """The quickest way to a family: the lesson whose runs are one."""
    lesson = LESSONS["vae"]
    number, arms = list(LESSONS).index("vae") + 1, lesson.experiment.arms
    words = _(
        "Or do lesson {number}: in about {time} it trains {n} VAEs on small digits that differ in λ only. A dial turns over VAEs of the same "
        "images, so choose one of those as the model above; their dial is then here."
    )
    st.markdown(words.format(number=number, n=len(arms), time=duration(len(arms) * lesson.experiment.seconds)))
    st.page_link(
        "pages/learn.py", label=_("Lesson {n}: {title}").format(n=number, title=_(lesson.title)),
        query_params={"lesson": "vae"}, icon=":material/school:",
    )  # fmt: skip


def train_missing(shown: Shown, members: list[FamilyMember]) -> None:
    """One button that queues a run for each of some lambdas."""
    base = shown.model.config
    going = [run for run in lab.own_runs() if run.status().state in OPEN_STATES]
    absent = vae_family.missing(members)
    with st.expander(_("Train a family"), expanded=len(members) < 2, icon=":material/add:", key="vae_dial_train"):
        left, right = st.columns([3, 1])
        weights = left.multiselect(
            _("λ"), sorted({*LAMBDAS, shown.model.config.vae.kl_weight}), default=absent, format_func=lambda_words,
            key=f"vae_dial_weights_{len(members)}", help=_("Each becomes a run that is equal to this one in all else."),
        )  # fmt: skip
        epochs = right.number_input(
            _("Epochs"), 1, 1000, base.training.epochs, key=f"vae_dial_epochs_{shown.run.id}",
            help=_("As many as this model had, or they do not compare."),
        )  # fmt: skip
        preset = PRESETS.get(base.preset)
        if preset is not None and preset.minutes and weights:
            share = int(epochs) * (base.dataset.num_images or 1) / (
                preset.config.training.epochs * (preset.config.dataset.num_images or 1)
            )  # fmt: skip
            st.caption(
                _("{n} runs, one after the other: about {time} on two quiet processor cores. You can close the page meanwhile.").format(
                    n=len(weights), time=duration(60 * preset.minutes * share * len(weights))
                )
            )  # fmt: skip
        if going:
            st.caption(_("{n} runs are waiting or training.").format(n=len(going)))
            st.page_link("pages/runs.py", label=_("Runs"), icon=":material/arrow_forward:")
        if st.button(_("Train these"), key="vae_dial_begin", type="primary", icon=":material/play_arrow:"):
            with st.spinner(_("Queueing the runs…")):
                if lab.succeeds(lambda: vae_family.begin(lab.start(), base, weights, int(epochs))):
                    st.rerun()
        family = [with_changes(base, {"vae.kl_weight": weight, "training.epochs": int(epochs)}) for weight in weights]
        as_command("family", *map(train_line, family))


@st.cache_data(max_entries=32, show_spinner=False)
def _square(path: str, step: int, _shown: Shown) -> str:
    """A row of images, one of their reconstructions, and rows of samples, as one picture."""
    originals = images(path, COLUMNS).images
    originals = originals[np.arange(COLUMNS) % len(originals)]
    samples = _shown.model.decode(latents(NUM_SAMPLES, _shown.model.config.network.latent_dim, SEED))
    tiles = np.concatenate([originals, _shown.model.reconstruct(originals), samples])
    return imaging.array_url(imaging.grid(tiles, columns=COLUMNS, gap_px=1))


@st.fragment
def turn(shown: Shown, members: list[FamilyMember]) -> None:
    """A slider over lambda; the picture is of the nearest member."""
    places = [math.log10(member.kl_weight) for member in members]
    now = math.log10(next(m.kl_weight for m in members if m.run.id == shown.run.id))
    knob = Slider(
        "lambda", _("log₁₀ λ"), _("The picture is of the trained VAE whose λ is nearest."), places[0], places[-1], 0.05,
        min(max(now, places[0]), places[-1]),
    )  # fmt: skip
    key = f"vae_dial_{len(members)}"
    state = latent_state([knob], key=key)
    nearest = min(range(len(members)), key=lambda i: abs(places[i] - state.values["lambda"]))
    member = members[nearest]
    picture = lab.attempt(lambda: _square(str(member.run.path), member.step, opened(member.run, member.step)))
    if picture is None:
        return
    latent_explorer(
        [knob], image=picture, neighbours="", sequence=state.sequence, key=key,
        texts={
            "reset": _("Back to this model"),
            "image": _("λ = {weight}, {run}, step {step:,}. First row: images; second: their reconstructions; below: random samples.").format(
                weight=lambda_words(member.kl_weight), run=called(member.run), step=member.step),
        },
    )  # fmt: skip


def chart(members: list[FamilyMember], found: Arrays) -> None:
    """Error, quality, KL and distance to the prior against lambda, and the same as a table."""
    judged = bool(str(found["evaluator"]))
    kind = {
        "test": _("images of the test split"),
        "left_over": _("images of the data set that none was trained on"),
        "training": _("training images: this data set has no others"),
    }[str(found["held_kind"])]
    count = int(found["count"])
    titles = {
        "error": _("Reconstruction error (MSE)"),
        "quality": _("Samples: kernel distance to images") if judged else _("Samples: sharpness"),
        "kl": _("KL of each dimension"),
        "prior": _("Distance of all latents to the prior"),
        "lambda": "λ",
        "dimension": _("dimension, largest first"),
        "nats": _("nats"),
    }
    bands = {
        "error": found["error"],
        "quality": found["distance"] if judged else found["sharpness"],
        "prior": found["prior"],
    }
    lambdas = [member.kl_weight for member in members]
    st.subheader(_("What λ changes"), anchor=False)
    figure = dial_figure(lambdas, bands, found["kl"], titles, [lambda_words(weight) for weight in lambdas])
    live_plot(plotly.io.to_json(figure) or "", key="vae_dial_chart", height_px=HEIGHT_PX)
    st.dataframe(_table(members, found, judged), hide_index=True, key="vae_dial_table")
    parts = [
        _("If λ is too small, random latents decode to nonsense. If it is too large, reconstructions blur, since the latents carry little information."),
        _("Measured on {n:,} {kind}, and on as many random samples; bars and brackets are 95 % intervals over these images, not over seeds: one run stands behind each λ.").format(
            n=count, kind=kind),
        _("**Kernel distance** (KID's, in the features of the evaluator {name}): 0 is equal, lower is better.").format(
            name=as_text(str(found["evaluator"]))) if judged
        else _("**Sharpness**: the variance of the Laplacian; that of real images is {real:.4f}.").format(real=found["images_sharpness"][0]),
        _("**Distance to the prior**: squared 2-Wasserstein distance a dimension between all encoded clouds together, as one Gaussian, and the prior; 0 is no hole and no crowding."),
        _("**Active**: dimensions whose posterior mean varies by more than {limit} (Burda et al. 2016).").format(limit=ACTIVE),
    ]  # fmt: skip
    st.caption(" ".join(parts))


def _table(members: list[FamilyMember], found: Arrays, judged: bool) -> dict[str, list[str]]:
    def words(name: str, digits: int) -> list[str]:
        return [f"{v:.{digits}f} ({low:.{digits}f} – {high:.{digits}f})" for v, low, high in found[name]]

    columns = {
        "λ": [lambda_words(member.kl_weight) for member in members],
        _("Run"): [called(member.run) for member in members],
        _("MSE"): words("error", 4),
        _("Active dimensions"): [
            f"{active} / {width}" for active, width in zip(found["active"], found["latent_dim"], strict=True)
        ],
        _("KL, summed (nats)"): [f"{np.nansum(row):.1f}" for row in found["kl"]],
        _("Distance to the prior"): words("prior", 3),
        _("Sharpness of samples"): words("sharpness", 4),
    }
    return {**columns, _("Kernel distance"): words("distance", 3)} if judged else columns
