"""Trains the models in checkpoints/pretrained again.

python tools/pretrained.py --plan            steps, hours and megabytes of each; times 200 steps of each, trains nothing
python tools/pretrained.py [NAME ...]        trains and packs them, one after the other, beside whatever else the machine does
python tools/pretrained.py --trained DIR     packs the finished runs of these names in DIR; trains nothing

Runs stand in `.pretrained` of the runs folder, or in --runs DIR. Stop it when you like; the same command goes on from the newest
checkpoint, and what has finished is not trained again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core import datasets, runs
from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import detect
from gan_core.config.settings import pretrained_dir, runs_dir
from gan_core.datasets.batches import Batches
from gan_core.evaluation.conditional import evaluate
from gan_core.evaluation.measure import keep, measure
from gan_core.experiments import follow_up
from gan_core.experiments.breakages import BREAKAGES
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.models.kinds import kind_of
from gan_core.presets import preset_config
from gan_core.runs import Run, branching, evaluations
from gan_core.runs.packing import pack
from gan_core.training import loop, worker
from gan_core.training.plan import resolve, total_steps

Changes = dict[str, Any]
MAX_MB = 60  # all that is shipped
LOGS_MB = 1.0  # curves and grids of one packed run, about
UNTIMED = 10
NUM_IMAGES, NUM_IN_STEPS = 2000, 500  # measured; a diffusion model takes minutes for a thousand
MEASURED = ("fd", "recall", "coverage", "diversity")


@dataclass(frozen=True)
class Recipe:
    """How a shipped model is trained.

    Attributes:
        title: for people.
        preset: in PRESETS.
        changes: to it; dotted field -> value.
        longer: epochs that the finished run goes on for, as "Train longer" does it; its rates are then on the schedule of the whole.
    """

    title: str
    preset: str
    changes: Changes
    longer: int = 0

    def config(self) -> RunConfig:
        """That of the run that it begins with, for one thread."""
        return with_changes(preset_config(self.preset), {**self.changes, "training.threads": 1})

    def whole(self) -> RunConfig:
        """That of the run that it ends with."""
        first = self.config()
        return with_changes(first, {"training.epochs": first.training.epochs + self.longer})


COLLAPSE = BREAKAGES["narrow"]
FALLING: Changes = {
    "generator_optimizer.schedule": "linear",
    "discriminator_optimizer.schedule": "linear",
    "training.ema_decay": 0.999,
}
FACES = {**FALLING, "dataset.num_images": 15_000, "network.width": 24, "training.epochs": 30}
BLOCKS = {
    **FALLING, "dataset.num_images": 0, "network.width": 24, "network.latent_dim": 64, "training.epochs": 45,
    "conditioning.name": "projection",
}  # fmt: skip
PAIR: Changes = {
    "training.precision": "fp32"
}  # whatever the processor suggests: collapsed and repaired differ in one setting
RECIPES = {
    "digits-dcgan": Recipe("Digits: DCGAN", "mnist-dcgan", PAIR),
    "digits-acgan": Recipe("Digits on demand: ACGAN, ten classes", "mnist-dcgan", {"conditioning.name": "acgan"}),
    "faces-dcgan": Recipe("Cartoon faces: DCGAN", "r1-dcgan-lite", FACES),
    "faces-acgan": Recipe(
        "Cartoon faces on demand: ACGAN (Male, Eyeglasses)",
        "r5-acgan-lite",
        {**FACES, "conditioning.labels": ("Male", "Eyeglasses"), "conditioning.label_weight": 3.0},
    ),
    "blocks-cgan": Recipe(
        "Blocks on demand: conditional GAN, 24 objects",
        "r2-cgan-lite",
        BLOCKS,
    ),
    "blocks-ddpm": Recipe(
        "Blocks on demand: diffusion, 24 objects",
        "blocks-ddpm",
        {
            "dataset.num_images": 0, "training.epochs": 75, "training.ema_decay": 0.999, "diffusion.posthoc_ema": False,
            "diffusion.guidance": 3.0,
        },
        longer=45,  # the shipped run went on from its packed weights: half precision, Adam's moments anew
    ),
    "digits-ddpm": Recipe(
        "Digits on demand: diffusion, ten classes",
        "mnist-ddpm",
        {
            "conditioning.name": "concat", "training.epochs": 100, "training.ema_decay": 0.999, "diffusion.posthoc_ema": False,
            "diffusion.guidance": 2.0,
        },
    ),
    "faces-vae": Recipe(
        "Cartoon faces: VAE", "r5-vae-lite",
        {"dataset.num_images": 15_000, "network.width": 16, "training.epochs": 25, "generator_optimizer.schedule": "linear"},
    ),
    "digits-collapsed": Recipe("Digits, collapsed: the latent is a single number", COLLAPSE.preset, {**PAIR, **COLLAPSE.also, COLLAPSE.field: COLLAPSE.broken}),
}  # fmt: skip
NOTE = "Comes with Ganvas. Made by: python tools/pretrained.py {name} (recipe of November 2026). Weights are stored in half precision."


def main() -> None:
    """Trains and packs, or plans, what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *RECIPES], help="which; all when none is named")
    parser.add_argument("--runs", type=Path, default=runs_dir() / ".pretrained", help="where the runs stand")
    parser.add_argument("--trained", type=Path, help="a folder of runs: pack those that have these names")
    parser.add_argument("--plan", action="store_true", help="print steps, hours and sizes, and train nothing")
    parser.add_argument("--timed", type=int, default=200, help="steps that the plan times of each")
    chosen = parser.parse_args()
    names = chosen.names or list(RECIPES)
    os.nice(19)
    torch.set_num_threads(1)
    worker.keep_freed_memory()
    if chosen.plan:
        print_plan(names, chosen.timed)
        return
    for name in names:
        run = runs.find(chosen.trained, last_name(name)) if chosen.trained else train(name, chosen.runs)
        if run.path == pretrained_dir() / name:
            parser.error(f"{chosen.trained} has no run called {last_name(name)}")
        packed = pack(run, pretrained_dir() / name, RECIPES[name].title, NOTE.format(name=name))
        print(f"{packed.path}: {megabytes(packed.path):.1f} MB")
    if (size := megabytes(pretrained_dir())) > MAX_MB:
        parser.error(f"{pretrained_dir()} has {size:.0f} MB; at most {MAX_MB} are shipped. Make a network narrower.")


