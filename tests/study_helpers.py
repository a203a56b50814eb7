"""Studies and conditional runs that are really trained, in seconds, and evaluators that were written but never trained."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from gan_core.config import DatasetConfig, settings
from gan_core.config.settings import Settings
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation.evaluators import Card, EvaluatorFolder, EvaluatorInfo, Training
from gan_core.evaluation.evaluators.evaluator import keep, weights_bytes
from gan_core.evaluation.evaluators.network import build_network
from gan_core.experiments import studies
from gan_core.experiments.studies import Study
from gan_core.runs import Run
from gan_core.training import loop

IMAGES = 32  # one batch of the study's presets: an epoch is a step


def untrained_evaluator(
    parent: Path, dataset: str, names: tuple[str, ...], *, exclusive: bool = False, size: int = 8, channels: int = 3
) -> EvaluatorFolder:
    """A real evaluator with its first, random weights: wrong about most, but the same every time."""
    network = build_network(channels, size, len(names), 2, torch.Generator().manual_seed(1))
    weights = weights_bytes(network)
    info = EvaluatorInfo(
        dataset, f"Untrained, {dataset}", dataset, names, exclusive, size, channels, 3, 4, "made for a test"
    )  # type: ignore[arg-type]
    recipe = Training(
        command="none", dataset=DatasetConfig(name=dataset, image_size=size, channels=channels), num_train=1, epochs=1,
        batch_size=2, learning_rate=0.1, flips=False, seed=1, device="cpu", threads=1,
    )  # fmt: skip
    card = Card(
        info=info, width=2, label_scores=(), training=recipe, weights_sha256=hashlib.sha256(weights).hexdigest()
    )
    return keep(parent / dataset, card, weights)


def blocks_evaluator(parent: Path, size: int = 64) -> EvaluatorFolder:
    """One for the 24 objects."""
    return untrained_evaluator(parent, "blocks", OBJECTS, size=size)


def train_all(chosen: Settings, study: Study) -> list[Run]:
    """Trains the runs of a study in this process, one after the other."""
    torch.set_num_threads(1)
    runs = [Run(chosen.runs_dir / member.run_id) for member in studies.find(chosen.runs_dir, study.id).members]
    for run in runs:
        assert loop.train(run).state == "finished"
    return runs


def here() -> Settings:
    """The settings of the test's own folders."""
    return settings.from_environment()
