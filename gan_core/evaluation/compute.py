"""Every measure of one generator, computed from what was drawn and seen: values, resampled values, the same of real images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from gan_core.evaluation.extractors import Seen
from gan_core.evaluation.metrics import structure
from gan_core.evaluation.metrics.modes import class_modes
from gan_core.evaluation.metrics.pairwise import WEIGHTED, Geometry
from gan_core.evaluation.metrics.repeats import copies, duplicates
from gan_core.evaluation.metrics.scores import inception_score
from gan_core.evaluation.statistics.bootstrap import draws, of_a_mean

Array = npt.NDArray[np.float64]
Images = npt.NDArray[np.uint8]
Tell = Callable[..., None]
NUM_PAIRS = 500  # of pictures, for MS-SSIM
WIDE, REPEATS_WIDE = 512, 10  # features a picture; the Fréchet distance costs their cube


@dataclass(frozen=True)
class Material:
    """What all measures are made of.

    Attributes:
        fake_images, real_images: uint8 (M, C, H, W), (N, C, H, W).
        fake, real: what the extractor saw in them.
        learned: what it saw in training images, where the real ones are others; else None.
        kinds: the kinds of all training images, (T,); None where kinds are not known.
        exclusive: see `Extractor`.
    """

    fake_images: Images
    real_images: Images
    fake: Seen
    real: Seen
    learned: Seen | None
    kinds: npt.NDArray[np.int64] | None
    exclusive: bool


@dataclass(frozen=True)
class One:
    """A measure's outcome: value, resampled values, the same of real images, counts, and what to say of them."""

    value: float
    again: Array
    real: float | None
    num_real: int
    num_fake: int
    note: str = ""


def measure_all(material: Material, wanted: Sequence[str], repeats: int, seed: int, tell: Tell) -> dict[str, One]:
    """The wanted measures that can be made of this material, in the order of the table."""
    with threadpool_limits(1):  # small matrices, a machine that trains: two threads took forty times as long
        return _measured(material, wanted, repeats, seed, tell)


def _measured(material: Material, wanted: Sequence[str], repeats: int, seed: int, tell: Tell) -> dict[str, One]:
    made = _of_features(material, [name for name in WEIGHTED if name in wanted], repeats, seed, tell)
    others: dict[str, Callable[[Material, int, int, Tell], One | None]] = {
        "ms_ssim": _ms_ssim, "duplicates": _duplicates, "inception_score": _inception_score,
        "modes": _modes, "mode_kl": _mode_kl, "copying": _copying,
    }  # fmt: skip
    for name, compute in others.items():
        one = compute(material, repeats, seed, tell) if name in wanted else None
        if one is not None:
            made[name] = one
    return made


def _of_features(material: Material, names: Sequence[str], repeats: int, seed: int, tell: Tell) -> dict[str, One]:
    if not names:
        return {}
    real, fake = material.real.features, material.fake.features
    pair, ideal = Geometry(real, fake), None
    if material.learned is not None:
        ideal = Geometry(real, material.learned.features)
    wide = real.shape[1] > WIDE
    made = {}
    for number, name in enumerate(names):
        tell("resampling", number, len(names))
        often = REPEATS_WIDE if wide and name == "fd" else repeats
        drawn = zip(draws(len(real), often, seed, 0), draws(len(fake), often, seed, 1), strict=True)
        again = np.array([pair.value(name, *counts) for counts in drawn])
        # fewer repeats are said again, so that every measure has equally many
        again = np.resize(again, repeats)
        value = pair.value(name)
        made[name] = One(
            value,
            again,
            None if ideal is None else ideal.value(name),
            len(real),
            len(fake),
            _about_counts(name, real, fake),
        )
    return made


def _about_counts(name: str, real: Array, fake: Array) -> str:
    """What these counts do to the metric."""
    width, fewest = real.shape[1], min(len(real), len(fake))
    if name == "fd" and fewest < 2 * width:
        return f" Here {fewest:,} images stand for {width:,} numbers each: far too few, so the value is much too large."
    return ""


