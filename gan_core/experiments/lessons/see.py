"""Lesson 1: what D and G see."""

import numpy as np

from gan_core.config import RunConfig
from gan_core.evaluation.statistics.intervals import mean_of
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Column, Outcomes, PredictionResult
from gan_core.presets.entry import adam, changed

DIGITS = changed(
    RunConfig(),
    dataset={"name": "mnist5k", "image_size": 32, "channels": 1},
    network={"name": "dcgan4", "width": 12, "latent_dim": 32},
    generator_optimizer=adam(1e-3),
    discriminator_optimizer=adam(5e-4),
    training={"batch_size": 64, "epochs": 8, "precision": "fp32", "device": "cpu", "threads": 1},
    recording={
        "num_samples": 36,
        "probe_every_steps": 1,
        "checkpoint_every_steps": 100,
        "sample_every_steps": 20,
        "evaluate_every_epochs": 0,
    },
)
"""A narrow DCGAN on the embedded digits; fp32, one thread, no GPU: so a step can be repeated bit by bit."""
STILL = 0.005


def order(outcomes: Outcomes) -> PredictionResult:
    """Which way each update moves D(G(z)) of the same pictures."""
    columns = outcomes["digits"].columns
    by_d = _moves(columns["prob/fake_before"], columns["prob/fake_after"])
    by_g = _moves(columns["prob/fake_after"], columns["prob/fake_after_g"])
    down, up = mean_of(by_d), mean_of(by_g)
    choice = ""
    if max(abs(down.value), abs(up.value)) < STILL:
        choice = "still"
    elif down.value < 0 < up.value:
        choice = "down-up"
    elif up.value < 0 < down.value:
        choice = "up-down"
    elif min(down.value, up.value) > 0:
        choice = "both-up"
    words = (
        "Mean change of D(G(z)) over {count} steps, each time for the same images: by D's update {down} (95 % interval, as if "
        "the steps were independent, {down_low} to {down_high}; down in {down_share} of the steps), by G's update {up} "
        "({up_low} to {up_high}; up in {up_share})."
    )
    values = {
        "count": f"{down.count:,}",
        "down": f"{down.value:+.3f}",
        "down_low": f"{down.low:+.3f}",
        "down_high": f"{down.high:+.3f}",
        "down_share": f"{float((by_d < 0).mean()):.0%}",
        "up": f"{up.value:+.3f}",
        "up_low": f"{up.low:+.3f}",
        "up_high": f"{up.high:+.3f}",
        "up_share": f"{float((by_g > 0).mean()):.0%}",
    }
    return PredictionResult(choice, words, values)


def _moves(before: Column, after: Column) -> Column:
    there = np.isfinite(before) & np.isfinite(after)
    moved: Column = (after - before)[there]
    return moved


def low_loss(outcomes: Outcomes) -> PredictionResult:
    """Which quantity correlates with a low loss of G over the run's steps."""
    columns = outcomes["digits"].columns
    loss = columns["loss/g"]
    against = {"fooled": columns["prob/fake_after"], "both": columns["loss/d"], "better": columns["step"]}
    r = {name: float(np.corrcoef(loss, values)[0, 1]) for name, values in against.items()}
    strength = {"fooled": -r["fooled"], "both": r["both"], "better": -r["better"]}  # each one's own sign
    best = max(strength, key=lambda name: strength[name])
    words = (
        "Correlation of G's loss, over {count} steps, with D(G(z)) after D's update: {fooled}; with D's loss: {both}; with the "
        "step number (later images are better): {better}."
    )
    values = {"count": f"{len(loss):,}"} | {name: f"{value:+.2f}" for name, value in r.items()}
    return PredictionResult(best if strength[best] > 0.5 else "", words, values)


LESSON = entry.Lesson(
    name="see",
    title="What D and G see",
    goal="See how the two networks of a GAN interact, and what their losses can tell you.",
    needs="No prerequisites. It helps to have pressed “Train on digits now” once.",
    minutes=8,
    experiment=entry.Experiment(DIGITS, (Arm("digits", "Digits", {}),), (), 30),
    steps=(
        entry.Read(
            "Two networks",
            "The **generator** G maps a list of random numbers z (the latent) to an image. It never sees a real one. The "
            "**discriminator** D gets an image, real or generated, and outputs one number, its *logit* l: the higher, the more "
            "real. D = σ(l), between 0 and 1, is D's probability of “real”. All that G learns comes through that number.",
            picture="real",
        ),
        entry.Predict(
            "order",
            "In every step D is updated first, then G. We evaluate D three times on the *same* generated images: before D's "
            "update, after it, and after G's update (then on the new images of the same z). How does the mean output D(G(z)) "
            "change?",
            (
                entry.Choice("down-up", "D's update lowers it, G's update raises it again"),
                entry.Choice("up-down", "D's update raises it, G's update lowers it"),
                entry.Choice("both-up", "Both raise it: the images get better with every step"),
                entry.Choice("still", "It does not change: one step is too small to notice"),
            ),
            "down-up",
            order,
            "With very different learning rates the faster network's momentum can carry over into the other's update.",
        ),
        entry.Train(
            "Train both",
            "A small GAN on 4,500 handwritten digits. The chart shows D's output on real digits, and on generated ones at the "
            "three moments.",
            ("digits",),
            (
                entry.Curve(
                    "D's mean probability of “real”",
                    (
                        ("prob/real", "real digits"),
                        ("prob/fake_before", "generated, before D's update"),
                        ("prob/fake_after", "generated, after D's update"),
                        ("prob/fake_after_g", "generated, after G's update"),
                    ),
                ),
                entry.Curve("The losses", (("loss/g", "G's loss"), ("loss/d", "D's loss"))),
            ),
        ),
        entry.Check("What the run shows", "order"),
        entry.Predict(
            "low-loss",
            "Look at G's loss: it goes up and down. What holds at a step where it is *low*?",
            (
                entry.Choice("fooled", "D gives the generated images a high probability: D is fooled"),
                entry.Choice("better", "The images are good: it is late in the run"),
                entry.Choice("both", "D's loss is low as well: both networks do well"),
            ),
            "fooled",
            low_loss,
            "If both networks improve steadily, all three can hold at once for a while.",
        ),
        entry.Check("What the run shows", "low-loss"),
        entry.Explain(
            "The losses depend on D's output only",
            "G's loss is −log of D's probability for its images: it falls when *D is fooled*, whether because G has improved or "
            "because D has become worse. It says nothing about the images themselves. What D gains on generated images, G "
            "loses: so in healthy training neither loss goes to zero, and a loss that stops falling is no bad sign.",
            (terms.BCE_REAL.of("digits"), terms.BCE_FAKE.of("digits"), terms.BCE_GENERATOR.of("digits")),
            picture="outputs",
        ),
        entry.TakeAway(
            "A friend shows you a GAN whose generator loss fell from 3 to 0.7 and says that the images must have improved. What "
            "do you answer?",
            "That the discriminator is fooled more often now: D(G(z)) rose from about e⁻³ = 0.05 to e⁻⁰·⁷ = 0.5. Whether G has "
            "improved or D has become worse (for example after lowering its learning rate), the loss does not show. Look at the "
            "images, or measure them against real ones.",
            (
                entry.Link("run", "Explore what G has learned", {"tab": "explore", "view": "sliders"}, ("digits",)),
                entry.Link("compare", "Compare two runs"),
            ),
        ),
    ),
)
