"""Lesson 3: collapse and repair."""

import math

from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult
from gan_core.experiments.lessons.ring import RING

BROKEN = {"generator_optimizer.learning_rate": 5e-3}
ARMS = (
    Arm("broken", "Broken: G five times faster", BROKEN),
    Arm("larger-z", "Repair? z of 16 numbers", {**BROKEN, "network.latent_dim": 16}),
    Arm("pairs", "Repair? D sees pairs", {**BROKEN, "remedies.packing": 2}),
    Arm("slope", "Repair? R1 on D's slope", {**BROKEN, "penalty.name": "r1", "penalty.weight": 1.0}),
)
DRAW = 2 * math.log(2)
"""D's loss when it answers one half to everything."""
FEW, MOST = 3, 6


def broken(outcomes: Outcomes) -> PredictionResult:
    """How many modes G reaches at five times the rate."""
    run = outcomes["broken"]
    modes, near = run.value("modes"), run.value("near")
    spread = run.late("spread/fake") / run.late("spread/real")
    choice = "few" if modes <= FEW or spread < 0.5 else "rough" if near < 0.8 else "good"
    words = (
        "It reaches {modes} of 8 modes. The spread of its points is {spread} of that of the real ones (ratio of standard "
        "deviations, mean over the last fifth of the run), and {near} of them lie near a mode."
    )
    return PredictionResult(choice, words, {"modes": f"{modes:.0f}", "spread": f"{spread:.2f}", "near": f"{near:.0%}"})


def curves(outcomes: Outcomes) -> PredictionResult:
    """Whether the losses show the collapse."""
    run = outcomes["broken"]
    loss, real, fake = run.late("loss/d"), run.late("prob/real"), run.late("prob/fake_after")
    if abs(loss - DRAW) < 0.1 * DRAW and abs(real - 0.5) < 0.1 and abs(fake - 0.5) < 0.1:
        choice = "draw"
    else:
        choice = "g-won" if fake > real else "d-won"
    words = (
        "Over the last fifth of the run D's loss is {loss} (with D = 0.5 everywhere it is 2 log 2 = {draw}), D(x) is {real}, "
        "D(G(z)) is {fake}, while the points reach {modes} of 8 modes."
    )
    values = {"loss": f"{loss:.3f}", "draw": f"{DRAW:.3f}", "real": f"{real:.2f}", "fake": f"{fake:.2f}"}
    return PredictionResult(choice, words, values | {"modes": f"{run.value('modes'):.0f}"})


def repair(outcomes: Outcomes) -> PredictionResult:
    """Which of three changes brings the modes back."""
    modes = {key: outcomes[key].value("modes") for key in ("broken", "larger-z", "pairs", "slope")}
    repaired = {key for key in modes if key != "broken" and modes[key] >= MOST and modes[key] > modes["broken"]}
    named = {
        frozenset({"pairs", "slope"}): "judge",
        frozenset({"larger-z"}): "z",
        frozenset({"larger-z", "pairs", "slope"}): "all",
        frozenset(): "none",
    }
    words = (
        "Modes reached, of 8: broken {broken}, z of 16 numbers {z}, D sees pairs {pairs}, R1 {slope}. (Repaired: {most} modes "
        "or more.)"
    )
    values = {key.removeprefix("larger-"): f"{value:.0f}" for key, value in modes.items()} | {"most": str(MOST)}
    return PredictionResult(named.get(frozenset(repaired), ""), words, values)


