"""`mnist-dcgan`, the default: made for a newcomer's first two minutes."""

from gan_core.config import DatasetConfig, NetworkConfig, OptimizerConfig, RecordingConfig, RunConfig, TrainingConfig
from gan_core.presets.entry import Preset

PRESETS = (
    Preset(
        name="mnist-dcgan",
        title="Handwritten digits in a minute (DCGAN)",
        description=(
            "A small DCGAN learns to write digits from 4,500 real ones (MNIST). Grey 32x32 images, width 32, "
            "batch 64: shapes appear within seconds, digits within a minute on two processor cores. The learning rates "
            "(0.001 and 0.0005) are larger than DCGAN's usual 0.0002, so that so short a run shows something."
        ),
        minutes=2.5,
        config=RunConfig(
            preset="mnist-dcgan",
            dataset=DatasetConfig(name="mnist5k", image_size=32, channels=1),
            network=NetworkConfig(name="dcgan4", width=32, latent_dim=100),
            generator_optimizer=OptimizerConfig(learning_rate=1e-3, beta1=0.5),
            discriminator_optimizer=OptimizerConfig(learning_rate=5e-4, beta1=0.5),
            training=TrainingConfig(batch_size=64, epochs=30),
            recording=RecordingConfig(num_samples=64),
        ),
    ),
)
