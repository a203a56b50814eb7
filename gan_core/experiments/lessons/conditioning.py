"""Lesson 5: conditioning."""

from gan_core.evaluation.statistics.tests import of_estimates
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, interval_words
from gan_core.experiments.lessons.see import DIGITS
from gan_core.presets.entry import changed

ARMS = (
    Arm("none", "No labels", {}),
    Arm("concat", "Labels as inputs", {"conditioning.name": "concat"}),
    Arm("acgan", "ACGAN", {"conditioning.name": "acgan"}),
)
CHANCE = 0.1


def obeys(outcomes: Outcomes) -> PredictionResult:
    """Which models draw the requested digit."""
    found = {key: outcome.readings["obeyed"] for key, outcome in outcomes.items() if "obeyed" in outcome.readings}
    above = {key for key, reading in found.items() if reading.low > CHANCE}
    named = {frozenset({"concat", "acgan"}): "both", frozenset({"concat"}): "concat", frozenset({"acgan"}): "acgan"}
    choice = "all" if "none" in above else named.get(frozenset(above), "")
    words = (
        "Digits drawn as asked, of {count}: without labels {none}, labels as inputs {concat}, ACGAN {acgan} (95 % intervals; chance is 0.1). "
        "Above chance is what has its whole interval above it."
    )
    values = {key: interval_words(r, ".2f") for key, r in found.items()}
    return PredictionResult(choice, words, values | {"count": f"{found['none'].count:,}"})


def faster(outcomes: Outcomes) -> PredictionResult:
    """Which conditioning obeys more often after so few steps."""
    concat, acgan = outcomes["concat"].readings["obeyed"], outcomes["acgan"].readings["obeyed"]
    first, second = (acgan, concat) if acgan.value >= concat.value else (concat, acgan)
    differs = of_estimates(first, second).differs
    choice = ("acgan" if first is acgan else "concat") if differs else "equal"
    words = "ACGAN {acgan}, labels as inputs {concat} of {count} each (95 % intervals; by a test of the difference they {verdict})."
    values = {
        "acgan": interval_words(acgan, ".2f"),
        "concat": interval_words(concat, ".2f"),
        "count": f"{acgan.count:,}",
        "verdict": "can be told apart" if differs else "cannot be told apart",
    }
    return PredictionResult(choice, words, values)


LESSON = entry.Lesson(
    name="conditioning",
    title="Conditioning",
    goal="Make a generator draw what you ask for, and measure whether it listens.",
    needs="Best after lesson 1.",
    minutes=10,
    experiment=entry.Experiment(changed(DIGITS, recording={"evaluate_every_epochs": 1}), ARMS, ("obeyed", "kd"), 36),
    steps=(
        entry.Read(
            "Asking for a seven",
            "Until now G drew whatever its z happened to mean. To ask for a digit we give G a **label** beside z: ten numbers, a one at the digit "
            "and zeros elsewhere. But why should G care about it? Only if D can tell that the wrong digit came. There are two usual "
            "ways: D gets the label as an **input** and judges picture and label together; or D has a second output that **names** the "
            "digit, and both networks are paid when it is right (ACGAN).",
            picture="real",
        ),
        entry.Predict(
            "listens",
            "After half a minute of training an *evaluator* (a classifier trained on real digits beforehand) looks at 300 pictures. Which "
            "models draw the digit asked for more often than chance, 1 in 10?",
            (
                entry.Choice("all", "All three: a GAN learns the ten digits anyway"),
                entry.Choice("both", "The two that are told the label"),
                entry.Choice("concat", "Only the one that gets labels as inputs"),
                entry.Choice("acgan", "Only the one whose D names the digit"),
            ),
            "both",
            obeys,
            "After so short a training the label may not yet have got through.",
        ),
        entry.Predict(
            "faster",
            "And which of the two obeys better after so short a time?",
            (
                entry.Choice("acgan", "ACGAN: naming the digit is paid for by itself"),
                entry.Choice("concat", "Labels as inputs: D sees at once what was asked"),
                entry.Choice("equal", "They cannot be told apart with 300 pictures"),
            ),
            "acgan",
            faster,
            "The interval counts pictures of one run; another seed may turn it round, and with longer training both come near to 1.",
        ),
        entry.Train(
            "Three models, one question",
            "Same digits, seed and steps. The curve is the evaluator's count at the end of each epoch (200 pictures); a model without labels "
            "cannot be asked, so it has none.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("Share of digits drawn as asked", (("accuracy/labels", "as asked"),), smoothing=0.0),
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
            ),
        ),
        entry.Check("Do they listen?", "listens", measures=("obeyed", "kd")),
        entry.Check("Which obeys better?", "faster"),
        entry.Explain(
            "Somebody must notice the wrong digit",
            "**Labels as inputs**: D learns pairs of picture and label. A fine 3 under the label 7 is a wrong pair, so D may call it false; but D "
            "first has to find out that the label matters. **ACGAN**: a loss of its own asks which digit it is, of real and of "
            "generated pictures. It falls quickly, since naming a digit is easier than telling real from generated. Its price: G may "
            "prefer digits that are easy to name, at the cost of variety.",
            (terms.LABEL_LOSS.of("acgan"), terms.BCE_GENERATOR.of("concat")),
        ),
        entry.TakeAway(
            "Your conditional GAN makes fine pictures, but ignores the label. What do you look at first?",
            "Whether D can notice: does the label reach D, on real data too, and does it belong to its picture? Are labels and pictures shuffled "
            "together? Then the weight of the label loss (ACGAN), or the way the label enters. And measure it with an evaluator "
            "and its interval instead of looking at a few pictures.",
            {
                "conditions": "Ask models for what you like",
                "explore": "Walk through a model",
                "train": "Train your own",
            },
        ),
    ),
)
