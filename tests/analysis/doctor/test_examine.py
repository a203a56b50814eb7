"""The doctor at real run directories, whole and half-written, and on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import tiny_run

from gan_core import runs
from gan_core.analysis.doctor.examine import examine, trace_of
from gan_core.cli import main
from gan_core.runs.recovery import damaged_lines
from gan_core.training import loop


def sick_log(run) -> None:
    """R4-e's story in the run's log of metrics."""
    lines = []
    for step in range(1, 1501):
        won = step > 500
        lines.append({"step": step, "loss/g": 5 + 60 * won, "loss/d": 0.5 - 0.4999 * won,
                      "prob/real": 0.8 + 0.199 * won, "prob/fake_before": 0.2 - 0.1999 * won})  # fmt: skip
    run.metrics_path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def ask(capsys, *arguments: str) -> str:
    main.app([*arguments], standalone_mode=False)
    return capsys.readouterr().out


def test_a_short_real_run_is_healthy(runs_dir):
    run = tiny_run(runs_dir)
    loop.train(run)
    assert examine(run) == []
    trace = trace_of(run)
    assert (trace.num_images, trace.steps_per_epoch, len(trace.steps)) == (60, 4, 20)
    assert np.isfinite(trace.columns["spread/fake"]).any()


def test_a_sick_run_is_told_with_remedies_that_can_be_typed(runs_dir, capsys):
    run = tiny_run(runs_dir, "ill")
    sick_log(run)
    words = ask(capsys, "diagnose", "ill", "--runs-dir", str(runs_dir))
    assert "WARNING: The discriminator is too strong (discriminator_won), since step" in words
    assert "--set discriminator_optimizer.learning_rate=" in words
    found = json.loads(ask(capsys, "diagnose", run.id, "--runs-dir", str(runs_dir), "--json"))
    assert [finding["name"] for finding in found] == ["bce_clamp", "discriminator_won"]
    assert all(finding["remedies"] for finding in found)


def test_a_run_that_only_has_a_configuration_and_a_torn_line_is_read(runs_dir, capsys):
    run = tiny_run(runs_dir, "half")
    sick_log(run)
    run.metrics_path.write_bytes(run.metrics_path.read_bytes()[:-20])
    for file in ("status.json", "about.json", "control.json"):
        (run.path / file).unlink()
    assert [finding.name for finding in examine(runs.find(runs_dir, run.id))] == ["bce_clamp", "discriminator_won"]


@pytest.mark.parametrize("content", [b"no json\n", b'["a list"]\n', b"\xff\xfe\n"])
def test_damaged_lines_of_the_log_are_left_out(runs_dir, content):
    run = tiny_run(runs_dir)
    sick_log(run)
    found = [finding.name for finding in examine(run)]
    run.metrics_path.write_bytes(content + run.metrics_path.read_bytes() + content)
    assert [finding.name for finding in examine(run)] == found and found
    assert damaged_lines(run) == ["2 damaged lines of metrics.jsonl were skipped."]
