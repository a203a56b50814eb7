"""R1: DCGAN on CelebA, and the lesson of too little data."""

from gan_core.config import RunConfig
from gan_core.presets.entry import LITE_IMAGES, adam, changed, lite_note, preset
from gan_core.presets.recipes import with_recipe

FULL = changed(
    RunConfig(),
    dataset={"name": "folder", "image_size": 64, "channels": 3},
    network={"name": "dcgan4", "width": 64, "latent_dim": 100},
    generator_optimizer=adam(2e-4),
    discriminator_optimizer=adam(2e-4),
    training={"batch_size": 128, "epochs": 10},
)
LITE = with_recipe(changed(FULL, dataset={"name": "faces", "num_images": LITE_IMAGES}), "faces-gan")
STEPS = LITE.training.epochs * -(-LITE_IMAGES // LITE.training.batch_size)
FEW = 100
EPOCHS = -(-STEPS // -(-FEW // LITE.training.batch_size))  # enough for as many steps
SMALL = changed(LITE, dataset={"num_images": FEW}, training={"epochs": EPOCHS, "max_steps": STEPS})
INFERRED = "Inferred, not stated by the report: Adam as optimiser, latent size 100. "

PRESETS = (
    preset(
        "r1-dcgan",
        "DCGAN on CelebA faces (R1)",
        "The report's run: 64x64 colour faces (Resize 64, CenterCrop 64, pixels to [-1, 1]), batch 128, 10 epochs; CelebA's "
        "202,599 images give 1,583 steps per epoch and 15,830 points on the loss curve. Needs a folder with your copy of the "
        f"images; best on a GPU. {INFERRED}The report saw G's loss start very high and settle after 2 epochs.",
        FULL,
    ),
    preset(
        "r1-dcgan-lite",
        "DCGAN on rendered faces (R1, small)",
        f"R1's networks, loss and curves. {lite_note(FULL, LITE)}",
        LITE,
        5,
        "faces that differ in skin, hair and background, mostly with eyes and mouth in the right place. G's loss starts high "
        "and settles.",
    ),
    preset(
        "r1-dcgan-1000",
        "DCGAN on only 1,000 faces (R1)",
        "R1 with only 1,000 images, always the same sample. The report found the result useless: D memorises the few images and "
        f"G learns nothing. {INFERRED}",
        changed(FULL, dataset={"num_images": 1000}),
    ),
    preset(
        "r1-dcgan-1000-lite",
        "DCGAN on only 100 faces (R1, small)",
        f"r1-dcgan-lite with 100 images instead of 5,000 (the report: 1,000 instead of 202,599), for the same {STEPS:,} steps. "
        f"Compare with r1-dcgan-lite. {lite_note(FULL, SMALL)}",
        SMALL,
        4,
        "less variety and worse faces than in r1-dcgan-lite, and a D that recognises all of its 100 images: D(x) near 1, "
        "memory/gap growing.",
    ),
)
