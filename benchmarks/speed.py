"""Training speed of each family beside a plain loop of the same networks, on the same machine in the same run.

    python benchmarks/speed.py [--families dcgan,vae] [--scale 1] [--rounds 5] [--steps 3] [--out docs]

The loops of a family take turns, round after round, so that a machine whose speed drifts does not favour one of them; the
ratio is the median over rounds of ours / plain. With --out the table is written to FOLDER/speed.json and, where README.md stands
beside that folder, into it. Keep the machine quiet. `--scale 4` takes a quarter of the width and the batch.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from benchmarks import plain_loops
from benchmarks.plain_loops import Step
from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import processor
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import Batches
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.runs.files import write_atomically
from gan_core.training.loop import make_fabric, set_up, train_step
from gan_core.training.worker import keep_freed_memory

Changes = dict[str, Any]
LABELS = 10
START, END = "<!-- speed: written by make bench -->", "<!-- end of speed -->"


@dataclass(frozen=True)
class Family:
    """What is timed.

    Attributes:
        title: for people.
        plain: makes a plain loop's step.
        size, width, batch: of images, of the networks, of a step.
        changes: dotted field of RunConfig -> value, further on.
    """

    title: str
    plain: Callable[[RunConfig, Batches], Step]
    size: int
    width: int
    batch: int
    changes: Changes

    def config(self, scale: int) -> RunConfig:
        """Its configuration, width and batch divided by `scale`."""
        shape: Changes = {
            "dataset.image_size": self.size, "dataset.channels": 3, "network.width": max(2, self.width // scale),
            "training.batch_size": max(4, self.batch // scale), "training.device": "cpu",
        }  # fmt: skip
        return with_changes(RunConfig(), {**shape, **self.changes})


def _betas(beta1: float, beta2: float, rate: float) -> Changes:
    names = ("generator_optimizer", "discriminator_optimizer")
    values = {"beta1": beta1, "beta2": beta2, "learning_rate": rate}
    return {f"{name}.{key}": value for name in names for key, value in values.items()}


DIGITS = tuple(str(number) for number in range(LABELS))
FAMILIES = {
    "dcgan": Family("DCGAN", plain_loops.dcgan, 64, 64, 128, {}),
    "acgan": Family("ACGAN, 10 classes", plain_loops.acgan, 64, 64, 128, {"conditioning.name": "acgan"}),
    "wgan-gp": Family("WGAN-GP", plain_loops.wgan_gp, 64, 32, 64, {
        "objective.name": "wasserstein", "penalty.name": "gradient", "network.discriminator_norm": "none",
        **_betas(0.0, 0.9, 1e-4)}),
    "vae": Family("VAE", plain_loops.vae, 64, 16, 64, {
        "network.name": "vae", "generator_optimizer.beta1": 0.9, "generator_optimizer.learning_rate": 5e-4}),
    "ddpm": Family("Diffusion (U-Net)", plain_loops.ddpm, 32, 32, 64, {
        "network.name": "unet", "diffusion.objective": "epsilon", "diffusion.schedule": "linear",
        "generator_optimizer.beta1": 0.9}),
}  # fmt: skip


def ours(config: RunConfig, batches: Batches) -> Step:
    """Our loop's step, metrics left as tensors as in training."""
    fabric = make_fabric(config)
    model = build(config, fabric.device)
    set_up(fabric, model)
    numbers = count()

    def step() -> object:
        number = next(numbers)
        return train_step(fabric, model, *batches.batch(number), TrainingProgress(number, 10**6))

    return step


def noise_of(family: Family, scale: int) -> tuple[RunConfig, Dataset]:
    """A family's configuration, and two batches of random pixels with labels as it wants them."""
    config = family.config(scale)
    pixels = np.random.default_rng(0).integers(
        0, 256, (config.training.batch_size * 2, 3, family.size, family.size), dtype=np.uint8
    )
    classes = np.eye(LABELS, dtype=np.uint8)[np.arange(len(pixels)) % LABELS]
    conditional = config.conditioning.name != "none"
    labels = classes if conditional else classes[:, :0]
    if conditional:
        config = with_changes(config, {"conditioning.labels": DIGITS, "conditioning.exclusive": True})
    return config, Dataset("noise", pixels, labels, DIGITS if conditional else ())


def loops(family: Family, scale: int) -> dict[str, Step]:
    """Each way to train a family: "plain", "fp32", "bf16"."""
    config, data = noise_of(family, scale)
    batches = Batches(data, config.training.batch_size, 0)
    made = {"plain": family.plain(config, batches)}
    for precision in ("fp32", "bf16"):
        made[precision] = ours(with_changes(config, {"training.precision": precision}), batches)
    return made


def measure(family: Family, scale: int, rounds: int, steps: int) -> dict[str, list[float]]:
    """Loop -> images a second in each round."""
    variants, batch = loops(family, scale), family.config(scale).training.batch_size
    speeds: dict[str, list[float]] = {name: [] for name in variants}
    for step in variants.values():
        step()  # warm-up
    for _ in range(rounds):
        for name, step in variants.items():
            began = time.perf_counter()
            for _ in range(steps):
                step()
            speeds[name].append(batch * steps / (time.perf_counter() - began))
    return speeds


def table(found: dict[str, Any]) -> str:
    """The Markdown table and its conditions."""
    rows = []
    for key, speeds in found["families"].items():
        family, plain = FAMILIES[key], speeds["plain"]
        config = family.config(found["scale"])
        what = f"{family.title}: {family.size} px, width {config.network.width}, batch {config.training.batch_size}"
        cells = [f"{statistics.median(plain):.0f}"]
        for name in ("fp32", "bf16"):
            ratios = [value / base for value, base in zip(speeds[name], plain, strict=True)]
            cells.append(f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})")
        rows.append(f"| {what} | {' | '.join(cells)} |")
    head = "| model | plain loop, images/s | Ganvas fp32, ratio | Ganvas bf16, ratio |\n|---|---|---|---|"
    machine = f"{found['processor']}, {found['threads']} threads, torch {found['torch']}, {found['date']}"
    note = f"Median over {found['rounds']} rounds of {found['steps']} steps, the loops taking turns (lowest to highest). {machine}."
    return f"{head}\n" + "\n".join(rows) + f"\n\n{note}"


def main() -> None:
    """Measures, prints, and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", default=",".join(FAMILIES), help="which, with commas between")
    for name, default in (("scale", 1), ("rounds", 5), ("steps", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--out", type=Path, help="a folder for speed.json")
    args = parser.parse_args()
    if unknown := set(args.families.split(",")) - set(FAMILIES):
        parser.error(f"no family is called {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    keep_freed_memory()
    found: dict[str, Any] = {
        "command": "python benchmarks/speed.py --out docs", "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": processor(), "threads": torch.get_num_threads(), "torch": torch.__version__,
        "scale": args.scale, "rounds": args.rounds, "steps": args.steps, "families": {},
    }  # fmt: skip
    for key in args.families.split(","):
        speeds = measure(FAMILIES[key], args.scale, args.rounds, args.steps)
        found["families"][key] = {name: [round(value, 2) for value in values] for name, values in speeds.items()}
    print(table(found))
    if args.out:
        write_atomically(args.out / "speed.json", json.dumps(found, indent=1).encode())
        if (readme := args.out.parent / "README.md").is_file():
            words = readme.read_text("utf-8")
            made = re.sub(f"{START}.*?{END}", lambda _: f"{START}\n{table(found)}\n{END}", words, flags=re.DOTALL)
            write_atomically(readme, made.encode())


if __name__ == "__main__":
    main()
