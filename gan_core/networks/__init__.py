"""Architectures, one a file. The table here is free of torch: it lists, describes and checks; `load` brings the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gan_core.config import RunConfig
from gan_core.registry import Registry

__all__ = ["NETWORKS", "NetworkEntry"]


@dataclass(frozen=True)
class NetworkEntry:
    """A line of the table of architectures.

    Attributes:
        title, description: for people.
        check: raises ValueError when this architecture cannot be built for a configuration.
        generator: import path of (network config, image_shape, rng) -> nn.Module mapping z (N, latent_dim) to images.
        discriminator: import path of the like -> nn.Module mapping images to logits (N,).
    """

    title: str
    description: str
    check: Callable[[RunConfig], None]
    generator: str
    discriminator: str


def _check_power_of_two(config: RunConfig) -> None:
    size = config.dataset.image_size
    if size < 8 or size & (size - 1):
        raise ValueError(
            f"DCGAN needs an image size that is a power of two, at least 8; got {size}. Set dataset.image_size to 32 or 64."
        )


NETWORKS: Registry[NetworkEntry] = Registry(
    "network",
    {
        "dcgan4": NetworkEntry(
            title="DCGAN, 4x4 kernels",
            description=(
                "The networks of Radford et al. 2016 in the form of the PyTorch example: the generator doubles the image "
                "size with transposed convolutions of kernel 4 and stride 2, the discriminator halves it with convolutions."
            ),
            check=_check_power_of_two,
            generator="gan_core.networks.dcgan4:build_generator",
            discriminator="gan_core.networks.dcgan4:build_discriminator",
        ),
    },
)
