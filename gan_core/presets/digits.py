"""`mnist-dcgan`, the default: made for a newcomer's first two minutes."""

from gan_core.config import (
    DatasetConfig,
    NetworkConfig,
    OptimizerConfig,
    RecordingConfig,
    RunConfig,
    TrainingConfig,
)
from gan_core.presets.entry import Preset

_ADAM = OptimizerConfig(learning_rate=2e-4, beta1=0.5)

PRESETS = (
    Preset(
        name="mnist-dcgan",
        title="Handwritten digits in a minute (DCGAN)",
        description=(
            "A small DCGAN learns to write digits from 5,000 real ones (MNIST). Grey 32x32 images, width 32, "
            "batch 64: shapes appear within seconds, digits within a minute on two processor cores."
        ),
        minutes=1.5,
        config=RunConfig(
            preset="mnist-dcgan",
            dataset=DatasetConfig(name="mnist5k", image_size=32, channels=1),
            network=NetworkConfig(name="dcgan4", width=32, latent_dim=100),
            generator_optimizer=_ADAM,
            discriminator_optimizer=_ADAM,
            training=TrainingConfig(batch_size=64, epochs=30),
            recording=RecordingConfig(num_samples=64),
        ),
    ),
)
