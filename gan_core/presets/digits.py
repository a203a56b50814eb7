"""`mnist-dcgan`, the default: made for a newcomer's first two minutes."""

from gan_core.config import RunConfig
from gan_core.presets.entry import adam, changed, preset
from gan_core.presets.recipes import with_recipe

DIGITS = changed(
    RunConfig(),
    dataset={"name": "mnist5k", "image_size": 32, "channels": 1},
    network={"name": "dcgan4", "latent_dim": 100},
    generator_optimizer=adam(2e-4),
    discriminator_optimizer=adam(2e-4),
    recording={"num_samples": 64},
)
SMALL = with_recipe(DIGITS, "digits-gan")

PRESETS = (
    preset(
        "mnist-dcgan",
        "Handwritten digits in a minute (DCGAN)",
        f"A small DCGAN learns to generate digits from 4,500 real ones (MNIST). Grey 32x32 images, width {SMALL.network.width}, "
        f"batch {SMALL.training.batch_size}: shapes appear within seconds, digits within a minute on two processor cores. The "
        f"learning rates ({SMALL.generator_optimizer.learning_rate:g} and {SMALL.discriminator_optimizer.learning_rate:g}) are "
        "larger than DCGAN's usual 0.0002, so that a short run gives results, and samples come from a running average of G's "
        f"weights (decay {SMALL.training.ema_decay:g}).",
        SMALL,
        2.5,
        "all ten digits, most of them legible.",
    ),
)
