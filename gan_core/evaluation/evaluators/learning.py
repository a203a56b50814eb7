"""Training an evaluator: seeded, measured on held-out images, stored in a folder of its own."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets import DATASETS, Dataset, sampling, uploads
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.batches import Batches
from gan_core.evaluation.evaluators import (
    MAX_WIDTH,
    NAME,
    Card,
    EvaluatorFolder,
    EvaluatorInfo,
    Kind,
    LabelScore,
    Training,
    kind_of,
)  # fmt: skip
from gan_core.evaluation.evaluators.augmentation import augment
from gan_core.evaluation.evaluators.evaluator import Evaluator, keep, rounded, weights_bytes
from gan_core.evaluation.evaluators.network import ResNet18, build_network
from gan_core.evaluation.evaluators.scale import scale_of
from gan_core.evaluation.evaluators.scoring import count_hits, top_k
from gan_core.evaluation.evaluators.training_task import check_labels

MIRRORED = ("faces", "celeba", "blocks", "iclevr", "cifar10", "fashion-mnist")  # whose labels a mirror leaves true
HELD_OUT_SHARE = 0.1
WEIGHT_DECAY = 1e-2
WARM_UP = 0.2  # share of the steps on which the learning rate rises

Logits = npt.NDArray[np.float32]
Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, words)."""


@dataclass(frozen=True)
class Recipe:
    """What to train, and how.

    Attributes:
        dataset: the images; the split is "train".
        name: of the evaluator and its folder.
        epochs, batch_size, learning_rate, width, seed: of the training; width 64 is the full ResNet-18.
        flips: whether pictures are mirrored; None decides by the data set.
        device: where it is trained; it is evaluated on any device.
    """

    dataset: DatasetConfig
    name: str
    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 2e-3
    width: int = 16
    seed: int = 0
    flips: bool | None = None
    device: str = "cpu"

    def check(self) -> None:
        """Refuses what cannot be trained.

        Raises ValueError if the data set has no images, the name cannot be a folder's, or a number is out of bounds.
        """
        if DATASETS.find(self.dataset.name).domain != "images":
            raise ValueError(f"An evaluator looks at pictures, and '{self.dataset.name}' holds points. Choose another.")
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"An evaluator's name has small letters, digits, - and _ only, at most 64; got '{self.name:.80}'."
            )
        for what, value, low, high in (
            ("epochs", self.epochs, 1, 10_000),
            ("width", self.width, 1, MAX_WIDTH),
            ("batch size", self.batch_size, 2, 65_536),
            ("seed", self.seed, 0, 2**31 - 1),
        ):
            if not low <= value <= high:
                raise ValueError(f"An evaluator's {what} must be {low} to {high}; got {value}.")

    @property
    def mirrors(self) -> bool:
        """Whether pictures are mirrored."""
        return self.dataset.name in MIRRORED if self.flips is None else self.flips

    def command(self) -> str:
        """The command line that asks for the same, with the threads in use now."""
        data = self.dataset
        options: dict[str, object] = {
            "--image-size": data.image_size, "--channels": data.channels, "--num-images": data.num_images,
            "--epochs": self.epochs, "--batch-size": self.batch_size, "--width": self.width, "--seed": self.seed, "--name": self.name,
            "--device": self.device, "--threads": torch.get_num_threads(),
        }  # fmt: skip
        if data.root:
            options["--root"] = data.root
        words = [word for option, value in options.items() for word in (option, str(value))]
        if self.flips is not None:
            words.append("--flips" if self.flips else "--no-flips")
        return shlex.join(["python", "-m", "gan_core", "train-evaluator", data.name, *words])


@dataclass(frozen=True)
class TrainingSplit:
    """Training images, held-out images, and where the latter come from, in words."""

    train: Dataset
    held_out: Dataset
    note: str


