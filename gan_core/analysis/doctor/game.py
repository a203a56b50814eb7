"""Diagnoses of the game between generator and discriminator."""

from __future__ import annotations

import numpy as np

from gan_core.analysis.doctor.collapse import HELD, LEAD, START, alike, r1
from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign, slower_d
from gan_core.analysis.doctor.trace import PATIENCE, Column, RunTrace
from gan_core.config import RunConfig

SURE = 0.98  # D's mean output (probability) for real images from which it has nothing left to learn
LOST = 0.02  # and for generated ones
DECIDED = 15.0  # standard deviations between D's verdicts beyond which it has won in any case; LEAD while G's images are alike
LATEST_START = 1000  # steps after which D's lead counts, also where G has made few: it had many critic steps to answer
CLAMP = 50.0  # half of where PyTorch's BCELoss cuts (100): the loss at an output of e^-50
BOUND = 0.9  # share of weights at the clip
RHYTHMIC = 0.6  # share of a loss's variance that one rhythm makes


def discriminator_won(trace: RunTrace) -> Sign | None:
    """D(x) near 1, D(G(z)) near 0, and G's loss higher than it was; or verdicts far apart, whatever the objective."""
    return _sure(trace) or _far_apart(trace)


def _sure(trace: RunTrace) -> Sign | None:
    if not trace.has("prob/real", "prob/fake_before", "loss/g"):
        return None
    real, fake, loss = trace.mean("prob/real"), trace.mean("prob/fake_before"), trace.mean("loss/g")
    first = loss[np.flatnonzero(np.isfinite(loss))[:1]]
    holds = (real > SURE) & (fake < LOST) & (loss > (first[0] if len(first) else np.inf))
    words = "From step {since:,} to {step:,} D(x) averaged {real:.3f} and D(G(z)) {fake:.4f}; G's loss has risen to {loss:.1f}."
    return lasting_sign(trace, holds, words, {"real": real, "fake": fake, "loss": loss})


def _far_apart(trace: RunTrace) -> Sign | None:
    """D's logits far apart while G's images are still alike, or so far that no slope is left between them."""
    if not trace.has("logit/gap"):
        return None
    gap = trace.mean("logit/gap")
    early = ~(trace.after_steps_of_g(START) | (trace.steps > LATEST_START))
    holds = (((gap > LEAD) & alike(trace)) | (gap > DECIDED)) & ~early
    words = "From step {since:,} to {step:,} D separated real from generated images by {gap:.1f} standard deviations of its logits."
    return lasting_sign(trace, holds, words, {"gap": gap}, windows=max(PATIENCE, HELD / trace.window))


def bce_clamp(trace: RunTrace) -> Sign | None:
    """G's cross-entropy so large that D's output for its images is below e^-50."""
    if trace.config.objective.name != "bce" or not trace.has("loss/g", "loss/d"):
        return None
    loss, other = trace.mean("loss/g"), trace.mean("loss/d")
    words = "G's loss averaged {loss:.1f} at step {step:,}, D's {other:.2g}."
    return lasting_sign(trace, (loss > CLAMP) & (other < 0.01), words, {"loss": loss, "other": other}, windows=1)


def clip_saturation(trace: RunTrace) -> Sign | None:
    """Nearly all of the critic's weights lie at the clipping bound."""
    if not trace.has("clip/saturation"):
        return None
    share = trace.mean("clip/saturation")
    words = "{share:.0%} of the critic's weights lay at the bound on average up to step {step:,}."
    return lasting_sign(trace, share > BOUND, words, {"share": share}, windows=2)


