"""A VAE beside a GAN that learned from the same images: report R5's comparison. Importing this loads torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from gan_core.config import RunConfig, differences, with_changes
from gan_core.evaluation.metrics.sharpness import laplacian_variance
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import mean_of
from gan_core.evaluation.statistics.tests import of_estimates, together
from gan_core.figures import charts, imaging
from gan_core.models.architecture import describe
from gan_core.models.kinds import kind_of
from gan_core.presets import PRESETS
from gan_core.runs import Run
from gan_core.training import supervisor
from pages.components.shared import lab
from pages.components.shared.as_command import as_command, train_line
from pages.components.shared.devices import where
from pages.components.shared.links import linked_choice
from pages.components.shared.models import Shown, images, sampler, shown
from pages.components.shared.run_picker import titles_of
from pages.components.text import _, as_text, duration, told_apart_means
from pages.components.vae.views import NUM_SAMPLES, metric_card, sampled
from pages.components.widgets.live_plot import live_plot
from pages.components.widgets.picture import picture

PAIR = ("r5-vae-lite", "r5-gan-lite")
NUM_SHARP = 256  # images of each kind whose sharpness is measured
SEED = 0


class Side(NamedTuple):
    """One of the two models."""

    run: Run
    step: int
    config: RunConfig


def beside_a_gan(vae: Shown) -> None:
    """Choose a GAN; then everything side by side, or the sentence why the two do not compare."""
    config = vae.model.config
    rivals = rivals_of(config)
    if not any(comparable(config, rival.config()) for rival in rivals):
        no_rival(config)
        if not rivals:
            return
    ids = [rival.id for rival in rivals]
    names = titles_of({rival.id: rival for rival in rivals})
    chosen = linked_choice(
        "gan", ids, ids[0],
        lambda there, first: st.selectbox(
            _("GAN"), there, index=there.index(first), format_func=names.__getitem__, key=f"vae_gan_{vae.run.id}"
        ),
        key=f"vae_gan_{vae.run.id}",
    )  # fmt: skip
    rival = next(run for run in rivals if run.id == chosen)
    other = rival.config()
    if not comparable(config, other):
        st.warning(as_text(_(why_not(config, other))), icon=":material/block:")
        return
    gan = Side(rival, rival.checkpoint_steps()[-1], other)
    side_by_side(vae, gan)


def rivals_of(config: RunConfig) -> list[Run]:
    """GANs with a checkpoint that draw pictures of the same data set, the most comparable first, then the newest."""
    found = []
    for other in lab.all_runs():
        try:
            theirs = other.config()
            is_gan = kind_of(theirs).has_discriminator
        except ValueError:
            continue
        if is_gan and theirs.dataset.name == config.dataset.name and other.checkpoint_steps():
            rank = (
                not comparable(config, theirs),
                bool(theirs.conditioning.labels),
                theirs.training.seed != config.training.seed,
            )
            found.append((rank, other))
    return [other for _rank, other in sorted(found, key=lambda pair: pair[0])]  # stable: newest first among equals


def comparable(ours: RunConfig, theirs: RunConfig) -> bool:
    """Whether two runs learned from the same images at the same size."""
    return ours.dataset == theirs.dataset


def why_not(ours: RunConfig, theirs: RunConfig) -> str:
    """The sentence that says in what the data of two runs differ."""
    parts = [
        _("{name} {a} here, {b} there").format(name=name.removeprefix("dataset."), a=a or _("all"), b=b or _("all"))
        for name, (a, b) in differences(ours, theirs).items()
        if name.startswith("dataset.")
    ]
    return _(
        "The two learned from different images, so they do not compare: {differences}. Choose another GAN."
    ).format(differences="; ".join(parts))


def no_rival(config: RunConfig) -> None:
    """What to start so that there is something to compare."""
    st.info(
        _(
            "No GAN has learned from the same images yet. Report R5 trained both on the same data: start such a pair, or only the "
            "rival of this VAE."
        ),
        icon=":material/info:",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = int(st.number_input(
            _("Seed of both"), 0, 2**31 - 1, config.training.seed, key="vae_pair_seed", width=160,
            help=_("Sets first weights and the order of images."),
        ))  # fmt: skip
        if st.button(_("Train a VAE and a GAN"), key="vae_pair", type="primary", icon=":material/play_arrow:"):
            _begin([with_changes(PRESETS[name].config, {"training.seed": seed}) for name in PAIR])
        if st.button(_("Train only the rival"), key="vae_rival", icon=":material/play_arrow:"):
            _begin([rival_config(config)])
    pair = [with_changes(PRESETS[name].config, {"training.seed": seed}) for name in PAIR]
    as_command("vae_pair", *(train_line(one) for one in pair), train_line(rival_config(config)))
    minutes = [PRESETS[name].minutes for name in PAIR]
    words = _("The pair: {vae} and {gan}, about {a:.0f} and {b:.0f} minutes on two quiet cores, one after the other.")
    st.caption(words.format(vae=PAIR[0], gan=PAIR[1], a=minutes[0], b=minutes[1]))


def rival_config(config: RunConfig) -> RunConfig:
    """R5's small DCGAN on the images and with the seed of a VAE."""
    changes = {f"dataset.{name}": value for name, value in config.dataset.model_dump().items()}
    return with_changes(PRESETS[PAIR[1]].config, {**changes, "training.seed": config.training.seed})


