"""Made traces: a healthy game's noise, and one sickness each put into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gan_core.analysis.doctor import RunTrace
from gan_core.config import RunConfig, with_changes
from gan_core.presets import preset_config
from gan_core.runs.evaluations import Evaluation

LENGTH = 3000


def healthy(seed: int = 0, length: int = LENGTH) -> dict[str, np.ndarray]:
    """A game in balance, with a DCGAN's usual noise."""
    rng = np.random.default_rng(seed)

    def noisy(level, spread):
        return np.clip(level + spread * rng.normal(size=length), 1e-6, None)

    probes = np.where(np.arange(length) % 20 == 0, 1.0, np.nan)
    gap = 0.2 * rng.normal(size=length) * probes
    return {
        "memory/train": 1 + gap, "memory/held_out": 1 + 0 * gap, "memory/gap": gap,
        "step": np.arange(1.0, length + 1),
        "loss/d": noisy(0.6, 0.2), "loss/g": noisy(3.0, 0.8), "prob/real": np.clip(noisy(0.85, 0.08), 0, 1),
        "prob/fake_before": np.clip(noisy(0.15, 0.08), 0, 1), "grad_norm/g": noisy(20, 5), "grad_norm/d": noisy(15, 6),
        "spread/real": noisy(0.4, 0.02) * probes, "spread/fake": noisy(0.36, 0.02) * probes,
        "nearest/real": noisy(0.3, 0.01) * probes, "nearest/fake": noisy(0.28, 0.01) * probes, "logit/gap": noisy(2.5, 0.6),
    }  # fmt: skip


def from_step(step: int, before, after):
    return np.where(np.arange(LENGTH) < step, before, after)


def trace(columns, *, error: str = "", num_images: int = 5000, **changes) -> RunTrace:
    config = with_changes(RunConfig(), {name.replace("__", "."): value for name, value in changes.items()})
    return RunTrace(columns, config, num_images=num_images, steps_per_epoch=79, error=error)


def r4_e(start: int, seed: int = 0) -> dict[str, np.ndarray]:
    """R4-e's story: from a step on D(x) goes to 1, D(G(z)) to 0, and G's loss climbs to 86."""
    columns = healthy(seed)
    ramp = np.clip((np.arange(LENGTH) - start) / (LENGTH - start), 0, 1)
    columns["loss/g"] = columns["loss/g"] + 86 * ramp
    columns["prob/real"] = from_step(start, columns["prob/real"], 0.999)
    columns["prob/fake_before"] = from_step(start, columns["prob/fake_before"], 1e-4)
    columns["loss/d"] = from_step(start, columns["loss/d"], 1e-4)
    return columns


def with_kl(nats: float, seed: int) -> RunTrace:
    """A VAE whose KL a latent dimension is so large."""
    rng = np.random.default_rng(seed)
    columns = {
        "step": np.arange(1.0, 1001),
        "loss/kl": nats * (1 + 0.05 * rng.normal(size=1000)),
        "loss/reconstruction": np.linspace(0.05, 0.01, 1000),
    }
    return RunTrace(columns, preset_config("r5-vae-lite"), 5000, 79)


def standing_still(seed: int) -> RunTrace:
    """A conditional game whose score has stopped moving."""
    columns, score = healthy(seed, LENGTH * 4), np.full(LENGTH * 4, np.nan)
    score[::79] = 0.4 + 0.02 * np.random.default_rng(seed).normal(size=len(score[::79]))
    columns["accuracy/test"] = score
    return trace(columns)


def others(seed: int) -> Iterator[tuple[set[str], RunTrace]]:
    """Sicknesses that are no single change to a healthy game: what each shows, and its trace."""
    yield {"discriminator_won", "bce_clamp"}, trace(r4_e(1200, seed))
    yield (
        {"non_finite"},
        trace(healthy(seed), error="loss/g became nan at step 1,234: the numbers have grown without bound."),
    )
    yield {"too_few_images"}, trace(healthy(seed), num_images=100, training__epochs=1000)
    yield {"kl_collapse"}, with_kl(0.001, seed)
    yield {"prior_hole"}, with_kl(20.0, seed)
    yield set(), with_kl(0.5, seed)
    yield {"plateau"}, standing_still(seed)
    yield {"narrow_latent"}, trace(healthy(seed), network__latent_dim=1)
    yield {"augmentation_leak"}, leaking(seed)
    yield {"unbounded_critic"}, scored(seed, 500.0)
    yield set(), scored(seed, 5.0)


