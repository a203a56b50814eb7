"""The search behind gan_core/presets/recipes.json, the settings that lite presets share.

    python -m benchmarks.preset_search [--recipes faces-gan,...] [--trials 16] [--minutes M] [--journal FILE]

Every trial of a recipe has the same processor time: M minutes of one thread, those of its preset where none are given. A
trial's first steps are timed, and the rest of the time decides its epochs; wide networks and large batches so get fewer
steps. Varied are both rates, beta1, the schedule, width and batch, by TPE (Bergstra et al. 2011) after ten random trials.
The first trials are the recipe as it stands, the same with rates that fall linearly over the second half, and that with half
the batch, so that a short search tries what most often helps. Three running averages are kept beside the weights of a GAN, at next to no
cost, and the best of the four is what counts.

A trial's score is the Fréchet distance over that of the first trial, plus 1 - recall, plus 1 - accuracy for a conditional
model (of the list `new_test`, so that `test` stays unseen): samples against held-out images, as the lab's own evaluator sees them. 0 is
perfect. The best setting is trained once more with a seed that no trial had, and that run's figures go into the file.

Trials are kept in a journal: stop it when you like, start it again to go on. A trial that was cut is made anew.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from gan_core import datasets
from gan_core.config import RunConfig, get, with_changes
from gan_core.config.devices import detect
from gan_core.config.registry import Registry
from gan_core.config.settings import runs_dir
from gan_core.datasets import held_out
from gan_core.datasets.batches import Batches, to_uint8
from gan_core.evaluation import evaluators, extractors, metrics
from gan_core.evaluation.conditional import score_model
from gan_core.evaluation.evaluators.evaluator import open_evaluator
from gan_core.evaluation.features import in_batches
from gan_core.models.base import GenerativeModel, TrainingProgress, unwrapped
from gan_core.models.building import build, sample_latents
from gan_core.models.kinds import kind_of
from gan_core.models.optimizers import running_average
from gan_core.presets import PRESETS
from gan_core.presets.recipes import PLACE, PresetRecipe, Value, read, text
from gan_core.runs.files import write_atomically
from gan_core.training import loop, plan, worker
from gan_core.training.step import TrainingFailed

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import Trial

COMMAND = "python -m benchmarks.preset_search"
BASES = {
    "digits-gan": "mnist-dcgan",
    "faces-gan": "r1-dcgan-lite",
    "blocks-gan": "r2-cgan-lite",
    "faces-vae": "r5-vae-lite",
}
"""A recipe -> the preset that is trained in its trials."""
TRIALS, RANDOM_TRIALS = 16, 10
UNTIMED, TIMED = 10, 30  # steps at the start of a trial
NUM_IMAGES = 1000
SEED, FRESH_SEED = 1000, 1001
DECAYS = (0.99, 0.995, 0.999)
WORST = 10.0  # the score of a trial whose training failed


@dataclass(frozen=True)
class Found:
    """What one training came to.

    Attributes:
        settings: dotted field of RunConfig -> value, with the epochs and the average that it turned out to have.
        fd, recall, accuracy: of its samples; accuracy is None for an unconditional model.
        cpu_s: processor seconds of its training.
    """

    settings: dict[str, Value]
    fd: float
    recall: float
    accuracy: float | None
    cpu_s: float

    def score(self, first_fd: float) -> float:
        """0 is perfect; see the module."""
        return self.fd / first_fd + 1 - self.recall + (0 if self.accuracy is None else 1 - self.accuracy)


def suggested(trial: Trial, base: RunConfig) -> dict[str, Value]:
    """A trial's settings, dotted field -> value; the epochs follow from the time."""
    game = kind_of(base).has_discriminator
    parts = ("generator_optimizer", "discriminator_optimizer") if game else ("generator_optimizer",)
    rates = [f"{part}.learning_rate" for part in parts]
    found: dict[str, Value] = {name: float(f"{trial.suggest_float(name, 1e-4, 5e-3, log=True):.3g}") for name in rates}
    beta1 = trial.suggest_categorical("beta1", (0.0, 0.5) if game else (0.5, 0.9))
    schedule = trial.suggest_categorical("schedule", ("constant", "linear"))
    found |= {f"{part}.{name}": value for part in parts for name, value in (("beta1", beta1), ("schedule", schedule))}
    found["network.width"] = trial.suggest_categorical("network.width", (16, 24, 32, 48))
    found["training.batch_size"] = trial.suggest_categorical("training.batch_size", (16, 32, 64))
    return found


