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
        "It reaches {modes} of 8 modes. Its points spread {spread} as far as the real ones (ratio of standard deviations, mean over the last "
        "fifth of the run; 1 would be as far), and {near} of them lie near a mode."
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
        "Over the last fifth of the run D's loss is {loss} (a draw is 2 log 2 = {draw}), D(x) is {real}, D(G(z)) is {fake}, while the points "
        "reach {modes} of 8 modes."
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
        "Modes reached, of 8: broken {broken}, z of 16 numbers {z}, D sees pairs {pairs}, R1 {slope}. (Repaired is called what reaches {most} or "
        "more.)"
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
            "One picture, over and over",
            "D judges one sample at a time. So G may find one sample that D takes for real and make nothing else: **mode collapse**. On the ring "
            "with its eight modes we can count it. We break the balanced game by one change: G learns five times faster.",
            picture="real",
        ),
        entry.Predict(
            "broken",
            "G's learning rate is 0.005, D's 0.001. Where will G's points lie in the end?",
            (
                entry.Choice("rough", "On all eight modes, only less exactly"),
                entry.Choice("few", "In one or two spots, all of them"),
                entry.Choice("good", "On all eight modes, more exactly: G has learned more"),
            ),
            "few",
            broken,
            "A collapsed G wanders from mode to mode: at the very last step it may just be on its way.",
        ),
        entry.Predict(
            "curves",
            "Suppose it collapses. What will the losses and D's probabilities look like then?",
            (
                entry.Choice("draw", "Like a perfect draw: D(x) and D(G(z)) near 0.5, D's loss near 2 log 2 = 1.386"),
                entry.Choice("d-won", "D has won: D(x) near 1, D(G(z)) near 0"),
                entry.Choice("g-won", "G has won: D(G(z)) well above D(x)"),
            ),
            "draw",
            curves,
            "How well D can follow a wandering G depends on the rates of both.",
        ),
        entry.Train(
            "Break it",
            "2,000 steps. Watch the picture rather than the losses.",
            ("broken",),
            (
                entry.Curve(
                    "How far the points spread", (("spread/real", "real points"), ("spread/fake", "generated points"))
                ),
                entry.Curve(
                    "D's probability of “real”", (("prob/real", "real points"), ("prob/fake_after", "generated points"))
                ),
            ),
        ),
        entry.Check("The damage", "broken", measures=("mode_tv", "modes", "near"), arms=("broken",)),
        entry.Check("What the curves show of it", "curves"),
        entry.Predict(
            "repair",
            "Three changes, one at a time, G as hasty as before: a z of 16 numbers instead of 2; D sees two samples at once; D pays for "
            "steep slopes (R1). Which bring the modes back?",
            (
                entry.Choice("z", "Only the larger z: two numbers hold too little variety"),
                entry.Choice("judge", "Both changes to D, the pairs and the penalty; not the larger z"),
                entry.Choice("all", "All three"),
                entry.Choice("none", "None: G is simply too fast"),
            ),
            "judge",
            repair,
            "With one seed a run can be lucky, or unlucky. (The collapse benchmark trains other settings on the same ring: other rates and weights.)",
        ),
        entry.Train(
            "Repair it",
            "The same seed, data order and steps; one change each.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("How far the generated points spread", (("spread/fake", "generated points"),)),
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
            ),
        ),
        entry.Check("Which one repaired it", "repair", measures=("mode_tv", "modes", "near")),
        entry.Explain(
            "The cause is in what D sees",
            "A larger z changes nothing of that: G may ignore as much of it as it likes. **Pairs** (packing, PacGAN): D sees two samples at once, and two equal "
            "ones give G away: variety becomes part of what is judged. **R1** keeps D's slope small around real data: G's "
            "points are drawn gently to all modes instead of being chased from one to the next.",
            (terms.R1.of("slope"), terms.BCE_GENERATOR.of("broken")),
        ),
        entry.TakeAway(
            "The losses of a GAN look perfect: D(x) = D(G(z)) = 0.5. Is it a good one?",
            "That cannot be told from the losses: here they looked so while G made nearly one point. D answers 0.5 when it cannot tell, and it "
            "cannot tell when G makes a few good samples over and over, or moves faster than D can follow. Measure variety: modes where they "
            "are known, recall, coverage or duplicates elsewhere.",
            {
                "collapse": "Break and repair a GAN that makes pictures",
                "twin": "Watch it in slow motion",
                "train": "Try it yourself",
            },
        ),
    ),
)
