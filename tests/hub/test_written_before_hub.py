"""A repository that commit 5fcd404 uploaded is fetched as it was then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from written_helpers import EXPECTED, IDS, WRITTEN, assert_same_metrics, assert_same_picture, lines_of

from gan_core import runs
from tests.hub.server import Hub

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
def test_an_uploaded_run_comes_back_and_draws_what_it_drew(
    hub: Hub, runs_dir: Path, command: Command, tmp_path: Path
) -> None:
    place, before = WRITTEN / "hub", WRITTEN / "runs" / IDS["acgan"]
    files = {file.relative_to(place).as_posix(): file.read_bytes() for file in place.rglob("*") if file.is_file()}
    revision = hub.add("ada/acgan", files)
    status, out, err = command("pull", "ada/acgan")
    assert status == 0, err
    (run,) = runs.list_runs(runs_dir)
    assert out == f"{run.path}\nRevision {revision}, step 20.\n"
    assert (run.name, run.status().state) == ("acgan", "finished")
    assert run.config() == runs.Run(before).config()
    assert run.trainable_steps() == [20] and run.sample_steps() == [0, 10, 20]
    assert_same_metrics(run.metrics_path, before / "metrics.jsonl")
    stored = lines_of(before / "evaluations.jsonl")
    kept = [(line["metric"], line["value"], line["num_samples"]) for line in lines_of(run.evaluations_path)]
    assert kept == [(line["metric"], line["value"], line["num_samples"]) for line in stored]
    assert command("sample", run.id, "--out", tmp_path / "drawn.png", "--count", 4, "--seed", 5)[0] == 0
    assert_same_picture(tmp_path / "drawn.png", EXPECTED / "samples" / f"{before.name}.png")