def oscillation(trace: RunTrace) -> Sign | None:
    """The two losses swing against each other in a steady rhythm, wider than their noise."""
    if not trace.has("loss/g", "loss/d") or len(trace.steps) < 8 * trace.window:
        return None
    loss, stretch = trace.columns["loss/g"], 8 * trace.window
    for end in range(stretch, len(loss) + 1, trace.window):
        rhythm, share = _rhythm(loss[end - stretch : end], trace.window // 4)
        if share > RHYTHMIC:
            began, here = int(trace.steps[end - stretch]), int(trace.steps[end - 1])
            evidence = (
                f"Between steps {began:,} and {here:,} one rhythm of about {rhythm:,} steps makes {share:.0%} of all change in "
                "G's loss."
            )
            return Sign(here, began, evidence, lasting=_rhythm(loss[-stretch:], trace.window // 4)[1] > RHYTHMIC)
    return None


def _rhythm(values: Column, shortest: int) -> tuple[int, float]:
    """The period of the strongest swing, in steps, and its share of the variance once the straight trend is taken off."""
    values = values[np.isfinite(values)]
    places = np.arange(len(values))
    if len(values) < 4 * max(2, shortest):
        return 0, 0.0
    rest = values - np.polyval(np.polyfit(places, values, 1), places)
    power = np.abs(np.fft.rfft(rest * np.hanning(len(rest)))) ** 2
    swings = power.copy()
    swings[:3] = 0  # slower than a third of the stretch is a trend, no rhythm
    peak = int(swings.argmax())
    period = len(values) // max(1, peak)
    if not power.sum() or period < shortest:
        return 0, 0.0
    return period, float(swings[max(0, peak - 1) : peak + 2].sum() / power.sum())


def _against_a_winning_d(config: RunConfig) -> list[Remedy]:
    remedies = [slower_d(config)]
    if not config.remedies.instance_noise:
        remedies.append(Remedy(
            "Add noise to D's inputs (instance noise 0.1)",
            "Real and generated images overlap again, so D gives G a useful gradient (Sønderby et al. 2017).",
            {"remedies.instance_noise": 0.1},
        ))  # fmt: skip
    if config.objective.name == "bce" and not config.remedies.label_smoothing:
        remedies.append(Remedy(
            "Smooth D's labels by 0.1",
            "D is no longer rewarded for extreme confidence (one-sided label smoothing, Salimans et al. 2016).",
            {"remedies.label_smoothing": 0.1},
        ))  # fmt: skip
    return [*remedies, *r1(config)]


def _against_saturation(config: RunConfig) -> list[Remedy]:
    return [
        Remedy(
            "Use a gradient penalty instead of clipping",
            "Clipping restricts the critic to simple functions; a penalty limits its slope directly (Gulrajani et al. 2017).",
            {
                "objective.weight_clip": 0.0,
                "penalty.name": "gradient",
                "penalty.weight": 10.0,
                "network.discriminator_norm": "none",
                "training.precision": "fp32",
            },
        ),
        Remedy(
            f"Clip twice as wide: {2 * config.objective.weight_clip:g}",
            "More room for the critic; ten times as wide, as report R3 tried, brings collapse.",
            {"objective.weight_clip": 2 * config.objective.weight_clip},
        ),
    ]


def _against_oscillation(config: RunConfig) -> list[Remedy]:
    remedies = [slower_d(config, 0.5)]
    if not config.training.ema_decay:
        remedies.append(Remedy(
            "Keep a running average of the generator: 0.999",
            "Averaged weights stay near the centre of the oscillation (Yazıcı et al. 2019).",
            {"training.ema_decay": 0.999},
        ))  # fmt: skip
    return remedies


DIAGNOSES = (
    Diagnosis(
        "discriminator_won", "The discriminator is too strong",
        "D separates real from generated images with certainty. Its gradient is then unstable and no longer helps G (Arjovsky and Bottou "
        "2017): G's images stop improving, or get worse.",
        "warning", ("prob/real", "prob/fake_before", "loss/g", "logit/gap"), discriminator_won, _against_a_winning_d,
    ),
    Diagnosis(
        "bce_clamp", "G's loss is out of range",
        "D gives generated images a probability below 10^-21. PyTorch's BCELoss, which is given probabilities, has lost its gradient by "
        "then (it fades from a logit of -28 on; the loss is cut at 100); computed from logits, as here, G's gradient keeps its size, "
        "but its direction no longer depends on the images. Go back to an earlier checkpoint.",
        "failure", ("loss/g", "loss/d"), bce_clamp, _against_a_winning_d,
    ),
    Diagnosis(
        "clip_saturation", "The critic's weights are at the clipping bound",
        "With nearly every weight at plus or minus the bound, the critic can represent only very simple functions, so its "
        "gradient says little about what is wrong with G's images.",
        "warning", ("clip/saturation",), clip_saturation, _against_saturation,
    ),
    Diagnosis(
        "oscillation", "The two networks oscillate",
        "G exploits a weakness of D, D corrects it, G moves on: the losses oscillate periodically and training does not converge.",
        "warning", ("loss/g", "loss/d"), oscillation, _against_oscillation,
    ),
)  # fmt: skip
