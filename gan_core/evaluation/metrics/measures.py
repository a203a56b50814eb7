"""All that is measured of a generator: the metrics of features and those of pixels, verdicts and single images.

The table says what each means, where it is best, its bias, and what it can reach; `gan_core.evaluation.measure` computes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gan_core.config.registry import Registry
from gan_core.evaluation.metrics import METRICS

Best = Literal["higher", "lower", "real"]


@dataclass(frozen=True)
class Measure:
    """A line of the table.

    Attributes:
        title: for people.
        explanation: what it measures, and its bias.
        best: "higher", "lower", or "real": as near as possible to what real images have.
        lowest, highest: what it can reach; an interval goes no further.
    """

    title: str
    explanation: str
    best: Best
    lowest: float = 0.0
    highest: float = float("inf")


def _of_features(name: str, best: Best, lowest: float = 0.0, highest: float = float("inf")) -> Measure:
    entry = METRICS[name]
    return Measure(entry.title, entry.explanation, best, lowest, highest)


MEASURES: Registry[Measure] = Registry(
    "metric",
    {
        "fd": _of_features("fd", "lower"),
        "kd": _of_features("kd", "lower", lowest=float("-inf")),
        "precision": _of_features("precision", "higher", highest=1.0),
        "recall": _of_features("recall", "higher", highest=1.0),
        "density": _of_features("density", "higher"),
        "coverage": _of_features("coverage", "higher", highest=1.0),
        "diversity": _of_features("diversity", "real"),
        "ms_ssim": Measure(
            "MS-SSIM between pairs",
            "How alike two random images look, in structure and contrast (0 unrelated, 1 the same picture). Far above the value "
            "of real images means collapse. Small pictures hold fewer scales, so compare only values of one image size.",
            "real",
            highest=1.0,
        ),
        "duplicates": Measure(
            "Duplicate rate",
            "Share of generated images with a near copy among the other generated ones: nearer than all but 1 % of real images are "
            "to their nearest fellow. About 0.01 is as real images are. It depends on the count: compare only equal ones.",
            "lower",
            highest=1.0,
        ),
        "inception_score": Measure(
            "Inception-style score",
            "Are an evaluator's verdicts sure on each image and varied over all? From 1 to the number of classes. It asks no real "
            "image, sees no variety within a class, and comes out too small with few images.",
            "higher",
            lowest=1.0,
        ),
        "modes": Measure(
            "Modes found",
            "How many of the known kinds of image (classes, or combinations of labels that the training images have) an evaluator "
            "sees at least once. It grows with the number of images, and the evaluator's mistakes count as found.",
            "higher",
        ),
        "mode_kl": Measure(
            "Balance of the modes",
            "Divergence of the shares of the kinds generated from those of the training images, in nats: 0 is the same mix. With "
            "few images for many kinds it comes out too large.",
            "lower",
        ),
        "copying": Measure(
            "Nearest to a training image",
            "Share of generated images that are nearer to a training image than to any of as many held-out ones. 0.5 is no copying; "
            "near 1, the generator has learned its images by heart.",
            "lower",
            highest=1.0,
        ),
    },
)
