"""The doctor: is a run failing, why, and what helps? Pure functions of its curves and configuration; free of torch.

Each diagnosis is an entry of the table. `diagnose` runs all detectors and gives findings: what, how bad, since when, the
curves that show it, and remedies, the likeliest first.
"""

from __future__ import annotations

from gan_core.analysis.doctor import (
    autoencoder,
    collapse,
    denoising,
    dominance,
    game,
    general,
    memory,
    one_sided,
    standstill,
)
from gan_core.analysis.doctor.finding import Diagnosis, Finding, Remedy, Sign
from gan_core.analysis.doctor.trace import RunTrace
from gan_core.config import RunConfig
from gan_core.config.registry import Registry

__all__ = ["DIAGNOSES", "Diagnosis", "Finding", "Remedy", "RunTrace", "Sign", "diagnose", "steps_needed"]

DIAGNOSES: Registry[Diagnosis] = Registry(
    "diagnosis",
    {
        entry.name: entry
        for part in (general, game, collapse, standstill, dominance, one_sided, memory, autoencoder, denoising)
        for entry in part.DIAGNOSES
    },
)
SEVERITIES = ("failure", "warning", "note")


def steps_needed(config: RunConfig) -> int:
    """Steps of a run before most diagnoses say anything: those of G, which has a slow start, and D's between them."""
    return collapse.START * config.objective.n_critic


def diagnose(trace: RunTrace) -> list[Finding]:
    """Everything that is found in a run, the gravest first, then the earliest."""
    found = []
    for entry in DIAGNOSES.values():
        sign = entry.detect(trace)
        if sign is not None:
            title, explanation = entry.words(trace.config)
            found.append(Finding(
                entry.name, title, sign.severity or entry.severity, sign.step, sign.since, sign.lasting, sign.evidence, entry.columns,
                explanation, entry.fitting(trace.config, sign),
            ))  # fmt: skip
    return sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.step))
