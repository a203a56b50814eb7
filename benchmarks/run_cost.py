"""What a training image costs, counted: floating-point operations of one step of a model, its weights, and a checkpoint's size.

    python benchmarks/run_cost.py [PRESET ...] [--batch 16]

Counted, not timed, so that any machine gives the same: operations of matrix products and convolutions (a multiplication and an addition are
two), forward and backward, of every update of the step. Divided by what a device sustains, this is its time. Torch does not count the
gradients of gradients of a penalty; WGAN-GP is left out for that.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core.config import with_changes
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import Batches
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build
from gan_core.presets import preset_config
from gan_core.training.loop import make_fabric, set_up, train_step

PRESETS = ("mnist-dcgan", "r1-dcgan", "r5-acgan", "r5-vae", "celeba-ddpm")
NUMBER_BYTES = 4


def cost(preset: str, batch: int) -> dict[str, float]:
    """GFLOP for an image, millions of weights, and MB of a checkpoint, of a preset's model on noise of its images' shape."""
    changes = {"training.device": "cpu", "training.precision": "fp32", "training.batch_size": batch}
    config = with_changes(preset_config(preset), changes)
    size, channels = config.dataset.image_size, config.dataset.channels
    pixels = np.random.default_rng(0).integers(0, 256, (2 * batch, channels, size, size), dtype=np.uint8)
    names = tuple(str(number) for number in range(10))
    conditional = config.conditioning.name != "none"
    classes = np.eye(10, dtype=np.uint8)[np.arange(2 * batch) % 10]
    if conditional:
        config = with_changes(config, {"conditioning.labels": names, "conditioning.exclusive": True})
    data = Dataset("noise", pixels, classes if conditional else classes[:, :0], names if conditional else ())
    fabric = make_fabric(config)
    model = build(config, fabric.device)
    weights = sum(p.numel() for network in model.networks.values() for p in network.parameters())
    set_up(fabric, model)
    batches = Batches(data, batch, 0, torch.device("cpu"), config.remedies.packing)
    with FlopCounterMode(display=False) as counted:
        train_step(fabric, model, *batches.batch(0), TrainingProgress(0, 10**6))
    ema_and_moments = 1 + 1 + 2  # weights, their running average, Adam's two moments
    return {
        "gflop": counted.get_total_flops() / batch / 1e9,
        "weights_m": weights / 1e6,
        "checkpoint_mb": weights * ema_and_moments * NUMBER_BYTES / 1e6,
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("presets", nargs="*", default=PRESETS)
    parser.add_argument("--batch", type=int, default=16)
    chosen = parser.parse_args()
    print("| model | GFLOP per image | weights, millions | checkpoint, MB |\n|---|---|---|---|")
    for preset in chosen.presets:
        found = cost(preset, chosen.batch)
        print(f"| {preset} | {found['gflop']:.2f} | {found['weights_m']:.2f} | {found['checkpoint_mb']:.0f} |")


if __name__ == "__main__":
    main()
