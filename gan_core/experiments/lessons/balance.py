"""Lesson 2: balance."""

from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcome, Outcomes, PredictionResult
from gan_core.experiments.lessons.ring import RING

RATES = "generator_optimizer.learning_rate", "discriminator_optimizer.learning_rate"
ARMS = (
    Arm("even", "Balanced", {}),
    Arm("strong", "D too strong", {RATES[0]: 1e-4, RATES[1]: 5e-3}),
    Arm("weak", "D too weak", {RATES[1]: 1e-5}),
    Arm("one-sided", "Weights 1:0", {"objective.fake_weight": 0.0}),
)
HALF = 0.05  # probabilities nearer to each other are called equal
WELL = 0.8  # share of the balanced run's points near a mode that counts as equal


def weak_discriminator(outcomes: Outcomes) -> PredictionResult:
    """How G ends when D hardly learns."""
    even, weak = outcomes["even"], outcomes["weak"]
    real, fake = weak.late("prob/real"), weak.late("prob/fake_after")
    ratio = weak.value("near") / max(even.value("near"), 1e-9)
    if ratio >= WELL and weak.value("modes") > even.value("modes") / 2:
        choice = "perfect" if ratio > 1.1 else "same"
    else:
        choice = "lost" if abs(real - fake) < HALF else "refused"
    words = (
        "At the end the weak D gives real points {real} and generated ones {fake}: it can hardly tell them apart. G puts {near} of its points "
        "near a mode and reaches {modes} of 8; in the balanced game it is {near_even} and {modes_even}."
    )
    return PredictionResult(choice, words, _values(real=real, fake=fake) | _shares(near=weak, near_even=even))


def strong_discriminator(outcomes: Outcomes) -> PredictionResult:
    """How G ends when D learns far faster."""
    even, strong = outcomes["even"], outcomes["strong"]
    climbs = strong.late("loss/g") > 1.5 * even.late("loss/g")
    worse = strong.value("modes") < even.value("modes") or strong.value("near") < WELL * even.value("near")
    choice = {(True, True): "fewer", (True, False): "teaches", (False, True): "", (False, False): "same"}[climbs, worse]
    words = (
        "G's loss over the last fifth of the run: {loss} against {loss_even} in the balanced game. Modes reached: {modes} of 8 against "
        "{modes_even}; share of points near a mode: {near} against {near_even}."
    )
    values = _values(loss=strong.late("loss/g"), loss_even=even.late("loss/g"))
    return PredictionResult(choice, words, values | _shares(near=strong, near_even=even))


def one_sided(outcomes: Outcomes) -> PredictionResult:
    """How G ends when D's loss counts real samples only."""
    even, run = outcomes["even"], outcomes["one-sided"]
    fake, near = run.late("prob/fake_after"), run.value("near")
    choice = "yes" if fake > 0.9 and near < 0.5 * even.value("near") else "slower"
    if near >= WELL * even.value("near"):
        choice = "enough"
    words = (
        "D's probability for generated points over the last fifth of the run: {fake}; D's loss: {loss}; length of the push that G gets (its "
        "gradient): {push} against {push_even} in the balanced game. Points near a mode: {near} against {near_even}."
    )
    values = _values(fake=fake, loss=run.late("loss/d"))
    pushes = {"push": run.late("grad_norm/g"), "push_even": even.late("grad_norm/g")}
    return PredictionResult(
        choice, words, values | {k: f"{v:.2g}" for k, v in pushes.items()} | _shares(near=run, near_even=even)
    )


def _values(**numbers: float) -> dict[str, str]:
    return {name: f"{value:.2f}" for name, value in numbers.items()}


def _shares(**outcomes: Outcome) -> dict[str, str]:
    """`near...` and `modes...` of some outcomes, as words."""
    found = {name: f"{outcome.value('near'):.0%}" for name, outcome in outcomes.items()}
    modes = {name.replace("near", "modes"): f"{outcome.value('modes'):.0f}" for name, outcome in outcomes.items()}
    return found | modes


