"""Diagnoses: one of the two networks does not learn, so the other has no opponent."""

from __future__ import annotations

import numpy as np

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign
from gan_core.analysis.doctor.trace import Column, RunTrace
from gan_core.config import RunConfig, get
from gan_core.models.kinds import kind_of

START, LATER_START = 100, 200  # steps of G before which nothing is said of D, of G
FOOLED = (
    -0.5
)  # standard deviations by which generated images look more real to D than real ones; healthy runs stay above 0
STILL = 0.1  # share by which G's images may have changed and still be what they were
UNLIKE = 0.6  # share of the real images' distances; nearer to them, images need not change any more
TOLD_APART = 2.0  # standard deviations between D's verdicts: it has found what to reject
USUAL = 2e-4  # the learning rate of DCGAN


def discriminator_idle(trace: RunTrace) -> Sign | None:
    """D takes generated images for more real than the real ones."""
    if not trace.has("logit/gap"):
        return None
    gap = trace.mean("logit/gap")
    holds = (gap < FOOLED) & trace.after_steps_of_g(START)
    words = (
        "From step {since:,} to {step:,} D rated generated images as more real than real ones, by {by:.1f} standard "
        "deviations of its logits: it does not react to G."
    )
    return lasting_sign(trace, holds, words, {"by": -gap}, windows=2)


def generator_idle(trace: RunTrace) -> Sign | None:
    """D tells G's images apart, and they stay what they were at the start."""
    names = ("spread", "nearest")
    if not trace.has("logit/gap", *(f"{name}/{of}" for name in names for of in ("fake", "real"))):
        return None
    gap = trace.mean("logit/gap")
    holds = (gap > TOLD_APART) & trace.after_steps_of_g(LATER_START)
    for name in names:
        fake, real = trace.mean(f"{name}/fake"), trace.mean(f"{name}/real")
        holds &= (abs(fake / _first(trace.columns[f"{name}/fake"]) - 1) < STILL) & (fake < UNLIKE * real)
    words = (
        "From step {since:,} to {step:,} the generated images differed from each other by {spread:.3f}, as at the first probe, "
        "while D separated them from real ones by {gap:.1f} standard deviations of its logits."
    )
    return lasting_sign(trace, holds, words, {"spread": trace.mean("spread/fake"), "gap": gap}, windows=2)


def _first(values: Column) -> float:
    """The first value that was recorded."""
    return float(values[np.flatnonzero(np.isfinite(values))[0]])


def _faster(config: RunConfig, symbol: str) -> list[Remedy]:
    """A usual learning rate for a network that has a smaller one, a larger one otherwise."""
    part = next(part for part in kind_of(config).optimizers if part.symbol == symbol)
    rate = max(USUAL, 4 * float(get(config, part.rate)))
    why = f"{part.symbol} then makes noticeable steps, and both networks learn again."
    return [Remedy(f"Raise {part.symbol}'s learning rate to {rate:g}", why, {part.rate: rate}, live=True)]


def _of_game(config: RunConfig, symbol: str) -> list[Remedy]:
    return _faster(config, symbol) if kind_of(config).has_discriminator else []


DIAGNOSES = (
    Diagnosis(
        "discriminator_idle", "The discriminator does not learn",
        "D rates generated images as real and does not correct itself. G then learns from meaningless feedback and usually ends with a single "
        "image.",
        "failure", ("logit/gap",), discriminator_idle, lambda config: _of_game(config, "D"),
    ),
    Diagnosis(
        "generator_idle", "The generator does not learn",
        "D distinguishes G's images from real ones, yet they stay as they were at the start: G's steps are too small, or zero.",
        "failure", ("nearest/fake", "logit/gap"), generator_idle, lambda config: _of_game(config, "G"),
    ),
)  # fmt: skip
