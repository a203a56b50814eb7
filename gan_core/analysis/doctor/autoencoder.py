"""Diagnoses of a variational autoencoder."""

from __future__ import annotations

from collections.abc import Callable

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign
from gan_core.analysis.doctor.trace import Column, Mask, RunTrace
from gan_core.config import RunConfig

COLLAPSED_NATS = 0.02  # a dimension; below it the latents carry almost no information about the image
HOLES_NATS = 6.0  # a dimension; random draws of the prior then miss nearly every place that the decoder was trained on


def kl_collapse(trace: RunTrace) -> Sign | None:
    """The posterior of every image is the prior: KL close to 0."""
    return _kl_sign(
        trace, "KL is {nats:.2g} nats a latent dimension at step {step:,}.", lambda nats: nats < COLLAPSED_NATS
    )


def prior_hole(trace: RunTrace) -> Sign | None:
    """The posteriors are so narrow and so far apart that random latents fall between them: KL large."""
    return _kl_sign(trace, "KL is {nats:.3g} nats a latent dimension at step {step:,}.", lambda nats: nats > HOLES_NATS)


def _kl_sign(trace: RunTrace, words: str, holds: Callable[[Column], Mask]) -> Sign | None:
    """A sign on the KL a latent dimension, whatever reduction was chosen."""
    if not trace.has("loss/kl"):
        return None
    kl = trace.mean("loss/kl")
    nats = kl / trace.config.network.latent_dim if trace.config.vae.kl_reduction == "sum" else kl
    return lasting_sign(trace, holds(nats), words, {"nats": nats})


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
