"""R2: conditional GAN on 24 objects, and the weights of D's two losses."""

from gan_core.config import RunConfig
from gan_core.presets.entry import LITE_IMAGES, Preset, adam, changed, lite_note, preset
from gan_core.presets.recipes import with_recipe

FULL = changed(
    RunConfig(),
    dataset={"name": "iclevr", "image_size": 64, "channels": 3},
    network={"name": "dcgan4", "width": 64, "latent_dim": 25},
    conditioning={"name": "concat"},
    generator_optimizer=adam(2e-4),
    discriminator_optimizer=adam(1e-5),
    training={"batch_size": 32, "epochs": 75},
)
LITE = with_recipe(changed(FULL, dataset={"name": "blocks", "num_images": LITE_IMAGES, "image_size": 32}), "blocks-gan")
RATIOS = {"1-1": (0.5, 0.5), "3-7": (0.3, 0.7), "0-1": (0.0, 1.0), "7-3": (0.7, 0.3), "1-0": (1.0, 0.0)}
INFERRED = "Inferred, not stated by the report: Adam as optimiser. "
SCORE = "The report's score was 38 of 72 objects (0.528, standard error 0.059) on test.json; chance is 0.104. "
NOTE = lite_note(FULL, LITE)
LEARNS = "a lit floor with blocks of plain colours; count how often the requested objects appear. The score rises well above chance."
NEVER = "no blocks and no floor: the same pattern for every condition, and a score at chance."


def _ratio(name: str, weights: tuple[float, float], base: RunConfig, suffix: str, note: str, minutes: float) -> Preset:
    real, fake = weights
    words = name.replace("-", ":")
    twin = f"With Adam this equals r2-cgan{suffix} (see docs/presets.md): a common factor cancels (Kingma and Ba 2015, section 2.1). "
    return preset(
        f"r2-ratio-{name}{suffix}",
        f"Loss on real and fake images weighted {words} (R2{', small' if suffix else ''})",
        f"r2-cgan with D's loss on real images weighted {real:g} and on generated ones {fake:g} (inferred: the weights add up "
        "to 1). One of five runs for one chart. The report: with a zero weight nothing is learned; 7:3 looked slightly better "
        f"than 1:1, not significant with one run (standard error 0.059). {twin if real == fake else ''}{note}",
        changed(base, objective={"real_weight": real, "fake_weight": fake}),
        minutes,
        (LEARNS if real and fake else NEVER) if suffix else "",
    )


PRESETS = (
    preset(
        "r2-cgan",
        "Conditional GAN on i-CLEVR's 24 objects (R2)",
        "The report's run: labels concatenated to G's latent (25 + 24 numbers) and, as an extra channel, to D's image; batch "
        f"32, 75 epochs. Needs your copy of i-CLEVR; best on a GPU. {SCORE}{INFERRED}",
        FULL,
    ),
    preset(
        "r2-cgan-lite",
        "Conditional GAN on rendered blocks (R2, small)",
        f"R2's recipe on the embedded twin of i-CLEVR. {SCORE}{NOTE}",
        LITE,
        4,
        LEARNS,
    ),
    *(_ratio(name, weights, FULL, "", INFERRED, 0) for name, weights in RATIOS.items()),
    *(_ratio(name, weights, LITE, "-lite", NOTE, 4) for name, weights in RATIOS.items()),
)
