"""A configuration's networks as tables, without allocating them."""

from __future__ import annotations

from gan_core.config import RunConfig
from gan_core.datasets import image_shape
from gan_core.models.building import build_networks
from gan_core.models.kinds import kind_of
from gan_core.models.networks.summary import Layer, summarise


def describe(config: RunConfig) -> dict[str, list[Layer]]:
    """Network name -> its layers in order, with output shapes (without the batch) and parameter counts."""
    sizes = image_shape(config.dataset), config.network.latent_dim, len(config.conditioning.labels)
    inputs = kind_of(config).networks
    return {
        name: summarise(network.eval(), *inputs[name](*sizes), batch=2 * config.remedies.packing)
        for name, network in build_networks(config, meta=True).items()
    }
