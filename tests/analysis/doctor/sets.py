"""The runs of `benchmarks.doctor_runs`: what each was, what was measured of it, and what the doctor says.

Whether a run is sick was decided by how it was trained and by what its last generator draws, never by the doctor:
a broken run is sick if its images are measurably far from real ones, or if what breaks it is a fact of its settings; a sound
recipe is healthy if it draws at least seven digits. Whatever is neither is listed and not counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.analysis.doctor import RunTrace, diagnose
from gan_core.config import parse_config
from gan_core.evaluation.statistics.intervals import Count, wilson

PLACE = Path(__file__).parent / "traces"
SETS = ("development", "test")
FAR = 120.0  # Fréchet distance; healthy GANs of this size have 20 to 75
FEW_DIGITS, NARROW = (
    6,
    0.1,
)  # digits with a share of 2 % at least, recall; healthy GANs have 9 or 10, and 0.3 to 0.9; a VAE's blur has 7
FACTS = ("20-images", "z-of-1")  # sick whatever is measured
NAMES = {
    "d-rate-100": {"learning_rate_too_high", "discriminator_won", "mode_collapse"},
    "d-rate-10-g-0.1": {"learning_rate_too_high", "discriminator_won", "mode_collapse"},
    "g-still": {"generator_idle", "discriminator_won"},
    "d-still": {"discriminator_idle"},
    "20-critic-steps": {"discriminator_won"},
    "20-images": {"too_few_images", "memorisation"},
    "fakes-unpaid": {"one_sided"},
    "kl-10": {"kl_collapse"},
    "kl-1e-8": {"prior_hole"},
    "lsgan-d-rate-100": {"learning_rate_too_high", "discriminator_won", "mode_collapse"},
    "lsgan-g-still": {"generator_idle", "discriminator_won"},
    "sngan-d-rate-100": {"learning_rate_too_high", "discriminator_won", "mode_collapse"},
    "wgan-clip-0.5": {"unbounded_critic", "mode_collapse"},
    "wgan-unbounded": {"unbounded_critic", "mode_collapse"},
    "wgan-gp-weight-1e5": {"penalty_dominates", "mode_collapse"},
    "weak-d": {"mode_collapse", "learning_rate_too_high", "discriminator_idle"},
    "z-of-1": {"narrow_latent", "mode_collapse"},
    "acgan-label-100": {"label_dominates", "mode_collapse"},
}  # the names of which any is right


@dataclass(frozen=True)
class Short:
    """A run of a set.

    Attributes:
        name, way: its own, and that of how it was trained.
        broken: whether that is a way to break a run.
        measured: of its last generator; empty if it failed.
        trace: its curves.
    """

    name: str
    way: str
    broken: bool
    measured: dict[str, float]
    trace: RunTrace

    @property
    def truth(self) -> str:
        """ "sick", "healthy" or "unclear"."""
        bad = not self.measured or (
            self.measured["digits"] <= FEW_DIGITS
            or (self.broken and (self.measured["fd"] > FAR or self.measured["recall"] < NARROW))
        )
        if self.broken:
            return "sick" if bad or self.way in FACTS else "unclear"
        return "healthy" if not bad else "unclear"

    @cached_property
    def found(self) -> frozenset[str]:
        """What the doctor says of its curves."""
        return frozenset(finding.name for finding in diagnose(self.trace))

    @property
    def right(self) -> bool:
        """Whether the doctor is: a right name for a sick run, no name for a healthy one."""
        return bool(self.found & NAMES[self.way]) if self.truth == "sick" else not self.found


def short_runs(which: str) -> Iterator[Short]:
    """The runs of a set that are there."""
    for line in lines(which):
        with np.load(PLACE / which / f"{line['name']}.npz") as stored:
            columns = {name.replace(".", "/"): stored[name].astype(np.float64) for name in stored.files}
        trace = RunTrace(
            columns, parse_config(line["config"]), line["num_images"], line["steps_per_epoch"], line["error"]
        )
        yield Short(line["name"], line["way"], line["sick"], line["measured"], trace)


def lines(which: str) -> list[dict[str, Any]]:
    """What was kept of each run of a set."""
    found: list[dict[str, Any]] = json.loads((PLACE / f"{which}.json").read_text("utf-8"))
    return found


def summary(runs: list[Short]) -> tuple[list[bool], list[bool]]:
    """Whether each sick run was named, and whether each healthy one was alarmed."""
    named = [run.right for run in runs if run.truth == "sick"]
    return named, [not run.right for run in runs if run.truth == "healthy"]


def tables() -> str:
    """Both sets as Markdown: hits and false alarms, then the ways one by one."""
    sets = {which: list(short_runs(which)) for which in SETS}
    head = "| set | sick runs named | healthy runs named anything | unclear, not counted |\n|---|---|---|---|\n"
    rows = []
    for which, runs in sets.items():
        named, alarmed = summary(runs)
        unclear = ", ".join(sorted(run.name for run in runs if run.truth == "unclear")) or "-"
        rows.append(f"| {which} | {share(named)} | {share(alarmed)} | {unclear} |\n")
    ways = (
        "\n| way | "
        + " | ".join(f"{which}: Fréchet distance, digits | named" for which in SETS)
        + " |\n|---|"
        + "---|" * 4
        + "\n"
    )
    for way in sorted({run.way for runs in sets.values() for run in runs}, key=lambda way: (way in NAMES, way)):
        cells = []
        for runs in sets.values():
            mine = [run for run in runs if run.way == way]
            cells.append("; ".join(_measured(run) for run in mine) or "-")
            cells.append("; ".join(", ".join(sorted(run.found)) or "nothing" for run in mine) or "-")
        ways += f"| `{way}` | " + " | ".join(cells) + " |\n"
    return head + "".join(rows) + ways


def _measured(run: Short) -> str:
    return f"{run.measured['fd']:.0f}, {run.measured['digits']:.0f}" if run.measured else "failed"


def share(outcomes: list[bool]) -> str:
    """How many of them are true, with the 95 % interval (Wilson) of their share."""
    if not outcomes:
        return "-"
    low, high = wilson(Count(sum(outcomes), len(outcomes))).interval
    return f"{sum(outcomes)}/{len(outcomes)} ({low:.0%} to {high:.0%})"
