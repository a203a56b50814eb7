"""Inception's features, those of published FID and KID values: by torch-fidelity.

The weights (96 MB) are a file that is named (`--inception-weights`, GANVAS_INCEPTION_WEIGHTS), or are downloaded on first use into
the cache folder, or put there by hand. The beginning of their SHA-256 is
checked, and that they are tensors and nothing else, before torch-fidelity, which checks neither, reads them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gan_core.config import settings
from gan_core.evaluation.extractors.base import Extractor
from gan_core.evaluation.features import ImageFeatures
from gan_core.runs import files

FILE = "weights-inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
HASH_BEGINS = "6726825d"  # also in the file's name
LAYERS = ["2048", "logits_unbiased"]


class Inception(Extractor):
    """Inception v3 as the FID's authors used it: the pooled 2,048 features and its 1,008 probabilities.

    Raises ValueError if torch-fidelity is not installed, or the weights are missing.
    """

    exclusive = True
    label_names = ()
    knows_kinds = False

    def __init__(self, file: Path | None = None) -> None:
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import (  # type: ignore[import-untyped]
                FeatureExtractorInceptionV3,
            )
        except ImportError as error:
            raise ValueError(
                "Inception's features need the package torch-fidelity. Install it with: pip install torch-fidelity"
            ) from error
        path = weights(file)
        self._network: Any = FeatureExtractorInceptionV3(
            "inception-v3-compat", LAYERS, feature_extractor_weights_path=str(path)
        )
        self.name = f"inception-v3-compat@{HASH_BEGINS}, pooled 2048"

    def _features(self, images: npt.NDArray[np.uint8]) -> ImageFeatures:
        import torch

        colour = np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images
        with torch.inference_mode():
            features, logits = self._network(torch.tensor(colour))
            probabilities = torch.softmax(logits.double(), dim=1)
        return ImageFeatures(features.double().numpy(), probabilities.numpy(), logits.argmax(dim=1).numpy())


def weights(file: Path | None = None) -> Path:
    """The file of weights: the one that is named, here or by GANVAS_INCEPTION_WEIGHTS; else from the cache folder, or fetched there.

    Raises ValueError if it is missing, cannot be fetched, or is not the one.
    """
    named = file or settings.inception_weights()
    path = named or settings.cache_dir() / "inception" / FILE
    if named is None and not path.exists():
        _fetch(path)
    try:
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ValueError(
            f"The file {path} cannot be read ({error.strerror or error}). Name a copy of {FILE}."
        ) from error
    if not digest.startswith(HASH_BEGINS):
        way_out = "Delete it." if named is None else f"Name an undamaged copy of {FILE}."
        raise ValueError(
            f"The file {path} is damaged, or another: its SHA-256 does not begin with {HASH_BEGINS}. {way_out}"
        )
    _check_tensors(path)
    return path


def _check_tensors(path: Path) -> None:
    """Raises ValueError for a file of anything but tensors: `weights_only` refuses whatever could run code."""
    import pickle

    import torch

    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(f"The file {path} does not contain weights. Delete it.") from error


def _fetch(path: Path) -> None:
    import urllib.request

    try:
        with urllib.request.urlopen(URL, timeout=30) as answer:
            content = answer.read()
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(path, content)
    except OSError as error:  # URLError, timeouts and refusals are
        raise ValueError(
            f"Inception's weights cannot be fetched ({getattr(error, 'reason', error)}). Without them the data set's own "
            f"evaluator is used; or fetch {URL} elsewhere and put it into {path.parent}."
        ) from error
