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
        "Handwritten digits from noise (diffusion)",
        "A small U-Net learns to remove noise step by step from 4,500 real digits (MNIST), then generates digits from pure "
        "noise: v prediction, cosine schedule, 1,000 steps, sampled in 50 DDIM steps. The grids are sampled in 10, from the "
        "running average.",
        DIGITS,
        minutes=4,
        look_for="strokes like handwriting, about half of them digits that a person can read; Train longer makes more.",
    ),
    preset(
        "faces-ddpm",
        "Rendered faces from noise (diffusion)",
        f"mnist-ddpm's recipe on {LITE_IMAGES:,} rendered faces in colour, 32x32 pixels, 20 epochs. Compare with r5-gan-lite "
        "and r5-vae-lite: three kinds of model on such faces.",
        FACES,
        minutes=5,
        look_for="heads with hair, skin and background in place, still under coloured speckle after so short a training.",
    ),
    preset(
        "celeba-ddpm",
        "CelebA faces from noise (diffusion)",
        "faces-ddpm at full size: 64x64 pixels, width 128 with attention, batch 128, 50 epochs, Adam with 2e-4 and an average "
        "with 0.9999 as in Ho et al. 2020. Needs your copy of CelebA; best on a GPU.",
        CELEBA,
    ),
    preset(
        "blocks-ddpm",
        "24 objects on request, from noise (diffusion)",
        f"mnist-ddpm's recipe on {LITE_IMAGES:,} rendered blocks, 32x32 pixels, 20 epochs, conditional on the 24 objects: "
        "labels enter with the time, one in ten is dropped in training, and sampling uses guidance 2. Compare with "
        "r2-cgan-lite, which has the same task.",
        BLOCKS,
        minutes=7,
        look_for="blocks on a lit floor, mostly in the colours requested, their shapes less often; and what guidance adds, under Explore.",
    ),
    preset(
        "iclevr-ddpm",
        "i-CLEVR's 24 objects from noise (diffusion)",
        "blocks-ddpm at full size: 64x64 pixels, width 128 with attention, batch 128, 300 epochs, Adam with 2e-4 and an average "
        "with 0.9999 as in Ho et al. 2020. Needs your copy of i-CLEVR; best on a GPU.",
        ICLEVR,
    ),
    preset(
        "ring8-ddpm",
        "Eight spots from noise (diffusion in the plane)",
        "The ring of eight Gaussians on which GANs collapse, learned by a diffusion model: points drift from one cloud of noise "
        "to all eight. Fully connected layers with the time as an input, width 128.",
        RING,
        minutes=2,
    ),
)
