"""Lesson 9: steer."""

from gan_core.evaluation.statistics.tests import of_estimates
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.denoising import RING_DDPM
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, Values, interval_words
from gan_core.experiments.lessons.ring import RING
from gan_core.presets.entry import changed

ARMS = (
    Arm("none", "Guidance 0", {"diffusion.guidance": 0.0}),
    Arm("plain", "Guidance 1", {}),
    Arm("strong", "Guidance 8", {"diffusion.guidance": 8.0}),
    Arm("gan", "GAN", {
        "network.name": "mlp", "network.latent_dim": 8, "penalty.name": "r1", "penalty.weight": 1.0, "network.discriminator_norm": "none", "conditioning.name": "none",
        "generator_optimizer.learning_rate": RING.generator_optimizer.learning_rate, "generator_optimizer.beta1": 0.5,
        "generator_optimizer.schedule": "constant", "discriminator_optimizer.learning_rate": RING.discriminator_optimizer.learning_rate,
        "training.ema_decay": 0.0,
    }),
)  # fmt: skip
CHANCE, ALONG, INSIDE = 1 / 8, 0.2, 0.7


def obeys(outcomes: Outcomes) -> PredictionResult:
    """At which guidance points lie in the mode asked for."""
    found = {key: outcomes[key].readings["asked"] for key in ("none", "plain", "strong")}
    obeying = {key for key, reading in found.items() if reading.value > 4 * CHANCE}
    named = {frozenset({"plain", "strong"}): "labels", frozenset({"strong"}): "strong", frozenset(found): "all"}
    words = "Points in the mode asked for, of {count}: guidance 0 {none}, 1 {plain}, 8 {strong} (95 % intervals; chance is 0.125)."
    values = {key: interval_words(reading, ".2f") for key, reading in found.items()}
    return PredictionResult(named.get(frozenset(obeying), ""), words, values | {"count": f"{found['none'].count:,}"})


def price(outcomes: Outcomes) -> PredictionResult:
    """What strong guidance does to the points."""
    plain, strong = outcomes["plain"].value("radius"), outcomes["strong"].value("radius")
    near_plain, near_strong = outcomes["plain"].readings["near"], outcomes["strong"].readings["near"]
    spoiled = near_strong.value < near_plain.value and of_estimates(near_plain, near_strong).differs
    choice = "inside" if strong < INSIDE * plain else "away" if spoiled else "same"
    words = "Distance from the middle of the ring, in radii: guidance 1 {plain}, guidance 8 {strong}. Near a mode: {near_plain} and {near_strong}."
    values: Values = {
        "plain": f"{plain:.2f}",
        "strong": f"{strong:.2f}",
        "near_plain": interval_words(near_plain, ".0%"),
        "near_strong": interval_words(near_strong, ".0%"),
    }
    return PredictionResult(choice, words, values)


def along(outcomes: Outcomes) -> PredictionResult:
    """What else moves when z climbs a classifier's gradient."""
    steered, dragged = (outcomes["gan"].readings[name] for name in ("steered", "dragged"))
    choice = "stays" if steered.value < 0.5 else "along" if dragged.low > ALONG else "only"
    words = (
        "Of {count} points that lay on the left, {steered} lie on the right afterwards. For each unit to the right they moved {dragged} up or down "
        "(95 % intervals)."
    )
    values: Values = {
        "count": f"{steered.count:,}",
        "steered": interval_words(steered, ".0%"),
        "dragged": interval_words(dragged, ".2f"),
    }
    return PredictionResult(choice, words, values)


LESSON = entry.Lesson(
    name="steering",
    title="Steer",
    goal="Make a trained model draw what you want, by guidance or by a classifier's gradient, and see what else changes with it.",
    needs="Best after lessons 5 and 8.",
    minutes=12,
    experiment=entry.Experiment(
        changed(RING_DDPM, conditioning={"name": "concat"}), ARMS, ("asked", "radius", "near", "steered", "dragged"), 12
    ),
    steps=(
        entry.Read(
            "Two handles",
            "A diffusion model that is trained with the label, and sometimes without, can be **guided**: at every step it is asked twice, with the label "
            "and without, and the difference is taken several times over. Guidance 0 ignores the label, 1 is the plain model. A GAN that knows no labels "
            "can be steered as well: a **classifier** looks at what it draws, and z climbs the classifier's gradient until the answer is yes. "
            "Labels are the ring's eight modes; the classifier's question is: does the point lie on the right?",
            picture="real",
        ),
        entry.Predict(
            "obeys",
            "We ask for each mode equally often, with guidance 0, 1 and 8. Which put more than half of the points where they were asked to be?",
            (
                entry.Choice("all", "All three: it was trained with labels"),
                entry.Choice("labels", "1 and 8"),
                entry.Choice("strong", "Only 8: without guidance it does not listen"),
            ),
            "labels",
            obeys,
            "A network that is too small may need guidance above 1 to listen at all.",
        ),
        entry.Predict(
            "price",
            "And what does guidance 8 do to the points themselves?",
            (
                entry.Choice("inside", "It draws them towards the middle of the ring"),
                entry.Choice("same", "Nothing: they lie where the data lie"),
                entry.Choice("away", "It drives them away from the modes"),
            ),
            "away",
            price,
            "Pictures are cut to their range at each step: there it shows as glaring colours instead.",
        ),
        entry.Predict(
            "along",
            "The GAN: z follows the classifier's gradient until the points lie on the right. What happens to their height, which nobody asked about?",
            (
                entry.Choice("only", "It stays: only what was asked for changes"),
                entry.Choice("along", "It changes as well"),
                entry.Choice("stays", "Nothing moves at all: z cannot be steered so"),
            ),
            "along",
            along,
            "How much comes along depends on how this G has laid out its z; where no short step leads on, z stops on the way.",
        ),
        entry.Train(
            "Three guidances, and a GAN",
            "The first three train alike, to the bit, and draw with other guidance. The GAN has R1 of lesson 3, so that it reaches all modes.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("The denoiser's loss", (("loss/diffusion", "loss"),)),
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
            ),
        ),
        entry.Check("Who listens", "obeys", measures=("asked",), arms=("none", "plain", "strong")),
        entry.Check("The trade-off", "price", measures=("radius", "near"), arms=("none", "plain", "strong")),
        entry.Check("What comes along", "along", measures=("steered", "dragged"), arms=("gan",)),
        entry.Explain(
            "A gradient knows no borders",
            "Guidance moves each answer along the gradient of log p(label | x): towards where the label is most certain, which is beyond the data "
            "rather than among them. A classifier's gradient in z asks for its answer in the shortest way through G, and G has no axis for left and right: "
            "what lies on that way changes as well. In faces it is the same: with *glasses* come age and sex, since in the data they come together, "
            "and the classifier may not even know the difference (**entanglement**).",
            (terms.DENOISING.of("plain"), terms.BCE_GENERATOR.of("gan")),
        ),
        entry.TakeAway(
            "You add “smiling” to a face and it also becomes younger. What can you do?",
            "Look whether the data have both together. Then take away from the direction the part that changes age (Explore does that: *keep the "
            "others still*), or train on data where they are apart. With guidance: less of it.",
            (
                entry.Link(
                    "run", "Directions of attributes, and guidance from 0 to 8", {"tab": "explore", "view": "sliders"}
                ),
                entry.Link("run", "Ask conditional models", {"tab": "explore", "view": "compose"}),
                entry.Link("run", "Flow along the score", {"tab": "explore", "view": "flow"}, ("plain",)),
            ),
        ),
    ),
)
