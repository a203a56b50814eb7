"""Diagnosis: mode collapse, from curves and from what was measured; and a latent that has no room for variety."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gan_core.analysis.doctor.finding import (
    Diagnosis,
    Remedy,
    Sign,
    lasting_sign,
    of_images,
    slower_d,
    slower_g,
)
from gan_core.analysis.doctor.trace import Mask, RunTrace
from gan_core.config import RunConfig, get
from gan_core.models.kinds import kind_of
from gan_core.runs.evaluations import Evaluation

SAME = 0.25  # share of the real images' spread below which generated ones are all alike
REPEATING = (
    0.4  # share of the real images' distance to their nearest fellow; healthy runs pass it within 200 steps of G
)
FALL = 0.5  # share of its own best spread, or of the real images' mean distance
REPEATED = 0.3  # share of generated images with a near copy; of real ones 0.01
FEW_MODES = 0.65  # share of the kinds that real images show
# more than real images in as small a number have; half of the kinds missing is a distance of 0.5, or log 2 nats
UNBALANCED = {"mode_tv": 0.45, "mode_kl": 0.7}
BATCH_NORM = " Only approximately here: with batch norm an image's slope also depends on the rest of its batch."
NARROW = 0.1  # share of the recall that training images reach
START = 200  # steps of G in which it may not have found variety yet
HELD = 300  # recorded steps for which an early sign must hold: 100 faces at 64 px found variety after 460
SLOW_START = 10  # windows, and
SLOWEST_START = 600  # steps, after which sameness is no slow start any more
LEAD = 4.0  # standard deviations between D's verdicts on real and generated images: it leads
FEWEST_NUMBERS = 3  # in z, below which images cannot vary


def mode_collapse(trace: RunTrace) -> Sign | None:
    """Generated images differ from each other far less than real ones do, or than they once did."""
    sign = _in_curves(trace) or next(_measured(trace), None)
    if sign is None or not trace.has("logit/gap"):
        return sign
    place = np.flatnonzero(trace.steps <= sign.step)[-1:]
    leads = bool((trace.mean("logit/gap")[place] > LEAD).any())
    return replace(sign, remedies=tuple(_against_collapse(trace.config, d_leads=leads)))


def _measured(trace: RunTrace) -> Iterator[Sign]:
    """The same, measured in an evaluator's features: whole intervals beyond a bound."""

    def found(name: str) -> Evaluation:
        return trace.measured.get(name) or Evaluation(name, np.nan, (np.nan, np.nan), 0, 0, "")

    def told(of: Evaluation, words: str) -> Sign:
        return Sign(of.step, of.step, f"Measured at step {of.step:,}: {words}.")

    copies, diversity, modes, recall = map(found, ("duplicates", "diversity", "modes", "recall"))
    if copies.low > REPEATED:
        yield told(copies, f"{copies.value:.0%} of the generated images have a near copy")
    if diversity.high < FALL:
        yield told(diversity, f"images differ {diversity.value:.2f} times as much as real ones")
    if modes.real and modes.high < FEW_MODES * modes.real:
        yield told(modes, f"{modes.value:.0f} kinds of image were found, of {modes.real:.0f} in as many real ones")
    for balance in map(found, UNBALANCED):
        if balance.low - (balance.real or 0.0) > UNBALANCED[balance.metric]:
            yield told(balance, f"the mix of kinds is far from the real one ({balance.metric} {balance.value:.2f})")
    if recall.real and recall.high < NARROW * recall.real and not kind_of(trace.config).encodes:
        words = f"recall is {recall.value:.2f} where training images reach {recall.real:.2f}: most of what is real is never drawn"
        yield replace(told(recall, words), severity="warning")


def _in_curves(trace: RunTrace) -> Sign | None:
    if not trace.has("spread/fake", "spread/real"):
        return None
    fake, real = trace.mean("spread/fake"), trace.mean("spread/real")
    values = {"fake": fake, "real": real}
    words = (
        (
            "At step {step:,} the images of a batch differed from each other by {fake:.3f} (standard deviation of a pixel); real "
            "ones by {real:.3f}."
        )
        if of_images(trace.config)
        else (
            "At step {step:,} the points of a batch lay {fake:.3f} apart (standard deviation of a coordinate), real ones {real:.3f}."
        )
    )
    best = np.fmax.accumulate(np.nan_to_num(fake))
    fell = (best > FALL * real) & (fake < FALL * best) & (fake < FALL * real)
    if trace.has("nearest/fake", "nearest/real"):
        words += " The distance to the nearest other image of the batch was {near:.3f} for generated and {near_real:.3f} for real images."
        values |= {"near": trace.mean("nearest/fake"), "near_real": trace.mean("nearest/real")}
    young = np.arange(len(fake)) < max(SLOW_START * trace.window, SLOWEST_START)
    early = alike(trace) & trace.after_steps_of_g(START)
    sure = lasting_sign(trace, fell | (early & ~young), words, values, windows=2)
    if sure is not None:
        return sure
    first = lasting_sign(trace, early, words, values, windows=max(2.0, HELD / trace.window))
    return first and replace(first, severity="warning")