LESSON = entry.Lesson(
    name="collapse",
    title="Collapse and repair",
    goal="Break a GAN on purpose, measure the damage, and repair it with one setting.",
    needs="Best after lessons 1 and 2.",
    minutes=10,
    experiment=entry.Experiment(RING, ARMS, ("mode_tv", "modes", "near"), 10),
    steps=(
        entry.Read(
            "The same image again and again",
            "D classifies one sample at a time. So G may find one sample that D rates as real and generate nothing else: **mode "
            "collapse**. On the ring with its eight modes we can count it. We break the balanced run with one change: G learns "
            "five times faster.",
            picture="real",
        ),
        entry.Predict(
            "broken",
            "G's learning rate is 0.005, D's 0.001. Where will G's points lie in the end?",
            (
                entry.Choice("rough", "On all eight modes, but less exactly"),
                entry.Choice("few", "All in one or two spots"),
                entry.Choice("good", "On all eight modes, more exactly: G has learned more"),
            ),
            "few",
            broken,
            "A collapsed G moves from mode to mode: at the last step it may lie between two.",
        ),
        entry.Predict(
            "curves",
            "Suppose it collapses. What will the losses and D's probabilities look like?",
            (
                entry.Choice("draw", "Like a perfect GAN: D(x) and D(G(z)) near 0.5, D's loss near 2 log 2 = 1.386"),
                entry.Choice("d-won", "D is certain: D(x) near 1, D(G(z)) near 0"),
                entry.Choice("g-won", "D is fooled: D(G(z)) well above D(x)"),
            ),
            "draw",
            curves,
            "How well D can follow a moving G depends on both learning rates.",
        ),
        entry.Train(
            "Break it",
            "2,000 steps. Watch the samples rather than the losses.",
            ("broken",),
            (
                entry.Curve(
                    "Spread of the points", (("spread/real", "real points"), ("spread/fake", "generated points"))
                ),
                entry.Curve(
                    "D's probability of “real”", (("prob/real", "real points"), ("prob/fake_after", "generated points"))
                ),
            ),
        ),
        entry.Check("The damage", "broken", measures=("mode_tv", "modes", "near"), arms=("broken",)),
        entry.Check("What the curves show", "curves"),
        entry.Predict(
            "repair",
            "Three changes, one at a time, G as fast as before: a z of 16 numbers instead of 2; D sees two samples at once; a "
            "penalty on D's gradient (R1). Which bring the modes back?",
            (
                entry.Choice("z", "Only the larger z: two numbers allow too little variety"),
                entry.Choice("judge", "Both changes to D, the pairs and the penalty; not the larger z"),
                entry.Choice("all", "All three"),
                entry.Choice("none", "None: G is simply too fast"),
            ),
            "judge",
            repair,
            "With one seed the result may be chance. (The collapse benchmark trains with other settings on the same ring: other "
            "rates and weights.)",
        ),
        entry.Train(
            "Repair it",
            "The same seed, data order and steps; one change each.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("Spread of the generated points", (("spread/fake", "generated points"),)),
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
            ),
        ),
        entry.Check("Which change repaired it", "repair", measures=("mode_tv", "modes", "near")),
        entry.Explain(
            "The cause is what D sees",
            "A larger z does not change that: G may ignore it. **Pairs** (packing, PacGAN): D sees two samples at once, and two "
            "identical ones are easy to recognise as generated: variety becomes part of what D classifies. **R1** keeps D's "
            "slope small around real data: G's points move smoothly to all modes instead of jumping from one to the next.",
            (terms.R1.of("slope"), terms.BCE_GENERATOR.of("broken")),
        ),
        entry.TakeAway(
            "The losses of a GAN look perfect: D(x) = D(G(z)) = 0.5. Is it a good GAN?",
            "The losses do not show it: here they looked perfect while G generated nearly a single point. D outputs 0.5 when it "
            "cannot distinguish, and that also happens when G repeats a few good samples, or moves faster than D can follow. "
            "Measure variety: modes where they are known, recall, coverage or duplicates elsewhere.",
            (
                entry.Link("learn", "Break and repair a GAN for images", {"tab": "break"}),
                entry.Link("learn", "Watch it in slow motion", {"tab": "lab", "story": "bce"}),
                entry.Link("train", "Try it yourself", {"preset": "r3-collapse-lite"}),
            ),
        ),
    ),
)
