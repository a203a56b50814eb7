"""The variational autoencoder.

Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes"; the weight on the KL term after Higgins et al. 2017,
"beta-VAE".
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.config import RunConfig, VAEConfig
from gan_core.datasets import image_shape
from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress, Update, unwrapped
from gan_core.models.networks.initialisation import load_module, materialised
from gan_core.models.optimizers import build_optimizer
from gan_core.processes import shards


class VAE(GenerativeModel):
    """See `gan_core.models.base.GenerativeModel`.

    Args:
        config: the losses, their weights, and the one optimiser of both networks.
        networks: "encoder": images (N, C, H, W) in [-1, 1] -> mean and log variance, each (N, latent_dim); "decoder":
            latents (N, latent_dim) -> logits of pixels in [0, 1].
        rng: source of the noise, on the device of the networks.
    """

    def __init__(self, config: RunConfig, networks: dict[str, nn.Module], rng: torch.Generator) -> None:
        self.networks = networks
        self.averages, self.profiles = {}, {}
        self.config = config.vae
        weights = [*networks["encoder"].parameters(), *networks["decoder"].parameters()]
        self.optimizers = {"autoencoder": build_optimizer(config.generator_optimizer, weights)}
        self.rng = rng
        self.latent_dim = config.network.latent_dim

    def train_step(
        self, images: Tensor, labels: Tensor, progress: TrainingProgress
    ) -> Generator[Update, None, Metrics]:
        """Encode, draw a latent from each posterior, decode, compare."""
        mean, log_variance = self.networks["encoder"](images)
        noise = shards.drawn(partial(torch.randn, generator=self.rng, device=mean.device), *mean.shape)
        z = mean + noise * torch.exp(0.5 * log_variance)  # the reparametrisation: noise outside, gradient through
        logits = self.networks["decoder"](z)
        reconstruction = reconstruction_loss(logits, (images + 1) / 2, self.config.reconstruction)
        kl = kl_divergence(mean, log_variance, self.config.kl_reduction)
        loss = reconstruction + self.config.kl_weight * kl
        yield Update("autoencoder", "vae", loss)
        return {"loss/vae": loss.detach(), "loss/reconstruction": reconstruction.detach(), "loss/kl": kl.detach()}

    def sample(self, z: Tensor, labels: Tensor) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] for latents (N, latent_dim); the labels (N, 0) are not used."""
        with torch.no_grad():
            return to_signed_images(unwrapped(self.networks["decoder"])(z))


def kl_divergence(mean: Tensor, log_variance: Tensor, reduction: str) -> Tensor:
    """KL divergence of N(mean, exp(log_variance)) from the standard normal prior, averaged over the batch.

    Source: Kingma and Welling 2014, appendix B.

    Args:
        mean, log_variance: (N, latent_dim).
        reduction: over the dimensions, "sum" (the divergence itself) or "mean".
    """
    each = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return each.sum(1).mean() if reduction == "sum" else each.mean()


def reconstruction_loss(logits: Tensor, targets: Tensor, kind: str) -> Tensor:
    """Reconstruction loss, mean over all pixels.

    Args:
        logits: of pixels in [0, 1], any shape.
        targets: pixels in [0, 1], of the same shape.
        kind: "mse" (squared error of the Sigmoid of the logits) or "bce" (cross-entropy).
    """
    if kind == "bce":
        return F.binary_cross_entropy_with_logits(logits, targets)
    return F.mse_loss(torch.sigmoid(logits), targets)


def equivalent_beta(config: VAEConfig, num_pixels: int, latent_dim: int) -> float:
    """The beta of a beta-VAE that has the same optimum: summed negative log-likelihood + beta * summed KL.

    Source: Higgins et al. 2017, "beta-VAE", equation 4. The likelihood is a Bernoulli's for "bce": pixels * loss is then that
    sum, with beta = lambda * pixels. For "mse" it is a Gaussian's of variance 1, hence half the summed squared error, with
    beta = lambda * pixels / 2. A KL averaged over the dimensions is the summed one divided by their number.

    Args:
        config: of the VAE.
        num_pixels: values in one image (channels * height * width).
        latent_dim: size of z.
    """
    beta = config.kl_weight * num_pixels / (2 if config.reconstruction == "mse" else 1)
    return beta if config.kl_reduction == "sum" else beta / latent_dim


def to_signed_images(logits: Tensor) -> Tensor:
    """The decoder's logits as images in [-1, 1]."""
    return torch.sigmoid(logits) * 2 - 1


def build_networks(config: RunConfig, rng: torch.Generator | None) -> dict[str, nn.Module]:
    """Encoder and decoder with their first weights from `rng`; on the `meta` device if it is None."""
    network, shape, module = config.network, image_shape(config.dataset), load_module(config)
    return materialised(
        config,
        {
            "encoder": lambda: module.Encoder(network.latent_dim, shape, network.width),
            "decoder": lambda: module.Decoder(network.latent_dim, shape, network.width, network.generator_leak),
        },
        rng,
    )


def build(config: RunConfig, networks: dict[str, nn.Module], rng: torch.Generator) -> VAE:
    """The VAE of a configuration at step 0, from its networks."""
    return VAE(config, networks, rng)


def decode(config: RunConfig, network: nn.Module, z: Tensor, labels: Tensor) -> Tensor:
    """Images (N, C, H, W) in [-1, 1] of a decoder, for latents (N, latent_dim); the labels (N, 0) are not used."""
    return to_signed_images(network(z))
