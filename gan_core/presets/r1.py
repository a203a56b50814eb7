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
        "R1: DCGAN on CelebA faces",
        "The report's run: 64x64 colour faces (Resize 64, CenterCrop 64, pixels to [-1, 1]), batch 128, 10 epochs; CelebA's "
        "202,599 images make 1,583 steps an epoch and 15,830 points on the loss curve. Needs your copy of the images in a folder, "
        f"and is meant for a GPU. {INFERRED}The report saw G's loss start very high and settle after 2 epochs.",
        FULL,
    ),
    preset(
        "r1-dcgan-lite",
        "R1 in small: DCGAN on drawn faces",
        f"R1's networks, loss and curves. {lite_note(FULL, LITE)}",
        LITE,
        4,
        "faces that differ in skin, hair and background; eyes and mouth where they belong in most of them. G's loss starts high and settles.",
    ),
    preset(
        "r1-dcgan-1000",
        "R1: the same on 1,000 faces",
        "R1 with 1,000 images only, a sample that is the same every time. The report found the result useless: D learns the few images by heart and "
        f"G learns nothing. A lesson, kept. {INFERRED}",
        changed(FULL, dataset={"num_images": 1000}),
    ),
    preset(
        "r1-dcgan-1000-lite",
        "R1 in small: the same steps on 100 faces",
        f"r1-dcgan-lite with 100 images instead of 5,000 (the report: 1,000 instead of 202,599), for the same {STEPS:,} steps. Put "
        f"it beside r1-dcgan-lite. {lite_note(FULL, SMALL)}",
        SMALL,
        4,
        "less variety and worse faces than in r1-dcgan-lite, and a D that tells every one of its 100 images: D(x) near 1, memory/gap growing.",
    ),
)
