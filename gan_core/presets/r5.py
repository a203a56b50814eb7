"""R5: VAE, DCGAN and ACGAN on CelebA with attributes."""

from gan_core.config import RunConfig
from gan_core.presets.entry import LITE_IMAGES, adam, changed, lite_note, preset
from gan_core.presets.recipes import with_recipe

ADAMAX = {"name": "adamax", "learning_rate": 5e-4, "beta1": 0.9, "beta2": 0.999}
BASE = changed(
    RunConfig(),
    dataset={"name": "celeba", "image_size": 64, "channels": 3, "num_images": 40_000},
    recording={"num_samples": 32},
    training={"batch_size": 128},
)
VAE = changed(
    BASE,
    network={"name": "vae", "width": 128, "latent_dim": 128},
    generator_optimizer=ADAMAX,
    vae={"kl_weight": 5e-3},
    training={"epochs": 50},
)
GAN = changed(
    BASE,
    network={"name": "dcgan4", "width": 64, "latent_dim": 128, "generator_leak": 0.2},
    generator_optimizer=adam(5e-4),
    discriminator_optimizer=adam(5e-4),
    training={"epochs": 175},
)
ACGAN = changed(
    BASE,
    network={"name": "dcgan4", "width": 64, "latent_dim": 100},
    conditioning={"name": "acgan", "labels": ("Male",)},
    generator_optimizer=adam(2e-4),
    discriminator_optimizer=adam(2e-4),
    training={"epochs": 50},
)
SMALL = {"name": "faces", "num_images": LITE_IMAGES}
VAE_LITE = with_recipe(changed(VAE, dataset=SMALL), "faces-vae")
GAN_LITE = with_recipe(changed(GAN, dataset=SMALL), "faces-gan")
ACGAN_LITE = with_recipe(changed(ACGAN, dataset=SMALL), "faces-gan")

PRESETS = (
    preset(
        "r5-vae",
        "VAE on CelebA (R5)",
        "Latent size 128, Adamax 5e-4, loss 0.005 KL + MSE. The KL's reduction is not stated; the mean over dimensions "
        "(inferred) is beta 0.24 and fits the reported MSE, the sum would be beta 30.7. The report: test MSE 0.0076 on 2,621 "
        "images; a large lambda blurs, with a small one samples are no faces. Inferred: batch 128, 50 epochs, the decoder's "
        "linear layer. Needs your copy of CelebA; best on a GPU.",
        VAE,
    ),
    preset(
        "r5-vae-lite",
        "VAE on rendered faces (R5, small)",
        "R5's VAE on the rendered faces. " + lite_note(VAE, VAE_LITE),
        VAE_LITE,
        8,
        "reconstructions of the same person, slightly blurred; samples that are smooth, soft faces. MSE falls, and KL rises to "
        "a plateau.",
    ),
    preset(
        "r5-gan",
        "DCGAN on CelebA (R5)",
        "For comparison with the VAE: sharper, harder to train; D becomes too strong after about 55,000 steps, where the report "
        "stopped by eye. Inferred: batch 128, beta1 0.5, 175 epochs (55,000 steps). Needs your copy of CelebA; best on a GPU.",
        GAN,
    ),
    preset(
        "r5-gan-lite",
        "DCGAN on rendered faces (R5, small)",
        f"R5's DCGAN, to compare with its VAE. {lite_note(GAN, GAN_LITE)}",
        GAN_LITE,
        5,
        "sharper edges than the VAE's, on faces that are sometimes distorted.",
    ),
    preset(
        "r5-acgan",
        "ACGAN on CelebA, attribute Male (R5)",
        "D has two heads, real or fake and the attribute; G gets the attribute. The report: the attribute loss falls faster "
        "than the adversarial one; ten pairs from the same z, Female above Male. Inferred: batch 128, beta1 0.5, 50 epochs, "
        "label weight 1. Needs your copy of CelebA; best on a GPU.",
        ACGAN,
    ),
    preset(
        "r5-acgan-lite",
        "ACGAN on rendered faces (R5, small)",
        "R5's ACGAN on the rendered faces. " + lite_note(ACGAN, ACGAN_LITE),
        ACGAN_LITE,
        5,
        "the attribute loss falling before the adversarial one; and whether you can distinguish Female and Male in the pairs "
        "from one z.",
    ),
)