def _begin(configs: Sequence[RunConfig]) -> None:
    with st.spinner(_("Starting the trainer…")):
        if lab.succeeds(lambda: [supervisor.submit(lab.start(), config) for config in configs]):
            st.switch_page("pages/runs.py")


def side_by_side(vae: Shown, gan: Side) -> None:
    """Samples, the VAE's copies, sharpness, size and cost, curves."""
    if gan.config.training.seed != vae.model.config.training.seed:
        st.caption(
            _("The two seeds differ: {a} and {b}.").format(a=vae.model.config.training.seed, b=gan.config.training.seed)
        )
    with st.spinner(_("Loading the model…")):
        drawing = lab.attempt(lambda: sampler(gan.run, gan.step))
    if drawing is None:
        return
    originals = images(str(vae.run.path), NUM_SAMPLES).images
    shows = [
        (_("VAE: {n} random samples"), sampled(vae, SEED), "vae_rival_vae"),
        (_("GAN: {n} random samples"), drawing.draw(NUM_SAMPLES, SEED), "vae_rival_gan"),
        (_("VAE: {n} reconstructions"), vae.model.reconstruct(originals), "vae_rival_copies"),
        (_("Real: {n} images that neither learned from"), originals, "vae_rival_real"),
    ]
    if vae.held_out.kind == "training":
        shows[3] = (_("Real: {n} training images"), originals, "vae_rival_real")
    for place, (title, made, key) in zip([*st.columns(2), *st.columns(2)], shows, strict=True):
        with place:
            caption = title.format(n=len(made))
            st.markdown(f"**{caption}**")
            picture(imaging.array_url(imaging.grid(made, columns=8)), key=key, alt=caption)
    words = _(
        "**Report R5:** the GAN's images are sharper, the VAE is easier to train. A VAE's loss counts "
        "every pixel, so where it is uncertain it predicts the average, which is a blur; a GAN has to convince "
        "the discriminator, which rejects blur."
    )
    st.markdown(words)
    sharpness(vae, gan)
    costs(vae, gan)
    curves(vae, gan)


@st.cache_data(max_entries=16, show_spinner=False)
def sharpness_of(vae_path: str, vae_step: int, gan_path: str, gan_step: int) -> dict[str, Estimate]:
    """Mean sharpness of real images, both models' samples, and the VAE's copies."""
    vae = shown(Run(Path(vae_path)), vae_step)
    real = images(vae_path, NUM_SHARP).images
    pictures = {
        "real": real,
        "gan": sampler(Run(Path(gan_path)), gan_step).draw(NUM_SHARP, SEED),
        "vae": sampled(vae, SEED, NUM_SHARP),
        "copies": vae.model.reconstruct(real),
    }
    return {name: mean_of(laplacian_variance(made)) for name, made in pictures.items()}


