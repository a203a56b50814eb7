"""Lesson 2: balance."""

from gan_core.config.numbers import significant
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
        "At the end the weak D outputs {real} on real points and {fake} on generated ones: it hardly distinguishes them. G puts "
        "{near} of its points near a mode and reaches {modes} of 8; in the balanced run {near_even} and {modes_even}."
    )
    return PredictionResult(choice, words, _values(real=real, fake=fake) | _shares(near=weak, near_even=even))


def strong_discriminator(outcomes: Outcomes) -> PredictionResult:
    """How G ends when D learns far faster."""
    even, strong = outcomes["even"], outcomes["strong"]
    climbs = strong.late("loss/g") > 1.5 * even.late("loss/g")
    worse = strong.value("modes") < even.value("modes") or strong.value("near") < WELL * even.value("near")
    choice = {(True, True): "fewer", (True, False): "teaches", (False, True): "", (False, False): "same"}[climbs, worse]
    words = (
        "G's loss over the last fifth of the run: {loss} against {loss_even} in the balanced run. Modes reached: {modes} of 8 "
        "against {modes_even}; share of points near a mode: {near} against {near_even}."
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
        "D's probability for generated points over the last fifth of the run: {fake}; D's loss: {loss}; norm of G's gradient: "
        "{push} against {push_even} in the balanced run. Points near a mode: {near} against {near_even}."
    )
    values = _values(fake=fake, loss=run.late("loss/d"))
    pushes = {"push": run.late("grad_norm/g"), "push_even": even.late("grad_norm/g")}
    return PredictionResult(
        choice, words, values | {k: significant(v, 2) for k, v in pushes.items()} | _shares(near=run, near_even=even)
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
    goal="Find out why neither network should be much stronger than the other.",
    needs="Best after lesson 1: G learns only from D's output.",
    minutes=10,
    experiment=entry.Experiment(RING, ARMS, ("modes", "near"), 10),
    steps=(
        entry.Read(
            "A discriminator of the right strength",
            "G learns only from D's output. A D that cannot distinguish real from generated has nothing to teach; a D that is "
            "certain at once gives G no useful direction. We use the **ring**: real data are points in eight small spots "
            "(*modes*), so we can count what G reaches. A run takes seconds.",
            picture="real",
        ),
        entry.Predict(
            "weak",
            "We make D a hundred times slower than G (learning rate 0.00001 instead of 0.001). What will G do?",
            (
                entry.Choice("perfect", "Do better: its points end up better than in the balanced run"),
                entry.Choice("lost", "Fail: D is fooled by anything, so G learns almost nothing about the data"),
                entry.Choice("same", "The same as in the balanced run, since G itself is unchanged"),
                entry.Choice("refused", "Be rejected: even a slow D distinguishes generated from real points"),
            ),
            "lost",
            weak_discriminator,
            "A G that happens to start near the data looks good for a while whatever D outputs.",
        ),
        entry.Predict(
            "strong",
            "Now the other way round: D learns five times faster than in the balanced run, G ten times slower. What will you "
            "see?",
            (
                entry.Choice("teaches", "G's loss is higher, but G learns better from a strong D"),
                entry.Choice("fewer", "G's loss is higher, and G reaches fewer modes or puts fewer points on them"),
                entry.Choice("same", "Hardly any difference: training settles in the same way"),
            ),
            "fewer",
            strong_discriminator,
            "Two settings were changed, D's rate and G's: a G ten times slower may reach less in the same number of steps "
            "whatever D does. In two dimensions even a strong D leaves some gradient to learn from; with more steps a slow G "
            "may catch up. The balanced run itself may also collapse, as with seed 2: compared with that, training with the "
            "strong D looks good.",
        ),
        entry.Predict(
            "one-sided",
            "D's loss has a part for real and a part for generated data. We keep only the **real** part (weights 1:0). What "
            "will D learn?",
            (
                entry.Choice("yes", "To output “real” for everything; G then gets no gradient"),
                entry.Choice("enough", "Enough: what does not look real must be generated"),
                entry.Choice("slower", "The same as before, only slower"),
            ),
            "yes",
            one_sided,
            "With very few steps D may not yet rate everything as real.",
        ),
        entry.Train(
            "Four runs",
            "The same seed, the same data in the same order, the same z. Only the learning rates or the weights differ.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
                entry.Curve("D(G(z)): probability of “real” for generated points", (("prob/fake_after", "D(G(z))"),)),
            ),
        ),
        entry.Check("D too weak", "weak", measures=("modes", "near"), arms=("even", "weak")),
        entry.Check("D too strong", "strong", measures=("modes", "near"), arms=("even", "strong")),
        entry.Check("Weights 1:0", "one-sided", measures=("modes", "near"), arms=("even", "one-sided")),
        entry.Explain(
            "G follows D's gradient",
            "G moves each point in the direction in which D's logit rises. If D's output is constant (too weak, or trained on "
            "“real” only), the gradient is zero and G has no direction. If D is far ahead, its gradient is large and changes at "
            "every step: G follows the nearest spot that D rates high and loses the others. −log D keeps G's gradient from "
            "vanishing when D rejects everything; it cannot make a useless direction useful.",
            (terms.DISCRIMINATOR_LOSS.of("one-sided"), terms.BCE_FAKE.of("even"), terms.BCE_GENERATOR.of("strong")),
        ),
        entry.TakeAway(
            "In your run D(x) is 1.00, D(G(z)) is 0.00, and G's loss keeps rising. Name two settings that may help.",
            "Make D weaker or G stronger: lower D's learning rate or raise G's (both can be changed while it trains), make G "
            "wider, or smooth D's target (label smoothing) or its input (instance noise). A penalty on D's slope (lesson 4) "
            "addresses the cause: it limits how abruptly D's output changes.",
            (
                entry.Link("learn", "Train by hand, step by step", {"tab": "lab"}),
                entry.Link("train", "Try it on images", {"preset": "mnist-dcgan"}),
                entry.Link("train", "Compare loss weights over several seeds", {"tab": "many"}),
            ),
        ),
    ),
)
