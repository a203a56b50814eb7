"""The latent of an uploaded picture: a kind of background work."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gan_core import datasets
from gan_core.config import DatasetConfig
from gan_core.datasets.sources.decoding import read_one
from gan_core.evaluation import evaluators
from gan_core.figures import imaging
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.runs import Run

if TYPE_CHECKING:
    from gan_core.latents.inversion import Search

MAX_BYTES = 10_000_000  # of an uploaded file; MAX_PIXELS of gan_core.figures.imaging bounds what it unpacks to

Uint8Array = npt.NDArray[np.uint8]


def read_upload(content: bytes, dataset: DatasetConfig) -> Uint8Array:
    """An uploaded picture in the shape of this data set: uint8 (C, size, size), the middle cut out.

    Raises ValueError if the file is too large or no readable image, or the model is one of points.
    """
    shape = datasets.image_shape(dataset)
    if len(shape) != 3:
        raise ValueError("This model generates points in the plane, not images.")
    if len(content) > MAX_BYTES:
        raise ValueError(f"The file has {len(content) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:g} MB are read.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "picture"
            file.write_bytes(content)
            picture = read_one(file, dataset)
    except ValueError as refusal:
        kinds = ", ".join(imaging.FORMATS)
        raise ValueError(f"The file is {refusal} Send a picture as one of {kinds}.") from refusal
    pixels = np.asarray(picture, np.uint8)
    return np.ascontiguousarray(pixels[None] if shape[0] == 1 else pixels.transpose(2, 0, 1))


def task(run: Run, step: int, picture: Uint8Array, labels: Sequence[float], search: Search) -> Task:
    """The background work that searches a picture's latent; see `search_latent` for the result.

    Args:
        run, step: the model.
        picture: uint8 (C, H, W), as `read_upload` gives it.
        labels: the generator's condition, (L,); none for an unconditional one.
        search: its settings.
    """
    found = evaluators.of_data(run.config())
    return Task.of(
        "gan_core.latents.picture_search:search_latent", run=str(run.path), step=step,
        picture=base64.b64encode(picture.tobytes()).decode("ascii"), shape=list(picture.shape),
        labels=[float(value) for value in labels], search=asdict(search),
        judge=found[0].card.weights_sha256 if found else "",
    )  # fmt: skip


def search_latent(arguments: dict[str, Any], report: Report) -> Arrays:
    """Searches the latent whose image is nearest to a picture.

    Returns:
        z (latent_dim,); image uint8 (C, H, W), what it makes; error, first_error, feature_distance (), losses (starts,): see
        `gan_core.latents.inversion.Found`; uses_features (): whether an evaluator's features were part of the loss.
    """
    import torch

    from gan_core.datasets.batches import to_signed
    from gan_core.evaluation.evaluators.evaluator import open_evaluator
    from gan_core.latents.inversion import Search, invert
    from gan_core.models.building import decode
    from gan_core.runs.sampler import open_sampler

    report("Loading the model")
    run = Run(Path(arguments["run"]))
    model = open_sampler(run, int(arguments["step"]))
    model.network.requires_grad_(False)
    folders = evaluators.of_data(model.config)
    features = open_evaluator(folders[0]).differentiable_features if folders else None
    picture = np.frombuffer(base64.b64decode(arguments["picture"]), np.uint8).reshape(arguments["shape"])
    labels = torch.tensor([arguments["labels"]], dtype=torch.float32)
    search = Search(**arguments["search"])
    found = invert(
        lambda z: decode(model.config, model.network, z, labels.expand(len(z), -1)),
        to_signed(torch.from_numpy(picture.copy())),
        model.latent_dim, search, features,
        lambda done, total, loss: report("Approaching the image", done, total, loss),
    )  # fmt: skip
    return {
        "z": found.z.numpy(),
        "image": model.images(found.z[None].numpy(), labels.numpy())[0],
        "error": np.array(found.error),
        "first_error": np.array(found.first_error),
        "feature_distance": np.array(found.feature_distance),
        "losses": found.losses.numpy(),
        "uses_features": np.array(features is not None),
    }
