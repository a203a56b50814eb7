"""The base of the lessons in the plane: a small GAN on the ring of eight modes; a run takes seconds."""

from gan_core.config import RunConfig
from gan_core.presets.entry import adam, changed

RING = changed(
    RunConfig(),
    dataset={"name": "ring8", "num_images": 12_800},
    network={"name": "mlp", "width": 64, "latent_dim": 2, "discriminator_norm": "none"},
    generator_optimizer=adam(1e-3),
    discriminator_optimizer=adam(1e-3),
    training={"batch_size": 128, "epochs": 20, "precision": "fp32", "device": "cpu", "threads": 1},
    recording={"num_samples": 256, "probe_every_steps": 1, "checkpoint_every_steps": 500, "sample_every_steps": 100},
)
"""2,000 steps of the original GAN. fp32, one thread, no GPU: so a step can be repeated bit by bit."""
