"""Architectures, one a file. The table here is free of torch: it lists, describes and checks; `building` brings the code."""

from __future__ import annotations

from dataclasses import dataclass

from gan_core.config.registry import Registry

__all__ = ["NETWORKS", "NetworkEntry"]


@dataclass(frozen=True)
class NetworkEntry:
    """A line of the table of architectures.

    Attributes:
        title, description: for people.
        model: the kind of model that these networks make, a key of `gan_core.models.kinds.KINDS`.
        domain: "images" or "points": what they make.
        smallest: the image size must be a power of two, at least this; 0 for points.
        module: import path of the module with the classes Generator and Backbone, or Encoder and Decoder.
        init: import path of the initialisation.
    """

    title: str
    description: str
    model: str
    domain: str
    smallest: int
    module: str
    init: str

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
            "Plain layers, for points in the plane",
            "Two hidden layers of plain neurons: for the 2-D data sets, where everything can be drawn.",
            "gan",
            "points",
            0,
            "gan_core.models.networks.mlp",
            "gan_core.models.networks.initialisation:default_init",
        ),
        "vae": NetworkEntry(
            "Variational autoencoder",
            "An encoder that turns an image into a small cloud in latent space, and a decoder that turns latents back "
            "into images (Kingma and Welling 2014), with report R5's layers.",
            "vae",
            "images",
            8,
            "gan_core.models.networks.vae",
            "gan_core.models.networks.initialisation:default_init",
        ),
    },
)
