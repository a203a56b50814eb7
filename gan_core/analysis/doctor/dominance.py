"""Diagnoses of the terms of D's loss: one drowns the others, or nothing bounds the critic."""

from __future__ import annotations

from gan_core.analysis.doctor.collapse import clip_as_in_the_paper
from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign, lasting_sign
from gan_core.analysis.doctor.trace import RunTrace
from gan_core.config import RunConfig
from gan_core.datasets import DATASETS, image_shape

START = 100  # steps of G before which nothing is said
DROWNED = 3.0  # times the loss on real and generated images
DROWNED_BY_LABELS = 5.0  # the same for labels, which also help
USUAL_PENALTY = 10.0


def penalty_dominates(trace: RunTrace) -> Sign | None:
    """The penalty's term is many times the loss that it accompanies."""
    if not trace.has("loss/penalty", "loss/d"):
        return None
    term, loss = trace.config.penalty.weight * trace.mean("loss/penalty"), abs(trace.mean("loss/d"))
    holds = (term > DROWNED * loss) & trace.after_steps_of_g(START)
    words = "From step {since:,} to {step:,} the penalty term was {term:.3g}, and D's loss on images {loss:.3g}."
    return lasting_sign(trace, holds, words, {"term": term, "loss": loss}, windows=2)


def label_dominates(trace: RunTrace) -> Sign | None:
    """The label loss is many times the loss on real and generated images."""
    if not trace.has("loss/label_real", "loss/label_fake", "loss/d"):
        return None
    labels = trace.mean("loss/label_real") + trace.mean("loss/label_fake")
    term, loss = trace.config.conditioning.label_weight * labels, abs(trace.mean("loss/d"))
    holds = (term > DROWNED_BY_LABELS * loss) & trace.after_steps_of_g(START)
    words = "From step {since:,} to {step:,} the label loss term was {term:.3g}, and D's loss on real and generated images {loss:.3g}."
    return lasting_sign(trace, holds, words, {"term": term, "loss": loss}, windows=2)


def unbounded_critic(trace: RunTrace) -> Sign | None:
    """A Wasserstein critic's scores are further apart than any images are, so its slope is far above 1."""
    data = trace.config.dataset
    if trace.config.objective.name != "wasserstein" or DATASETS.find(data.name).domain != "images":
        return None
    if not trace.has("score/real", "score/fake_before"):
        return None
    channels, height, width = image_shape(data)
    furthest = 2 * (channels * height * width) ** 0.5  # between black and white, in [-1, 1]
    gap = trace.mean("score/real") - trace.mean("score/fake_before")
    words = (
        "From step {since:,} to {step:,} the critic scored real images {gap:.4g} higher than generated ones, on average. With a slope of at "
        f"most 1 it could be {furthest:.0f}, the distance from a black image to a white one."
    )
    return lasting_sign(trace, gap > furthest, words, {"gap": gap}, windows=2)


def _lighter_penalty(config: RunConfig) -> list[Remedy]:
    why = "The weight used in the paper: it limits the slope, and D still learns to distinguish images."
    usual = min(USUAL_PENALTY, config.penalty.weight / 10)
    return [Remedy(f"Lower the penalty's weight to {usual:g}", why, {"penalty.weight": usual})]


def _lighter_labels(config: RunConfig) -> list[Remedy]:
    usual = min(1.0, config.conditioning.label_weight / 10)
    why = "As in the ACGAN paper: both terms count equally."
    return [Remedy(f"Lower the label loss's weight to {usual:g}", why, {"conditioning.label_weight": usual})]


def _bound(config: RunConfig) -> list[Remedy]:
    return [
        clip_as_in_the_paper(),
        Remedy(
            f"Raise the penalty's weight to {USUAL_PENALTY:g}" if config.penalty.name == "gradient" else "Use a gradient penalty instead",
            "It keeps the critic's slope near 1 directly (Gulrajani et al. 2017).",
            {
                "objective.weight_clip": 0.0, "penalty.name": "gradient", "penalty.weight": USUAL_PENALTY,
                "network.discriminator_norm": "none", "training.precision": "fp32",
            },
        ),
    ]  # fmt: skip


DIAGNOSES = (
    Diagnosis(
        "penalty_dominates", "The penalty dominates D's loss",
        "The penalty outweighs the rest of D's loss, so D gives every image nearly the same output and G gets no useful gradient.",
        "failure", ("loss/penalty",), penalty_dominates, _lighter_penalty,
    ),
    Diagnosis(
        "label_dominates", "The label loss dominates",
        "D learns the labels but hardly learns to recognise real images, and G minimises its loss with images whose label D recognises, whether "
        "or not they look real.",
        "failure", ("loss/label_real", "loss/label_fake"), label_dominates, _lighter_labels,
    ),
    Diagnosis(
        "unbounded_critic", "Nothing bounds the critic",
        "A Wasserstein critic estimates a distance only while its slope is bounded. Without a bound its scores grow without limit, and training "
        "becomes unstable.",
        "warning", ("score/real", "score/fake_before"), unbounded_critic, _bound,
    ),
)  # fmt: skip
