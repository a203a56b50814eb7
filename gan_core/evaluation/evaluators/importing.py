"""An evaluator from elsewhere as a judge: torchvision's ResNet-18 with a last layer of its own, as the i-CLEVR assignment gives it.

It sees pictures of 64 px in colour in [-1, 1]. Its file holds safetensors: a pickle can run any program, so none is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from gan_core import datasets
from gan_core.access import Actor, require
from gan_core.access.classroom import check_share
from gan_core.config import DatasetConfig, settings, strict_json
from gan_core.datasets import DATASETS, Dataset, uploads
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import (
    CONVERT,
    NAME,
    TORCHVISION,
    Card,
    EvaluatorFolder,
    EvaluatorInfo,
    LabelScore,
)
from gan_core.evaluation.evaluators.evaluator import Evaluator, keep
from gan_core.evaluation.evaluators.learning import label_scores, title_of
from gan_core.evaluation.evaluators.network import TorchvisionResNet18
from gan_core.evaluation.evaluators.scale import scale_of
from gan_core.evaluation.evaluators.scoring import Score, count_hits

MAX_BYTES = 50_000_000  # ResNet-18 has 45 MB; what the page takes, too
IMAGE_SIZE = 64
NUM_JUDGED = 1000  # labelled images that it is measured on
PREFIXES = ("module.", "model.", "resnet18.")


def import_evaluator(
    content: bytes,
    name: str,
    dataset: DatasetConfig,
    label_names: Sequence[str] = OBJECTS,
    *,
    actor: Actor | None = None,
) -> EvaluatorFolder:
    """Keeps a state dict among the user's evaluators, measured on labelled images of the data set where they can be had.

    Args:
        content: of the safetensors file: conv1.weight ... fc.weight or fc.0.weight, also below PREFIXES.
        name: of the evaluator.
        dataset: which pictures it judges; its size and channels are set here.
        label_names: of its outputs, in their order.
        actor: on whose behalf.

    Raises ValueError if the actor may not, the file is a pickle, damaged, or not such a network, or the name is taken.
    """
    actor = require("train", actor)
    if not NAME.fullmatch(name):
        raise ValueError(f"An evaluator's name has small letters, digits, - and _ only, at most 64; got '{name:.80}'.")
    entry, names = DATASETS.find(dataset.name), tuple(label_names)
    if entry.domain != "images":
        raise ValueError(f"An evaluator looks at pictures, and '{dataset.name}' holds points. Choose another.")
    check_share(len(content) + evaluators.held_by(actor.id), actor)
    with torch.device("meta"):
        network = TorchvisionResNet18(len(names)).requires_grad_(False)
    network.load_state_dict(_checked(_read(content), network.state_dict(), len(names)), assign=True)
    images = dataset.model_copy(update={"image_size": IMAGE_SIZE, "channels": 3, "split": "train", "num_images": 0})
    info = EvaluatorInfo(
        name=name, title=title_of(dataset, names, entry.exclusive_labels, "(imported, torchvision's ResNet-18)"),
        dataset=dataset.name, label_names=names, exclusive=entry.exclusive_labels, image_size=IMAGE_SIZE, channels=3,
        held_out_hits=0, held_out_requested=0, held_out_note=f"no images of '{uploads.name_of(dataset)}' with these labels were there",
    )  # fmt: skip
    evaluator, there = Evaluator(info, network), _labelled(images, names)
    scores: tuple[LabelScore, ...] = ()
    if there is not None:
        score, scores = _measured(evaluator, there)
        note = f"{len(there):,} images of '{uploads.name_of(dataset)}', which it may have learned from"
        info = info.with_score(score.hits, score.requested, note)
    weights = save({key: tensor.contiguous() for key, tensor in network.state_dict().items()})
    card = Card(
        info=info, width=64, label_scores=scores, architecture=TORCHVISION, images=None if there is None else images,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )  # fmt: skip
    kept = keep(settings.evaluators_dir() / name, card, weights, actor)
    if there is not None:
        scale_of(kept, evaluator)
    return kept


def labels_of(content: bytes) -> tuple[str, ...]:
    """The names of outputs in a JSON text: a list in their order, or name -> number as in i-CLEVR's objects.json.

    Raises ValueError if it is neither.
    """
    told = strict_json(content)
    if isinstance(told, dict) and sorted(told.values(), key=str) == sorted(range(len(told)), key=str):
        told = sorted(told, key=told.__getitem__)
    sound = isinstance(told, list) and 1 < len(told) <= 1000 and all(isinstance(name, str) and name for name in told)
    if not sound or len(set(told)) < len(told):
        raise ValueError(
            "The file of labels must name each output once: a list of names, or an object that numbers them from 0 on."
        )
    return tuple(told)


def _read(content: bytes) -> dict[str, Tensor]:
    """The tensors under the names that torchvision gives them."""
    if len(content) > MAX_BYTES:
        raise ValueError(
            f"The file has {len(content):,} bytes; ResNet-18 has about 45 million, and {MAX_BYTES:,} are read."
        )
    try:
        tensors = load(content)
    except (SafetensorError, ValueError) as error:
        if content[:2] == b"PK" or content[:1] == b"\x80":
            raise ValueError(
                "This file is a pickle: opening it can run any program on this computer. Where you trust it, convert it with: "
                f"{CONVERT}"
            ) from error
        raise ValueError(
            f"This is no safetensors file ({str(error)[:120]}). Convert a .pth file with: {CONVERT}"
        ) from error
    while prefix := next((p for p in PREFIXES if tensors and all(key.startswith(p) for key in tensors)), ""):
        tensors = {key.removeprefix(prefix): tensor for key, tensor in tensors.items()}
    return {key.replace("fc.0.", "fc."): tensor for key, tensor in tensors.items()}


def _checked(found: dict[str, Tensor], needed: dict[str, Tensor], num_labels: int) -> dict[str, Tensor]:
    """The tensors, once names, shapes, types and numbers are those of the network."""
    odd = sorted(found.keys() ^ needed.keys())
    if odd:
        which = "has a tensor that torchvision's ResNet-18 does not have" if odd[0] in found else "lacks a tensor"
        raise ValueError(f"The file {which}: '{odd[0]:.80}' ({len(odd)} differ). Save the state dict of that network.")
    if found["fc.weight"].dim() == 2 and len(found["fc.weight"]) != num_labels:
        raise ValueError(
            f"This network has {len(found['fc.weight']):,} outputs, and {num_labels} labels are named. Give a JSON file of its "
            "labels (--labels), in the order of its outputs."
        )
    for key, tensor in found.items():
        if tensor.shape != needed[key].shape or tensor.dtype != needed[key].dtype:
            raise ValueError(
                f"The tensor '{key}' has shape {tuple(tensor.shape)} and type {tensor.dtype}; torchvision's ResNet-18 has "
                f"{tuple(needed[key].shape)} and {needed[key].dtype}."
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"The tensor '{key}' holds numbers that are not finite. Take a fresh copy of the file.")
    return found


def _labelled(dataset: DatasetConfig, names: tuple[str, ...]) -> Dataset | None:
    """A sample of the data set's images with these labels; None where there are none."""
    try:
        if set(datasets.label_names(dataset)) != set(names):
            return None
        return datasets.some(dataset, NUM_JUDGED).with_labels(names)
    except ValueError:
        return None


def _measured(evaluator: Evaluator, images: Dataset) -> tuple[Score, tuple[LabelScore, ...]]:
    logits, info = evaluator.logits(images.images).numpy(), evaluator.info
    score, _ = count_hits(info.kind, logits, images.labels)
    return score, label_scores(info.kind, info.label_names, logits, images.labels)
