"""The log line of the PyTorch DCGAN example, as the reports print it."""

from __future__ import annotations

import math
from collections.abc import Mapping

RATES = ("rate/g", "rate/d", "rate/vae", "rate/diffusion")


def log_line(row: Mapping[str, float], epochs: int, steps_per_epoch: int) -> str:
    """`[epoch/epochs][step/steps] Loss_D: .. Loss_G: .. D(x): .. D(G(z)): before / after`.

    The two values after D(G(z)) are means over the same generated images: before D's update, and after it, which is
    just before G's update. (G's own update only follows; its effect is the metric `prob/fake_after_g`.) With a schedule the
    step's learning rates come last, G's before D's. `row` holds a recorded step's metrics, `epochs` is the whole run's number.
    """
    step = int(row["step"])
    within = (step - 1) % steps_per_epoch + 1 if steps_per_epoch else step
    text = f"[{int(row['epoch'])}/{epochs}][{within}/{steps_per_epoch}]"
    for name, words in (
        ("loss/d", "Loss_D"),
        ("loss/g", "Loss_G"),
        ("prob/real", "D(x)"),
        ("loss/reconstruction", "Reconstruction"),
        ("loss/kl", "KL"),
        ("loss/diffusion", "Loss"),
    ):
        if math.isfinite(row.get(name, math.nan)):
            text += f" {words}: {row[name]:.4f}"
    if math.isfinite(row.get("prob/fake_after", math.nan)):
        text += f" D(G(z)): {row['prob/fake_before']:.4f} / {row['prob/fake_after']:.4f}"
    rates = [f"{row[name]:.3g}" for name in RATES if math.isfinite(row.get(name, math.nan))]
    return f"{text} lr: {' / '.join(rates)}" if rates else text
