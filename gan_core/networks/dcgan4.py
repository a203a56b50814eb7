"""DCGAN with 4x4 kernels: `G-k4` and `D-k4` of the reports.

Source: Radford, Metz, Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", in the form of the PyTorch example (no biases, the last Sigmoid folded into the loss).
Parametrised by width, latent size, channels and image size; the report's own are 64, 100, 3 and 64.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from gan_core.config import NetworkConfig
from gan_core.networks.initialisation import dcgan_init, materialise

LEAK = 0.2


def _num_doublings(image_size: int) -> int:
    """How often 4x4 must be doubled to reach the image."""
    return int(math.log2(image_size)) - 2


class Generator(nn.Module):
    """Maps latents (N, latent_dim) to images (N, channels, image_size, image_size) in [-1, 1]."""

    def __init__(self, latent_dim: int, width: int, channels: int, image_size: int) -> None:
        super().__init__()
        doublings = _num_doublings(image_size)
        widths = [width * 2**level for level in reversed(range(doublings))]  # 512, 256, 128, 64 at 64 px
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent_dim, widths[0], 4, bias=False),  # 1x1 -> 4x4
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        ]
        for before, after in itertools.pairwise(widths):
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),  # twice the size
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(z[:, :, None, None])
        return images

    def first_response(self, z: Tensor) -> Tensor:
        """The first layer's response to z, normalised, before its ReLU: (N, 16 * first width).

        What GANSpace finds its directions in (see gan_core.latents.directions).
        """
        response: Tensor = self.layers[1](self.layers[0](z[:, :, None, None]))
        return response.flatten(1)


class Discriminator(nn.Module):
    """Maps images (N, channels, image_size, image_size) to logits (N,)."""

    def __init__(self, width: int, channels: int, image_size: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(_num_doublings(image_size))]  # 64, 128, 256, 512 at 64 px
        layers: list[nn.Module] = [
            nn.Conv2d(channels, widths[0], 4, stride=2, padding=1, bias=False),  # half the size
            nn.LeakyReLU(LEAK, inplace=True),
        ]
        for before, after in itertools.pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
        self.backbone = nn.Sequential(*layers)  # images -> features (N, last width, 4, 4)
        self.head = nn.Conv2d(widths[-1], 1, 4, bias=False)  # 4x4 -> 1x1

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.backbone(images))
        return logits.flatten()


def build_generator(config: NetworkConfig, image_shape: tuple[int, int, int], rng: torch.Generator | None) -> Generator:
    """A generator for images of `image_shape` (C, H, W), initialised from `rng` (a CPU generator) alone; on `meta` without one."""
    channels, size, _ = image_shape
    with torch.device("meta"):
        network = Generator(config.latent_dim, config.width, channels, size)
    return materialise(network, dcgan_init, rng)


def build_discriminator(
    config: NetworkConfig, image_shape: tuple[int, int, int], rng: torch.Generator | None
) -> Discriminator:
    """A discriminator for images of `image_shape` (C, H, W), initialised from `rng` (a CPU generator) alone; on `meta` without one."""
    channels, size, _ = image_shape
    with torch.device("meta"):
        network = Discriminator(config.width, channels, size)
    return materialise(network, dcgan_init, rng)
