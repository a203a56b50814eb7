"""Diagnoses of the game between generator and discriminator."""

from __future__ import annotations

import numpy as np

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign
from gan_core.analysis.doctor.trace import Column, RunTrace
from gan_core.config import RunConfig, get
from gan_core.models.kinds import kind_of

SURE = 0.98  # D's mean output (probability) for real images from which it has nothing left to learn
LOST = 0.02  # and for generated ones
CLAMP = 50.0  # half of where PyTorch's BCELoss cuts (100): the loss at an output of e^-50
SAME = 0.25  # share of the real images' spread below which generated ones are all alike
FALL = 0.5  # share of its own best spread, or of the real images' mean distance
REPEATED = 0.3  # share of generated images with a near copy; of real ones 0.01
SLOW_START = 10  # windows in which a generator may not have found variety yet,
SLOWEST_START = 600  # but at least so many steps: 100 faces at 64 px took as long
BOUND = 0.9  # share of weights at the clip
RHYTHMIC = 0.6  # share of a loss's variance that one rhythm makes


def discriminator_won(trace: RunTrace) -> Sign | None:
    """D(x) near 1, D(G(z)) near 0, and G's loss higher than it was."""
    if not trace.has("prob/real", "prob/fake_before", "loss/g"):
        return None
    real, fake, loss = trace.mean("prob/real"), trace.mean("prob/fake_before"), trace.mean("loss/g")
    first = loss[np.flatnonzero(np.isfinite(loss))[:1]]
    holds = (real > SURE) & (fake < LOST) & (loss > (first[0] if len(first) else np.inf))
    words = "From step {since:,} to {step:,} D(x) averaged {real:.3f} and D(G(z)) {fake:.4f}; G's loss has risen to {loss:.1f}."
    return lasting_sign(trace, holds, words, {"real": real, "fake": fake, "loss": loss})


def bce_clamp(trace: RunTrace) -> Sign | None:
    """G's cross-entropy so large that D's output for its images is below e^-50."""
    if trace.config.objective.name != "bce" or not trace.has("loss/g", "loss/d"):
        return None
    loss, other = trace.mean("loss/g"), trace.mean("loss/d")
    words = "G's loss averaged {loss:.1f} at step {step:,}, D's {other:.2g}."
    return lasting_sign(trace, (loss > CLAMP) & (other < 0.01), words, {"loss": loss, "other": other}, windows=1)


def mode_collapse(trace: RunTrace) -> Sign | None:
    """Generated images differ from each other far less than real ones do, or than they once did."""
    return _little_spread(trace) or _measured_collapse(trace)


def _measured_collapse(trace: RunTrace) -> Sign | None:
    """The same, measured in an evaluator's features."""
    diversity, duplicates = trace.measured.get("diversity"), trace.measured.get("duplicates")
    if duplicates is not None and duplicates.low > REPEATED:
        step, words = duplicates.step, f"{duplicates.value:.0%} of the generated images have a near copy"
    elif diversity is not None and diversity.high < FALL:
        step, words = diversity.step, f"images differ {diversity.value:.2f} times as much as real ones"
    else:
        return None
    return Sign(step, step, f"Measured at step {step:,}: {words}.")


def _little_spread(trace: RunTrace) -> Sign | None:
    if not trace.has("spread/fake", "spread/real"):
        return None
    fake, real = trace.mean("spread/fake"), trace.mean("spread/real")
    best = np.fmax.accumulate(np.nan_to_num(fake))
    fell = (best > FALL * real) & (fake < FALL * best) & (fake < FALL * real)
    alike = fake < SAME * real
    alike[: max(SLOW_START * trace.window, SLOWEST_START)] = False  # every generator begins with pictures all alike
    words = (
        "At step {step:,} the images of a batch differed from each other by {fake:.3f} (standard deviation of a pixel); real "
        "ones by {real:.3f}."
    )
    return lasting_sign(trace, fell | alike, words, {"fake": fake, "real": real}, windows=2)


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


def _slower_d(config: RunConfig, factor: float = 0.25) -> Remedy:
    rate = float(get(config, "discriminator_optimizer.learning_rate")) * factor
    return Remedy(
        f"Let D learn slower: learning rate {rate:g}",
        "G catches up while D takes smaller steps (two learning rates, Heusel et al. 2017).",
        {"discriminator_optimizer.learning_rate": rate},
        live=True,
    )


