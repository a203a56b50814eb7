"""Diffusion beside the other families: digits, faces, the 24 objects, and points in the plane."""

from typing import Any

from gan_core.config import RunConfig
from gan_core.presets.entry import LITE_IMAGES, adam, changed, preset

DIGITS = changed(
    RunConfig(),
    dataset={"name": "mnist5k", "image_size": 32},
    network={"name": "unet", "width": 32},
    diffusion={"posthoc_ema": True},
    generator_optimizer={**adam(1e-3, beta1=0.9), "schedule": "cosine"},
    training={"batch_size": 64, "epochs": 15, "ema_decay": 0.995},
    recording={"num_samples": 64, "sample_every_steps": 100},
)
SMALL = changed(DIGITS, dataset={"num_images": LITE_IMAGES, "channels": 3}, training={"epochs": 20})
FACES = changed(SMALL, dataset={"name": "faces"})
BLOCKS = changed(SMALL, dataset={"name": "blocks"}, conditioning={"name": "concat"}, diffusion={"guidance": 2.0})
FULL: dict[str, dict[str, Any]] = {
    "network": {"width": 128},
    "diffusion": {"attention": True},
    "generator_optimizer": {**adam(2e-4, beta1=0.9), "schedule": "warmup"},
    "training": {"batch_size": 128, "ema_decay": 0.9999},
}
CELEBA = changed(
    changed(FACES, **FULL), dataset={"name": "celeba", "image_size": 64, "num_images": 0}, training={"epochs": 50}
)
ICLEVR = changed(
    changed(BLOCKS, **FULL), dataset={"name": "iclevr", "image_size": 64, "num_images": 0}, training={"epochs": 300}
)
RING = changed(
    RunConfig(),
    dataset={"name": "ring8"},
    network={"name": "mlp_time", "width": 128},
    generator_optimizer={**adam(1e-3, beta1=0.9), "schedule": "cosine"},
    training={
        "batch_size": 512,
        "epochs": 1000,
        "max_steps": 5000,
        "ema_decay": 0.999,
        "threads": 1,
        "precision": "fp32",
    },
    recording={"num_samples": 256},
)

PRESETS = (
    preset(
        "mnist-ddpm",
        "Handwritten digits out of noise (diffusion)",
        "A small U-Net learns to take the noise off 4,500 real digits (MNIST), a little at a time, and then makes digits out of noise "
        "alone: prediction of v, cosine schedule, 1,000 steps, drawn in 50 steps of DDIM. The grids are drawn in 10, from the "
        "running average.",
        DIGITS,
        minutes=4,
    ),
    preset(
        "faces-ddpm",
        "Drawn faces out of noise (diffusion)",
        f"mnist-ddpm's recipe on {LITE_IMAGES:,} drawn faces in colour, 32x32 pixels, 20 epochs. Put it beside r5-gan-lite and "
        "r5-vae-lite: such faces from three families.",
        FACES,
        minutes=6,
    ),
    preset(
        "celeba-ddpm",
        "CelebA faces out of noise (diffusion)",
        "faces-ddpm at full size: 64x64 pixels, width 128 with attention, batch 128, 50 epochs, Adam with 2e-4 and an average with "
        "0.9999 as Ho et al. 2020 take. Needs your copy of CelebA, and is meant for a GPU.",
        CELEBA,
    ),
    preset(
        "blocks-ddpm",
        "24 objects on demand, out of noise (diffusion)",
        f"mnist-ddpm's recipe on {LITE_IMAGES:,} drawn blocks, 32x32 pixels, 20 epochs, conditional on the 24 objects: labels enter with "
        "the time, one in ten is hidden in training, and guidance 2 draws. Put it beside r2-cgan-lite, whose question it asks.",
        BLOCKS,
        minutes=6,
    ),
    preset(
        "iclevr-ddpm",
        "i-CLEVR's 24 objects out of noise (diffusion)",
        "blocks-ddpm at full size: 64x64 pixels, width 128 with attention, batch 128, 300 epochs, Adam with 2e-4 and an average with "
        "0.9999 as Ho et al. 2020 take. Needs your copy of i-CLEVR, and is meant for a GPU.",
        ICLEVR,
    ),
    preset(
        "ring8-ddpm",
        "Eight points out of noise (diffusion in the plane)",
        "The ring of eight Gaussians on which GANs collapse, as a diffusion model learns it: points drift from one cloud of noise to "
        "all eight. Plain layers that are told the time, width 128.",
        RING,
        minutes=2,
    ),
)
