"""R4: batch size x epochs x learning rate on faces."""

from gan_core.config import RunConfig
from gan_core.presets.entry import Preset, adam, changed, lite_note, preset

FULL = changed(
    RunConfig(),
    dataset={"name": "celeba", "image_size": 64, "channels": 3, "num_images": 3584},
    network={"name": "dcgan4", "width": 64, "latent_dim": 100},
    generator_optimizer=adam(2e-4),
    discriminator_optimizer=adam(2e-4),
)
NUM_LITE = 448
LITE = changed(
    FULL,
    dataset={"name": "faces", "num_images": NUM_LITE, "image_size": 32},
    network={"width": 24},
    training={"ema_decay": 0.995},
)
IMAGES_A_MINUTE = 60_000  # roughly, one thread of a two-core machine
INFERRED = "Inferred: 3,584 images (the logs show 28 steps per epoch at batch 128; the text says 202,599 images), Adam with beta1 0.5. "
TABLE = (  # letter, batch, epochs, learning rate, what the report saw, lite batch, lite epochs, what to look for in small
    ("a", 128, 5, 2e-4, "rough outlines", 16, 5, "grey noise: 140 steps are too few for a face, as intended."),
    ("b", 128, 10, 2e-4, "G's loss declining", 16, 10, "the dark outline of a head and hair, no eyes yet."),
    ("c", 128, 100, 2e-4, "sex and hair visible", 16, 50, "faces with recognisable hair and skin."),
    ("d", 128, 400, 2e-4, "some faces clear; one of the two best", 16, 200, "clear faces, each a different person; with e the best of the table."),
    ("e", 128, 800, 2e-4, "dead: Loss_D 0, Loss_G 86, every image the same", 16, 400,
     "faces as clear as d's and no better after twice the steps, while D is almost certain (D(x) 0.99); it does not diverge as "
     "the report's did."),
    ("f", 2048, 400, 2e-4, "like paintings", 224, 100, "grey outlines of heads: a large batch means few steps."),
    ("g", 2048, 2000, 2e-4, "one of the two best", 224, 400, "soft faces: four times the steps of f, but still fewer than c."),
    ("h", 4096, 5000, 1e-4, "stable, no better than g", 448, 500, "blotched faces, worse than g's: half its learning rate and fewer steps."),
)  # fmt: skip


def _full(letter: str, batch: int, epochs: int, rate: float, report: str, *_lite: int | str) -> Preset:
    return preset(
        f"r4-{letter}",
        f"Batch {batch:,}, {epochs:,} epochs, learning rate {rate:g} (R4 {letter})",
        f"One cell of the report's table. The report saw: {report}. Needs your copy of CelebA; best on a GPU. {INFERRED}",
        _cell(FULL, batch, epochs, rate),
    )


def _lite(
    letter: str, batch: int, epochs: int, rate: float, report: str, lite_batch: int, lite_epochs: int, sees: str
) -> Preset:
    config = _cell(LITE, lite_batch, lite_epochs, rate)
    return preset(
        f"r4-{letter}-lite",
        f"Batch {lite_batch}, {lite_epochs} epochs, learning rate {rate:g} (R4 {letter}, small)",
        "One cell of the report's table; steps per epoch as in the report (28 at its batch of 128). The report saw, at batch "
        f"{batch:,} and {epochs:,} epochs: {report}. {lite_note(_cell(FULL, batch, epochs, rate), config)}",
        config,
        round(max(0.5, lite_epochs * NUM_LITE / IMAGES_A_MINUTE), 1),
        sees,
    )


def _cell(base: RunConfig, batch: int, epochs: int, rate: float) -> RunConfig:
    optimizer = {"learning_rate": rate}
    training = {"batch_size": batch, "epochs": epochs}
    return changed(base, training=training, generator_optimizer=optimizer, discriminator_optimizer=optimizer)


PRESETS = (*(_full(*row) for row in TABLE), *(_lite(*row) for row in TABLE))
