"""Diagnoses of any model: gradients, learning rate, too little data, standstill, numbers without bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from gan_core.analysis.doctor.finding import (
    Diagnosis,
    Remedy,
    Sign,
    lasting_sign,
    of_images,
    slower_d,
)
from gan_core.analysis.doctor.trace import Column, Mask, RunTrace
from gan_core.config import RunConfig, get
from gan_core.config.numbers import significant
from gan_core.datasets import DATASETS
from gan_core.models.kinds import KINDS, OptimizerPart, kind_of

TRAINED = {part.short: part for kind in KINDS.values() for part in kind.optimizers}  # by their names in metrics
LOSSES = tuple(f"loss/{short}" for short in TRAINED)
GRADIENTS = tuple(f"grad_norm/{short}" for short in TRAINED)
VANISHED = 1e-3  # share of its typical size so far
EXPLODED = 30.0  # times its typical size so far
FEW_IMAGES, MANY_EPOCHS = 1000, 20
FASTEST = {"adam": 2e-3, "adamax": 5e-3, "rmsprop": 1e-3, "sgd": 0.5}  # beyond these GANs seldom train
FALLING = ("linear", "cosine")
AHEAD = 0.75  # of D(x) before D(G(z)): what G never makes good; ten times the usual rates leave 0.56
BEHIND = (
    0.5  # share of the real images' distance to their nearest fellow; ten times the usual rates pass it within 90 steps
)
START = 100  # steps of G before which images may be alike
CLEAR = 0.97  # share of what always saying 0 costs; a denoiser that learns passes it within 200 steps


def non_finite(trace: RunTrace) -> Sign | None:
    """The run failed because a number grew without bound."""
    if "without bound" not in trace.error:
        return None
    named = re.search(r"at step ([\d,]+)", trace.error)
    step = int(named.group(1).replace(",", "")) if named else int(trace.steps[-1]) if len(trace.steps) else 0
    return Sign(step, step, trace.error)


def vanishing_gradient(trace: RunTrace) -> Sign | None:
    """A network's gradient is a thousandth of what it typically was, or nothing."""
    sign, network = _gradient_sign(trace, lambda now, typical: (now < VANISHED * typical) | (now < 1e-8), "fallen")
    return sign and replace(sign, remedies=tuple(_against_standstill(trace.config, network)))


def exploding_gradient(trace: RunTrace) -> Sign | None:
    """A network's gradient is many times what it typically was."""
    return _gradient_sign(trace, lambda now, typical: now > EXPLODED * typical, "risen")[0]