def as_it_stands(base: RunConfig) -> dict[str, Value]:
    """The first trial, in the names of `suggested`."""
    fields = (
        "generator_optimizer.learning_rate",
        "discriminator_optimizer.learning_rate",
        "network.width",
        "training.batch_size",
    )
    own: dict[str, Value] = {"beta1": base.generator_optimizer.beta1, "schedule": base.generator_optimizer.schedule}
    has = fields if kind_of(base).has_discriminator else (fields[0], *fields[2:])
    return own | {field: get(base, field) for field in has}


def first_trials(base: RunConfig) -> list[dict[str, Value]]:
    """The recipe as it stands; with falling rates; with falling rates and half the batch."""
    own = as_it_stands(base)
    falling = own | {"schedule": "linear"}
    half = falling | {"training.batch_size": max(16, base.training.batch_size // 2)}
    found: list[dict[str, Value]] = []
    for trial in (own, falling, half):
        if trial not in found:
            found.append(trial)
    return found


def train(base: RunConfig, settings: dict[str, Value], budget_s: float, seed: int) -> Found:
    """Trains for so many processor seconds, and measures.

    Args:
        base: the preset's configuration.
        settings: what is changed; without `training.ema_decay` every average is tried, and the best one taken.
        budget_s: processor seconds of training.
        seed: of weights, data order and latents.

    Raises:
        TrainingFailed: a loss is no longer finite.
    """
    tried = (settings["training.ema_decay"],) if "training.ema_decay" in settings else (0.0, *DECAYS)
    changes = {
        **settings,
        "training.seed": seed,
        "training.threads": 1,
        "training.device": "cpu",
        "training.ema_decay": 0.0,
    }
    config = plan.resolve(with_changes(base, changes), detect())
    torch.set_num_threads(1)
    data = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    fabric = loop.make_fabric(config)
    model = build(config, fabric.device)
    loop.set_up(fabric, model)
    batches = Batches(data, config.training.batch_size, seed, fabric.device, config.remedies.packing)
    generator = model.networks.get("generator")
    averages = (
        {float(decay): running_average(unwrapped(generator), float(decay)) for decay in tried}
        if generator is not None
        else {}
    )
    began = timed = time.process_time()
    step, total = 0, 1_000_000  # until the time of a step is known; both schedules are constant at the start
    while step < total:
        loop.train_step(fabric, model, *batches.batch(step), TrainingProgress(step, total))
        step += 1
        for average in averages.values():
            if average is not None:
                average.n_averaged.fill_(step)
                average.update_parameters(unwrapped(model.networks["generator"]))
        if step == UNTIMED:
            timed = time.process_time()
        elif step == UNTIMED + TIMED:
            now = time.process_time()
            steps = step + (budget_s - (now - began)) * TIMED / (now - timed)
            epochs = max(math.ceil(step / batches.steps_per_epoch), round(steps / batches.steps_per_epoch))
            total = epochs * batches.steps_per_epoch
    cpu_s = time.process_time() - began
    settings = {**settings, "training.epochs": epochs}
    if not averages:
        return Found(settings, *measured(config, model), cpu_s)
    found = []
    for decay, average in averages.items():
        model.averages["generator"] = model.networks["generator"] if average is None else average.module
        found.append(Found({**settings, "training.ema_decay": decay}, *measured(config, model), cpu_s))
    return min(found, key=lambda one: one.score(found[0].fd))


def measured(config: RunConfig, model: GenerativeModel) -> tuple[float, float, float | None]:
    """Fréchet distance and recall of a model's samples against held-out images, and its accuracy if it is conditional."""
    names = config.conditioning.labels
    labels = datasets.prepare(config.dataset).with_labels(names).labels if names else np.zeros((1, 0))
    asked = torch.from_numpy(np.resize(np.asarray(labels, np.float32), (NUM_IMAGES, len(names))))
    z = sample_latents(config, NUM_IMAGES)
    fake = np.concatenate(in_batches(NUM_IMAGES, lambda part: to_uint8(model.sample(z[part], asked[part]))))
    real = np.asarray(held_out.held_out(config.dataset).images(NUM_IMAGES).images)
    extractor = extractors.open_extractor(config)
    features = [extractor.features(images).features for images in (real, fake)]
    fd, recall = (float(metrics.weighted(name, *features).value) for name in ("fd", "recall"))
    if not names:
        return fd, recall, None
    evaluator = open_evaluator(evaluators.require(config, config.preset))
    *_, score = score_model(model.sample, config, evaluator, config.training.seed).values()
    return fd, recall, score.ratio


def searched(storage: BaseStorage, name: str, num_trials: int, minutes: float) -> PresetRecipe:
    """The best of so many trials, trained once more with a fresh seed; trials that the journal lacks are made now."""
    import optuna
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    base = PRESETS[BASES[name]].config
    study = optuna.create_study(study_name=f"{name}-{minutes:g}", storage=storage, load_if_exists=True)
    while len(done := study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < num_trials:
        named = first_trials(base)
        if len(done) < len(named):
            study.enqueue_trial(named[len(done)])
        seen = len(study.get_trials(deepcopy=False))
        study.sampler = TPESampler(n_startup_trials=RANDOM_TRIALS, seed=seen)  # draws on after a stop, not again
        trial = study.ask()
        settings, score = suggested(trial, base), WORST
        try:
            found = train(base, settings, 60 * minutes, SEED)
            first_fd = done[0].user_attrs["fd"] if done else found.fd
            score = found.score(first_fd)
            for key, value in vars(found).items():
                trial.set_user_attr(key, value)
        except TrainingFailed as failure:
            if not done:
                raise  # the recipe as it stands must train
            print(f"{name}: {failure}")
        study.tell(trial, score)
        print(
            f"{name}: trial {len(done) + 1} of {num_trials}: {score:.3f} at {trial.user_attrs or settings}", flush=True
        )
    best = min(done[:num_trials], key=lambda trial: trial.values[0]).user_attrs["settings"]
    found = train(base, {k: v for k, v in best.items() if k != "training.epochs"}, 60 * minutes, FRESH_SEED)
    return PresetRecipe(
        name=name,
        settings=best,
        source=f"{COMMAND} --recipes {name} --trials {num_trials} --minutes {minutes:g}",
        trials=num_trials,
        fd=float(f"{found.fd:.3g}"),
        recall=round(found.recall, 3),
        cpu_s=round(found.cpu_s),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
    )


def keep(recipe: PresetRecipe, place: Path = PLACE) -> None:
    """Puts a recipe in the file, in the place of the one of its name. Raises ValueError if it cannot be applied."""
    plan.check(with_changes(PRESETS[BASES[recipe.name]].config, recipe.settings))
    write_atomically(place, text(Registry("recipe", {**read(place), recipe.name: recipe})).encode())


def main() -> None:
    """Searches what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default=",".join(BASES), help="which, separated by commas")
    parser.add_argument("--trials", type=int, default=TRIALS, help="a recipe")
    parser.add_argument(
        "--minutes", type=float, help="of one processor thread, each trial; the preset's own when not given"
    )
    parser.add_argument(
        "--journal", type=Path, default=runs_dir() / ".preset-search" / "journal.log", help="of the trials"
    )
    args = parser.parse_args()
    names = args.recipes.split(",")
    if strange := set(names) - set(BASES):
        parser.error(f"Recipes are {', '.join(BASES)}; not {', '.join(sorted(strange))}.")
    os.nice(19)
    worker.keep_freed_memory()
    from gan_core.experiments.sweeps.storage import open_storage

    storage = open_storage(str(args.journal))
    for name in names:
        keep(searched(storage, name, args.trials, args.minutes or PRESETS[BASES[name]].minutes))


if __name__ == "__main__":
    main()
