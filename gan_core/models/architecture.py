"""A configuration's networks as tables, without allocating them."""

from __future__ import annotations

from gan_core.config import RunConfig
from gan_core.models.building import build_networks
from gan_core.networks.summary import Layer, summarise


def describe(config: RunConfig) -> dict[str, list[Layer]]:
    """Network name -> its layers in order, with output shapes (without the batch) and parameter counts."""
    shape = (config.dataset.channels, config.dataset.image_size, config.dataset.image_size)
    inputs: dict[str, tuple[int, ...]] = {"generator": (config.network.latent_dim,), "discriminator": shape}
    return {
        name: summarise(network.eval(), inputs[name]) for name, network in build_networks(config, meta=True).items()
    }
