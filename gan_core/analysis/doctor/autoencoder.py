"""Diagnoses of a variational autoencoder."""

from __future__ import annotations

import numpy as np

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign
from gan_core.analysis.doctor.trace import Trace
from gan_core.config import RunConfig

SILENT_NATS = 0.02  # a dimension; below it the encoder says next to nothing
LOUD_NATS = 6.0  # a dimension; the prior's random draws then miss nearly every place that the decoder knows


def _nats(trace: Trace) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """KL a latent dimension, whatever reduction was chosen."""
    kl = trace.mean("loss/kl")
    return kl / trace.config.network.latent_dim if trace.config.vae.kl_reduction == "sum" else kl


def kl_collapse(trace: Trace) -> Sign | None:
    """The encoder says nothing: every image gets the prior."""
    if not trace.has("loss/kl"):
        return None
    nats = _nats(trace)
    place = trace.first_lasting(nats < SILENT_NATS, 3)
    if place is None:
        return None
    evidence = f"KL is {nats[place]:.2g} nats a latent dimension at step {int(trace.steps[place]):,}."
    return Sign(
        int(trace.steps[place]), int(trace.steps[place - 3 * trace.window + 1]), evidence,
        lasting=trace.lasts_now(nats < SILENT_NATS),
    )  # fmt: skip


def prior_hole(trace: Trace) -> Sign | None:
    """The encoder's places are so small and so far apart that random latents fall between them."""
    if not trace.has("loss/kl"):
        return None
    nats = _nats(trace)
    place = trace.first_lasting(nats > LOUD_NATS, 3)
    if place is None:
        return None
    evidence = f"KL is {nats[place]:.3g} nats a latent dimension at step {int(trace.steps[place]):,}."
    return Sign(
        int(trace.steps[place]), int(trace.steps[place - 3 * trace.window + 1]), evidence,
        lasting=trace.lasts_now(nats > LOUD_NATS),
    )  # fmt: skip


def _kl(config: RunConfig, factor: float, why: str) -> list[Remedy]:
    weight = config.vae.kl_weight * factor
    return [Remedy(f"Set the KL's weight (lambda) to {weight:g}", why, {"vae.kl_weight": weight})]


DIAGNOSES = (
    Diagnosis(
        "kl_collapse", "The latents say nothing",
        "KL near zero means that the encoder gives every image the same cloud, the prior. The decoder then can only draw "
        "one average image.",
        "failure", ("loss/kl", "loss/reconstruction"), kl_collapse,
        lambda config: _kl(config, 0.1, "Saying something about the image becomes affordable."),
    ),
    Diagnosis(
        "prior_hole", "Random latents fall into holes",
        "KL is so large that the encoder uses tiny places far apart. Reconstructions are good, but a random latent lies where "
        "the decoder has never been, and its sample is no image.",
        "warning", ("loss/kl",), prior_hole,
        lambda config: _kl(config, 10.0, "Pulls the encoder's places together until they cover the prior."),
    ),
)  # fmt: skip
