"""How often the doctor is right: hits and false alarms over recorded and made traces, as a table.

    python -m tests.analysis.doctor.rates [--write]     prints it, and puts it into docs/doctor.md

A hit is a sickness that a trace shows and the doctor names; a false alarm is a name for what the trace does not show. What a
recorded run shows was decided by looking at its samples and stands in traces/cases.json. Only traces that recorded what a
diagnosis reads count for it. Thresholds were set with these traces at hand, so the table says how well they fit; how well they do on
runs that no threshold has seen, `sets` says of its test set.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from gan_core.analysis.doctor import DIAGNOSES, RunTrace, diagnose
from gan_core.config import parse_config
from gan_core.config.settings import PROJECT_DIR
from tests.analysis.doctor import made, sets

PAGE = PROJECT_DIR / "docs" / "doctor.md"
PLACE = sets.PLACE
SEEDS = range(5)  # of each made trace


@dataclass(frozen=True)
class Case:
    """A trace, what it shows, and whether it was recorded."""

    name: str
    trace: RunTrace
    shows: frozenset[str]
    recorded: bool

    def could_show(self, name: str) -> bool:
        """Whether a diagnosis finds anything to read in it; a run without D's logits on held-out images proves nothing."""
        columns = DIAGNOSES[name].columns
        return not columns or any(column in self.trace.columns for column in columns)

    @cached_property
    def found(self) -> frozenset[str]:
        """What the doctor says."""
        return frozenset(finding.name for finding in diagnose(self.trace))


def recorded() -> Iterator[Case]:
    """The runs that were really trained."""
    for case in json.loads((PLACE / "cases.json").read_text("utf-8")):
        with np.load(PLACE / f"{case['name']}.npz") as stored:
            columns = {name.replace(".", "/"): stored[name].astype(np.float64) for name in stored.files}
        trace = RunTrace(
            columns, parse_config(case["config"]), case["num_images"], case["steps_per_epoch"], case["error"]
        )
        yield Case(case["name"], trace, frozenset(case["shows"]), recorded=True)


def synthetic() -> Iterator[Case]:
    """Healthy noise with one sickness each, and without any."""
    for seed in SEEDS:
        yield Case(f"made healthy {seed}", made.trace(made.healthy(seed)), frozenset(), recorded=False)
        for name, (spoil, changes, _began) in made.SICK.items():
            columns = made.healthy(seed)
            spoil(columns)
            yield Case(f"made {name} {seed}", made.trace(columns, **changes), frozenset({name}), recorded=False)
        for shows, trace in made.others(seed):
            yield Case(f"made {'-'.join(sorted(shows))} {seed}", trace, frozenset(shows), recorded=False)


@cache
def cases() -> tuple[Case, ...]:
    """All of both kinds, read and asked once."""
    return (*recorded(), *synthetic())


def rows() -> list[tuple[str, ...]]:
    """One row a diagnosis: hits and false alarms over recorded traces, and over made ones."""
    asked = [(case, case.found) for case in cases()]
    table = []
    for name in DIAGNOSES:
        cells = [name]
        for kind in (True, False):
            could = [(case, found) for case, found in asked if case.recorded is kind and case.could_show(name)]
            sick = [name in found for case, found in could if name in case.shows]
            well = [name in found for case, found in could if name not in case.shows]
            cells += [sets.share(sick), sets.share(well)]
        table.append(tuple(cells))
    return table


def table() -> str:
    """The same as Markdown."""
    head = "| finding | recorded: hits | recorded: false alarms | made: hits | made: false alarms |\n|---|---|---|---|---|\n"
    return head + "".join(f"| `{row[0]}` | " + " | ".join(row[1:]) + " |\n" for row in rows())


def write() -> None:
    """Puts both tables into the page, in the place of those that stand there."""
    text = re.sub(r"\| finding \|.*?\n(?=\n)", table(), PAGE.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"\| set \|.*?\n\n.*?\n(?=\n)", sets.tables(), text, flags=re.DOTALL)
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    print(f"{table()}\n{sets.tables()}")
