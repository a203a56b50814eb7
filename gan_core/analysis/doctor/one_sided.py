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
        f"D's loss weighs real images {objective.real_weight:g} and generated ones {objective.fake_weight:g}: its output for {kind} images does "
        "not affect the loss."
    )
    return Sign(int(trace.steps[trace.window - 1]), int(trace.steps[0]), evidence)


def _both(config: RunConfig) -> list[Remedy]:
    return [
        Remedy(
            "Weight both parts equally: 0.5 and 0.5",
            "Only then does D learn to distinguish the two, which is what G learns from (in report R2 no run with a zero weight learned).",
            {"objective.real_weight": 0.5, "objective.fake_weight": 0.5},
        )
    ]


DIAGNOSES = (
    Diagnosis(
        "one_sided", "One part of D's loss has weight zero",
        "Errors on the other kind of image cost nothing, so the optimal D always gives the same output. Its gradient is zero, and G learns "
        "nothing.",
        "failure", ("loss/d", "loss/d_real", "loss/d_fake"), one_sided, _both,
    ),
)  # fmt: skip
