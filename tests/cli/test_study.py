"""study and studies: the same studies as the page queues."""

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
from gan_core.training import queue, supervisor
from tests.cli.test_main import refused

Command = Callable[..., tuple[int, str, str]]
ARMS = len(PLANS["r2-ratios"].arms)


def test_a_study_queues_its_runs_and_later_those_it_lacks(
    command: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks_evaluator(settings.evaluators_dir())
    monkeypatch.setattr(supervisor, "machine", lambda chosen: MACHINE)
    status, out, err = command("study", "r2-ratios", "--epochs", 2, "--images", IMAGES, "--name", "Weights")
    assert status == 0 and f"Weights: {ARMS} queued" in out, err
    assert len(queue.queued_ids(runs_dir)) == ARMS
    supervisor.delete(runs.list_runs(runs_dir)[0])
    (row,) = json.loads(command("studies", "--json")[1])
    assert row["name"] == "Weights" and sorted(row["progress"].split(", ")) == ["1 missing", f"{ARMS - 1} queued"]
    assert command("study", "r2-ratios", "--name", "Weights")[0] == 0
    assert len(queue.queued_ids(runs_dir)) == ARMS and len(studies.STORE.all(runs_dir)) == 1
    refused(command("study", "r2-ratios", "--name", "Weights", "--epochs", 3), "exists; it keeps its epochs")
    refused(command("study", "r2-ratios", "--seeds", 9), "1 to 3 times; got 9")


def test_a_study_that_cannot_be_queued_is_refused_with_the_way_out(command: Command, runs_dir: Path) -> None:
    refused(command("study", "nothing"), "Unknown study 'nothing'. Choose one of: r2-ratios.")
    refused(command("study", "r2-ratios"), "There is no evaluator", "python -m gan_core train-evaluator blocks")
    blocks_evaluator(settings.evaluators_dir())
    refused(command("study", "r2-ratios"), "No server has trained in", "python -m gan_core")
    assert studies.STORE.all(runs_dir) == []
