"""Lesson 5: conditioning."""

from gan_core.evaluation.statistics.tests import of_estimates
from gan_core.experiments.arms import Arm
from gan_core.experiments.lessons import entry, terms
from gan_core.experiments.lessons.outcome import Outcomes, PredictionResult, Values, interval_words
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
        "Digits as requested, of {count}: without labels {none}, labels as inputs {concat}, ACGAN {acgan} (95 % intervals; "
        "chance is 0.1). Above chance: the whole interval lies above it."
    )
    values = {key: interval_words(r, ".2f") for key, r in found.items()}
    return PredictionResult(choice, words, values | {"count": f"{found['none'].count:,}"})


def faster(outcomes: Outcomes) -> PredictionResult:
    """Which conditioning obeys more often after so few steps."""
    concat, acgan = outcomes["concat"].readings["obeyed"], outcomes["acgan"].readings["obeyed"]
    first, second = (acgan, concat) if acgan.value >= concat.value else (concat, acgan)
    differs = of_estimates(first, second).differs
    choice = ("acgan" if first is acgan else "concat") if differs else "equal"
    words = (
        "ACGAN {acgan}, labels as inputs {concat} of {count} each (95 % intervals; the difference is significant)."
        if differs
        else "ACGAN {acgan}, labels as inputs {concat} of {count} each (95 % intervals; the difference is not significant)."
    )
    values: Values = {
        "acgan": interval_words(acgan, ".2f"),
        "concat": interval_words(concat, ".2f"),
        "count": f"{acgan.count:,}",
    }
    return PredictionResult(choice, words, values)


LESSON = entry.Lesson(
    name="conditioning",
    title="Conditioning",
    goal="Make a generator produce what you request, and measure whether it does.",
    needs="Best after lesson 1.",
    minutes=10,
    experiment=entry.Experiment(changed(DIGITS, recording={"evaluate_every_epochs": 1}), ARMS, ("obeyed", "kd"), 36),
    steps=(
        entry.Read(
            "Requesting a seven",
            "Until now z alone decided what G produced. To request a digit we give G a **label** with z: ten numbers, a one at "
            "the digit and zeros elsewhere. But G uses it only if D can detect a wrong digit. There are two usual ways: D gets "
            "the label as an **input** and classifies image and label together; or D has a second output that **predicts** the "
            "digit, and both networks minimise its error (ACGAN).",
            picture="real",
        ),
        entry.Predict(
            "listens",
            "After half a minute of training, an *evaluator* (a classifier trained on real digits beforehand) classifies 300 "
            "images. Which models produce the requested digit more often than chance, 1 in 10?",
            (
                entry.Choice("all", "All three: a GAN learns the ten digits anyway"),
                entry.Choice("both", "The two that get the label"),
                entry.Choice("concat", "Only the one that gets labels as inputs"),
                entry.Choice("acgan", "Only the one whose D predicts the digit"),
            ),
            "both",
            obeys,
            "After such short training the label may not yet have an effect.",
        ),
        entry.Predict(
            "faster",
            "And which of the two follows the label better after such a short time?",
            (
                entry.Choice("acgan", "ACGAN: predicting the digit is a loss term of its own"),
                entry.Choice("concat", "Labels as inputs: D sees directly what was requested"),
                entry.Choice("equal", "The difference is not significant with 300 images"),
            ),
            "acgan",
            faster,
            "The interval covers the images of one run; another seed may reverse the order, and with longer training both come "
            "close to 1.",
        ),
        entry.Train(
            "Three models, one task",
            "Same digits, seed and steps. The curve is the evaluator's count at the end of each epoch (200 images); a model "
            "without labels takes no request, so it has none.",
            tuple(arm.name for arm in ARMS),
            (
                entry.Curve("Share of digits as requested", (("accuracy/labels", "as requested"),), smoothing=0.0),
                entry.Curve("G's loss", (("loss/g", "G's loss"),)),
            ),
        ),
        entry.Check("Do they follow the label?", "listens", measures=("obeyed", "kd")),
        entry.Check("Which follows it better?", "faster"),
        entry.Explain(
            "D must detect the wrong digit",
            "**Labels as inputs**: D learns pairs of picture and label. A good 3 with the label 7 is a wrong pair, so D can "
            "reject it; but D first has to learn that the label matters. **ACGAN**: a separate loss term classifies the digit, "
            "in real and generated images. It falls quickly, since recognising a digit is easier than distinguishing real from "
            "generated. Its drawback: G may prefer digits that are easy to recognise, at the cost of variety.",
            (terms.LABEL_LOSS.of("acgan"), terms.BCE_GENERATOR.of("concat")),
        ),
        entry.TakeAway(
            "Your conditional GAN makes good images, but ignores the label. What do you check first?",
            "Whether D can detect it: does the label reach D, on real data too, and does it match its image? Are labels and "
            "images shuffled together? Then the weight of the label loss (ACGAN), or how the label enters. And measure it with "
            "an evaluator and its interval instead of looking at a few images.",
            (
                entry.Link("run", "Request labels from your models", {"tab": "explore", "view": "compose"}, ("acgan",)),
                entry.Link("run", "Explore a model", {"tab": "explore", "view": "sliders"}, ("concat",)),
                entry.Link("train", "Train your own", {"preset": "r2-cgan-lite"}),
            ),
        ),
    ),
)
