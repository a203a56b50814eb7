"""treat: the doctor's buttons as a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core import runs
from gan_core.analysis.doctor.examine import examine
from gan_core.config import get
from gan_core.experiments import follow_up
from gan_core.runs import Run
from gan_core.training import loop
from tests.analysis.doctor.test_examine import sick_log
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(runs_dir: Path) -> Run:
    made = tiny_run(runs_dir, "ill")
    sick_log(made)
    return made


def remedies(run: Run, name: str) -> list[follow_up.Remedy]:
    return next(list(found.remedies) for found in examine(run) if found.name == name)


def test_a_remedy_changes_a_run_that_trains(command: Command, run: Run) -> None:
    run.write_status(replace(run.status(), state="running"))
    there = remedies(run, "discriminator_won")
    number = next(place for place, remedy in enumerate(there, 1) if remedy.live)
    assert f"{number}. {there[number - 1].title}." in command("diagnose", "ill")[1]
    status, out, _err = command("treat", "ill", "discriminator_won", "--remedy", number)
    assert status == 0 and there[number - 1].title in " ".join(out.split())
    assert run.control().overrides == dict(there[number - 1].changes)


def test_elsewhere_a_new_run_with_the_remedy_is_trained(command: Command, run: Run, runs_dir: Path) -> None:
    remedy = remedies(run, "bce_clamp")[0]
    status, out, err = command("treat", run.id, "bce_clamp", "--remedy", 1)
    assert status == 0, err
    made = runs.find(runs_dir, Path(out.splitlines()[0]).name)
    assert made.status().state == "finished" and made.name == follow_up.treated_title(run, remedy)
    assert {name: get(made.config(), name) for name in remedy.changes} == dict(remedy.changes)


def test_from_a_healthy_checkpoint_it_is_a_branch(command: Command, runs_dir: Path) -> None:
    run = tiny_run(runs_dir, "ill")
    loop.train(run)
    sick_log(run)
    found = next(one for one in examine(run) if one.name == "discriminator_won")
    branching = [
        place
        for place, remedy in enumerate(found.remedies, 1)
        if (how := follow_up.treatment(run, found, remedy)) and how.kind == "branch"
    ]
    status, out, err = command("treat", "ill", "discriminator_won", "--remedy", branching[0])
    assert status == 0, err
    made = runs.find(runs_dir, Path(out.splitlines()[0]).name)
    assert made.status().state == "finished" and any(event["type"] == "branched" for event in made.events())


def test_a_wrong_finding_or_remedy_is_refused_with_those_that_there_are(command: Command, run: Run) -> None:
    refused(command("treat", "ill", "measles"), "`diagnose` finds no 'measles' in 'ill'", "discriminator_won")
    refused(command("treat", "ill", "discriminator_won", "--remedy", 99), "Choose with --remedy", "1: ", "2: ")
    refused(command("treat", "ill", "discriminator_won"), "Choose with --remedy")
    refused(command("treat", "nobody", "discriminator_won"), "There is no run 'nobody'")
