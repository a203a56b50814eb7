"""A study from the command line: begun, gone on with, listed; its runs are really trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import MACHINE
from study_helpers import IMAGES, blocks_evaluator

from gan_core import runs
from gan_core.config import settings
from gan_core.experiments import studies
from gan_core.experiments.studies import PLANS
from gan_core.runs import Run
from gan_core.training import queue, supervisor
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]
TINY = ("--epochs", 1, "--images", IMAGES)
ARMS = [arm.name for arm in PLANS["r2-ratios"].arms]


@pytest.fixture
def evaluator(own_folders: None) -> None:
    """One that was never trained, for the plan's data set."""
    blocks_evaluator(settings.evaluators_dir())


@pytest.mark.usefixtures("evaluator")
def test_a_study_is_trained_and_the_same_command_trains_what_is_missing(command: Command, runs_dir: Path) -> None:
    status, out, err = command("study", "r2-ratios", *TINY, "--name", "mine")
    (study,) = studies.STORE.all(runs_dir)
    assert status == 0 and out.splitlines()[0] == str(runs_dir / ".studies" / f"{study.id}.json"), err
    assert out.splitlines()[-1] == "5 finished" and [f"{arm}, seed 0: finished" in out for arm in ARMS] == [True] * 5
    first = Run(runs_dir / study.members[0].run_id)
    first.delete()
    (row,) = json.loads(command("studies", "--json")[1])
    assert row["progress"] == "1 missing, 4 finished" and row["runs"][0]["state"] == "missing"
    assert "1 missing, 4 finished" in command("studies")[1]
    assert command("study", "mine", *TINY)[0] == 0
    (again,) = studies.STORE.all(runs_dir)
    assert [m.run_id for m in again.members[1:]] == [m.run_id for m in study.members[1:]]
    assert runs.find(runs_dir, again.members[0].run_id).status().state == "finished"
    refused(command("study", "r2-ratios", "--name", "mine", "--seeds", 2), "was begun with --seeds 1; got 2", "--name")
    assert len(runs.list_runs(runs_dir)) == 5


@pytest.mark.usefixtures("evaluator")
def test_a_study_may_be_left_to_the_server_of_the_folder(
    command: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)  # which a server finds out
    status, out, err = command("study", "r2-ratios", *TINY, "--seeds", 2, "--queue")
    (study,) = studies.STORE.all(runs_dir)
    assert status == 0 and out.splitlines()[-1] == "10 queued", err
    assert study.name == PLANS["r2-ratios"].title
    assert queue.queued_ids(runs_dir) == [member.run_id for member in study.members]


def test_what_is_no_study_is_one_sentence_and_leaves_nothing(command: Command, runs_dir: Path) -> None:
    refused(command("study", "r2-ratios", *TINY), "There is no evaluator for the data set 'blocks'", "train-evaluator")
    refused(command("study", "nothing"), "There is no plan and no study 'nothing'", "r2-ratios")
    blocks_evaluator(settings.evaluators_dir())
    refused(command("study", "r2-ratios", "--images", IMAGES, "--name", "x" * 61), "at most 60")
    assert command("study", "r2-ratios", "--seeds", 4)[0] == 2
    assert studies.STORE.all(runs_dir) == [] and runs.list_runs(runs_dir) == []
    for _ in range(2):
        studies.new(runs_dir, PLANS["r2-ratios"], "same", 1, IMAGES)
    refused(command("study", "same"), "2 studies are called 'same'. Use one's id")