def _ms_ssim(material: Material, repeats: int, seed: int, tell: Tell) -> One | None:
    size = min(material.fake_images.shape[2:])
    if size < structure.WINDOW:
        return None

    def index(images: Images, stage: str) -> Array:
        first, second = structure.pairs(min(len(images), 2 * NUM_PAIRS))
        total = first.stop
        return structure.ms_ssim(images[first], images[second], lambda done: tell(stage, done, total))

    fake = index(material.fake_images, "comparing pairs of pictures")
    real = index(material.real_images, "comparing pairs of pictures")
    scales = structure.num_scales(size)
    note = f" Here {scales} scale{'s' * (scales > 1)} of {size} px, and {len(fake)} pairs."
    again = of_a_mean(fake, repeats, seed)
    return One(float(fake.mean()), again, float(real.mean()), 2 * len(real), 2 * len(fake), note)


def _duplicates(material: Material, repeats: int, seed: int, tell: Tell) -> One:
    tell("looking for duplicates")
    found = duplicates(material.real.features, material.fake.features)
    real = None
    if material.learned is not None:
        real = float(duplicates(material.real.features, material.learned.features).mean())
    note = " The interval takes nearest fellows as they are: images drawn again would be copies of themselves."
    return One(float(found.mean()), of_a_mean(found, repeats, seed), real, len(found), len(found), note)


def _inception_score(material: Material, repeats: int, seed: int, tell: Tell) -> One:
    tell("scoring verdicts")
    verdicts, exclusive = material.fake.probabilities, material.exclusive
    again = []
    for counts in draws(len(verdicts), repeats, seed, 1):
        drawn = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(verdicts)), counts))
        again.append(inception_score(verdicts[drawn], exclusive=exclusive))
    real = inception_score(material.real.probabilities, exclusive=exclusive)
    note = "" if exclusive else " Labels are taken as independent: an upper bound."
    value = inception_score(verdicts, exclusive=exclusive)
    return One(value, np.array(again), real, len(material.real.features), len(verdicts), f"{note} Ten splits.")


def _modes(material: Material, repeats: int, seed: int, tell: Tell) -> One | None:
    return _of_kinds(material, repeats, seed, lambda found: float(found.captured))


def _mode_kl(material: Material, repeats: int, seed: int, tell: Tell) -> One | None:
    return _of_kinds(material, repeats, seed, lambda found: found.reverse_kl)


def _of_kinds(material: Material, repeats: int, seed: int, ask: Callable[[Any], float]) -> One | None:
    """Something about which of the training images' kinds are among the generated ones; None where none is known."""
    if material.kinds is None:
        return None
    known, times = np.unique(material.kinds, return_counts=True)
    shares = times / times.sum()

    def value(kinds: npt.NDArray[np.int64]) -> float | None:
        place = np.searchsorted(known, kinds).clip(0, len(known) - 1)
        there = known[place] == kinds
        return ask(class_modes(place[there], len(known), shares)) if there.any() else None

    fake = material.fake.kinds
    now = value(fake)
    if now is None:
        return None
    again = [value(np.repeat(fake, counts)) for counts in draws(len(fake), repeats, seed, 1)]
    others = material.real if material.learned is None else material.learned
    outside = 1 - float(np.isin(fake, known).mean())
    note = f" There are {len(known):,} kinds; {outside:.0%} of the generated images are of none of them."
    kept = np.array([now if one is None else one for one in again])
    return One(now, kept, value(others.kinds), len(material.kinds), len(fake), note)


def _copying(material: Material, repeats: int, seed: int, tell: Tell) -> One | None:
    if material.learned is None:
        return None
    tell("looking for copies")
    found = copies(material.fake.features, material.learned.features, material.real.features)
    count = min(len(material.learned.features), len(material.real.features))
    note = f" Here {count:,} of each."
    return One(float(found.mean()), of_a_mean(found, repeats, seed), 0.5, 2 * count, len(found), note)