def sharpness(vae: Shown, gan: Side) -> None:
    """“Sharper” as a measured figure."""
    st.subheader(_("How sharp they are"), anchor=False)
    with st.spinner(_("Measuring the sharpness…")):
        measured = sharpness_of(str(vae.run.path), vae.model.step, str(gan.run.path), gan.step)
    titles = {
        "real": _("Real images"),
        "gan": _("GAN, samples"),
        "vae": _("VAE, samples"),
        "copies": _("VAE, reconstructions"),
    }
    for place, (name, title) in zip(st.columns(4), titles.items(), strict=True):
        mean = measured[name]
        low, high = (1000 * bound for bound in mean.interval)
        words = _("{n} images, 95 % interval {low:.2f} to {high:.2f}").format(n=mean.count, low=low, high=high)
        metric_card(place, title, f"{1000 * mean.value:.2f}", words)
    st.caption(
        sharper(measured) + " " +
        _(
            "Measured: the variance of the Laplacian of the grey values in 0 to 1, times 1,000 (Pech-Pacheco et al. 2000), mean over "
            "images. It counts detail at the scale of single pixels, and noise as well: a figure above that of real images is no "
            "merit."
        )
    )  # fmt: skip


def sharper(measured: dict[str, Estimate]) -> str:
    """Which samples are sharper, if the two can be told apart."""
    tested = together(of_estimates(measured["gan"], measured[other]) for other in ("vae", "real"))
    beside_vae, beside_real = (found.value if found.differs else 0.0 for found in tested)
    if beside_vae > 0 and beside_real > 0:
        sentence = _(
            "The GAN's samples are sharper than the VAE's. They have more than real images have, so part of it is roughness, not detail."
        )
    elif beside_vae > 0:
        sentence = _("The GAN's samples are sharper than the VAE's.")
    elif beside_vae < 0:
        sentence = _("Here the VAE's samples are the sharper ones, unlike in the report.")
    else:
        sentence = _("On these samples neither is significantly sharper.")
    return f"{sentence} {told_apart_means(len(tested))}"


def costs(vae: Shown, gan: Side) -> None:
    """Parameters, time, images seen."""
    st.subheader(_("What they cost"), anchor=False)
    rows = []
    for title, run, config in ((_("VAE"), vae.run, vae.model.config), (_("GAN"), gan.run, gan.config)):
        status = run.status()
        sizes = {name: sum(layer.num_parameters for layer in layers) for name, layers in describe(config).items()}
        rows.append(
            {
                _("model"): title,
                _("parameters"): " + ".join(f"{_(name)} {size:,}" for name, size in sizes.items()),
                _("in all"): f"{sum(sizes.values()):,}",
                _("needed to draw"): f"{sizes.get('decoder', sizes.get('generator', 0)):,}",
                _("steps"): f"{status.step:,}",
                _("images seen"): f"{status.images_seen:,}",
                _("training time"): duration(status.seconds),
                _("device"): where(run, status.device),
            }
        )
    st.dataframe(rows, hide_index=True, key="vae_costs")
    st.caption(
        _("Steps, images and time are those of the whole run. Time depends on what else the machine did meanwhile.")
    )


def curves(vae: Shown, gan: Side) -> None:
    """The losses of both, beside each other."""
    st.subheader(_("Training curves"), anchor=False)
    sides = ((_("VAE"), vae.run, vae.model.config), (_("GAN"), gan.run, gan.config))
    for place, (title, run, config) in zip(st.columns(2, gap="medium"), sides, strict=True):
        keys = kind_of(config).main_charts
        with place:
            figures = lab.tail(str(run.path)).figure_jsons(0.0, False, (), keys)
            st.markdown(f"**{title}**")
            for chart in charts.CHARTS:
                if chart.key in figures:
                    st.caption(_(chart.title), help=_(chart.explanation))
                    live_plot(figures[chart.key], key=f"vae_curve_{run.id}_{chart.key}", height_px=240)
            if not figures:
                st.caption(_("This run came without its curves."))
    words = _(
        "A VAE's loss falls as its reconstructions improve. A GAN's two losses depend on each other: they show which network is "
        "ahead, not how good the pictures are, so the report chose when to stop by looking at samples."
    )
    st.caption(words)