def _gradient_sign(trace: RunTrace, unusual: Callable[[Column, Column], Mask], word: str) -> tuple[Sign | None, str]:
    """The first unusual gradient, and the symbol of its network."""
    for name in GRADIENTS:
        if not trace.has(name) or len(trace.steps) < 6 * trace.window:
            continue
        now = trace.mean(name)
        typical = np.full(len(now), np.nan)
        for place in range(3 * trace.window, len(now)):  # the median of all but the newest two windows
            if place % max(1, trace.window // 4) == 0 or np.isnan(typical[place - 1]):
                typical[place] = np.nanmedian(now[: place - 2 * trace.window + 1])
            else:
                typical[place] = typical[place - 1]
        with np.errstate(invalid="ignore"):
            holds = unusual(now, typical)
        network = TRAINED[name.partition("/")[2]].symbol
        words = (
            f"The gradient of {network} has {word} from typically {{typical:.3g}} to {{now:.3g}} at step {{step:,}}."
        )
        found = lasting_sign(trace, holds, words, {"typical": typical, "now": now}, windows=1)
        if found is not None:
            return found, network
    return None, ""


def _against_standstill(config: RunConfig, network: str) -> list[Remedy]:
    """What helps once a network's gradient has vanished: smaller steps of its own would change nothing now."""
    if network == "G":
        return [slower_d(config)]
    if network == "D":
        why = "D is certain of everything and no longer learns. Smoothed targets keep its loss above zero (Salimans et al. 2016)."
        smooth = Remedy("Smooth D's labels by 0.1", why, {"remedies.label_smoothing": 0.1})
        return [smooth, *(replace(one, live=False) for one in [slower_d(config)])]
    why = "A step that was too large left units that no input activates. Continue from an earlier checkpoint."
    return [replace(one, why=why, live=False) for one in _slower(config, 0.25)]


def learning_rate_too_high(trace: RunTrace) -> Sign | None:
    """A learning rate beyond what its optimiser usually stands, and curves that show harm: the rate alone is no evidence."""
    fast = [
        part
        for part in reversed(kind_of(trace.config).optimizers)
        if _rate(trace.config, part) > _fastest(trace.config, part)
    ]
    if not fast:
        return None
    part = fast[0]
    cause = (
        f"The {part.title.lower()}'s learning rate is {_rate(trace.config, part):g}; with {get(trace.config, part.section).name} training is rarely stable "
        f"above {_fastest(trace.config, part):g} here. "
    )
    fast_now = _too_fast_now(trace, part)
    for holds, words, values in _harm(trace):
        found = lasting_sign(trace, holds & fast_now, cause + words, values)
        if found is not None:
            return found
    return None


def _too_fast_now(trace: RunTrace, part: OptimizerPart) -> Mask:
    """Where the rate that the schedule left of it was still beyond the bound (N,): everywhere without a schedule."""
    name = f"rate/{part.short}"
    if not trace.has(name):
        return np.ones(len(trace.steps), bool)
    return np.asarray(trace.mean(name) > _fastest(trace.config, part))


def _rate(config: RunConfig, part: OptimizerPart) -> float:
    return float(get(config, part.rate))


def _fastest(config: RunConfig, part: OptimizerPart) -> float:
    return FASTEST[get(config, part.section).name]


def _harm(trace: RunTrace) -> Iterator[tuple[Mask, str, Mapping[str, Column]]]:
    """What too large steps do to a run: where it shows, in words, and with which values."""
    if trace.has("loss/vae"):
        loss = trace.mean("loss/vae")
        first = np.full(len(loss), loss[trace.window - 1])
        holds = (loss >= first) & (np.arange(len(loss)) >= trace.window)
        yield (
            holds,
            "Its loss is {loss:.3g} at step {step:,}, no less than the {first:.3g} of its first steps.",
            {"loss": loss, "first": first},
        )
    if trace.has("loss/blind", "loss/quarter_1"):
        clear, blind = trace.mean("loss/quarter_1"), trace.mean("loss/blind")
        words = "Where there is least noise the loss is {clear:.2f} at step {step:,}; always saying 0 would cost {blind:.2f}."
        yield clear > CLEAR * blind, words, {"clear": clear, "blind": blind}
    if trace.has("prob/real", "prob/fake_before"):
        real, fake = trace.mean("prob/real"), trace.mean("prob/fake_before")
        words = "D(x) averages {real:.2f} and D(G(z)) {fake:.2f} at step {step:,}: G does not follow."
        yield real - fake > AHEAD, words, {"real": real, "fake": fake}
    if trace.has("nearest/fake", "nearest/real"):
        near = {"near": trace.mean("nearest/fake"), "real": trace.mean("nearest/real")}
        words = (
            "At step {step:,} the distance to the nearest other image of the batch is {near:.3f} for generated images and {real:.3f} for real ones: G "
            "produces one image, or noise."
        )
        yield (near["near"] < BEHIND * near["real"]) & trace.after_steps_of_g(START), words, near


def too_few_images(trace: RunTrace) -> Sign | None:
    """So few images, seen so often, that D can learn them by heart."""
    training = trace.config.training
    epochs = training.epochs
    if training.max_steps and trace.steps_per_epoch:
        epochs = min(epochs, training.max_steps // trace.steps_per_epoch)
    if not 0 < trace.num_images < FEW_IMAGES or epochs < MANY_EPOCHS:
        return None
    model = kind_of(trace.config).short
    what = "images" if of_images(trace.config) else "points"
    evidence = f"{trace.num_images:,} {what}, each seen {epochs:,} times in the whole run; a {model} needs at least some thousands."
    return Sign(0, 0, evidence)


def plateau(trace: RunTrace) -> Sign | None:
    """The last third of a long run changed nothing that is measured."""
    name = next((n for n in ("accuracy/test", "accuracy/labels", "loss/reconstruction") if n in trace.columns), None)
    if name is None or len(trace.steps) < 30 * trace.window:
        return None
    values, steps = trace.columns[name], trace.steps
    finite = np.isfinite(values)
    values, steps = values[finite], steps[finite]
    third = len(values) // 3
    if third < 5:
        return None
    before, after = values[third : 2 * third], values[-third:]
    noise = np.sqrt(before.var(ddof=1) / third + after.var(ddof=1) / third)
    if abs(after.mean() - before.mean()) > 2 * noise:
        return None
    evidence = f"{name} averaged {significant(before.mean(), 4)} in the middle third of the run and {significant(after.mean(), 4)} in the last."
    return Sign(int(steps[-1]), int(steps[-third]), evidence)


def _slower(config: RunConfig, factor: float, *, late: bool = False) -> list[Remedy]:
    """Lower rates; late in a run not where the schedule has lowered the rate already."""
    return [
        Remedy(
            f"Lower the {part.title.lower()}'s learning rate to {float(get(config, part.rate)) * factor:g}",
            "Smaller steps are less likely to overshoot.",
            {part.rate: float(get(config, part.rate)) * factor},
            live=True,
        )
        for part in reversed(kind_of(config).optimizers)
        if not (late and get(config, part.section).schedule in FALLING)
    ]


def more_images(config: RunConfig) -> list[Remedy]:
    """Remedies for too little data."""
    what = "images" if of_images(config) else "points"
    remedies = [Remedy(f"Use more {what}", "The most effective remedy.")]
    if config.dataset.num_images:
        changes = {"dataset.num_images": 0}
        remedies = [Remedy(f"Use all {what} of the data set", "More data is the most effective remedy.", changes)]
    if of_images(config) and not config.augmentation.kinds:
        remedies.append(Remedy(
            "Augment every image that D sees (DiffAugment)",
            "Random colour changes, shifts and cut-outs, on real and generated images alike, keep D from memorising its few images; generated "
            "images stay unaugmented (Zhao et al. 2020).",
            {"augmentation.kinds": "color,translation,cutout"},
        ))  # fmt: skip
    if of_images(config) and not (config.dataset.flip or DATASETS.find(config.dataset.name).mirrored_is_false):
        why = "Twice as many views. Not suitable for text."
        remedies.append(Remedy("Turn on random horizontal flip", why, {"dataset.flip": True}))
    return remedies


DIAGNOSES = (
    Diagnosis(
        "non_finite", "Training diverged (NaN or infinity)", "A loss or a weight became infinite, and everything computed from it.",
        "failure", LOSSES, non_finite, lambda config: _slower(config, 0.1),
    ),
    Diagnosis(
        "vanishing_gradient", "Vanishing gradient",
        "The gradient of a network's weights is almost zero: that network has stopped learning.",
        "failure", GRADIENTS, vanishing_gradient, lambda config: _against_standstill(config, "G"),
    ),
    Diagnosis(
        "exploding_gradient", "Exploding gradient",
        "The gradient of a network's weights is many times larger than usual; the next steps may undo what was learned.",
        "warning", GRADIENTS, exploding_gradient, lambda config: _slower(config, 0.25),
    ),
    Diagnosis(
        "learning_rate_too_high", "The learning rate is too high",
        "Each step overshoots. One network becomes unstable, and the other learns nothing from it.",
        "warning", LOSSES, learning_rate_too_high, lambda config: _slower(config, 0.1),
        of_vae=(
            "The learning rate is too high",
            "Each step is so large that it jumps over what it was to reach: the loss stays high.",
        ),
    ),
    Diagnosis(
        "too_few_images", "Too few images",
        "With so few images D can memorise all of them. It then rejects everything else, and G learns nothing or copies them.",
        "note", (), too_few_images, more_images,
        of_vae=(
            "Too few images",
            "With so few images the network can memorise all of them. It then reconstructs other images badly, and its samples are copies "
            "or mixtures of the training images.",
        ),
    ),
    Diagnosis(
        "plateau", "No further improvement",
        "The measured value no longer changes: more steps with the same settings will hardly help.",
        "note", ("accuracy/test", "accuracy/labels", "loss/reconstruction"), plateau,
        lambda config: _slower(config, 0.2, late=True),
    ),
)  # fmt: skip
