"""Diagnosis: one part of the discriminator's loss has no weight."""

from __future__ import annotations

from gan_core.analysis.doctor.finding import Diagnosis, Remedy, Sign
from gan_core.analysis.doctor.trace import RunTrace
from gan_core.config import RunConfig


def one_sided(trace: RunTrace) -> Sign | None:
    """One of the two parts of D's loss has no weight."""
    if not trace.has("loss/d"):
        return None
    objective = trace.config.objective
    if objective.real_weight and objective.fake_weight:
        return None
    kind = "generated" if objective.real_weight else "real"
    evidence = (
        f"D's loss weighs real images {objective.real_weight:g} and generated ones {objective.fake_weight:g}: for {kind} images it may answer "
        "whatever it likes."
    )
    return Sign(int(trace.steps[trace.window - 1]), int(trace.steps[0]), evidence)


def _both(config: RunConfig) -> list[Remedy]:
    return [
        Remedy(
            "Pay D for both alike: 0.5 and 0.5",
            "Only then does its verdict tell the two apart, and only that teaches G (report R2 saw that any zero weight never learns).",
            {"objective.real_weight": 0.5, "objective.fake_weight": 0.5},
        )
    ]


DIAGNOSES = (
    Diagnosis(
        "one_sided", "D is paid for one kind of image only",
        "With no price on mistakes about the other kind, the best D is one that always gives the same answer. Its verdict has no "
        "slope, so G is told nothing.",
        "failure", ("loss/d", "loss/d_real", "loss/d_fake"), one_sided, _both,
    ),
)  # fmt: skip
