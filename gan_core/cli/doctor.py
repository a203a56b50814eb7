"""The command that diagnoses a run."""

from __future__ import annotations

import json

import typer

from gan_core import runs
from gan_core.analysis.doctor import Finding, Remedy
from gan_core.analysis.doctor.examine import examine
from gan_core.cli.terminal import AsJson, RunsDir, runs_folder, tell_damage
from gan_core.runs import Run


def diagnose(
    run: str = typer.Argument(metavar="RUN", help="A run's id or name, as `runs` lists them, or its folder."),
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Report whether the training of a run is failing, why, and what helps."""
    chosen = runs.find(runs_folder(runs_dir), run)
    tell_damage(chosen)
    found = examine(chosen)
    if as_json:
        print(json.dumps([finding.to_dict() for finding in found], indent=2))
    elif not found:
        print("Nothing found that would explain a failure.")
    else:
        print("\n\n".join(in_words(finding) for finding in found))


def chosen(run: Run, name: str, number: int | None) -> tuple[Finding, Remedy]:
    """A finding of a run and one of its remedies, counted from 1; without a number the only one.

    Raises:
        ValueError: no such finding, or no such remedy, or several and no number.
    """
    found = {finding.name: finding for finding in examine(run)}
    if name not in found:
        raise ValueError(
            f"`diagnose` finds no '{name:.80}' in '{run.name}'. It finds: {', '.join(found) or 'nothing'}."
        )
    remedies = found[name].remedies
    if number is None and len(remedies) == 1:
        number = 1
    if number is None or not 1 <= number <= len(remedies):
        there = "; ".join(f"{place}: {remedy.title}" for place, remedy in enumerate(remedies, 1))
        raise ValueError(f"Choose with --remedy what is to be done about '{name}'. {there or 'Nothing is proposed.'}")
    return found[name], remedies[number - 1]


def in_words(finding: Finding) -> str:
    """A finding as a few lines of text."""
    when = f"since step {finding.since:,}" if finding.lasting else f"from step {finding.since:,}, over by now"
    lines = [f"{finding.severity.upper()}: {finding.title} ({finding.name}), {when}"]
    lines += [f"  {finding.evidence}", f"  {finding.explanation}"]
    for number, remedy in enumerate(finding.remedies, 1):
        settings = " ".join(f"--set {name}={value}" for name, value in remedy.changes.items())
        lines.append(f"  {number}. {remedy.title}. {remedy.why}" + (f" [{settings}]" if settings else ""))
    return "\n".join(lines)