LESSON = entry.Lesson(
    name="balance",
    title="Balance",
    goal="Find out why neither network may be much stronger than the other.",
    needs="Best after lesson 1: D's verdict is G's only teacher.",
    minutes=10,
    experiment=entry.Experiment(RING, ARMS, ("modes", "near"), 10),
    steps=(
        entry.Read(
            "A judge of the right strength",
            "G learns from D's verdict only. A judge who cannot tell real from generated has nothing to teach; one who is sure at once leaves G "
            "no hint which way is better. We play on the **ring**: real data are points in eight small spots (*modes*), so that one "
            "can count what G reaches. A run takes seconds.",
            picture="real",
        ),
        entry.Predict(
            "weak",
            "We make D a hundred times slower than G (learning rate 0.00001 instead of 0.001). What will G do?",
            (
                entry.Choice("perfect", "Win easily: its points end up better than in the balanced game"),
                entry.Choice(
                    "lost", "Lose its way: D is fooled by anything, so G learns next to nothing about the data"
                ),
                entry.Choice("same", "The same as in the balanced game, since G itself is as it was"),
                entry.Choice("refused", "Be refused: even a slow D tells generated points from real ones"),
            ),
            "lost",
            weak_discriminator,
            "A G that happens to begin near the data looks good for a while whatever D says.",
        ),
        entry.Predict(
            "strong",
            "Now the other way round: D learns five times faster than in the balanced game, G ten times slower. What will you see?",
            (
                entry.Choice("teaches", "G's loss is higher, but G learns better: a strong judge is a good teacher"),
                entry.Choice("fewer", "G's loss is higher, and G reaches fewer modes or puts fewer points on them"),
                entry.Choice("same", "Hardly any difference: the game settles the same way"),
            ),
            "fewer",
            strong_discriminator,
            "Two settings were changed, D's rate and G's: a G ten times slower may reach less in as many steps whatever D does. In the plane even a strong "
            "D leaves some slope to learn from; with more steps a slow G may catch up. And the balanced game itself "
            "may collapse, as it did with seed 2: beside that one the strong D looks like a good teacher.",
        ),
        entry.Predict(
            "one-sided",
            "D's loss has a part for real and a part for generated data. We pay D for the **real** part only (weights 1:0). What will D learn?",
            (
                entry.Choice("yes", "To say “real” to everything; G then gets no push at all"),
                entry.Choice("enough", "Enough: who knows what is real knows what is not"),
                entry.Choice("slower", "The same as before, only slower"),
            ),
            "yes",
            one_sided,
            "With very few steps D may not have got so far as to call everything real.",
        ),
        entry.Train(
            "Four games",
            "The same seed, the same data in the same order, the same z. Only the learning rates or the weights differ.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
                entry.Curve("D's probability of “real” for generated points", (("prob/fake_after", "D(G(z))"),)),
            ),
        ),
        entry.Check("D too weak", "weak", measures=("modes", "near"), arms=("even", "weak")),
        entry.Check("D too strong", "strong", measures=("modes", "near"), arms=("even", "strong")),
        entry.Check("Weights 1:0", "one-sided", measures=("modes", "near"), arms=("even", "one-sided")),
        entry.Explain(
            "G follows D's slope",
            "G moves each point in the direction in which D's logit rises. If D says the same everywhere (too weak, or paid to say “real”), "
            "that slope is flat and G has no direction. If D is far ahead, its logit is steep and changes at every step: G runs "
            "after the nearest spot that D likes, and the others are lost. −log D keeps G's push alive when D refuses everything; "
            "it cannot make a useless direction useful.",
            (terms.DISCRIMINATOR_LOSS.of("one-sided"), terms.BCE_FAKE.of("even"), terms.BCE_GENERATOR.of("strong")),
        ),
        entry.TakeAway(
            "In your run D(x) is 1.00, D(G(z)) is 0.00, and G's loss climbs and climbs. Name two settings that may help.",
            "Make D weaker or G stronger: lower D's learning rate or raise G's (both can be changed while it trains), give G more width, or "
            "smooth D's target (label smoothing) or its input (instance noise). A penalty on D's slope (lesson 4) goes to the "
            "root: it keeps D from being sure so abruptly.",
            {
                "twin": "Play the game by hand, step by step",
                "train": "Try it on pictures",
                "study": "Weights, compared properly",
            },
        ),
    ),
)
