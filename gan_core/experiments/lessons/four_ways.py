"""Lesson 7: four ways to draw."""

import numpy as np

from gan_core.config import RunConfig
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcome, Outcomes, PredictionResult, interval_words
from gan_core.presets.entry import adam, changed

BASE = changed(
    RunConfig(),
    dataset={"name": "mnist5k", "image_size": 16, "channels": 1},
    network={"name": "dcgan4", "width": 12, "latent_dim": 32},
    generator_optimizer=adam(1e-3),
    discriminator_optimizer=adam(5e-4),
    training={
        "batch_size": 64,
        "epochs": 10,
        "max_steps": 700,
        "precision": "fp32",
        "device": "cpu",
        "threads": 1,
    },
    recording={
        "num_samples": 36,
        "checkpoint_every_steps": 350,
        "sample_every_steps": 50,
        "evaluate_every_epochs": 0,
    },
)
CRITIC = {"learning_rate": 5e-4, "beta1": 0.0, "beta2": 0.9}
ARMS = (
    Arm("gan", "GAN", {}),
    Arm(
        "wgan",
        "WGAN-GP",
        {
            "objective.name": "wasserstein", "objective.n_critic": 5, "penalty.name": "gradient", "network.discriminator_norm": "none",
            **{f"{part}_optimizer.{name}": value for part in ("generator", "discriminator") for name, value in CRITIC.items()},
        },
    ),
    Arm("vae", "VAE", {
        "network.name": "vae", "network.width": 8, "network.latent_dim": 16, "vae.kl_reduction": "sum", "vae.kl_weight": 4e-4,
        "vae.reconstruction": "bce", "generator_optimizer.learning_rate": 2e-3, "generator_optimizer.beta1": 0.9,
    }),
    Arm("diffusion", "Diffusion", {
        "network.name": "unet", "network.width": 8, "network.latent_dim": 256, "generator_optimizer.learning_rate": 2e-3,
        "generator_optimizer.beta1": 0.9, "training.ema_decay": 0.99, "diffusion.preview_steps": 50,
    }),
)  # fmt: skip
KEYS = tuple(arm.name for arm in ARMS)
LOSSES = {"gan": "loss/g", "wgan": "loss/d", "vae": "loss/vae", "diffusion": "loss/diffusion"}
FALLEN = 0.2  # share of what it was after the first twentieth; WGAN-GP's counts as the size of the gap


def losses(outcomes: Outcomes) -> PredictionResult:
    """Whose loss goes down while it learns."""
    found = {key: _ends(outcomes[key], LOSSES[key]) for key in KEYS}
    down = {key for key, (first, last) in found.items() if first > 0 and last < (1 - FALLEN) * first}
    named = {
        frozenset({"vae", "diffusion"}): "target",
        frozenset({"gan", "wgan"}): "game",
        frozenset(KEYS): "all",
        frozenset(): "none",
    }
    words = (
        "From the first tenth of the run to the last: G's loss of the GAN {gan}, loss of WGAN-GP's critic {wgan}, of the VAE {vae}, of the denoiser "
        "{diffusion}. What is above 0 and falls by a fifth has gone down."
    )
    values = {key: f"{first:.2f} → {last:.2f}" for key, (first, last) in found.items()}
    return PredictionResult(named.get(frozenset(down), ""), words, values)


