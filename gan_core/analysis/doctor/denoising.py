"""Diagnoses of a diffusion model."""

from __future__ import annotations

import numpy as np

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign
from gan_core.analysis.doctor.general import FASTEST
from gan_core.analysis.doctor.trace import RunTrace
from gan_core.config import RunConfig

BLIND = 0.8  # share of what always saying 0 costs; short healthy runs are at 0.55 after two windows
NARROW, WIDE = 0.05, 3.0  # standard deviation of data; pictures have 0.2 to 0.6, and the noise 1
BURNT = 0.08  # more values at the edge of the range than the same samples have without guidance
LAGS = 1.2  # times the loss of the weights themselves
USUAL = 1e-3
QUARTERS = tuple(f"loss/quarter_{number}" for number in (1, 2, 3, 4))


def denoiser_idle(trace: RunTrace) -> Sign | None:
    """The loss stays near that of a network that always says 0, with a rate that is not too high."""
    if (
        not trace.has("loss/blind", *QUARTERS)
        or trace.config.generator_optimizer.learning_rate > FASTEST[trace.config.generator_optimizer.name]
    ):
        return None
    loss, blind = sum((trace.mean(name) for name in QUARTERS), np.zeros(1)) / len(QUARTERS), trace.mean("loss/blind")
    words = "From step {since:,} to {step:,} the loss stayed at {loss:.2f}; always saying 0 would cost {blind:.2f}."
    return lasting_sign(trace, loss > BLIND * blind, words, {"loss": loss, "blind": blind})


def data_range(trace: RunTrace) -> Sign | None:
    """The data spread so little that noise hides them to the last step, or so far that it never does."""
    if "loss/blind" not in trace.columns or not trace.has("data/spread"):
        return None
    spread = trace.mean("data/spread")
    words = "Step {since:,} to {step:,}: the data spread by {spread:.3g} about their mean (standard deviation); the noise by 1."
    return lasting_sign(trace, (spread < NARROW) | (spread > WIDE), words, {"spread": spread}, windows=1)


def guidance_burnt_out(trace: RunTrace) -> Sign | None:
    """Samples have many more values at the edge of the range with guidance than without, from the same noise."""
    if not trace.has("edge/guided", "edge/plain"):
        return None
    guided, plain = trace.mean("edge/guided"), trace.mean("edge/plain")
    words = (
        f"With guidance {trace.config.diffusion.guidance:g} {{guided:.0%}} of the samples' values lie at the edge of the range at step "
        "{step:,}; without it {plain:.0%}, from the same noise."
    )
    return lasting_sign(trace, guided > plain + BURNT, words, {"guided": guided, "plain": plain}, windows=1)


def average_too_long(trace: RunTrace) -> Sign | None:
    """The running average is set to last longer than the run; a warning where it lags behind the weights."""
    decay, total = trace.config.training.ema_decay, _total_steps(trace)
    if not trace.has("average/lag"):
        return None
    lag = trace.mean("average/lag")
    words = "The average's loss is {lag:.2f} times that of the weights themselves at step {step:,}."
    if found := lasting_sign(trace, lag > LAGS, words, {"lag": lag}):
        return found
    if not decay or not total or 1 / (1 - decay) <= total:
        return None
    evidence = (
        f"training.ema_decay {decay:g} averages over {1 / (1 - decay):,.0f} steps, and the run has {total:,}. A young average is kept to a tenth "
        f"of the steps done, so samples do not lag: its loss is {lag[-1]:.2f} times that of the weights. The setting has no effect."
    )
    return Sign(int(trace.steps[-1]), int(trace.steps[0]), evidence, severity="note")


def _total_steps(trace: RunTrace) -> int:
    training = trace.config.training
    total = training.epochs * trace.steps_per_epoch
    return min(total, training.max_steps) if training.max_steps else total


def _faster(config: RunConfig) -> list[Remedy]:
    rate = max(USUAL, 4 * config.generator_optimizer.learning_rate)
    why = "The loss of a denoiser that learns falls within its first hundred steps."
    return [
        Remedy(
            f"Let the denoiser learn faster: learning rate {rate:g}",
            why,
            {"generator_optimizer.learning_rate": rate},
            live=True,
        )
    ]


def _scaled(_config: RunConfig) -> list[Remedy]:
    return [
        Remedy(
            "Give the data their whole range",
            "Stretch pictures from black to white, and points to a spread of about 1.",
        )
    ]


def _less_guidance(config: RunConfig) -> list[Remedy]:
    why = "It changes drawing only: the weights stay as they are. 1.5 to 3 is usual (Ho and Salimans 2022, section 4)."
    return [Remedy("Draw with guidance 2", why, {"diffusion.guidance": 2.0})] if config.diffusion.guidance > 2 else []


def _shorter(config: RunConfig) -> list[Remedy]:
    why = "It averages over 200 steps, enough against the noise of single ones."
    return (
        [Remedy("Set the average's decay to 0.995", why, {"training.ema_decay": 0.995})]
        if config.training.ema_decay > 0.995
        else []
    )


DIAGNOSES = (
    Diagnosis(
        "denoiser_idle", "The denoiser learns nothing",
        "The loss is flat where it began, so the network takes no noise off, and the samples are noise: its steps are too small.",
        "failure", ("loss/diffusion", "loss/blind"), denoiser_idle, _faster,
    ),
    Diagnosis(
        "data_range", "The data do not fit the noise",
        "The process mixes data with noise of standard deviation 1. Data of far smaller spread are hidden by it until the very last steps, "
        "data of far larger spread never: either way most steps teach nothing (Karras et al. 2022, section 5).",
        "warning", ("loss/diffusion", "loss/quarter_1"), data_range, _scaled,
    ),
    Diagnosis(
        "guidance_burnt_out", "Guidance burns the samples out",
        "Guidance moves each prediction away from the one without labels. Too strong, it drives values to the ends of their range: glaring "
        "colours, hard edges, and little variety (Saharia et al. 2022, \"Imagen\", section 2.3).",
        "warning", ("edge/guided",), guidance_burnt_out, _less_guidance,
    ),
    Diagnosis(
        "average_too_long", "The running average is too long for the run",
        "Samples are drawn from an average of the weights. One that reaches far back holds weights that had learned less.",
        "warning", ("loss/diffusion",), average_too_long, _shorter,
    ),
)  # fmt: skip
