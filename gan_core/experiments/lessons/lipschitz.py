"""Lesson 4: Lipschitz: clip, penalty, spectral norm."""

from gan_core.config.numbers import significant
from gan_core.evaluation.statistics.tests import differs_from_all
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, interval_words
from gan_core.experiments.lessons.ring import RING
from gan_core.presets.entry import adam, changed

GAME = changed(
    RING,
    objective={"name": "wasserstein", "n_critic": 3},
    generator_optimizer=adam(1e-3, 0.0, 0.9),
    discriminator_optimizer=adam(1e-3, 0.0, 0.9),
    training={"epochs": 25},
    recording={"probe_every_steps": 3, "checkpoint_every_steps": 498},
)
ARMS = (
    Arm("free", "No bound", {}),
    Arm("clip", "Weights clipped", {"objective.weight_clip": 0.01}),
    Arm("penalty", "Gradient penalty", {"penalty.name": "gradient", "penalty.weight": 1.0}),
    Arm("spectral", "Spectral norm", {"network.spectral_norm": True}),
)
KEYS = tuple(arm.name for arm in ARMS)
CHOICES = (
    entry.Choice("free", "No bound"),
    entry.Choice("clip", "Clipped weights"),
    entry.Choice("penalty", "Gradient penalty"),
    entry.Choice("spectral", "Spectral norm"),
)


def slopes(outcomes: Outcomes) -> PredictionResult:
    """Whose slope is nearest to one."""
    found = {key: outcomes[key].value("slope") for key in KEYS}
    nearest = min((key for key in KEYS if found[key] > 0), key=lambda key: max(found[key], 1 / found[key]), default="")
    words = "Mean slope of D between real and generated points: no bound {free}, clipped {clip}, penalty {penalty}, spectral norm {spectral}."
    return PredictionResult(nearest, words, {key: significant(value, 3) for key, value in found.items()})


def push(outcomes: Outcomes) -> PredictionResult:
    """How clipping changes the gradient that G gets."""
    found = {key: outcomes[key].late("grad_norm/g") for key in KEYS}
    ratio = found["clip"] / max(found["penalty"], 1e-12)
    choice = "smaller" if ratio < 0.1 else "larger" if ratio > 10 else "same"
    words = (
        "Norm of the gradient of G's weights, mean over the last fifth of the run: clipped {clip}, penalty {penalty}, no bound "
        "{free}, spectral norm {spectral}. With clipping it is {times} of that with the penalty."
    )
    values = {key: significant(value, 2) for key, value in found.items()}
    return PredictionResult(choice, words, values | {"times": significant(ratio, 2)})


def trains(outcomes: Outcomes) -> PredictionResult:
    """Which of them puts fewest points near the modes."""
    found = {key: outcomes[key].readings["near"] for key in KEYS}
    ranked = sorted(KEYS, key=lambda key: found[key].value)
    first, *others = (found[key] for key in ranked)
    choice = ranked[0] if differs_from_all(first, others) else ""
    words = "Points near a mode: no bound {free}, clipped {clip}, penalty {penalty}, spectral norm {spectral} (95 % intervals)."
    values = {key: interval_words(r, ".0%") for key, r in found.items()}
    return PredictionResult(choice, words, values)


