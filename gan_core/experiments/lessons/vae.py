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
    words = "Dimensions in use at λ = 0.1: {active} of {all}; the KL over all of them is {kl} nats. (At λ = 0.0004: {active_middle} and {kl_middle} nats.)"
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
    goal="See that one number, λ, decides between true copies and good new pictures, and what happens at both ends.",
    needs="Needs nothing of GANs: a VAE has no discriminator.",
    minutes=12,
    experiment=entry.Experiment(BASE, ARMS, ("test_error", "kd", "kl", "active"), 18),
    steps=(
        entry.Read(
            "Two wishes",
            "A **variational autoencoder** squeezes a picture into a latent z of 16 numbers (the *encoder*) and draws it again from them (the "
            "*decoder*). The encoder answers with a small cloud, from which z is drawn. Two things are paid for. The copy shall be true: wrong pixels "
            "cost. And each picture's cloud shall look like plain random numbers, the *prior*, since new pictures are drawn from those: "
            "what it costs is the **KL divergence**, which tells how far one cloud is from another (in nats). λ is the weight of that second price.",
            picture="real",
        ),
        entry.Predict(
            "copies",
            "We train the same VAE with λ = 0.000001, 0.0004 and 0.1. Which copies pictures best that it has never seen?",
            CHOICES,
            "small",
            copies,
            "A very small λ can also overfit: with few images the copies of unseen ones get worse again.",
        ),
        entry.Predict(
            "samples",
            "And which makes the best *new* pictures from random z?",
            CHOICES,
            "middle",
            samples,
            "The distance is that of one run with few samples; where a test of the difference finds none the runs cannot be told apart.",
        ),
        entry.Predict(
            "collapse",
            "At λ = 0.1: of the 16 numbers of z, how many will still say something about the picture?",
            (
                entry.Choice("tidy", "Most of them: z is only tidier"),
                entry.Choice("few", "A few: the picture's rough shape"),
                entry.Choice("nothing", "None: every picture gets the same copy"),
            ),
            "nothing",
            collapse,
            "Between the two ends the dimensions go out one after the other; how many are left depends on the data.",
        ),
        entry.Train(
            "Three VAEs",
            "Same digits, seed, order and steps; only λ differs. The pictures are new ones, from the same random z.",
            KEYS,
            (
                entry.Curve("Reconstruction error (training images)", (("loss/reconstruction", "error"),), log=True),
                entry.Curve("KL, summed over the dimensions", (("loss/kl", "KL"),), log=True),
            ),
        ),
        entry.Check("True copies", "copies", measures=("test_error",)),
        entry.Check("New pictures", "samples", measures=("kd",)),
        entry.Check("What is left of z", "collapse", measures=("kl", "active")),
        entry.Explain(
            "The decoder meets the prior only when λ asks for it",
            "With a tiny λ each image gets a sharp little cloud wherever it likes. Copies are true, but a random z falls between the clouds, where "
            "the decoder has never been: no digits (*a hole in the prior*). With a large λ every cloud *is* the prior. Then z says "
            "nothing, and the best single copy of all images is their grey average (*posterior collapse*). Between them lies the bargain.",
            (terms.RECONSTRUCTION.of("middle"), terms.KL.of("middle"), terms.VAE_LOSS.of("middle")),
        ),
        entry.TakeAway(
            "A paper reports a VAE with a reconstruction error near zero. Does it make good new pictures?",
            "That does not follow: the error is small when the KL is hardly paid for, and then random z may decode to nonsense. Ask for the KL, the "
            "number of dimensions in use, and a distance between *samples* and real images; and mind whether errors and KL are summed "
            "or averaged: λ means nothing without that. (Here the pixels are averaged and the KL is summed, so λ times the 256 pixels is the β of a "
            "β-VAE: 0.0003, 0.1 and 26, and 1 is the VAE of the first paper.)",
            {
                "vae": "Copies, latents and β of any VAE",
                "explore": "Walk through z",
                "compare": "Compare the three runs",
            },
        ),
    ),
)
