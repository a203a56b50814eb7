"""Trains the models in checkpoints/pretrained again, or packs runs that were trained with these settings.

python tools/pretrained.py                         all of them, one after the other (about two hours on two cores)
python tools/pretrained.py faces-vae               one of them
python tools/pretrained.py --trained DIR           packs the finished runs of these names in DIR; trains nothing
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from anywhere, installed or not

from gan_core import runs
from gan_core.config import with_changes
from gan_core.config.devices import detect
from gan_core.config.settings import pretrained_dir
from gan_core.presets import preset_config
from gan_core.runs.packing import pack
from gan_core.training import loop, worker
from gan_core.training.plan import resolve

FACES = {"dataset.num_images": 15_000, "training.epochs": 12, "training.ema_decay": 0.999}
RECIPES = {
    "digits-dcgan": ("Digits: DCGAN", "mnist-dcgan", {"training.ema_decay": 0.99}),
    "digits-acgan": (
        "Digits on demand: ACGAN, ten classes",
        "mnist-dcgan",
        {"training.ema_decay": 0.99, "conditioning.name": "acgan"},
    ),
    "faces-dcgan": ("Cartoon faces: DCGAN", "r1-dcgan-lite", FACES),
    "faces-acgan": (
        "Cartoon faces on demand: ACGAN (Male, Eyeglasses)",
        "r5-acgan-lite",
        {**FACES, "conditioning.labels": ("Male", "Eyeglasses")},
    ),
    "blocks-cgan": (
        "Blocks on demand: conditional GAN, 24 objects",
        "r2-cgan-lite",
        {
            "conditioning.name": "acgan",
            "conditioning.label_weight": 20.0,  # the mean over 24 labels is small beside the adversarial loss
            "dataset.image_size": 64,
            "dataset.num_images": 0,
            "network.latent_dim": 64,
            "training.epochs": 8,
            "training.ema_decay": 0.995,
        },
    ),
    "faces-vae": ("Cartoon faces: VAE", "r5-vae-lite", {"dataset.num_images": 15_000, "training.epochs": 8}),
}
NOTE = "Comes with Ganvas. Made by: python tools/pretrained.py {name}. Weights are stored in half precision."


def main() -> None:
    """Trains and packs what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *RECIPES], help="which; all when none is named")
    parser.add_argument("--trained", type=Path, help="a folder of runs: pack those that have these names")
    chosen = parser.parse_args()
    for name in chosen.names or RECIPES:
        run = runs.find(chosen.trained, name) if chosen.trained else train(name)
        if run.path == pretrained_dir() / name:
            parser.error(f"{chosen.trained} has no run called {name}")
        packed = pack(run, pretrained_dir() / name, RECIPES[name][0], NOTE.format(name=name))
        size = sum(file.stat().st_size for file in packed.path.rglob("*") if file.is_file())
        print(f"{packed.path}: {size / 1e6:.1f} MB")


def train(name: str) -> runs.Run:
    """A finished run of one recipe, in a temporary folder."""
    _title, preset, changes = RECIPES[name]
    config = resolve(with_changes(preset_config(preset), changes), detect())
    run = runs.create(Path(tempfile.mkdtemp()), config, name)
    worker.keep_freed_memory()
    status = loop.train(run, lambda status: print(f"\r{name}: step {status.step} of {status.total_steps}", end=""))
    print(f"\r{name}: {status.state} after {status.seconds:.0f} s {status.error}")
    return run


if __name__ == "__main__":
    main()