def alike(trace: RunTrace) -> Mask:
    """Where generated images are nearly all alike, or nearly copies of each other (N,); nowhere in a run that did not record it."""
    holds = np.zeros(len(trace.steps), np.bool_)
    for name, share in (("spread", SAME), ("nearest", REPEATING)):
        if trace.has(f"{name}/fake", f"{name}/real"):
            holds |= trace.mean(f"{name}/fake") < share * trace.mean(f"{name}/real")
    return holds


def narrow_latent(trace: RunTrace) -> Sign | None:
    """z has one or two numbers: too few for images to vary."""
    numbers = trace.config.network.latent_dim
    if numbers >= FEWEST_NUMBERS or not of_images(trace.config):
        return None
    where = "a line" if numbers == 1 else "a plane"
    count = f"{numbers} number{'s' * (numbers > 1)}"
    return Sign(
        0,
        0,
        f"The latent z has {count}: all images that this model can draw lie along {where}, and near latents give copies.",
    )


def _against_collapse(config: RunConfig, *, d_leads: bool = False) -> list[Remedy]:
    """Lesson 3 of the lab repairs a collapsed game with pairs and with R1; a slower D helps only one that leads."""
    if kind_of(config).encodes:
        lower, higher = 0.1 * config.vae.kl_weight, 10.0 * config.vae.kl_weight
        return [
            Remedy(
                f"Lower the KL's weight (lambda): {lower:g}",
                "If KL is near 0, the decoder ignores the latent: a lower weight lets it carry information.",
                {"vae.kl_weight": lower},
            ),
            Remedy(
                f"Raise the KL's weight (lambda): {higher:g}",
                "If KL is high, random latents lie outside the regions that the decoder was trained on.",
                {"vae.kl_weight": higher},
            ),
        ]
    remedies = []
    if config.objective.weight_clip > 0.02:
        remedies.append(clip_as_in_the_paper())
    if not config.remedies.minibatch_std:
        remedies.append(Remedy(
            "Show D how much the images of a batch vary" if of_images(config) else "Show D how much the points of a batch vary",
            "Low variation is then easy to recognise as generated (minibatch standard deviation, Karras et al. 2018).",
            {"remedies.minibatch_std": True},
        ))  # fmt: skip
    if config.remedies.packing == 1:
        remedies.append(Remedy(
            "Show D pairs of images (packing 2)", "Two identical samples are easy to recognise as generated (PacGAN, Lin et al. 2018).",
            {"remedies.packing": 2},
        ))  # fmt: skip
    remedies += r1(config)
    faster = get(config, "generator_optimizer.learning_rate") > get(config, "discriminator_optimizer.learning_rate")
    if faster or config.penalty.name != "none":  # a penalty that is there already leaves little else
        remedies.append(slower_g(config, 0.5))
    return [*remedies, *([slower_d(config, 0.5)] if d_leads else [])]


def r1(config: RunConfig) -> list[Remedy]:
    """The penalty R1, where nothing else bounds D's slope."""
    if config.penalty.name != "none" or config.objective.weight_clip > 0:
        return []
    return [Remedy(
        "Add the R1 gradient penalty, weight 5",
        "Keeps D's gradient small at real images, which makes training converge (Mescheder et al. 2018)."
        + BATCH_NORM * (config.network.discriminator_norm == "batch"),
        {"penalty.name": "r1", "penalty.weight": 5.0, "training.precision": "fp32"},
    )]  # fmt: skip


def clip_as_in_the_paper() -> Remedy:
    """The remedy against a clip that bounds too little."""
    return Remedy(
        "Clip the critic's weights at 0.01",
        "The bound of the WGAN paper: a wide one lets the critic's slope explode (report R3 saw the same).",
        {"objective.weight_clip": 0.01},
    )


def _more_numbers(_config: RunConfig) -> list[Remedy]:
    why = "Each number is a direction in which images can vary; 64 to 128 are usual."
    return [Remedy("Set the latent size to 100", why, {"network.latent_dim": 100})]


DIAGNOSES = (
    Diagnosis(
        "mode_collapse", "Mode collapse: the generated images are alike",
        "A mode is a kind of image. The generator produces only a few kinds, whatever the latent z.",
        "failure", ("spread/fake", "spread/real", "nearest/fake", "nearest/real"), mode_collapse, _against_collapse,
        of_vae=(
            "The samples are alike",
            "The decoder makes nearly the same image of every random latent: because the latents say little about the image "
            "(KL near 0), or because random latents fall between the places it was trained on (KL high). Its reconstructions "
            "tell which: alike too in the first case, good in the second.",
        ),
    ),
    Diagnosis(
        "narrow_latent", "The latent is too small",
        "All variation of the images must come from the numbers of z. One or two cannot encode the digit, its slant and its thickness at "
        "once, so many images are near copies of others.",
        "warning", (), narrow_latent, _more_numbers,
    ),
)  # fmt: skip
