"""R3: DCGAN against WGAN, and mode collapse on purpose."""

from typing import Any

from gan_core.config import RunConfig, with_changes
from gan_core.presets.entry import LITE_IMAGES, adam, changed, lite_note, preset
from gan_core.presets.recipes import with_recipe

FULL = changed(
    RunConfig(),
    dataset={"name": "folder", "image_size": 64, "channels": 3},
    network={"name": "dcgan5", "width": 64, "latent_dim": 100},
    objective={"real_weight": 0.5, "fake_weight": 0.5},
    generator_optimizer=adam(1e-4),
    discriminator_optimizer=adam(1e-4),
    training={"batch_size": 64, "epochs": 10},
    recording={"num_samples": 20},
)
SHRINK: dict[str, dict[str, Any]] = {
    "dataset": {"name": "faces", "num_images": LITE_IMAGES, "image_size": 32},
    "network": {"width": 24},
    "training": {"epochs": 30},
}
RMSPROP = {"name": "rmsprop", "learning_rate": 5e-5, "beta1": 0.0, "beta2": 0.99}
WGAN = changed(
    FULL,
    objective={"name": "wasserstein", "real_weight": 1.0, "fake_weight": 1.0, "n_critic": 5, "weight_clip": 0.01},
    generator_optimizer=RMSPROP,
    discriminator_optimizer=RMSPROP,
)
COLLAPSE = changed(WGAN, objective={"weight_clip": 0.1})
WGAN_GP = changed(
    WGAN,
    network={"discriminator_norm": "none"},
    objective={"weight_clip": 0.0},
    penalty={"name": "gradient", "weight": 10.0},
    generator_optimizer=adam(1e-4, 0.0, 0.9),
    discriminator_optimizer=adam(1e-4, 0.0, 0.9),
)
LSGAN = changed(FULL, objective={"name": "least_squares"})
SNGAN = changed(
    FULL,
    network={"spectral_norm": True, "discriminator_norm": "none"},
    objective={"name": "hinge", "real_weight": 1.0, "fake_weight": 1.0},
    generator_optimizer=adam(2e-4, 0.0, 0.9),
    discriminator_optimizer=adam(2e-4, 0.0, 0.9),
)
INFERRED_WGAN = "Inferred: learning rate 5e-5, n_critic 5, batch 64 (the WGAN paper's). "
LEAKY = (
    "The report ended its critic in a LeakyReLU(0.2); a critic's output is normally linear, since a flattened one shrinks "
    "negative scores. Here it is linear; network.leaky_output restores the report's. "
)

FASTER = {f"{part}_optimizer.learning_rate": 5e-4 for part in ("generator", "discriminator")}
AVERAGE = {"training.ema_decay": 0.995}
VARIED = "faces with different hair, skin and background"
EXPERIMENTS: tuple[tuple[str, tuple[str, str], RunConfig, str, float, str | dict[str, float], str], ...] = (  # name, titles in full and in small, full, words, minutes, what it plays by in small, what to look for
    ("r3-dcgan", ("DCGAN on anime faces (R3)", "DCGAN on anime faces (R3, small)"), FULL,
     "5x5 networks, cross-entropy, D's loss the mean of its two halves (under Adam the same as their sum: Kingma and Ba 2015, "
     "section 2.1), 10 epochs. Inferred: the halving, Adam with 1e-4 and (0.5, 0.999), batch 64. ", 3,
     "faces-gan", "faces with eyes and mouth in place, each a different person."),
    ("r3-wgan", ("WGAN with weight clipping (R3)", "WGAN with weight clipping (R3, small)"), WGAN,
     f"The critic's weights are cut to +-0.01 after each step; RMSprop. {INFERRED_WGAN}{LEAKY}", 3,
     FASTER, f"{VARIED}; softer than r3-dcgan's."),
    ("r3-collapse", ("Mode collapse on purpose (R3)", "Mode collapse on purpose (R3, small)"), COLLAPSE,
     "r3-wgan with a clipping bound ten times larger (0.1). The report saw near-identical hair, eyes and face angle. Compare "
     f"with r3-fixed: same seed, latents, optimiser and steps. {INFERRED_WGAN}", 3,
     FASTER, "distorted, blotched faces, unlike r3-fixed's; their recall and diversity under Learn, Break & repair. In such a short run they "
     "are distorted rather than alike."),
    ("r3-fixed", ("Mode collapse repaired (R3)", "Mode collapse repaired (R3, small)"), WGAN,
     f"r3-collapse with the clipping bound back at 0.01: variety returns. All other settings are equal. {INFERRED_WGAN}", 3,
     FASTER, f"{VARIED}; r3-collapse gives distorted ones from the same latents."),
    ("r3-wgan-gp", ("WGAN with gradient penalty (R3)", "WGAN with gradient penalty (R3, small)"), WGAN_GP,
     "The assignment's other choice: lambda 10, Adam 1e-4 (0, 0.9), n_critic 5, no batch norm in the critic. ", 5,
     FASTER | AVERAGE, f"{VARIED}; G is updated once per five D updates, so they appear late and stay soft."),
    ("r3-lsgan", ("Least-squares GAN (R3)", "Least-squares GAN (R3, small)"), LSGAN,
     "The assignment's other choice: squared distances instead of cross-entropy. Inferred: Adam as in r3-dcgan. ", 3,
     "faces-gan", "faces similar to r3-dcgan's: the choice of loss hardly matters here."),
    ("r3-sngan", ("Spectral norm and hinge loss (R3)", "Spectral norm and hinge loss (R3, small)"), SNGAN,
     "The assignment's other choice: D's weights divided by their largest singular value, Adam 2e-4 (0, 0.9). One D update per "
     "G update, as in the other runs; the paper uses 5 with these rates (Miyato et al. 2018, section 4). ", 3,
     AVERAGE, "faces with clear edges of hair and eyes."),
)  # fmt: skip


def _lite(base: RunConfig, play: str | dict[str, float]) -> RunConfig:
    """A recipe in small, by the game of a shared recipe or with settings of its own."""
    small = changed(base, **SHRINK)
    return with_recipe(small, play, sizes=False) if isinstance(play, str) else with_changes(small, play)


PRESETS = tuple(
    made
    for name, (title, small), base, words, minutes, play, look_for in EXPERIMENTS
    for made in (
        preset(name, title, f"{words}Needs a folder of images; best on a GPU.", base),
        preset(
            f"{name}-lite",
            small,
            words + lite_note(base, _lite(base, play)),
            _lite(base, play),
            minutes,
            look_for,
        ),
    )
)
