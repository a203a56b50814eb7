"""What one preset is."""

from __future__ import annotations

from dataclasses import dataclass

from gan_core.config import RunConfig


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
