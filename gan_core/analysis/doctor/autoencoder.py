"""Diagnoses of a variational autoencoder."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign
from gan_core.analysis.doctor.trace import Column, Mask, RunTrace
from gan_core.config import RunConfig
from gan_core.config.sections import VAEConfig

COLLAPSED_NATS = 0.02  # a dimension; below it the latents carry almost no information about the image
HOLES_NATS = 6.0  # a dimension; random draws of the prior then miss nearly every place that the decoder was trained on
SOUND_NATS = 3.0  # a dimension; what the remedy against holes aims at
CLOSER = "Pulls the encoder's distributions together until they cover the prior."


def kl_collapse(trace: RunTrace) -> Sign | None:
    """The posterior of every image is the prior: KL close to 0."""
    return _kl_sign(
        trace, "KL is {nats:.2g} nats a latent dimension at step {step:,}.", lambda nats: nats < COLLAPSED_NATS
    )


def prior_hole(trace: RunTrace) -> Sign | None:
    """The posteriors are so narrow and so far apart that random latents fall between them: KL large."""
    words = "KL is {nats:.3g} nats a latent dimension at step {step:,}."
    sign = _kl_sign(trace, words, lambda nats: nats > HOLES_NATS)
    if sign is None:
        return None
    nats = float(_nats(trace)[int(np.searchsorted(trace.steps, sign.step))])
    return replace(sign, remedies=tuple(_against_holes(trace.config, nats)))


def _kl_sign(trace: RunTrace, words: str, holds: Callable[[Column], Mask]) -> Sign | None:
    """A sign on the KL a latent dimension."""
    if not trace.has("loss/kl"):
        return None
    nats = _nats(trace)
    return lasting_sign(trace, holds(nats), words, {"nats": nats})


def _nats(trace: RunTrace) -> Column:
    """KL a latent dimension, whatever reduction was chosen, averaged over the window."""
    kl = trace.mean("loss/kl")
    return kl / trace.config.network.latent_dim if trace.config.vae.kl_reduction == "sum" else kl


def _against_holes(config: RunConfig, nats: float) -> list[Remedy]:
    """A weight that brings so many nats down to SOUND_NATS.

    A Gaussian latent of low distortion costs half the logarithm of variance over lambda (rate and distortion; for linear
    VAEs Lucas et al. 2019, "Don't Blame the ELBO!"), so each nat less takes a lambda e^2 times as large. At most the usual
    weight, or ten times what it was: far up, the relation does not hold.
    """
    dimensions = config.network.latent_dim if config.vae.kl_reduction == "sum" else 1
    usual = VAEConfig().kl_weight / dimensions / config.vae.kl_weight
    return _kl(config, min(math.exp(min(2 * (nats - SOUND_NATS), 100.0)), max(10.0, usual)), CLOSER)


def _kl(config: RunConfig, factor: float, why: str) -> list[Remedy]:
    weight = float(f"{config.vae.kl_weight * factor:.2g}")
    return [Remedy(f"Set the KL's weight (lambda) to {weight:g}", why, {"vae.kl_weight": weight})]


DIAGNOSES = (
    Diagnosis(
        "kl_collapse", "Posterior collapse: the latent is ignored",
        "KL near zero means that the encoder maps every image to the prior. The decoder can then only produce one average "
        "image.",
        "failure", ("loss/kl", "loss/reconstruction"), kl_collapse,
        lambda config: _kl(config, 0.1, "A lower weight lets the latent carry information about the image."),
    ),
    Diagnosis(
        "prior_hole", "Random samples decode to nonsense",
        "KL is so large that the encoder uses small regions far apart. Reconstructions are good, but a random latent lies outside the "
        "regions that the decoder was trained on, and its sample is no image.",
        "warning", ("loss/kl",), prior_hole,
        lambda config: _kl(config, 10.0, CLOSER),
    ),
)  # fmt: skip
