"""A VAE's latents of held-out images, and their map by t-SNE: two kinds of background work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.datasets import held_out
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.jobs.task_worker import cached
from gan_core.runs import Run

NUM_TRAINING_IMAGES = 500  # for comparison: enough for an interval, and drawn in seconds


@dataclass(frozen=True)
class LatentMap:
    """Settings of the latents and their map, for a VAE at a checkpoint.

    Attributes:
        run_path: the run's directory.
        step: of the checkpoint.
        num_images: how many held-out images to encode and to compare with their reconstructions.
        num_points: how many of their latents to lay out by t-SNE; 0 for none.
        perplexity, seed: of the t-SNE.
    """

    run_path: str
    step: int
    num_images: int
    num_points: int = 0
    perplexity: float = 30.0
    seed: int = 0

    @property
    def measuring(self) -> LatentMap:
        """The same without the map: encode and compare. A map is made from its result."""
        return LatentMap(self.run_path, self.step, self.num_images)

    @property
    def task(self) -> Task:
        """The background work that makes it; see `measure` and `lay_out` for the result."""
        encoding = {"run": self.run_path, "step": self.step, "num_images": self.num_images}
        if not self.num_points:
            return Task.of("gan_core.latents.vae_map:measure", **encoding)
        layout = {"num_points": self.num_points, "perplexity": float(self.perplexity), "seed": self.seed}
        return Task.of("gan_core.latents.vae_map:lay_out", **encoding, **layout)


def measure(arguments: dict[str, Any], report: Report) -> Arrays:
    """Encodes the held-out images and compares them with what comes back.

    Returns:
        latents (num_images, latent_dim) and errors (num_images,): the held-out images' posterior means and mean squared
        errors; training_errors: the same of images that were learned from; labels (num_images, L), label_names (L,).
    """
    run, num_images = Run(Path(arguments["run"])), int(arguments["num_images"])
    config = run.config()
    report("images")
    found = held_out.held_out(config.dataset)
    images = found.images(num_images, lambda done, total: report("images", done, total))
    learned = held_out.training_images(config.dataset, min(NUM_TRAINING_IMAGES, num_images))
    report("encoding")

    from gan_core.config.devices import detect
    from gan_core.runs.autoencoder import open_autoencoder

    model = open_autoencoder(run, int(arguments["step"]), detect().devices[0])
    total = len(images) + len(learned)
    latents, errors = model.measure(images.images, lambda done, _: report("encoding", done, total))
    _, training_errors = model.measure(learned.images, lambda done, _: report("encoding", len(images) + done, total))
    return {
        "latents": latents,
        "errors": errors,
        "training_errors": training_errors,
        "labels": np.asarray(images.labels),
        "label_names": np.array(images.label_names, dtype=np.str_),
    }


def lay_out(arguments: dict[str, Any], report: Report) -> Arrays:
    """What `measure` gives, with the t-SNE of the first latents: points (num_points, 2) and kl ()."""
    settings = LatentMap(
        arguments["run"], int(arguments["step"]), int(arguments["num_images"]), int(arguments["num_points"]),
        float(arguments["perplexity"]), int(arguments["seed"]),
    )  # fmt: skip
    measured = cached(settings.measuring.task, report)

    from gan_core.latents.embedding import tsne

    report("tsne")
    points, kl = tsne(
        measured["latents"][: settings.num_points], settings.perplexity, settings.seed,
        lambda done, total, loss: report("tsne", done, total, loss),
    )  # fmt: skip
    return {**measured, "points": points, "kl": np.array(kl)}