def leaking(seed: int) -> RunTrace:
    """A balanced game whose generator draws some of the cut-outs that D is shown."""
    marked = Evaluation("augmentation_leak", 0.1, (0.08, 0.12), LENGTH, 1000, "digits", real=0.01)
    return replace(trace(healthy(seed), augmentation__kinds="cutout"), measured={marked.metric: marked})


def scored(seed: int, largest: float) -> RunTrace:
    """A Wasserstein game without a bound, whose scores part by up to so much."""
    columns = healthy(seed)
    apart = np.linspace(1, largest, LENGTH)
    columns |= {"score/real": apart / 2, "score/fake_before": -apart / 2, "loss/d": -apart}
    for name in ("prob/real", "prob/fake_before"):
        del columns[name]
    return trace(columns, objective__name="wasserstein")


def collapsed(columns):
    columns["spread/fake"] = columns["spread/fake"] * from_step(1500, 1.0, 0.1)


def saturated(columns):
    columns["clip/saturation"] = from_step(400, 0.3, 0.97)


def vanished(columns):
    columns["grad_norm/g"] = columns["grad_norm/g"] * from_step(2000, 1.0, 1e-5)


def exploded(columns):
    columns["grad_norm/d"] = columns["grad_norm/d"] * from_step(2000, 1.0, 1e3)


def circling(columns):
    columns["loss/g"] = columns["loss/g"] * 0.2 + 3 * np.sin(2 * np.pi * np.arange(LENGTH) / 150) + 4


def known_by_heart(columns):
    columns["memory/train"] = 1.0 + 0 * columns["step"]
    columns["memory/gap"] = from_step(1000, 0.1, np.clip((columns["step"] - 1000) / 200, 0, 6))
    columns["memory/held_out"] = 1.0 - columns["memory/gap"]


def out_of_reach(columns):
    columns["prob/real"] = columns["prob/real"] * 0 + 0.93
    columns["prob/fake_before"] = columns["prob/fake_before"] * 0 + 0.05


def repeating(columns):
    columns["nearest/fake"] = columns["nearest/fake"] * 0.25


def fooled(columns):
    columns["logit/gap"] = columns["logit/gap"] - 5


def standing(columns):
    """G's images stay as they were, half as far apart as real ones, and D tells them apart."""
    for name, value in (("spread", 0.2), ("nearest", 0.15)):
        columns[f"{name}/fake"] = columns[f"{name}/real"] * 0 + value
    columns["logit/gap"] = columns["logit/gap"] + 2


def penalised(columns):
    columns["loss/penalty"] = columns["loss/d"] * 1e-3


def labelled(columns):
    columns["loss/label_real"] = columns["loss/label_fake"] = columns["loss/d"] * 0.2


def unchanged(columns):
    """What is sick stands in the configuration."""


SICK = {
    "memorisation": (known_by_heart, {}, 1000),
    "learning_rate_too_high": (out_of_reach, {"discriminator_optimizer__learning_rate": 0.05}, 0),
    "discriminator_idle": (fooled, {}, 100),
    "generator_idle": (standing, {}, 100),
    "penalty_dominates": (penalised, {"penalty__name": "r1", "penalty__weight": 1e5}, 100),
    "label_dominates": (labelled, {"conditioning__label_weight": 100.0}, 100),
    "one_sided": (unchanged, {"objective__real_weight": 0.0}, 0),
    "mode_collapse": (collapsed, {}, 1500),
    "clip_saturation": (saturated, {"objective__weight_clip": 0.01}, 400),
    "vanishing_gradient": (vanished, {}, 2000),
    "exploding_gradient": (exploded, {}, 2000),
    "oscillation": (circling, {}, 0),
}
