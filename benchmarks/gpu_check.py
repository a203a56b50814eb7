"""Does the GPU compute what the processor computes, and how fast? Every family, in one run.

    python benchmarks/gpu_check.py [--device cuda:0] [--families dcgan,vae] [--scale 1] [--steps 20]

Every network gets the same weights and inputs on both, in fp32 without TF32: the table shows how far its output, and the gradient of
the output's mean square, lie from the processor's (length of the difference over length of the processor's). Then each family trains some steps on
both, on the GPU in the precision that Ganvas suggests there; the losses must be finite. Ends with status 1 if a difference exceeds
TOLERANCE. Without a GPU it says so and ends with 0.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from benchmarks.speed import FAMILIES, noise_of
from gan_core.config import RunConfig, with_changes
from gan_core.config.devices import detect, device_name
from gan_core.datasets import image_shape
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import Batches
from gan_core.models.base import TrainingProgress
from gan_core.models.building import build, build_networks
from gan_core.models.kinds import kind_of
from gan_core.training.loop import make_fabric, set_up, train_step

TOLERANCE = 1e-3
SAMPLES, UNTIMED = 8, 3


def differences(config: RunConfig, device: str) -> dict[str, float]:
    """ "network: output" and "network: gradient" -> how far the device's lies from the processor's."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    sizes = image_shape(config.dataset), config.network.latent_dim, len(config.conditioning.labels)
    found = {}
    here, there = build_networks(config), build_networks(config)
    for name, shapes in kind_of(config).networks.items():
        rng = torch.Generator().manual_seed(0)
        inputs = [torch.rand(SAMPLES, *shape, generator=rng) for shape in shapes(*sizes)]
        own = _output_and_gradient(here[name], inputs)
        other = _output_and_gradient(there[name].to(device), [part.to(device) for part in inputs])
        for what, a, b in zip(("output", "gradient"), own, other, strict=True):
            found[f"{name}: {what}"] = float((a - b.cpu()).norm() / a.norm().clamp_min(1e-12))
    return found


def _output_and_gradient(network: nn.Module, inputs: list[Tensor]) -> tuple[Tensor, Tensor]:
    made = network(*inputs)
    parts = [part for part in (made if isinstance(made, tuple) else (made,)) if part is not None]
    output = torch.cat([part.flatten() for part in parts])
    output.square().mean().backward()
    gradient = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    return output.detach(), gradient


def trained(config: RunConfig, data: Dataset, steps: int) -> tuple[float, bool]:
    """Images a second of a training, and whether its losses were finite."""
    fabric = make_fabric(config)
    model = build(config, fabric.device)
    set_up(fabric, model)
    batches = Batches(data, config.training.batch_size, 0, fabric.device)
    finite, began = True, time.perf_counter()
    for step in range(UNTIMED + steps):
        if step == UNTIMED:
            _wait(config)
            began = time.perf_counter()
        metrics = train_step(fabric, model, *batches.batch(step), TrainingProgress(step, 10**6))
    finite = all(bool(torch.isfinite(value)) for name, value in metrics.items() if name.startswith("loss/"))
    _wait(config)
    return config.training.batch_size * steps / (time.perf_counter() - began), finite


def _wait(config: RunConfig) -> None:
    if config.training.device.startswith("cuda"):
        torch.cuda.synchronize(config.training.device)


def main() -> int:
    """Compares, prints, and returns the exit status."""
    machine = detect()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default=next((name for name in machine.devices if name != "cpu"), ""))
    parser.add_argument("--families", default=",".join(FAMILIES), help="which, with commas between")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()
    if not args.device:
        print("There is no GPU that torch knows on this computer: nothing was compared.")
        return 0
    precision = "bf16" if args.device in machine.bf16_devices else "fp32"
    print(
        f"{device_name(args.device)} beside {device_name('cpu')}, torch {torch.__version__}; trained in {precision} there, in fp32 here.\n"
    )
    print("| model | largest difference | where | images/s there | times the processor's |\n|---|---|---|---|---|")
    wrong = []
    for key in args.families.split(","):
        config, data = noise_of(FAMILIES[key], args.scale)
        apart = differences(config, args.device)
        worst = max(apart, key=lambda name: apart[name])
        there, finite = trained(
            with_changes(config, {"training.device": args.device, "training.precision": precision}), data, args.steps
        )
        here, _ = trained(with_changes(config, {"training.precision": "fp32"}), data, max(1, args.steps // 10))
        print(
            f"| {FAMILIES[key].title} | {apart[worst]:.1e} | {worst} | {there:,.0f} | {there / here:.1f} |", flush=True
        )
        wrong += [
            f"{FAMILIES[key].title}, {name}: {value:.1e}" for name, value in apart.items() if not value <= TOLERANCE
        ]
        wrong += [] if finite else [f"{FAMILIES[key].title}: a loss is not finite"]
    print(
        "\n"
        + (
            "\n".join(["Differences above the tolerance:", *wrong])
            if wrong
            else f"No difference exceeds {TOLERANCE:g}."
        )
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
