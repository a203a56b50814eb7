"""Diffusion beside the other families: digits, and points in the plane."""

from gan_core.config import RunConfig
from gan_core.presets.entry import adam, changed, preset

DIGITS = changed(
    RunConfig(),
    dataset={"name": "mnist5k", "image_size": 32},
    network={"name": "unet", "width": 32},
    generator_optimizer={**adam(1e-3, beta1=0.9), "schedule": "cosine"},
    training={"batch_size": 64, "epochs": 15, "ema_decay": 0.995},
    recording={"num_samples": 64, "sample_every_steps": 100},
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
        "ring8-ddpm",
        "Eight points out of noise (diffusion in the plane)",
        "The ring of eight Gaussians on which GANs collapse, as a diffusion model learns it: points drift from one cloud of noise to "
        "all eight. Plain layers that are told the time, width 128.",
        RING,
        minutes=2,
    ),
)
