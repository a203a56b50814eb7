"""Curves of a run as Plotly figures: pure functions of columns. The table says what is shown together, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from gan_core.figures import layers
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
        "The loss is what a network tries to make small. The generator (G) makes images, the discriminator (D) judges "
        "them: what one wins the other mostly loses, so in a healthy game neither curve falls to zero. G's loss climbing for "
        "good while D's sinks to zero means that D has won: G is still pushed, but in no useful direction (Arjovsky and Bottou 2017).",
        (Series("loss/g", "Generator", 1), Series("loss/d", "Discriminator", 0)),
    ),
    Chart(
        "judgement",
        "What the discriminator believes",
        "The discriminator's mean probability of “real”. D(x): for real images. D(G(z)): for the generator's images, "
        "three times in one step: before D's own update, after it (which is just before G's update), and after G's "
        "update. D's update pulls the fakes' curve down, G's pushes it up. 0.5 everywhere is a draw: D cannot tell. So it looks with perfect "
        "images, and also when G makes a few good ones over and over (lesson 3).",
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
        "How badly D judges real images, and how badly it judges generated ones. D's loss is their sum, each times its weight. If one part "
        "stays near zero while the other is large, D answers nearly everything alike.",
        (Series("loss/d_real", "on real images", 0), Series("loss/d_fake", "on generated images", 1)),
    ),
    Chart(
        "scores",
        "The critic's scores",
        "With this objective the discriminator gives no probability but a score, higher for what it takes to be real: for real "
        "images, and for generated ones before its own update, after it (just before G's), and after G's. The gap between real "
        "and generated is what G works to close; for a Wasserstein critic whose slope is bounded it estimates, up to that bound, how far apart the two are (Arjovsky et al. "
        "2017, section 3).",
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
        "How badly the discriminator's second head names the labels, of real images and of generated ones. It usually falls faster "
        "than the adversarial loss: telling glasses from no glasses is easier than telling real from fake.",
        (
            Series("loss/label_real", "labels of real images", 0),
            Series("loss/label_fake", "labels of generated images", 1),
        ),
    ),
    Chart(
        "accuracy",
        "Evaluator's accuracy",
        "An evaluator is a classifier, trained beforehand on real images, that looks at what the generator made: how much of what it "
        "was asked for does it find there? For objects, test and new_test are two lists of 32 conditions (new_test has "
        "combinations that no training image shows), and chance is about 0.1; for classes and attributes it is 200 balanced "
        "conditions. One point has a standard error of some 0.03 to 0.06, so small ups and downs mean nothing.",
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
        "How far the decoded images are from the originals, averaged over all pixels (in 0 to 1). Lower is a truer copy.",
        (Series("loss/reconstruction", "reconstruction", 0),),
    ),
    Chart(
        "kl",
        "KL divergence: how far the latents are from the prior",
        "The prior is the cloud of random numbers that samples are drawn from. Near zero, the encoder says nothing and every "
        "reconstruction is the same blur; very large, and random latents decode to nonsense.",
        (Series("loss/kl", "KL", 1),),
    ),
    Chart(
        "denoising",
        "Loss of the denoiser",
        "How far the network's prediction is from the truth, as mean squared error over images of every noise level. It falls fast at "
        "first and then hardly moves while the samples still get better: how noisy the images happen to be matters more to it than "
        "what was learned (Nichol and Dhariwal 2021, section 3.2). Look at the samples. A network that always says 0 would pay the other curve: a loss that stays there has learned nothing.",
        (Series("loss/diffusion", "all noise levels", 2), Series("loss/blind", "always saying 0", 7)),
    ),
    Chart(
        "noise_levels",
        "Loss of the denoiser by noise level",
        "The same loss in four parts of the way from image to noise. With little noise the network learns details, with much noise "
        "the rough shape: a part that stays high tells which of the two is missing.",
        (
            Series("loss/quarter_1", "least noise", 0),
            Series("loss/quarter_2", "second quarter", 1),
            Series("loss/quarter_3", "third quarter", 3),
            Series("loss/quarter_4", "most noise", 4),
        ),
    ),
    Chart(
        "penalty",
        "The penalty on the critic's slope",
        "The price that the discriminator pays for its slope, before it is weighted. Near zero, the slope is where the penalty "
        "wants it; large, the two are at odds.",
        (Series("loss/penalty", "penalty", 4),),
    ),
    Chart(
        "spread",
        "How much the images of a batch differ",
        "The standard deviation of each pixel over a batch, averaged over all pixels: for real images, and for generated ones. "
        "Generated far below real means that the generator draws nearly the same picture whatever its latent: mode collapse. A collapse "
        "to a few different pictures does not show here: measure modes, recall or duplicates.",
        (Series("spread/real", "real images", 0), Series("spread/fake", "generated images", 1)),
        may_be_log=False,
    ),
    Chart(
        "nearest",
        "How much each image differs from the one most like it",
        "The distance of each image from its nearest fellow in the batch (root mean square over pixels), averaged: for real images, "
        "and for generated ones. Generated far below real means that the generator repeats itself. A batch of copies of a few "
        "pictures gives itself away here, though its pixels differ widely.",
        (Series("nearest/real", "real images", 0), Series("nearest/fake", "generated images", 1)),
        may_be_log=False,
    ),
    Chart(
        "separation",
        "How far apart the discriminator's verdicts lie",
        "The difference between D's mean logit of real and of generated images, in standard deviations: the same measure for "
        "every objective. Near zero D cannot tell them apart, below zero it takes generated images for the real ones; very "
        "large, and it has nothing left to learn.",
        (Series("logit/gap", "real minus generated", 0),),
        may_be_log=False,
    ),
    Chart(
        "memory",
        "Does the discriminator know its images by heart?",
        "D's mean verdict (its logit: higher is more real) on some training images, and on as many real images that it never "
        "learned from. As long as both are alike, D has learned what real images look like. When they part, it knows single "
        "training images by heart, and calls other real ones false.",
        (Series("memory/train", "training images", 0), Series("memory/held_out", "real images it never saw", 1)),
        may_be_log=False,
    ),
    Chart(
        "augmentation",
        "Adaptive augmentation",
        "The share of the images that are changed before D sees them, and the mean sign of its verdict on real images by which that share is "
        "moved: 0 if D cannot tell them, 1 if it is sure of all. Held back from knowing its few images by heart, D's sign settles at the "
        "target (0.6); a share near 1 means that the images are too few for it to do so, and that its changes may show in G's (Karras et al. 2020).",
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
        "How many of the critic's weights lie at the bound. Near 1, clipping leaves it only the simplest functions; near 0, the "
        "bound hardly holds it.",
        (Series("clip/saturation", "at the bound", 6),),
        y_range=(-0.02, 1.02),
        may_be_log=False,
    ),
    Chart(
        "gradients",
        "Size of the gradients",
        "The gradient is the push that each step gives a network's weights; this is its length. Near zero: "
        "little is left to learn from (vanishing gradient), though Adam scales small pushes up (Kingma and Ba 2015). Growing without end: training is about to break "
        "(exploding gradient).",
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
        "Learning rate of each step",
        "The learning rate that was set, times what its schedule makes of it. A live change moves the rate that was set: "
        "the schedule goes on from there.",
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
    columns: Mapping[str, Column],
    smoothing: float = 0.0,
    log_scale: bool = False,
    marks: Sequence[tuple[int, str]] = (),
) -> go.Figure:
    """A chart of one run.

    Args:
        chart: which curves.
        columns: metric name -> (N,), NaN where not measured; "step" among them.
        smoothing: weight of the past, 0 to below 1; the raw curve stays visible behind the smoothed one.
        log_scale: logarithmic vertical axis, where the chart allows it.
        marks: (step, words) drawn as vertical lines: live changes and the like.
    """
    if chart.layers:  # its axis holds no steps to mark
        return layers.of_run(columns, chart.layers)
    fig = go.Figure()
    steps = columns["step"]
    for trace in chart.traces:
        values = columns.get(trace.column, np.empty(0))
        if len(values) == len(steps):
            color = COLORS[trace.color % len(COLORS)]
            add_curve(fig, steps, values, trace.label, color, smoothing=smoothing, group=trace.column)
    for step, words in marks:
        fig.add_vline(x=step, line={"width": 1, "dash": "dot", "color": GREY})
        fig.add_annotation(x=step, y=1, yref="paper", xanchor="right", yanchor="top", text=words, textangle=-90,
                           showarrow=False, font={"size": 10})  # fmt: skip
    lay_out(fig, "step", log_scale=log_scale and chart.may_be_log, yaxis={"range": chart.y_range})
    return fig