LESSON = entry.Lesson(
    name="lipschitz",
    title="Slope: clip, penalty, spectral norm",
    goal="Measure a critic's slope, and compare three ways to bound it.",
    needs="Best after lessons 1 to 3.",
    minutes=12,
    experiment=entry.Experiment(GAME, ARMS, ("slope", "steepest", "clipped", "modes", "near"), 10),
    steps=(
        entry.Read(
            "A critic instead of a classifier",
            "The Wasserstein GAN lets D output any **score** instead of a probability; D is then called the *critic*. The gap "
            "between its mean scores on real and generated data estimates how far apart the two are, but only if its **slope** "
            "(the change of the score when the input moves by 1) is at most 1 everywhere (*1-Lipschitz*). Otherwise D could "
            "enlarge the gap arbitrarily by multiplying all scores by ten.",
        ),
        entry.Predict(
            "slopes",
            "The same training four times: no bound; D's weights clipped to ±0.01 after each step (the first WGAN); a penalty "
            "on slopes other than 1 (WGAN-GP); each layer divided by its largest singular value (spectral norm). Whose slope, "
            "measured between real and generated points, is nearest to 1 in ratio?",
            CHOICES,
            "penalty",
            slopes,
            "Spectral norm bounds the slope by 1 and may come close to it if D uses its layers fully.",
        ),
        entry.Predict(
            "push",
            "And with the weights clipped at 0.01, how large is G's gradient compared with that under the penalty?",
            (
                entry.Choice("larger", "More than ten times larger"),
                entry.Choice("same", "About as large"),
                entry.Choice("smaller", "Less than a tenth of it"),
            ),
            "smaller",
            push,
            "It depends on the bound and on D's depth: with a bound of 0.1 or more it explodes instead.",
        ),
        entry.Predict(
            "trains",
            "Which is the worst: which puts the fewest points near the modes after the same number of steps?",
            CHOICES,
            "clip",
            trains,
            "Without a bound results vary a lot; with one seed it may be worse than all others.",
        ),
        entry.Train(
            "Four critics",
            "2,500 steps of D, a third as many of G; the same seed, data order, optimiser and z. (The penalty's weight is 1 "
            "here, since the ring is small; the paper's 10 is for images.)",
            KEYS,
            (
                entry.Curve("Norm of G's gradient", (("grad_norm/g", "push"),), log=True),
                entry.Curve("The critic's loss: minus the gap of its mean scores", (("loss/d", "D's loss"),)),
            ),
        ),
        entry.Check("Which slope is nearest to 1?", "slopes", measures=("slope", "steepest", "clipped")),
        entry.Check("What clipping does to G's gradient", "push"),
        entry.Check(
            "Which is the worst?",
            "trains",
            "Do not conclude which is *best*: of seeds 0 to 5 it was no bound with four, the penalty with two (docs/lessons.md "
            "has each). An interval of one run does not cover other seeds. On such a small ring, in such a short run, the bound "
            "is not what limits G. Its purpose: only with a bounded slope is the critic's gap a distance (Arjovsky et al. 2017, "
            "equations 2 and 3); without a bound it grows arbitrarily.",
            measures=("modes", "near"),
        ),
        entry.Explain(
            "Bounding weights does not bound slopes well",
            "With every weight at most 0.01, three layers multiply to a slope far below 1: G's gradient almost vanishes. (Adam, "
            "which rescales gradients, hides that here; plain gradient descent would hardly move.) With a larger bound the "
            "product grows as its third power. The **penalty** targets slope 1 where it matters, between real and generated "
            "data. **Spectral norm** divides each layer's weights by their largest singular value: the slope is at most 1 "
            "everywhere, at little cost, but often well below.",
            (terms.CRITIC_GAP.of("penalty"), terms.GRADIENT_PENALTY.of("penalty"), terms.CLIP.of("clip")),
        ),
        entry.TakeAway(
            "You change WGAN's clipping bound from 0.01 to 0.1 and all images become nearly equal. What happened, and what do "
            "you use instead?",
            "In a critic without batch norm the bound on the slope grew by ten *per layer*: the slope may far exceed what a "
            "Wasserstein critic allows, and G follows a few spots of large gradient. With batch norm, as in report R3, the "
            "scale of the weights before it cancels (Ioffe and Szegedy 2015, section 3.3); clipping bounds batch norm's own "
            "gain, and dividing by a batch's spread has no bound at all. Spectral norm bounds the norm of each layer's weight "
            "matrix, and so the slope of a network like this one whatever its depth (of convolutions only roughly: it takes the "
            "kernel as a matrix, Miyato et al. 2018); a gradient penalty controls the slope where it matters.",
            (
                entry.Link("learn", "See it on images", {"tab": "break"}),
                entry.Link("learn", "See the critic's output in the plane", {"tab": "lab", "story": "wgan"}),
                entry.Link("train", "Try r3-wgan-gp-lite", {"preset": "r3-wgan-gp-lite"}),
            ),
        ),
    ),
)
