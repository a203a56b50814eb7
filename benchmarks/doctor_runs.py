"""Short real runs for the doctor: healthy ones of every family, and the same broken in eighteen ways.

    python -m benchmarks.doctor_runs --set development|test [--runs FOLDER] [--only WAY,...]

Each run is trained on the embedded digits, its last generator measured, and its curves kept, reduced, in
tests/analysis/doctor/traces/SET with a line in SET.json: the way it was broken and what was measured, never what the doctor says. What is
there is not trained again: stop it when you like, start it again to go on. One processor thread, about half a minute a run.

Thresholds of the doctor may be set with the development set at hand; the seeds of the test set were never used for that.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_core import runs
from gan_core.analysis.doctor.examine import trace_of
from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import Machine
from gan_core.evaluation import extractors, measure
from gan_core.evaluation.metrics import METRICS
from gan_core.presets import preset_config
from gan_core.runs import Run
from gan_core.runs.files import write_atomically
from gan_core.training.plan import resolve
from tools.doctor_traces import PLACE, reduced

Changes = dict[str, Any]
SEEDS: dict[str, dict[str, tuple[int, ...]]] = {
    "development": {"healthy": (11,), "sick": (11,)},
    "test": {"healthy": (1201, 1202, 1203), "sick": (1301, 1302)},
}
NUM_IMAGES = 500  # measured, against as many real ones
MACHINE = Machine(devices=("cpu",), labels=("CPU",), threads=1, bf16_devices=())
MEASURED = ("fd", "recall", "diversity", "duplicates")
KINDS = 10


def adam(generator: float, discriminator: float, beta1: float = 0.5, beta2: float = 0.999) -> Changes:
    """Settings of both optimisers."""
    return {
        f"{part}_optimizer.{name}": value
        for part, rate in (("generator", generator), ("discriminator", discriminator))
        for name, value in (("name", "adam"), ("learning_rate", rate), ("beta1", beta1), ("beta2", beta2))
    }


BASE: Changes = {
    "dataset.image_size": 16, "dataset.num_images": 2000, "network.width": 16, "training.batch_size": 32, "training.epochs": 1000,
    "training.max_steps": 800, "training.threads": 1, "training.precision": "fp32", "training.device": "cpu", "recording.num_samples": 16, "recording.evaluate_every_epochs": 0,
    "recording.probe_every_steps": 10, "recording.checkpoint_every_s": 1e6, "training.ema_decay": 0.0,
}  # fmt: skip
FIVE_CRITIC_STEPS: Changes = {"objective.n_critic": 5, "training.max_steps": 1500}
CLIPPED: Changes = {
    **FIVE_CRITIC_STEPS, "objective.name": "wasserstein", "objective.weight_clip": 0.01,
    "generator_optimizer.name": "rmsprop", "discriminator_optimizer.name": "rmsprop",
    "generator_optimizer.learning_rate": 5e-4, "discriminator_optimizer.learning_rate": 5e-4,
}  # fmt: skip
PENALISED: Changes = {
    **FIVE_CRITIC_STEPS, "objective.name": "wasserstein", "penalty.name": "gradient", "penalty.weight": 10.0,
    "network.discriminator_norm": "none", **adam(1e-3, 1e-3, 0.0, 0.9),
}  # fmt: skip
SPECTRAL: Changes = {
    "objective.name": "hinge", "network.spectral_norm": True, "network.discriminator_norm": "none", **adam(5e-4, 5e-4, 0.0, 0.9),
}  # fmt: skip
LEAST_SQUARES: Changes = {"objective.name": "least_squares"}
CONDITIONAL: Changes = {"conditioning.name": "acgan"}
CODED: Changes = {
    "network.name": "vae",
    "generator_optimizer.name": "adamax",
    "generator_optimizer.learning_rate": 2e-3,
    "training.max_steps": 900,
}


@dataclass(frozen=True)
class Way:
    """How a run is trained.

    Attributes:
        name: the key.
        changes: to the default preset in small.
        sick: whether it is broken.
    """

    name: str
    changes: Changes
    sick: bool = True


WAYS = (
    Way("dcgan", {}, sick=False),
    Way("dcgan-slow", {**adam(2e-4, 2e-4), "training.max_steps": 1000}, sick=False),
    Way("dcgan-lr-10", adam(1e-2, 5e-3), sick=False),
    Way("dcgan-r1", {"penalty.name": "r1", "penalty.weight": 5.0, "network.discriminator_norm": "none"}, sick=False),
    Way("wgan", CLIPPED, sick=False),
    Way("wgan-gp", PENALISED, sick=False),
    Way("lsgan", LEAST_SQUARES, sick=False),
    Way("sngan", SPECTRAL, sick=False),
    Way("acgan", CONDITIONAL, sick=False),
    Way("vae", CODED, sick=False),
    Way("d-rate-100", {"discriminator_optimizer.learning_rate": 5e-2}),
    Way("d-rate-10-g-0.1", adam(1e-4, 5e-3)),
    Way("g-still", {"generator_optimizer.learning_rate": 1e-8}),
    Way("d-still", {"discriminator_optimizer.learning_rate": 1e-8}),
    Way("20-critic-steps", {"objective.n_critic": 20, "training.max_steps": 2000}),
    Way("20-images", {"dataset.num_images": 20, "training.batch_size": 20}),
    Way("fakes-unpaid", {"objective.fake_weight": 0.0}),
    Way("kl-10", {**CODED, "vae.kl_weight": 10.0}),
    Way("kl-1e-8", {**CODED, "vae.kl_weight": 1e-8}),
    Way("lsgan-d-rate-100", {**LEAST_SQUARES, "discriminator_optimizer.learning_rate": 5e-2}),
    Way("lsgan-g-still", {**LEAST_SQUARES, "generator_optimizer.learning_rate": 1e-8}),
    Way("sngan-d-rate-100", {**SPECTRAL, "discriminator_optimizer.learning_rate": 5e-2}),
    Way("wgan-clip-0.5", {**CLIPPED, "objective.weight_clip": 0.5}),
    Way("wgan-unbounded", {**CLIPPED, "objective.weight_clip": 0.0}),
    Way("wgan-gp-weight-1e5", {**PENALISED, "penalty.weight": 1e5}),
    Way("weak-d", adam(1e-2, 1e-4)),
    Way("z-of-1", {"network.latent_dim": 1}),
    Way("acgan-label-100", {**CONDITIONAL, "conditioning.label_weight": 100.0}),
)  # fmt: skip


def config_of(way: Way, seed: int) -> RunConfig:
    """The configuration of a run, resolved."""
    return resolve(with_changes(preset_config("mnist-dcgan"), {**BASE, **way.changes, "training.seed": seed}), MACHINE)


def measured(run: Run) -> dict[str, float]:
    """What the last generator draws: metrics of 500 images, the digits among them, and how far their mix is from the real one."""
    from gan_core.runs.sampler import open_sampler

    network = extractors.open_extractor(run.config(), "evaluator")
    _, material = measure.material_of(
        run, open_sampler(run, None), network, NUM_IMAGES, 0, lambda *_a, **_k: None, {"kinds"}
    )
    found = {}
    for name in MEASURED:
        weighted = METRICS[name].weighted(material, lambda *_a, **_k: None)
        if weighted is not None:
            found[name] = float(f"{weighted.value:.4g}")
    shares = np.bincount(material.fake.kinds, minlength=KINDS)[:KINDS] / len(material.fake.kinds)
    real = np.bincount(material.real.kinds, minlength=KINDS)[:KINDS] / len(material.real.kinds)
    return found | {"digits": int((shares >= 0.02).sum()), "mode_tv": float(f"{abs(shares - real).sum() / 2:.3f}")}


def missing(which: str, only: str) -> Iterator[tuple[str, Way, int]]:
    """Name, way and seed of every run of a set that is not there yet: every way once, then every way again."""
    there = {line["name"] for line in lines(which)}
    wanted = [way for way in WAYS if not only or way.name in only.split(",")]
    turns = [(t, way, s) for way in wanted for t, s in enumerate(SEEDS[which]["sick" if way.sick else "healthy"])]
    for _, way, seed in sorted(turns, key=lambda turn: turn[0]):
        if (name := f"{way.name}-{seed}") not in there:
            yield name, way, seed


def lines(which: str) -> list[dict[str, Any]]:
    """The runs of a set that are there."""
    file = PLACE / f"{which}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else []


def main() -> None:
    """Trains, measures and keeps what is missing of a set."""
    from gan_core.training import loop

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=tuple(SEEDS), required=True)
    parser.add_argument("--runs", type=Path, help="where the runs stay; without it they are thrown away")
    parser.add_argument("--only", default="", help="names of ways, with commas between")
    chosen = parser.parse_args()
    for name, way, seed in missing(chosen.set, chosen.only):
        with tempfile.TemporaryDirectory() as thrown_away:
            run = runs.create(chosen.runs or Path(thrown_away), config_of(way, seed), name)
            status = loop.train(run)
            numbers = measured(run) if status.state == "finished" else {}
            trace = trace_of(run)
            keep(chosen.set, name, reduced(trace.columns, bits=6), {
                "way": way.name, "sick": way.sick, "seed": seed, "measured": numbers, "num_images": trace.num_images,
                "steps_per_epoch": trace.steps_per_epoch, "error": trace.error,
                "config": run.config().model_dump(mode="json", exclude_defaults=True),
            })  # fmt: skip
        print(f"{name}: {status.state}, {status.seconds:.0f} s, {numbers}", flush=True)


def keep(which: str, name: str, columns: dict[str, Any], facts: dict[str, Any]) -> None:
    """Writes a run's curves, then its line."""
    (PLACE / which).mkdir(parents=True, exist_ok=True)
    np.savez_compressed(PLACE / which / f"{name}.npz", **columns)
    rows = sorted([*lines(which), {"name": name, **facts}], key=lambda line: line["name"])
    write_atomically(PLACE / f"{which}.json", (json.dumps(rows, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
