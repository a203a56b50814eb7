"""The named experiments, as data.

Each preset is a complete, runnable configuration. `NAME` is a report's own experiment (its data, sizes and budget),
`NAME-lite` the same recipe on an embedded data set, sized so that a two-core CPU reaches a telling result in minutes.
Where a value is inferred because the report does not state it, the description says so.
"""

from __future__ import annotations

from gan_core.config import RunConfig
from gan_core.config.registry import Registry
from gan_core.presets import diffusion, digits, r1, r2, r3, r4, r5
from gan_core.presets.entry import Preset

__all__ = ["DEFAULT", "PRESETS", "Preset", "preset_config"]

PRESETS: Registry[Preset] = Registry(
    "preset", {p.name: p for part in (digits, r1, r2, r3, r4, r5, diffusion) for p in part.PRESETS}
)
DEFAULT = "mnist-dcgan"


def preset_config(name: str) -> RunConfig:
    """The configuration of the preset called `name`. Raises ValueError, listing the known names, if there is none."""
    return PRESETS.find(name).config
