"""The measures of a lesson, of a finished run at its last checkpoint. Loads no torch; `measuring` computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gan_core.config.registry import Registry

NEAR = 0.15
NUM_POINTS = 2500
NUM_PICTURES = 300
NUM_SLOPES = 512
ACTIVE = 0.01


@dataclass(frozen=True)
class Measure:
    """A measure of a finished run.

    Attributes:
        title: for people.
        explanation: what it is, from what, and its source.
        format: how its value is written, a format specification.
        metric: name in METRICS, of one that compares features of samples with those of unseen images; empty where a function of
            `measuring`, of the measure's name, computes it.
        needs: what a run must have; of others it is not measured. "labels": it can be asked for something; "one_step": its z is
            one point that a gradient can move, which noise that is taken away in steps is not.
    """

    title: str
    explanation: str
    format: str
    metric: str = ""
    needs: Literal["", "labels", "one_step"] = ""


MEASURES: Registry[Measure] = Registry(
    "measure",
    {
        "mode_tv": Measure(
            "Mode-TV (0 best, 1 worst)",
            f"Half the total difference of the eight modes' shares of {NUM_POINTS:,} new points from 1/8, plus half the share "
            f"of points farther than {NEAR:g} from every mode: missing and uneven modes and points in between, as one number. "
            "Interval: half-samples.",
            ".2f",
        ),
        "modes": Measure(
            "Modes reached (of 8)",
            f"Modes of the ring with at least one of {NUM_POINTS:,} new points within {NEAR:g} of their centre. Short runs do "
            "not reach the 0.03 (three standard deviations) of the collapse table. Interval: half-samples.",
            ".0f",
        ),
        "near": Measure(
            "Points near a mode",
            f"Share of {NUM_POINTS:,} new points within {NEAR:g} of the centre of a mode. Interval: half-samples.",
            ".2f",
        ),
        "radius": Measure(
            "Distance from the middle",
            f"Root mean square distance of {NUM_POINTS:,} new points from the middle of the ring, in radii: 1 is on the ring, 0 in its middle.",
            ".2f",
        ),
        "asked": Measure(
            "Points in the mode asked for",
            f"Share of {NUM_POINTS:,} new points whose nearest mode is the one that was asked for, each equally often. Chance is 0.125. "
            "Interval: Wilson 1927.",
            ".2f",
            needs="labels",
        ),
        "steered": Measure(
            "Points on the right after steering",
            f"Share of {NUM_SLOPES} points that lie on the right once z has followed the gradient of a classifier of left and right, of those that did "
            "not before. Interval: Wilson 1927.",
            ".2f",
            needs="one_step",
        ),
        "dragged": Measure(
            "What came along",
            "How far the same points moved up or down, which nobody asked for, as a share of how far they moved to the right. Interval: of the mean.",
            ".2f",
            needs="one_step",
        ),
        "edges": Measure(
            "Sharpness beside real",
            f"Variance of the Laplacian (Pech-Pacheco et al. 2000) of {NUM_PICTURES} samples over that of as many unseen pictures: below 1 is "
            "blurred, above 1 noisy. Interval: of the mean.",
            ".2f",
        ),
        "train_s": Measure(
            "Time to train (s)", "Seconds that the run trained, on this machine, with whatever else ran on it.", ".0f"
        ),
        "draw_s": Measure(
            f"Time to draw {NUM_PICTURES} pictures (s)",
            "Seconds on this machine, with whatever else ran on it; the fastest of three times.",
            ".3f",
        ),
        "slope": Measure(
            "Slope of the critic",
            f"Length of the gradient of D's logit with respect to its input, mean over {NUM_SLOPES} points on lines between "
            "real and generated points, as in Gulrajani et al. 2017. Interval: of the mean.",
            ".3g",
        ),
        "steepest": Measure(
            "Largest slope found",
            f"The largest of those {NUM_SLOPES} gradient norms: a lower bound on D's Lipschitz constant.",
            ".3g",
        ),
        "clipped": Measure(
            "Weights at the bound",
            "Share of D's weights at the clipping bound; 0 without clipping.",
            ".1%",
        ),
        "obeyed": Measure(
            "Digits as requested",
            f"Share of {NUM_PICTURES} images, each digit requested equally often, in which the evaluator finds the requested "
            "digit. Chance is 0.1. Interval: Wilson 1927.",
            ".3f",
        ),
        "kd": Measure(
            "Distance of samples to real images",
            f"Kernel distance (Binkowski et al. 2018) between {NUM_PICTURES} samples and as many held-out real images, in the "
            "features of the shipped evaluator: 0 is equal, lower is better. Interval: half-samples.",
            ".3g",
            "kd",
        ),
        "recall": Measure(
            "Variety (recall)",
            f"Share of {NUM_PICTURES} unseen pictures that lie among the samples, in the features of the shipped evaluator (Kynkäänniemi et al. 2019): "
            "1 is best. Interval: half-samples.",
            ".2f",
            "recall",
        ),
        "test_error": Measure(
            "Error on unseen images",
            f"Mean squared error per pixel (in 0 to 1) of the reconstructions of {NUM_PICTURES} held-out images; the mean of "
            "each posterior is decoded. Interval: of the mean over images.",
            ".4f",
        ),
        "kl": Measure(
            "KL, all dimensions",
            f"Summed over the dimensions of z, in nats, mean over the same {NUM_PICTURES} images. Interval: of the mean.",
            ".1f",
        ),
        "active": Measure(
            "Active dimensions",
            f"Dimensions of z whose posterior mean varies by more than {ACTIVE:g} (variance) over those images (Burda et al. "
            "2016, section 5.2): the others carry no information about the image.",
            ".0f",
        ),
    },
)
