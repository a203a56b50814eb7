"""What one preset is, and how one is made from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gan_core.config import RunConfig, with_changes


@dataclass(frozen=True)
class Preset:
    """A named experiment.

    Attributes:
        name: the key by which it is chosen; equals `config.preset`.
        title: a line for people.
        description: what it shows, what is inferred, what a lite version shrinks.
        minutes: rough time on two quiet cores, as a hint beside the start button; 0 where a GPU is meant.
        config: all of it.
    """

    name: str
    title: str
    description: str
    minutes: float
    config: RunConfig


def preset(name: str, title: str, description: str, config: RunConfig, minutes: float = 0) -> Preset:
    """The preset of this configuration, which gets its name."""
    return Preset(name, title, description, minutes, with_changes(config, {"preset": name}))


def changed(base: RunConfig, **sections: dict[str, Any]) -> RunConfig:
    """`base` with fields of its sections replaced: changed(base, training={"epochs": 5})."""
    flat = {f"{section}.{name}": value for section, fields in sections.items() for name, value in fields.items()}
    return with_changes(base, flat)


def adam(rate: float, beta1: float = 0.5, beta2: float = 0.999) -> dict[str, Any]:
    """The fields of an Adam optimiser."""
    return {"name": "adam", "learning_rate": rate, "beta1": beta1, "beta2": beta2}


LITE_IMAGES = 5000
LITE_NOTE = (
    "Shrunk for two processor cores: {images:,} images of the embedded {data}, {size}x{size} pixels, width {width}, batch {batch}, "
    "{epochs} epochs; "
    "network, loss and optimiser are the report's."
)


def lite_note(config: RunConfig) -> str:
    """The sentence that says how a lite preset was shrunk, with its own figures."""
    return LITE_NOTE.format(
        images=config.dataset.num_images or LITE_IMAGES,
        data={"faces": "drawn faces", "blocks": "drawn blocks"}.get(config.dataset.name, config.dataset.name),
        size=config.dataset.image_size,
        width=config.network.width,
        batch=config.training.batch_size,
        epochs=config.training.epochs,
    )
