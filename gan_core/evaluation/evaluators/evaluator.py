"""Opening and storing an evaluator's weights: names, shapes, types, finiteness and hash are checked."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from gan_core.access import Actor, current
from gan_core.config import read_bounded
from gan_core.datasets.base import Uint8Array
from gan_core.datasets.batches import to_signed
from gan_core.evaluation.evaluators import CARD, OWNER, TORCHVISION, WEIGHTS, Card, EvaluatorFolder, EvaluatorInfo
from gan_core.evaluation.evaluators.scale import STAGES
from gan_core.evaluation.features import in_batches
from gan_core.runs import files

if TYPE_CHECKING:
    from gan_core.evaluation.evaluators.network import ResNet18, TorchvisionResNet18

BATCH = 100
MAX_HEADER_BYTES = 200_000  # names and shapes of the tensors; about 10 kB


class Evaluator:
    """A trained classifier with its weights.

    Args:
        info: what it knows.
        network: images in [-1, 1] -> logits.
        device: where it computes.
    """

    def __init__(
        self, info: EvaluatorInfo, network: ResNet18 | TorchvisionResNet18, device: str | torch.device = "cpu"
    ) -> None:
        self.info = info
        self.device = torch.device(device)
        self._network = network.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def logits(self, images: Uint8Array | Tensor) -> Tensor:
        """Its outputs, float (N, L) on the CPU in the order of `info.label_names`, for images uint8 (N, C, H, W).

        Pictures of another size are resized (bilinear, antialiased).

        Raises ValueError if the images have another number of channels, or are not uint8.
        """
        return self._in_batches(images, self._network, len(self.info.label_names))

    def features(self, images: Uint8Array | Tensor) -> Tensor:
        """The input of its last layer, float (N, D) on the CPU. Of what is no picture of its kind it says little.

        Raises ValueError as `logits`.
        """
        return self._in_batches(images, self._network.features, self._network.head.in_features)

    def stages(self, images: Uint8Array | Tensor) -> tuple[Tensor, Tensor]:
        """The pooled outputs of STAGES side by side, float (N, D), and its logits (N, L), from one pass; on the CPU.

        Raises ValueError as `logits`.
        """
        width = self.stage_width

        def compute(pixels: Tensor) -> Tensor:
            pooled = self._network.pooled(pixels)
            return torch.cat([*(pooled[number - 1] for number in STAGES), self._network.head(pooled[-1])], dim=1)

        both = self._in_batches(images, compute, width + len(self.info.label_names))
        return both[:, :width], both[:, width:]

    @property
    def stage_width(self) -> int:
        """How many numbers `stages` gives of an image."""
        return sum(self._network.widths[number - 1] for number in STAGES)

    def differentiable_features(self, images: Tensor) -> Tensor:
        """As `features`, for images float (N, C, H, W) in [-1, 1] on its device, with a gradient towards the images."""
        features: Tensor = self._network.features(self._resized(images))
        return features

    def _in_batches(self, images: Uint8Array | Tensor, compute: Callable[[Tensor], Tensor], width: int) -> Tensor:
        info, shape = self.info, tuple(images.shape)
        if len(shape) != 4 or shape[1] != info.channels or str(images.dtype) not in ("uint8", "torch.uint8"):
            raise ValueError(
                f"The evaluator '{info.name}' takes uint8 pictures (N, {info.channels}, H, W); "
                f"got {shape} of type {images.dtype}."
            )

        def batch(part: slice) -> Tensor:
            pixels = images[part]
            pixels = (
                pixels if isinstance(pixels, Tensor) else torch.tensor(pixels)
            )  # copied: a cache's map is read-only
            return compute(self._resized(to_signed(pixels.to(self.device)))).float().cpu()

        with torch.inference_mode():
            parts = in_batches(len(images), batch, batch=BATCH)
        return torch.cat(parts) if parts else torch.zeros(0, width)

    def _resized(self, images: Tensor) -> Tensor:
        size = (self.info.image_size, self.info.image_size)
        if tuple(images.shape[2:]) == size:
            return images
        return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def open_evaluator(folder: EvaluatorFolder, device: str | torch.device = "cpu") -> Evaluator:
    """The evaluator of a folder, in evaluation mode.

    Raises ValueError if its weights are missing, damaged, or not those of the network that its evaluator.json describes.
    """
    info, path = folder.info, folder.path / WEIGHTS
    network = _empty_network(folder.card)
    exact = folder.card.architecture == TORCHVISION  # what was imported is kept as it came
    expected = {name: tensor if exact else _stored(tensor) for name, tensor in network.state_dict().items()}
    tensors = _read(folder, path, sum(tensor.nbytes for tensor in expected.values()))
    if tensors.keys() != expected.keys():
        odd = sorted(tensors.keys() ^ expected.keys())
        raise _misfit(folder, f"{len(odd)} tensors differ, the first '{odd[0]:.80}'")
    for name, tensor in tensors.items():
        wanted = expected[name]
        found = f"shape {tuple(tensor.shape)} and type {tensor.dtype}"
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise _misfit(folder, f"'{name}' has {found}, not {tuple(wanted.shape)} and {wanted.dtype}")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise _misfit(folder, f"'{name}' is not finite")
    network.load_state_dict({name: _loaded(tensor) for name, tensor in tensors.items()}, assign=True)
    return Evaluator(info, network.requires_grad_(False), device)


def _empty_network(card: Card) -> ResNet18 | TorchvisionResNet18:
    """The network of a card, on `meta`: without memory."""
    from gan_core.evaluation.evaluators import network  # torchvision's models take a second to load

    info = card.info
    if card.architecture == TORCHVISION:
        with torch.device("meta"):
            return network.TorchvisionResNet18(len(info.label_names))
    return network.build_network(info.channels, info.image_size, len(info.label_names), card.width, None)


def weights_bytes(network: nn.Module) -> bytes:
    """The content of weights.safetensors for a network."""
    return save({name: _stored(tensor).contiguous() for name, tensor in network.state_dict().items()})


def rounded(network: nn.Module) -> None:
    """Gives a network the weights that it will have when it is opened again, so that it is measured as it is stored."""
    network.load_state_dict({name: _loaded(_stored(tensor)) for name, tensor in network.state_dict().items()})


def keep(place: Path, card: Card, weights: bytes, actor: Actor | None = None) -> EvaluatorFolder:
    """Writes an evaluator's folder, as the actor's (None: whoever makes the call): complete or not there at all.

    Raises ValueError if the folder exists, or cannot be written.
    """
    aside = place.with_name(f"{files.TEMPORARY}{secrets.token_hex(4)}")
    if place.exists():
        raise ValueError(f"There is an evaluator '{place}' already. Give another --name, or delete that folder first.")
    try:
        aside.mkdir(parents=True)
        files.write_atomically(aside / WEIGHTS, weights)
        files.write_atomically(aside / CARD, card.sealed_json())
        if owner := (actor or current()).id:
            files.write_json(aside / OWNER, {"owner": owner})
        aside.rename(place)
    except OSError as error:
        raise ValueError(
            f"The folder '{place}' cannot be written ({error.strerror or error}). Name another with --out."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return EvaluatorFolder(place, card)


def _stored(tensor: Tensor) -> Tensor:
    """As kept in the file: weights of layers as float16, everything per channel (batch norm, biases) as it is."""
    return tensor.half() if tensor.is_floating_point() and tensor.dim() > 1 else tensor


def _loaded(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _read(folder: EvaluatorFolder, path: Path, num_bytes: int) -> dict[str, Tensor]:
    """The tensors of the weights file, after its size and SHA-256 were found right."""
    try:
        if path.stat().st_size > num_bytes + MAX_HEADER_BYTES:
            raise _misfit(folder, f"{WEIGHTS} has {path.stat().st_size:,} bytes, this network about {num_bytes:,}")
        content = read_bounded(path, num_bytes + MAX_HEADER_BYTES)
    except OSError as error:
        raise ValueError(
            f"The evaluator '{folder.info.name}' has no readable {WEIGHTS} in {folder.path} ({error.strerror or error})."
        ) from error
    if hashlib.sha256(content).hexdigest() != folder.card.weights_sha256:
        raise ValueError(
            f"The weights of the evaluator '{folder.info.name}' are damaged: their SHA-256 is not the one in {CARD}. "
            "Train it again, or take a fresh copy."
        )
    try:
        return load(content)
    except (SafetensorError, ValueError) as error:
        raise _misfit(folder, f"{WEIGHTS} cannot be read: {error}") from error


def _misfit(folder: EvaluatorFolder, why: str) -> ValueError:
    return ValueError(f"The weights of the evaluator '{folder.info.name}' do not fit its network: {why}.")
