"""Training speed beside the plain DCGAN loop of the PyTorch examples, on the same machine in the same run.

    python benchmarks/speed.py [--size 64] [--batch 128] [--width 64] [--rounds 5] [--steps 4]

The variants take turns, round after round, so that a machine whose speed drifts does not favour one of them; the ratio
is the median over rounds of variant / reference. Prints a Markdown table and the conditions. Keep the machine quiet.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core.config import RunConfig, with_changes
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import Batches
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build, build_networks
from gan_core.training.loop import make_fabric, set_up, train_step
from gan_core.training.worker import keep_freed_memory

Step = Callable[[], object]


def reference(config: RunConfig, batches: Batches) -> Step:
    """The example's loop: fp32, contiguous, BCE on probabilities, D's gradients also in G's step, `.item()` every step."""
    networks = build_networks(config)
    generator, discriminator = networks["generator"], networks["discriminator"]
    loss_of = nn.BCELoss()
    adam = {n: torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for n, net in networks.items()}
    numbers = count()

    def step() -> object:
        images, labels = batches.batch(next(numbers))
        images = images.contiguous()
        ones, zeros = torch.ones(len(images)), torch.zeros(len(images))
        discriminator.zero_grad()
        output = torch.sigmoid(discriminator(images, labels)[0])
        loss_real = loss_of(output, ones)
        loss_real.backward()
        d_x = output.mean().item()
        fake = generator(torch.randn(len(images), config.network.latent_dim))
        output = torch.sigmoid(discriminator(fake.detach(), labels)[0])
        loss_fake = loss_of(output, zeros)
        loss_fake.backward()
        d_g_z1 = output.mean().item()
        adam["discriminator"].step()
        generator.zero_grad()
        output = torch.sigmoid(discriminator(fake, labels)[0])
        loss_g = loss_of(output, ones)
        loss_g.backward()
        d_g_z2 = output.mean().item()
        adam["generator"].step()
        return (loss_real + loss_fake).item(), loss_g.item(), d_x, d_g_z1, d_g_z2

    return step


def ours(config: RunConfig, batches: Batches) -> Step:
    """Our loop's step, metrics left as tensors as in training."""
    fabric = make_fabric(config)
    model = build(config, fabric.device)
    set_up(fabric, model)
    numbers = count()

    def step() -> object:
        number = next(numbers)
        return train_step(fabric, model, *batches.batch(number), TrainingProgress(number, 10**6))

    return step


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("size", 64), ("batch", 128), ("width", 64), ("rounds", 5), ("steps", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    keep_freed_memory()
    base = with_changes(
        RunConfig(),
        {"dataset.image_size": args.size, "dataset.channels": 3, "network.width": args.width,
         "training.batch_size": args.batch, "training.device": "cpu"},
    )  # fmt: skip
    pixels = np.random.default_rng(0).integers(0, 256, (args.batch * 2, 3, args.size, args.size), dtype=np.uint8)
    batches = Batches(Dataset("noise", pixels, np.zeros((len(pixels), 0), np.uint8), ()), args.batch, 0)
    variants: dict[str, Step] = {"plain DCGAN example, fp32": reference(base, batches)}
    for precision in ("fp32", "bf16"):
        variants[f"Ganvas, {precision}"] = ours(with_changes(base, {"training.precision": precision}), batches)
    speeds: dict[str, list[float]] = {name: [] for name in variants}
    for step in variants.values():
        step()  # warm-up
    for _ in range(args.rounds):
        for name, step in variants.items():
            began = time.perf_counter()
            for _ in range(args.steps):
                step()
            speeds[name].append(args.batch * args.steps / (time.perf_counter() - began))
    base_speeds = next(iter(speeds.values()))
    print(
        f"\n{args.size}x{args.size}x3, batch {args.batch}, width {args.width}; {args.rounds} rounds of {args.steps} steps;"
    )
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| loop | images/s (median) | ratio to the plain loop (median, min to max) |\n|---|---|---|")
    for name, values in speeds.items():
        ratios = [value / plain for value, plain in zip(values, base_speeds, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"| {name} | {statistics.median(values):.0f} | {spread} |")


if __name__ == "__main__":
    main()
