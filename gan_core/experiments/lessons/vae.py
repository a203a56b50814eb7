"""Lesson 6: the VAE's trade-off."""

from gan_core.config import RunConfig
from gan_core.evaluation.statistics.tests import differs_from_all
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, interval_words
from gan_core.presets.entry import adam, changed

LATENT_DIM = 16
BASE = changed(
    RunConfig(),
    dataset={"name": "mnist5k", "image_size": 16, "channels": 1},
    network={"name": "vae", "width": 8, "latent_dim": LATENT_DIM},
    vae={"kl_reduction": "sum", "reconstruction": "bce"},
    generator_optimizer=adam(2e-3, 0.9),
    training={"batch_size": 64, "epochs": 12, "precision": "fp32", "device": "cpu", "threads": 1},
    recording={"num_samples": 36, "checkpoint_every_steps": 100, "sample_every_steps": 25},
)
ARMS = (
    Arm("small", "λ = 0.000001", {"vae.kl_weight": 1e-6}),
    Arm("middle", "λ = 0.0004", {"vae.kl_weight": 4e-4}),
    Arm("large", "λ = 0.1", {"vae.kl_weight": 1e-1}),
)
KEYS = tuple(arm.name for arm in ARMS)
CHOICES = tuple(entry.Choice(arm.name, arm.title) for arm in ARMS)


def copies(outcomes: Outcomes) -> PredictionResult:
    """Which lambda reconstructs unseen images best."""
    found = {key: outcomes[key].readings["test_error"] for key in KEYS}
    words = "Squared error per pixel on {count} unseen images: λ small {small}, middle {middle}, large {large} (95 % intervals)."
    values = {key: interval_words(r, ".4f") for key, r in found.items()}
    best = min(KEYS, key=lambda key: found[key].value)
    return PredictionResult(best, words, values | {"count": f"{found[best].count:,}"})


def samples(outcomes: Outcomes) -> PredictionResult:
    """Which lambda makes new images that are nearest to real ones."""
    found = {key: outcomes[key].readings["kd"] for key in KEYS}
    ranked = sorted(KEYS, key=lambda key: found[key].value)
    first, *others = (found[key] for key in ranked)
    words = (
        "Kernel distance between {count} samples and as many unseen images: λ small {small}, middle {middle}, large {large} (0 is equal; 95 % "
        "intervals)."
    )
    values = {key: interval_words(r, ".2f") for key, r in found.items()}
    return PredictionResult(
        ranked[0] if differs_from_all(first, others) else "", words, values | {"count": f"{first.count:,}"}
    )


def collapse(outcomes: Outcomes) -> PredictionResult:
    """How many latent dimensions a large lambda leaves active."""
    run = outcomes["large"]
    active, kl = run.value("active"), run.value("kl")
    choice = "nothing" if active == 0 else "few" if active < LATENT_DIM / 2 else "tidy"
    words = "Active dimensions at λ = 0.1: {active} of {all}; their total KL is {kl} nats. (At λ = 0.0004: {active_middle} and {kl_middle} nats.)"
    middle = outcomes["middle"]
    values = {
        "active": f"{active:.0f}",
        "all": str(LATENT_DIM),
        "kl": f"{kl:.2f}",
        "active_middle": f"{middle.value('active'):.0f}",
        "kl_middle": f"{middle.value('kl'):.1f}",
    }
    return PredictionResult(choice, words, values)


LESSON = entry.Lesson(
    name="vae",
    title="The VAE's trade-off",
    goal="See how one number, λ, trades good reconstructions against good samples, and what happens at both extremes.",
    needs="No GAN knowledge needed: a VAE has no discriminator.",
    minutes=12,
    experiment=entry.Experiment(BASE, ARMS, ("test_error", "kd", "kl", "active"), 18),
    steps=(
        entry.Read(
            "Two goals",
            "A **variational autoencoder** compresses an image into a latent z of 16 numbers (the *encoder*) and reconstructs "
            "it from them (the *decoder*). The encoder outputs a distribution, from which z is drawn. The loss has two terms: "
            "the reconstruction error of the pixels, and the **KL divergence** (in nats), which measures how far each image's "
            "distribution is from standard random numbers, the *prior*, from which new images are sampled. λ is the weight of "
            "the second term.",
            picture="real",
        ),
        entry.Predict(
            "copies",
            "We train the same VAE with λ = 0.000001, 0.0004 and 0.1. Which reconstructs unseen images best?",
            CHOICES,
            "small",
            copies,
            "A very small λ can also overfit: with few images the reconstructions of unseen ones get worse again.",
        ),
        entry.Predict(
            "samples",
            "And which generates the best *new* images from random z?",
            CHOICES,
            "middle",
            samples,
            "The distance is from one run with few samples; without a significant difference the runs cannot be ranked.",
        ),
        entry.Predict(
            "collapse",
            "At λ = 0.1: how many of the 16 numbers of z will still carry information about the image?",
            (
                entry.Choice("tidy", "Most of them: z is only more regular"),
                entry.Choice("few", "A few: the image's rough shape"),
                entry.Choice("nothing", "None: every image gets the same reconstruction"),
            ),
            "nothing",
            collapse,
            "Between the extremes the dimensions become inactive one by one; how many remain depends on the data.",
        ),
        entry.Train(
            "Three VAEs",
            "Same digits, seed, order and steps; only λ differs. The images are new samples, from the same random z.",
            KEYS,
            (
                entry.Curve("Reconstruction error (training images)", (("loss/reconstruction", "error"),), log=True),
                entry.Curve("KL, summed over the dimensions", (("loss/kl", "KL"),), log=True),
            ),
        ),
        entry.Check("Reconstructions", "copies", measures=("test_error",)),
        entry.Check("New images", "samples", measures=("kd",)),
        entry.Check("Active dimensions of z", "collapse", measures=("kl", "active")),
        entry.Explain(
            "λ decides how much of the prior the decoder sees",
            "With a tiny λ each image gets a narrow distribution anywhere. Reconstructions are good, but a random z falls "
            "between them, where the decoder was never trained: no digits (*a hole in the prior*). With a large λ every "
            "distribution *is* the prior. Then z carries no information, and the best reconstruction for all images is their "
            "grey average (*posterior collapse*). Good values lie in between.",
            (terms.RECONSTRUCTION.of("middle"), terms.KL.of("middle"), terms.VAE_LOSS.of("middle")),
        ),
        entry.TakeAway(
            "A paper reports a VAE with a reconstruction error near zero. Does it generate good new images?",
            "That does not follow: the error is small if the KL has little weight, and then random z may decode to nonsense. "
            "Ask for the KL, the number of active dimensions, and a distance between *samples* and real images; and check "
            "whether errors and KL are summed or averaged: λ means nothing without that. (Here the pixels are averaged and the "
            "KL is summed, so λ times the 256 pixels is the β of a β-VAE: 0.0003, 0.1 and 26, and 1 is the VAE of the first "
            "paper.)",
            (
                entry.Link(
                    "run",
                    "Reconstructions, latents and β of any VAE",
                    {"tab": "explore", "view": "reconstructions"},
                    ("middle",),
                ),
                entry.Link("run", "Explore z", {"tab": "explore", "view": "sliders"}, ("middle",)),
                entry.Link("compare", "Compare the three runs", arms=("small", "middle", "large")),
            ),
        ),
    ),
)