def megabytes(place: Path) -> float:
    """Size of a folder."""
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 1e6


def train(name: str, folder: Path) -> Run:
    """The finished and measured run of one recipe, trained from where it stands.

    Raises:
        SystemExit: it was stopped, or failed.
    """
    run = finished(folder, name, RECIPES[name].config())
    if epochs := RECIPES[name].longer:
        run = finished_longer(folder, run, epochs)
    if not evaluations.read(run):
        count = NUM_IN_STEPS if kind_of(run.config()).draws_in_steps else NUM_IMAGES
        keep(run, measure(run, num_images=count, metrics=MEASURED))
        if run.config().conditioning.labels:
            evaluations.add(run, evaluate(run).evaluations())
    for found in evaluations.read(run):
        print(f"{name}: {found.metric} {found.value:.3g}")
    return run


def finished(folder: Path, name: str, config: RunConfig) -> Run:
    """The run of this name and configuration, trained to its end; begun if it is not there.

    Raises:
        SystemExit: it was stopped, or failed.
    """
    config = resolve(config, detect())
    named = (run for run in runs.list_runs(folder) if run.name == name)
    run = next((run for run in named if _same(run.config(), config)), None) or runs.create(folder, config, name)
    return to_the_end(run)


def to_the_end(run: Run) -> Run:
    """The run, trained from where it stands.

    Raises:
        SystemExit: it was stopped, or failed.
    """
    status, name = run.status(), run.name
    if status.state != "finished":
        status = loop.train(run, lambda now: print(f"\r{name}: step {now.step} of {now.total_steps}", end=""))
        print(f"\r{name}: {status.state} after {status.seconds / 60:.0f} min {status.error}")
    if status.state != "finished":
        sys.exit(f"{name} is {status.state}. The same command goes on with it.")
    return run


def finished_longer(folder: Path, run: Run, epochs: int) -> Run:
    """The finished run trained for so many more epochs, as a run of its own beside it; begun if it is not there.

    Raises:
        SystemExit: it was stopped, or failed.
    """
    name, how = follow_up.longer_title(run.name, epochs), follow_up.longer(run, epochs)
    there = next((one for one in runs.list_runs(folder) if one.name == name), None)
    return to_the_end(there or branching.branch(folder, run, how.step, how.changes, name))


def last_name(name: str) -> str:
    """What the run is called that a recipe ends with."""
    epochs = RECIPES[name].longer
    return follow_up.longer_title(name, epochs) if epochs else name


def _same(one: RunConfig, other: RunConfig) -> bool:
    """Whether they differ in nothing, or in the precision that a processor suggests: a run may go on upon another machine."""
    return with_changes(one, {"training.precision": other.training.precision}) == other


def print_plan(names: list[str], timed: int) -> None:
    """A Markdown table of what training costs and what it makes."""
    print("| model | images | steps | s a step | hours of one core | MB |\n|---|---|---|---|---|---|")
    hours = size = 0.0
    for name in names:
        config = resolve(RECIPES[name].whole(), detect())
        images = datasets.count(config.dataset)
        steps, (seconds, weight) = total_steps(config, images), cost(config, timed)
        hours, size = hours + steps * seconds / 3600, size + weight
        print(
            f"| {name} | {images:,} | {steps:,} | {seconds:.3f} | {steps * seconds / 3600:.1f} | {weight:.1f} |",
            flush=True,
        )
    evaluators = megabytes(pretrained_dir() / "evaluators")
    print(f"| all, with {evaluators:.1f} MB of evaluators | | | | {hours:.1f} | {size + evaluators:.1f} |")


def cost(config: RunConfig, timed: int) -> tuple[float, float]:
    """Processor seconds of a training step, over so many of them, and megabytes of the packed run."""
    few = with_changes(config, {"dataset.num_images": 4 * config.training.batch_size})
    fabric = loop.make_fabric(few)
    model = build(few, fabric.device)
    shared = [*model.networks.values(), *model.averages.values()]
    weight = sum(t.numel() for network in shared for t in network.state_dict().values()) * 2 / 1e6 + LOGS_MB
    loop.set_up(fabric, model)
    data = datasets.prepare(few.dataset).with_labels(few.conditioning.labels)
    batches = Batches(data, few.training.batch_size, 0, fabric.device, few.remedies.packing)
    began = time.process_time()
    for step in range(UNTIMED + timed):
        if step == UNTIMED:
            began = time.process_time()
        loop.train_step(fabric, model, *batches.batch(step), TrainingProgress(step, UNTIMED + timed))
    return (time.process_time() - began) / timed, weight


if __name__ == "__main__":
    main()
