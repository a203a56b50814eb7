"""A tiny evaluator that is really trained, and one that reads its verdict from the pixels, so that scores are known."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from gan_core.config import DatasetConfig
from gan_core.evaluation.evaluators import EvaluatorFolder, EvaluatorInfo
from gan_core.evaluation.evaluators.evaluator import Evaluator
from gan_core.evaluation.evaluators.learning import Recipe, train_evaluator

DIGITS = DatasetConfig(name="mnist5k", image_size=8, channels=1, num_images=100)


def no_progress(done: int, total: int, words: str) -> None:
    """Nobody watches."""


def tiny_evaluator(folder: Path, name: str = "tiny", seed: int = 0, dataset: DatasetConfig = DIGITS) -> EvaluatorFolder:
    """A real evaluator of 8 px digits, trained for a moment: wrong about most, but the same every time."""
    torch.set_num_threads(1)
    recipe = Recipe(dataset, name, epochs=1, batch_size=16, width=2, seed=seed)
    return train_evaluator(recipe, folder, no_progress)


class _Reader(nn.Module):
    """Logit i is pixel i of the picture."""

    def __init__(self, num_labels: int) -> None:
        super().__init__()
        self.num_labels = num_labels

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, : self.num_labels]


def reader(label_names: tuple[str, ...], *, exclusive: bool = False, dataset: str = "blocks") -> Evaluator:
    """An evaluator that knows exactly what `painted` painted."""
    info = EvaluatorInfo("reader", "Reads pixels", dataset, label_names, exclusive, 8, 1, 1, 1, "made for this test")
    return Evaluator(info, _Reader(len(label_names)))


def painted(labels: Tensor) -> Tensor:
    """Pictures (N, 1, 8, 8) in [-1, 1] with label i in pixel i: white for 1, black for 0."""
    images = torch.full((len(labels), 64), -1.0)
    images[:, : labels.shape[1]] = 2 * labels - 1
    return images.reshape(-1, 1, 8, 8)
