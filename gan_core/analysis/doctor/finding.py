"""What a diagnosis is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from gan_core.analysis.doctor.trace import PATIENCE, Column, Mask, RunTrace
from gan_core.config import RunConfig, get, with_changes
from gan_core.config.numbers import Significant
from gan_core.datasets import DATASETS
from gan_core.models.compatibility import RULES
from gan_core.models.kinds import kind_of

Severity = Literal["failure", "warning", "note"]


@dataclass(frozen=True)
class Remedy:
    """Something that helps.

    Attributes:
        title: what to do, in a line.
        why: how it helps.
        changes: dotted field -> value. Empty: nothing that a button could do (more images, say).
        live: whether the running run can be changed so; otherwise a new branch is trained from its last healthy checkpoint.
    """

    title: str
    why: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    live: bool = False


@dataclass(frozen=True)
class Sign:
    """What a detector found.

    Attributes:
        step: at which it was found.
        since: step at which it began.
        evidence: the numbers, in a sentence.
        lasting: whether it still holds at the last recorded step.
        remedies: what helps against what was measured; the diagnosis's own remedies where there are none.
        severity: where it is not (yet) the diagnosis's own.
    """

    step: int
    since: int
    evidence: str
    lasting: bool = True
    remedies: tuple[Remedy, ...] = ()
    severity: Severity | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A line of the table of diagnoses.

    Attributes:
        name: the key.
        title, explanation: for people.
        severity: "failure" (nothing is learned any more), "warning" (on the way there) or "note" (worth knowing).
        columns: the metrics on whose charts it is marked.
        detect: trace -> sign, or None.
        remedies: configuration -> what helps, the likeliest first; `fitting` keeps those that this model takes.
        of_vae: title and explanation for a model without a discriminator, where they differ.
    """

    name: str
    title: str
    explanation: str
    severity: Severity
    columns: tuple[str, ...]
    detect: Callable[[RunTrace], Sign | None]
    remedies: Callable[[RunConfig], list[Remedy]]
    of_vae: tuple[str, str] | None = None

    def words(self, config: RunConfig) -> tuple[str, str]:
        """Title and explanation for the model of a configuration."""
        return self.of_vae if self.of_vae and not kind_of(config).has_discriminator else (self.title, self.explanation)

    def fitting(self, config: RunConfig, sign: Sign) -> tuple[Remedy, ...]:
        """What helps against what was found: remedies whose settings this kind of model has and that change something, and that
        no rule refuses.
        """
        kind = kind_of(config)

        def fits(remedy: Remedy) -> bool:
            after = with_changes(config, dict(remedy.changes))
            refused = any(rule.broken(after) and not rule.broken(config) for rule in RULES)
            fits = not refused and all(kind.applies(name) for name in remedy.changes)
            return fits and (not remedy.changes or after != config)

        return tuple(filter(fits, sign.remedies or self.remedies(config)))


@dataclass(frozen=True)
class Finding:
    """A diagnosis, found. Attributes as in `Diagnosis` and `Sign`."""

    name: str
    title: str
    severity: Severity
    step: int
    since: int
    lasting: bool
    evidence: str
    columns: tuple[str, ...]
    explanation: str
    remedies: tuple[Remedy, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def lasting_sign(
    trace: RunTrace, holds: Mask, words: str, values: Mapping[str, Column], windows: float = PATIENCE
) -> Sign | None:
    """A sign if `holds` (N,) was true for `windows` windows without a break; else None.

    Args:
        trace: the run.
        holds: whether the condition is met at each recorded step.
        words: the evidence, a format string of the names in `values`, `since` and `step`.
        values: name -> column (N,), of which the value at the step found is inserted.
        windows: for how long.
    """
    place = trace.first_lasting(holds, windows)
    if place is None:
        return None
    step, since = int(trace.steps[place]), int(trace.steps[place - round(windows * trace.window) + 1])
    shown = {name: Significant(column[place]) for name, column in values.items()}
    return Sign(step, since, words.format(**shown, since=since, step=step), lasting=trace.lasts_now(holds))


def of_images(config: RunConfig) -> bool:
    """Whether the data are images, and no points in the plane."""
    return DATASETS.find(config.dataset.name).domain == "images"


def slower_d(config: RunConfig, factor: float = 0.25) -> Remedy:
    """A smaller learning rate for D."""
    return _slower(
        config, "D", factor, "G catches up while D takes smaller steps (two learning rates, Heusel et al. 2017)."
    )


def slower_g(config: RunConfig, factor: float) -> Remedy:
    """A smaller learning rate for G."""
    return _slower(config, "G", factor, "D answers what G does before G has moved on.")


def _slower(config: RunConfig, symbol: str, factor: float, why: str) -> Remedy:
    name = {"D": "discriminator_optimizer.learning_rate", "G": "generator_optimizer.learning_rate"}[symbol]
    rate = float(get(config, name)) * factor
    return Remedy(f"Let {symbol} learn slower: learning rate {rate:g}", why, {name: rate}, live=True)