def train_evaluator(recipe: Recipe, folder: Path, progress: Progress) -> EvaluatorFolder:
    """Trains an evaluator, measures it on held-out images, and keeps it in `folder`/NAME.

    The weights are those after the last epoch: no choice is made by looking at the held-out images.

    Raises ValueError as `Recipe.check`, the data set has no labels or too few images, or the folder exists or cannot be written.
    """
    recipe.check()
    if (folder / recipe.name).exists():
        raise ValueError(
            f"There is an evaluator '{folder / recipe.name}' already. Give another --name, or delete that folder first."
        )
    parts = split(recipe.dataset, progress)
    exclusive = DATASETS[recipe.dataset.name].exclusive_labels
    network = fit(recipe, parts.train, exclusive, progress)
    rounded(network)
    kind = kind_of(parts.train.label_names, exclusive)
    info = _info(recipe, parts, exclusive)
    evaluator = Evaluator(info, network)
    logits = evaluator.logits(parts.held_out.images)
    score, _ = count_hits(kind, logits.numpy(), parts.held_out.labels)
    weights = weights_bytes(network)
    card = Card(
        info=info.with_score(score.hits, score.requested, parts.note),
        width=recipe.width,
        label_scores=label_scores(kind, parts.train.label_names, logits.numpy(), parts.held_out.labels),
        training=Training(
            command=recipe.command(), dataset=recipe.dataset, num_train=len(parts.train), epochs=recipe.epochs,
            batch_size=recipe.batch_size, learning_rate=recipe.learning_rate, flips=recipe.mirrors, seed=recipe.seed,
            device=recipe.device, threads=torch.get_num_threads(),
        ),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )  # fmt: skip
    kept = keep(folder / recipe.name, card, weights)
    scale_of(kept, evaluator)
    return kept


def split(config: DatasetConfig, progress: Progress) -> TrainingSplit:
    """The images to learn from and those kept back: the data set's own test split if it has labels, else a tenth of its images.

    Raises ValueError if the data set has no labels or too few images, or a class is not in both parts.
    """

    def drawn(done: int, total: int) -> None:
        progress(done, total, "preparing the images")

    check_labels(config)
    train = datasets.prepare(config, drawn)
    try:
        test = datasets.prepare(config.model_copy(update={"split": "test", "num_images": 0}), drawn)
    except ValueError:  # it has no such split
        test = None
    exclusive = DATASETS[config.name].exclusive_labels
    if test is not None and test.label_names and not _overlap(train, test):
        test = _matched(train, test, exclusive)
        return TrainingSplit(train, test, f"{len(test):,} images: the test split of '{uploads.name_of(config)}'")
    if len(train) < 1 / HELD_OUT_SHARE:
        raise ValueError(f"An evaluator needs at least 10 images; '{uploads.name_of(config)}' gives {len(train)}.")
    kept_back = round(len(train) * HELD_OUT_SHARE)
    if exclusive:  # every class's first image comes before any second one
        kept_back = max(kept_back, int(train.labels.any(axis=0).sum()))
    kept, learned = np.split(sampling.order(train.labels), [kept_back])
    first, last = train.part(np.sort(learned)), train.part(np.sort(kept))
    note = f"{kept_back:,} images: a tenth of '{uploads.name_of(config)}', a sample of all its classes, not trained on"
    return TrainingSplit(first, _matched(first, last, exclusive), note)


def _matched(train: Dataset, test: Dataset, exclusive: bool) -> Dataset:
    """The held-out images with the labels in the order of the training images'.

    Raises ValueError if a class has images in one of the two parts only.
    """
    for what, part in (("to learn from", train), ("to be measured on", test)):
        counts = part.labels.sum(axis=0, dtype=np.int64).tolist()
        shown = {name for name, n in zip(part.label_names, counts, strict=True) if n or not exclusive}
        lacking = sorted({*train.label_names, *test.label_names} - shown)
        if lacking:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            raise ValueError(
                f"Every label needs images to learn from and images to be measured on; '{test.name}' has none {what} of: "
                f"{', '.join(lacking[:5])}{more}. Add some, or leave that label out of both parts."
            )
    return test.with_labels(train.label_names)


def _overlap(train: Dataset, test: Dataset) -> bool:
    """Whether the "test split" holds images of the training split: then it is none."""
    known = {hashlib.sha256(image.tobytes()).digest() for image in train.images}
    again = sum(hashlib.sha256(image.tobytes()).digest() in known for image in test.images)
    return again * 100 > len(test)  # real sets have a few duplicates (CIFAR-10, for one)