def _ends(outcome: Outcome, name: str) -> tuple[float, float]:
    values = outcome.columns[name]
    values = values[np.isfinite(values)]
    tenth = max(1, len(values) // 10)
    return float(values[:tenth].mean()), float(values[-tenth:].mean())


def edges(outcomes: Outcomes) -> PredictionResult:
    """Whose pictures are the most blurred."""
    found = {key: outcomes[key].readings["edges"] for key in KEYS}
    softest = min(KEYS, key=lambda key: found[key].value)
    words = "Sharpness of {count} new pictures, real ones 1: GAN {gan}, WGAN-GP {wgan}, VAE {vae}, diffusion {diffusion} (95 % intervals)."
    values = {key: interval_words(reading, ".2f") for key, reading in found.items()}
    return PredictionResult(softest, words, values | {"count": f"{found[softest].count:,}"})


def drawing(outcomes: Outcomes) -> PredictionResult:
    """Which one takes longest to draw."""
    found = {key: outcomes[key].value("draw_s") for key in KEYS}
    slowest = max(KEYS, key=lambda key: found[key])
    others = max(value for key, value in found.items() if key != slowest)
    words = "Seconds for 300 pictures: GAN {gan}, WGAN-GP {wgan}, VAE {vae}, diffusion {diffusion}: {times} times the next. (Seconds to train: {trained}.)"
    values = {key: f"{value:.3f}" for key, value in found.items()} | {
        "times": f"{found[slowest] / max(others, 1e-9):.0f}",
        "trained": ", ".join(f"{outcomes[key].value('train_s'):.0f}" for key in KEYS),
    }
    return PredictionResult(slowest, words, values)


CHOICES = tuple(entry.Choice(arm.name, arm.title) for arm in ARMS)

LESSON = entry.Lesson(
    name="four-ways",
    title="Four ways to draw",
    goal="Train a GAN, a WGAN-GP, a VAE and a diffusion model on the same digits for the same number of steps, and see what each is good at.",
    needs="Best after lessons 1, 4 and 6.",
    minutes=15,
    experiment=entry.Experiment(BASE, ARMS, ("kd", "recall", "edges", "train_s", "draw_s"), 30),
    steps=(
        entry.Read(
            "Four ways from noise to a picture",
            "A **GAN** learns from a discriminator that is trained at the same time. **WGAN-GP** has a critic with a bounded slope instead. A **VAE** learns to copy pictures "
            "through a narrow code and draws from random codes. A **diffusion model** learns to take noise off pictures, a little at a time, and draws by "
            "taking it off pure noise, here in 50 steps. All four see the same digits, 64 at a time, 700 times.",
            picture="real",
        ),
        entry.Predict(
            "losses",
            "Whose loss goes down, by a fifth at least, while it learns?",
            (
                entry.Choice("target", "VAE and diffusion: they are told the right answer"),
                entry.Choice("game", "GAN and WGAN-GP: each step makes them better"),
                entry.Choice("all", "All four"),
                entry.Choice("none", "None of them"),
            ),
            "target",
            losses,
            "A game's loss follows the opponent: over so few steps it may move either way.",
        ),
        entry.Predict(
            "edges", "Whose new pictures are the most blurred?", CHOICES, "vae", edges,
            "Noise counts as sharpness, so after very few steps this says little.",
        ),
        entry.Predict(
            "drawing", "All are trained. Which takes longest to draw 300 new pictures?", CHOICES, "diffusion", drawing,
            "It is measured on this machine, as busy as it is.",
        ),
        entry.Train(
            "Four models, one budget",
            "700 steps each. (WGAN-GP's G makes one step in five.) The pictures are new ones, from the same noise every time.",
            KEYS,
            (
                entry.Curve("The losses with a known target", (("loss/vae", "VAE"), ("loss/diffusion", "denoiser"))),
                entry.Curve("The adversarial losses", (("loss/g", "G's loss"), ("loss/d", "D's loss"))),
            ),
        ),
        entry.Check("What the loss tells", "losses"),
        entry.Check(
            "Fidelity and variety", "edges",
            "Distance is how far samples lie from real pictures (lower is better), recall the share of real pictures that samples come near to. Which "
            "family has the better ones after so short a run depends on widths and rates: read the intervals.",
            measures=("kd", "recall", "edges"),
        ),
        entry.Check("Time", "drawing", measures=("train_s", "draw_s")),
        entry.Explain(
            "A known answer, or an opponent",
            "VAE and diffusion model have a known target for each picture: the picture, or the noise. Their loss falls as they learn, "
            "and can be compared. A GAN's loss says who is ahead. The VAE's loss counts every pixel that differs, and where it is uncertain the average "
            "of all that fits has the smallest loss: a blur. The diffusion model averages, too, but only a little at each of its many steps, which takes time.",
            (terms.DENOISING.of("diffusion"), terms.VAE_LOSS.of("vae"), terms.BCE_GENERATOR.of("gan")),
        ),
        entry.TakeAway(
            "You need ten thousand faces a second. And you need the widest variety that 5,000 pictures can teach. Which family for which?",
            "A GAN or a VAE draws in one pass, a diffusion model in tens. A diffusion model cannot leave out a part of the data without paying for it in "
            "its loss (a GAN can: collapse), so variety is its strength; distilled or with fewer steps it also becomes faster.",
            (
                entry.Link("compare", "Compare the four runs", arms=("gan", "wgan", "vae", "diffusion")),
                entry.Link("run", "Watch the way from noise to a picture", {"tab": "explore", "view": "process"}, ("diffusion",)),
                entry.Link("run", "Copies and codes", {"tab": "explore", "view": "reconstructions"}, ("vae",)),
            ),
        ),
    ),
)  # fmt: skip