def _against_a_winning_d(config: RunConfig) -> list[Remedy]:
    remedies = [_slower_d(config)]
    if not config.remedies.instance_noise:
        remedies.append(Remedy(
            "Blur D's sight with instance noise 0.1",
            "Real and generated images overlap again, so D's verdict has a slope for G to follow (Sønderby et al. 2017).",
            {"remedies.instance_noise": 0.1},
        ))  # fmt: skip
    if config.objective.name == "bce" and not config.remedies.label_smoothing:
        remedies.append(Remedy(
            "Smooth D's labels by 0.1",
            "D is no longer paid for being certain (one-sided label smoothing, Salimans et al. 2016).",
            {"remedies.label_smoothing": 0.1},
        ))  # fmt: skip
    if config.penalty.name == "none" and config.objective.weight_clip == 0:
        remedies.append(Remedy(
            "Charge D for steepness: R1 penalty, weight 5",
            "Keeps D's slope small near real images, which makes the game converge (Mescheder et al. 2018).",
            {"penalty.name": "r1", "penalty.weight": 5.0, "training.precision": "fp32"},
        ))  # fmt: skip
    return remedies


def _against_collapse(config: RunConfig) -> list[Remedy]:
    if kind_of(config).encodes:
        return [
            Remedy(
                f"{verb} the KL's weight (lambda): {config.vae.kl_weight * factor:g}",
                why,
                {"vae.kl_weight": config.vae.kl_weight * factor},
            )
            for verb, factor, why in (
                ("Lower", 0.1, "If KL is near 0: the decoder ignores the latent, and information becomes affordable."),
                ("Raise", 10.0, "If KL is high: random latents fall where the decoder has never been."),
            )
        ]
    remedies = []
    if config.objective.weight_clip > 0.02:
        remedies.append(Remedy(
            "Clip the critic's weights at 0.01",
            "The bound of the WGAN paper: a wide one lets the critic's slope explode (report R3 saw the same).",
            {"objective.weight_clip": 0.01},
        ))  # fmt: skip
    if not config.remedies.minibatch_std:
        remedies.append(Remedy(
            "Show D how much the images of a batch differ",
            "Sameness gives the generator away (minibatch standard deviation, Karras et al. 2018).",
            {"remedies.minibatch_std": True},
        ))  # fmt: skip
    return [*remedies, _slower_d(config, 0.5)]


def _against_saturation(config: RunConfig) -> list[Remedy]:
    return [
        Remedy(
            "Use a gradient penalty instead of clipping",
            "Clipping leaves the critic only simple functions; a penalty holds its slope directly (Gulrajani et al. 2017).",
            {
                "objective.weight_clip": 0.0,
                "penalty.name": "gradient",
                "penalty.weight": 10.0,
                "network.discriminator_norm": "none",
            },
        ),
        Remedy(
            f"Clip ten times wider: {10 * config.objective.weight_clip:g}",
            "More room for the critic; too much of it brings collapse.",
            {"objective.weight_clip": 10 * config.objective.weight_clip},
        ),
    ]


def _against_oscillation(config: RunConfig) -> list[Remedy]:
    remedies = [_slower_d(config, 0.5)]
    if not config.training.ema_decay:
        remedies.append(Remedy(
            "Keep a running average of the generator: 0.999",
            "The average stands still in the middle of the circle (Yazıcı et al. 2019).",
            {"training.ema_decay": 0.999},
        ))  # fmt: skip
    return remedies


DIAGNOSES = (
    Diagnosis(
        "discriminator_won", "The discriminator has won",
        "D tells real from generated without doubt. Its verdict is then flat wherever G's images lie, and a flat verdict gives G "
        "no direction: G's loss climbs and its images stop getting better, or fall apart.",
        "warning", ("prob/real", "prob/fake_before", "loss/g"), discriminator_won, _against_a_winning_d,
    ),
    Diagnosis(
        "bce_clamp", "G's loss has left the scale",
        "D gives generated images a probability below 10^-21. PyTorch's BCELoss cuts the loss at 100 there and its gradient is "
        "zero; computed from logits, as here, it goes on growing. Either way the run is dead: go back to a checkpoint from before.",
        "failure", ("loss/g", "loss/d"), bce_clamp, _against_a_winning_d,
    ),
    Diagnosis(
        "mode_collapse", "Mode collapse: the generated images are alike",
        "A mode is a kind of image. The generator has found one that passes and makes little else, whatever the latent z.",
        "failure", ("spread/fake", "spread/real"), mode_collapse, _against_collapse,
        of_vae=(
            "The samples are alike",
            "The decoder makes nearly the same image of every random latent: because the latents say little about the image "
            "(KL near 0), or because random latents fall between the places it was trained on (KL high). Its reconstructions "
            "tell which: alike too in the first case, good in the second.",
        ),
    ),
    Diagnosis(
        "clip_saturation", "The critic's weights lie at the bound",
        "With nearly every weight at plus or minus the clip, the critic can express only very simple functions, and its "
        "verdict says little about where G's images are wrong.",
        "warning", ("clip/saturation",), clip_saturation, _against_saturation,
    ),
    Diagnosis(
        "oscillation", "The two networks chase each other in circles",
        "G moves to where D looks weak, D follows, G moves on: the losses swing in a rhythm and nothing is learned for good.",
        "warning", ("loss/g", "loss/d"), oscillation, _against_oscillation,
    ),
)  # fmt: skip
