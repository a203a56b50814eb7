"""R1: DCGAN on CelebA."""

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
        name="r1-dcgan",
        title="R1: DCGAN on CelebA faces",
        description=(
            "The report's run: 64x64 colour faces (Resize 64, CenterCrop 64, pixels to [-1, 1]), batch 128, 10 epochs; "
            "CelebA's 202,599 images make 1,583 steps an epoch and 15,830 points on the loss curve. "
            "Needs your copy of the images in a folder, and is meant for a GPU. "
            "Inferred, not stated by the report: Adam as optimiser, latent size 100. "
            "The report saw G's loss start very high and settle after 2 epochs."
        ),
        minutes=0,
        config=RunConfig(
            preset="r1-dcgan",
            dataset=DatasetConfig(name="folder", image_size=64, channels=3),
            network=NetworkConfig(name="dcgan4", width=64, latent_dim=100),
            generator_optimizer=_ADAM,
            discriminator_optimizer=_ADAM,
            training=TrainingConfig(batch_size=128, epochs=10),
            recording=RecordingConfig(num_samples=64),
        ),
    ),
    Preset(
        name="r1-dcgan-lite",
        title="R1 in small: the same DCGAN recipe on digits",
        description=(
            "R1's recipe - same networks, loss, Adam settings and curves - shrunk for two processor cores: the embedded "
            "digits instead of CelebA, 32x32 grey instead of 64x64 colour, width 32 instead of 64. "
            "Batch 128 and 10 epochs as in the report, which is 400 steps instead of 15,830."
        ),
        minutes=1,
        config=RunConfig(
            preset="r1-dcgan-lite",
            dataset=DatasetConfig(name="mnist5k", image_size=32, channels=1),
            network=NetworkConfig(name="dcgan4", width=32, latent_dim=100),
            generator_optimizer=_ADAM,
            discriminator_optimizer=_ADAM,
            training=TrainingConfig(batch_size=128, epochs=10),
            recording=RecordingConfig(num_samples=64),
        ),
    ),
)
