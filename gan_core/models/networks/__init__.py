"""Architectures, one a file. The table here is free of torch: it lists, describes and checks; `building` brings the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gan_core.config.registry import Registry

__all__ = ["NETWORKS", "NetworkEntry"]

Weights = Callable[[int, int, int], int]
"""(width, image size, latent_dim) -> about how many weights, right within a factor of three."""


def _doubling(width: int, size: int, latent_dim: int) -> int:
    """Convolutions of 4 x 4 whose channels double while the image halves: width * size / 8 channels at the bottom, the first
    layer of the latent on top, twice."""
    deepest = width * max(1, size // 8)
    return 2 * (16 * deepest * latent_dim + 11 * deepest * deepest)


@dataclass(frozen=True)
class NetworkEntry:
    """A line of the table of architectures.

    Attributes:
        title, description: for people.
        model: the kind of model that these networks make, a key of `gan_core.models.kinds.KINDS`.
        domain: "images" or "points": what they make.
        smallest: the image size must be a power of two, at least this; 0 for points.
        module: import path of the module with the classes Generator and Backbone, Encoder and Decoder, or Denoiser.
        init: import path of the initialisation.
        weights: how many weights they have.
    """

    title: str
    description: str
    model: str
    domain: str
    smallest: int
    module: str
    init: str
    weights: Weights = _doubling

    def check_size(self, size: int) -> None:
        """Refuses image sizes that these networks cannot make.

        Raises:
            ValueError: with rule, size and way out.
        """
        if self.domain == "images" and (size < self.smallest or size & (size - 1)):
            raise ValueError(
                f"{self.title} needs an image size that is a power of two, at least {self.smallest}; got {size}. "
                "Set dataset.image_size to 32 or 64."
            )


NETWORKS: Registry[NetworkEntry] = Registry(
    "network",
    {
        "dcgan4": NetworkEntry(
            "DCGAN, 4x4 kernels",
            "The networks of Radford et al. 2016 in the form of the PyTorch example: the generator doubles the image "
            "size with transposed convolutions of kernel 4 and stride 2, the discriminator halves it with convolutions.",
            "gan",
            "images",
            8,
            "gan_core.models.networks.dcgan4",
            "gan_core.models.networks.initialisation:dcgan_init",
        ),
        "dcgan5": NetworkEntry(
            "DCGAN, 5x5 kernels",
            "The same idea with a linear first layer and 5x5 kernels, as in report R3.",
            "gan",
            "images",
            8,
            "gan_core.models.networks.dcgan5",
            "gan_core.models.networks.initialisation:dcgan_init",
        ),
        "resnet": NetworkEntry(
            "Residual network (SNGAN)",
            "Residual blocks that double or halve the image, after Miyato et al. 2018. Stronger, and slower.",
            "gan",
            "images",
            8,
            "gan_core.models.networks.resnet",
            "gan_core.models.networks.initialisation:xavier_init",
        ),
        "mlp": NetworkEntry(
            "Fully connected layers, for points in the plane",
            "Two fully connected hidden layers: for the 2-D data sets, where everything can be plotted.",
            "gan",
            "points",
            0,
            "gan_core.models.networks.mlp",
            "gan_core.models.networks.initialisation:default_init",
            lambda width, _size, latent_dim: 4 * width * (width + latent_dim),
        ),
        "vae": NetworkEntry(
            "Variational autoencoder",
            "An encoder that maps an image to a distribution in latent space, and a decoder that maps latents to images (Kingma "
            "and Welling 2014), with report R5's layers.",
            "vae",
            "images",
            8,
            "gan_core.models.networks.vae",
            "gan_core.models.networks.initialisation:default_init",
        ),
        "unet": NetworkEntry(
            "U-Net (diffusion)",
            "Residual blocks down to 4x4 and up again, with time and labels as inputs (Ho et al. 2020); images are first folded "
            "to half their size, which makes every layer four times cheaper.",
            "diffusion",
            "images",
            8,
            "gan_core.models.networks.unet",
            "gan_core.models.networks.unet:init",
            lambda width, size, _latent_dim: 250 * (size.bit_length() - 3) * width**2,
        ),
        "mlp_time": NetworkEntry(
            "Fully connected layers with time, for points in the plane (diffusion)",
            "Fully connected residual layers with the time as an input: diffusion where everything can be plotted.",
            "diffusion",
            "points",
            0,
            "gan_core.models.networks.mlp_time",
            "gan_core.models.networks.initialisation:default_init",
            lambda width, _size, _latent_dim: 4 * width * (width + 20),
        ),
    },
)
