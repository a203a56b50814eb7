"""What one preset is, and how one is made from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gan_core.config import RunConfig, with_changes
from gan_core.presets.recipes import changes_in_words


@dataclass(frozen=True)
class Preset:
    """A named experiment.

    Attributes:
        name: the key by which it is chosen; equals `config.preset`.
        title: a line for people.
        description: what it shows, what is inferred, what a lite version shrinks; ends with what to look for.
        minutes: rough time on two quiet cores, as a hint beside the start button; 0 where a GPU is meant.
        config: all of it.
        look_for: what a person is to see in a lite preset's pictures and curves; empty for a full one.
    """

    name: str
    title: str
    description: str
    minutes: float
    config: RunConfig
    look_for: str = ""


def preset(
    name: str, title: str, description: str, config: RunConfig, minutes: float = 0, look_for: str = ""
) -> Preset:
    """The preset of this configuration, which gets its name; `look_for` ends its description."""
    words = f"{description.rstrip()} Look for: {look_for}" if look_for else description
    return Preset(name, title, words, minutes, with_changes(config, {"preset": name}), look_for)


def changed(base: RunConfig, **sections: dict[str, Any]) -> RunConfig:
    """`base` with fields of its sections replaced: changed(base, training={"epochs": 5})."""
    flat = {f"{section}.{name}": value for section, fields in sections.items() for name, value in fields.items()}
    return with_changes(base, flat)


def adam(rate: float, beta1: float = 0.5, beta2: float = 0.999) -> dict[str, Any]:
    """The fields of an Adam optimiser."""
    return {"name": "adam", "learning_rate": rate, "beta1": beta1, "beta2": beta2}


LITE_IMAGES = 5000
LITE_NOTE = (
    "Small version for two processor cores: {images:,} images of the embedded {data}, {size}x{size} pixels, width {width}, "
    "batch {batch}, {epochs} epochs; network, loss and optimiser are the report's."
)


def lite_note(full: RunConfig, lite: RunConfig) -> str:
    """The sentences that say how a lite preset was shrunk, and how else it learns than the full one, with its own figures."""
    note = LITE_NOTE.format(
        images=lite.dataset.num_images or LITE_IMAGES,
        data={"faces": "rendered faces", "blocks": "rendered blocks"}.get(lite.dataset.name, lite.dataset.name),
        size=lite.dataset.image_size,
        width=lite.network.width,
        batch=lite.training.batch_size,
        epochs=lite.training.epochs,
    )
    return f"{note} {changes_in_words(full, lite)}".rstrip()