def fit(recipe: Recipe, dataset: Dataset, exclusive: bool, progress: Progress) -> ResNet18:
    """The network after the last epoch.

    Cross-entropy for classes, binary cross-entropy for each label otherwise; AdamW under a one-cycle schedule (Smith and
    Topin 2018, "Super-Convergence"). Every random number comes from generators of its own, seeded by the recipe.
    """
    if len(dataset) < recipe.batch_size:
        raise ValueError(f"An evaluator needs at least one batch of {recipe.batch_size} images; got {len(dataset)}.")
    config = recipe.dataset
    weights_rng = torch.Generator().manual_seed(2 * recipe.seed)
    changes_rng = torch.Generator(recipe.device).manual_seed(2 * recipe.seed + 1)
    network = build_network(config.channels, config.image_size, len(dataset.label_names), recipe.width, weights_rng)
    network.to(device=recipe.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    batches = Batches(dataset, recipe.batch_size, recipe.seed, recipe.device)
    steps = recipe.epochs * batches.steps_per_epoch
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=WEIGHT_DECAY)
    rise = WARM_UP if round(WARM_UP * steps, 6) != 1 else 1.1 * WARM_UP  # torch divides by zero if it ends at step 0
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=rise)
    for step in range(steps):
        images, labels = batches.batch(step)
        loss = label_loss(network(augment(images, changes_rng, flips=recipe.mirrors)), labels, exclusive)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if (step + 1) % 10 == 0 or step + 1 == steps:
            epoch = step // batches.steps_per_epoch + 1
            progress(step + 1, steps, f"epoch {epoch} of {recipe.epochs}, loss {float(loss.detach()):.4f}")
    return network.cpu()


def label_loss(logits: Tensor, labels: Tensor, exclusive: bool) -> Tensor:
    """Cross-entropy of logits (N, L) with one-hot labels, or the mean binary cross-entropy over multi-hot ones."""
    if exclusive:
        return F.cross_entropy(logits, labels)
    return F.binary_cross_entropy_with_logits(logits, labels)


def title_of(config: DatasetConfig, names: tuple[str, ...], exclusive: bool, network: str) -> str:
    """What an evaluator tells apart, in words; `network` in brackets ends them."""
    name, count = uploads.name_of(config), len(names)
    titles = {
        "classes": f"{count} classes of '{name}' {network}",
        "objects": f"{count} objects of '{name}' {network}",
        "attributes": f"{count} attributes of '{name}' {network}",
    }
    return titles[kind_of(names, exclusive)]


def _info(recipe: Recipe, parts: TrainingSplit, exclusive: bool) -> EvaluatorInfo:
    """All but its accuracy, which is yet to be measured."""
    config, names = recipe.dataset, parts.train.label_names
    return EvaluatorInfo(
        name=recipe.name,
        title=title_of(config, names, exclusive, f"(ResNet-18, width {recipe.width})"),
        dataset=config.name, label_names=names, exclusive=exclusive, image_size=config.image_size, channels=config.channels,
        held_out_hits=0, held_out_requested=1, held_out_note=parts.note,
    )  # fmt: skip


def label_scores(kind: Kind, names: tuple[str, ...], logits: Logits, labels: Uint8Array) -> tuple[LabelScore, ...]:
    """Each label's share of the held-out score."""
    wanted = labels > 0
    if kind == "attributes":
        right, share = (logits > 0) == wanted, wanted.mean(axis=0)
        hits, requested = right.sum(axis=0), np.full(len(names), len(labels))
        baseline = np.maximum(share, 1 - share)
    else:
        hits, requested = (top_k(logits, labels) & wanted).sum(axis=0), wanted.sum(axis=0)
        k_of_all = wanted.mean(axis=1, keepdims=True)
        baseline = (wanted * k_of_all).sum(axis=0) / np.maximum(requested, 1)
    rows = zip(names, hits, requested, baseline, strict=True)
    return tuple(LabelScore(name, int(h), int(n), round(float(b), 6)) for name, h, n, b in rows)
