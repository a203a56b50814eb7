"""WGAN's clipped weights against a gradient penalty, layer by layer: where the gradient vanishes or explodes. Loads no torch.

Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", section 3 and figure 1b.
"""

from __future__ import annotations

from gan_core.config import differences
from gan_core.experiments.arms import Arm, Comparison
from gan_core.presets import preset_config

BASE = preset_config("r3-wgan-lite")
PENALTY = preset_config("r3-wgan-gp-lite")
TITLE = "Clipping against penalty"
COMPARISON = Comparison(
    BASE,
    (
        Arm("wgan", "WGAN, clip 0.01 (r3-wgan-lite)", {}),
        Arm(
            "wgan-gp",
            "WGAN-GP (r3-wgan-gp-lite)",
            {field: value for field, (_, value) in differences(BASE, PENALTY).items()},
        ),
        Arm(
            "wide",
            "WGAN, clip 0.1, no batch norm",
            {"objective.weight_clip": 0.1, "network.discriminator_norm": "none"},
        ),
    ),
)
"""R3's two presets; and the first with a wide bound and without batch norm, whose division by the batch's spread hides the bound."""
