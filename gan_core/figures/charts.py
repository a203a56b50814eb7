"""Curves of a run as Plotly figures: pure functions of columns. The table says what is shown together, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from gan_core.figures import layers
from gan_core.figures.overview import Groups
from gan_core.figures.style import COLORS, GREY, Column, add_curve, lay_out


@dataclass(frozen=True)
class Series:
    """One curve: a metric's column, what it is called, and its colour's place in the theme."""

    column: str
    label: str
    color: int


@dataclass(frozen=True)
class Chart:
    """Curves that belong in one picture.

    Attributes:
        key: short name, unique.
        title, explanation: for people.
        traces: its curves; those a run does not record are left out, and so is a chart without any.
        y_range: fixed vertical range, or None.
        may_be_log: whether a logarithmic axis makes sense.
        layers: key of `layers.NETWORKS`, of a chart whose curves are a network's layers; it has no traces.
    """

    key: str
    title: str
    explanation: str
    traces: tuple[Series, ...]
    y_range: tuple[float, float] | None = None
    may_be_log: bool = True
    layers: str = ""


BY_LAYER = (
    "The length of the adversarial loss's gradient with respect to what each layer gives out, mean over 16 samples; the first layer "
    "takes the input, the last gives the output. Where it shrinks by a factor from layer to layer, little reaches the far end "
    "(vanishing); where it grows so, the far end is thrown about (exploding). Clipped weights do the one or the other as their bound "
    "is tight or wide, a gradient penalty neither (Gulrajani et al. 2017, section 3 and figure 1b)."
)

CHARTS: tuple[Chart, ...] = (
    Chart(
        "losses",
        "Losses of generator and discriminator",
        "Each network minimises its own loss. The generator (G) makes images, the discriminator (D) classifies images as real or "
        "generated. What helps one mostly hurts the other, so in healthy training neither curve falls to zero. If G's loss keeps rising "
        "while D's falls to zero, D is too strong and its gradient no longer helps G (Arjovsky and Bottou 2017).",
        (Series("loss/g", "Generator", 1), Series("loss/d", "Discriminator", 0)),
    ),
    Chart(
        "judgement",
        "Output of the discriminator",
        "The mean probability of “real” that D assigns. D(x): to real images. D(G(z)): to generated images, measured three times in each "
        "step: before D's update, after it (just before G's update), and after G's update. D's update lowers D(G(z)), G's raises it. "
        "0.5 everywhere means that D cannot distinguish the two: this happens with perfect images, and also when G repeats a few good "
        "ones (lesson 3).",
        (
            Series("prob/real", "D(x): real images", 0),
            Series("prob/fake_before", "D(G(z)) before D's update", 3),
            Series("prob/fake_after", "D(G(z)) before G's update", 1),
            Series("prob/fake_after_g", "D(G(z)) after G's update", 2),
        ),
        y_range=(-0.02, 1.02),
        may_be_log=False,
    ),
    Chart(
        "discriminator",
        "The discriminator's loss, in its two parts",
        "D's loss on real images and its loss on generated images. D's total loss is their weighted sum. If one part stays near zero while "
        "the other is large, D gives nearly the same output for every image.",
        (Series("loss/d_real", "on real images", 0), Series("loss/d_fake", "on generated images", 1)),
    ),
    Chart(
        "scores",
        "The critic's scores",
        "With this loss the discriminator outputs a score instead of a probability, higher for images that look real: on real images, and on "
        "generated ones before D's update, after it (just before G's update), and after G's update. G tries to close the gap. For a Wasserstein "
        "critic with a bounded slope the gap estimates the distance between the two distributions, up to that bound (Arjovsky et al. 2017, section 3).",
        (
            Series("score/real", "real images", 0),
            Series("score/fake_before", "generated, before D's update", 3),
            Series("score/fake_after", "generated, before G's update", 1),
            Series("score/fake_after_g", "generated, after G's update", 2),
        ),
        may_be_log=False,
    ),
    Chart(
        "labels",
        "The label losses (ACGAN)",
        "Classification loss of D's second head, which predicts the labels, on real and on generated images. It usually falls faster than the "
        "adversarial loss: recognising glasses is easier than distinguishing real from generated.",
        (
            Series("loss/label_real", "labels of real images", 0),
            Series("loss/label_fake", "labels of generated images", 1),
        ),
    ),
    Chart(
        "accuracy",
        "Evaluator's accuracy",
        "The evaluator is a classifier trained on real images. Its accuracy is the share of the requested labels that it finds in the "
        "generated images. For objects, test and new_test are two lists of 32 conditions (new_test has combinations that are not in the "
        "training images), and chance is about 0.1; for classes and attributes it is 200 balanced conditions. One point has a standard error of "
        "0.03 to 0.06, so small changes are not significant.",
        (
            Series("accuracy/test", "list test", 0),
            Series("accuracy/new_test", "list new_test", 1),
            Series("accuracy/labels", "balanced labels", 2),
        ),
        y_range=(-0.02, 1.02),
        may_be_log=False,
    ),
    Chart(
        "reconstruction",
        "Reconstruction error",
        "Mean error between originals and reconstructions over all pixels (values from 0 to 1). Lower is better.",
        (Series("loss/reconstruction", "reconstruction", 0),),
    ),
    Chart(
        "kl",
        "KL divergence between encoder and prior",
        "The prior is the distribution that samples are drawn from. Near zero, the latent carries no information and all reconstructions "
        "look alike (posterior collapse). If it is very large, random latents decode to meaningless images.",
        (Series("loss/kl", "KL", 1),),
    ),
    Chart(
        "denoising",
        "Loss of the denoiser",
        "Mean squared error of the network's prediction over images of all noise levels. It falls fast at first and then hardly changes while "
        "the samples still improve: the noise levels drawn in a batch affect it more than what was learned (Nichol and Dhariwal 2021, section "
        "3.2). Look at the samples. The second curve is the loss of always predicting 0: a loss that stays there means that nothing was learned.",
        (Series("loss/diffusion", "all noise levels", 2), Series("loss/blind", "predicting 0", 7)),
    ),
    Chart(
        "noise_levels",
        "Loss of the denoiser by noise level",
        "The same loss in four ranges of noise levels. At low noise the network learns details, at high noise the overall shape. A range that "
        "stays high shows which of the two is missing.",
        (
            Series("loss/quarter_1", "least noise", 0),
            Series("loss/quarter_2", "second quarter", 1),
            Series("loss/quarter_3", "third quarter", 3),
            Series("loss/quarter_4", "most noise", 4),
        ),
    ),
    Chart(
        "penalty",
        "Gradient penalty",
        "The penalty term on D's gradient, before its weight is applied. Near zero, D's slope is at the target value.",
        (Series("loss/penalty", "penalty", 4),),
    ),
    Chart(
        "spread",
        "Variation within a batch",
        "The standard deviation of each pixel over a batch, averaged over all pixels, for real and for generated images. Generated far below "
        "real means that G produces nearly the same image for every latent: mode collapse. A collapse to a few different images does not show "
        "here: measure modes, recall or duplicates.",
        (Series("spread/real", "real images", 0), Series("spread/fake", "generated images", 1)),
        may_be_log=False,
    ),
    Chart(
        "nearest",
        "Distance to the most similar image in the batch",
        "The distance of each image to its nearest neighbour in the batch (root mean square over pixels), averaged, for real and for generated "
        "images. Generated far below real means that G repeats itself. This also detects copies of a few different images, which the variation "
        "of pixels does not.",
        (Series("nearest/real", "real images", 0), Series("nearest/fake", "generated images", 1)),
        may_be_log=False,
    ),
    Chart(
        "separation",
        "Separation of the discriminator's outputs",
        "The difference between D's mean logits for real and for generated images, in standard deviations: comparable between loss functions. "
        "Near zero D cannot distinguish them; below zero it rates generated images as more real; very large, D separates them completely.",
        (Series("logit/gap", "real minus generated", 0),),
        may_be_log=False,
    ),
    Chart(
        "memory",
        "Does the discriminator memorise its images?",
        "D's mean logit (higher is more real) on training images and on held-out real images. While both are similar, D has learned what real "
        "images look like. When they diverge, D has memorised training images and rates other real images as generated.",
        (Series("memory/train", "training images", 0), Series("memory/held_out", "real images it never saw", 1)),
        may_be_log=False,
    ),
    Chart(
        "augmentation",
        "Adaptive augmentation",
        "The share of images that are augmented before D sees them, and the mean sign of D's output on real images that controls this share: 0 "
        "if D cannot recognise them, 1 if it is sure of all. When overfitting is held back, the sign settles at the target (0.6). A share near 1 "
        "means that there are too few images, and that augmentations may appear in generated images (Karras et al. 2020).",
        (
            Series("augmentation/strength", "share of images changed", 2),
            Series("augmentation/sign", "mean sign of D on real images", 0),
        ),
        y_range=(-1.02, 1.02),
        may_be_log=False,
    ),
    Chart(
        "clipping",
        "Share of clipped weights",
        "The share of the critic's weights at the clipping bound. Near 1, clipping restricts the critic to very simple functions; near 0, it has "
        "almost no effect.",
        (Series("clip/saturation", "at the bound", 6),),
        y_range=(-0.02, 1.02),
        may_be_log=False,
    ),
    Chart(
        "gradients",
        "Gradient norms",
        "The L2 norm of the gradient of each network's weights. Near zero: almost nothing is learned (vanishing gradient), though Adam rescales "
        "small gradients (Kingma and Ba 2015). Growing without bound: training is about to diverge (exploding gradient).",
        (
            Series("grad_norm/g", "Generator", 1),
            Series("grad_norm/d", "Discriminator", 0),
            Series("grad_norm/vae", "Encoder and decoder", 2),
            Series("grad_norm/diffusion", "Denoiser", 3),
        ),
    ),
    *(
        Chart(network.replace("/", "_"), title, BY_LAYER, (), layers=network)
        for network, title in layers.NETWORKS.items()
    ),
    Chart(
        "rates",
        "Learning rate",
        "The configured rate times the factor of its schedule. A live change sets the configured rate; the schedule continues from there.",
        (
            Series("rate/g", "Generator", 1),
            Series("rate/d", "Discriminator", 0),
            Series("rate/vae", "Encoder and decoder", 2),
            Series("rate/diffusion", "Denoiser", 3),
        ),
    ),
)


def available(names: Sequence[str]) -> list[Chart]:
    """The charts for which a run with these columns has at least one curve."""
    networks = {layers.network_of(name) for name in names}
    return [
        chart
        for chart in CHARTS
        if any(trace.column in names for trace in chart.traces) or (chart.layers and chart.layers in networks)
    ]


def figure(
    chart: Chart,
    columns: Mapping[str, Column] | Groups,
    smoothing: float = 0.0,
    log_scale: bool = False,
    marks: Sequence[tuple[int, str]] = (),
    translate: Callable[[str], str] = str,
) -> go.Figure:
    """A chart of one run.

    Args:
        chart: which curves.
        columns: metric name -> (N,), NaN where not measured; "step" among them. Or a long run's in groups.
        smoothing: weight of the past from one recorded step to the next, 0 to below 1; the raw curve stays visible behind the
            smoothed one.
        log_scale: logarithmic vertical axis, where the chart allows it.
        marks: (step, words) drawn as vertical lines: live changes and the like.
        translate: into the reader's language, for the names of curves and axis.
    """
    groups = columns if isinstance(columns, Groups) else Groups(1, columns, columns)
    if chart.layers:  # its axis holds no steps to mark
        return layers.of_run(groups.means, chart.layers, translate)
    fig = go.Figure()
    steps, means = groups.extremes["step"], groups.means
    for trace in chart.traces:
        values = groups.extremes.get(trace.column, np.empty(0))
        if len(values) == len(steps):
            add_curve(
                fig, steps, values, translate(trace.label), COLORS[trace.color % len(COLORS)], smoothing=smoothing**groups.size,
                group=trace.column, trend=(means["step"], means[trace.column]) if smoothing > 0 else None,
            )  # fmt: skip
    for step, words in marks:
        fig.add_vline(x=step, line={"width": 1, "dash": "dot", "color": GREY})
        fig.add_annotation(x=step, y=1, yref="paper", xanchor="right", yanchor="top", text=words, textangle=-90,
                           showarrow=False, font={"size": 10})  # fmt: skip
    lay_out(fig, translate("step"), log_scale=log_scale and chart.may_be_log, yaxis={"range": chart.y_range})
    return fig
