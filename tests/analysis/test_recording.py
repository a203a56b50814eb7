"""Replaying a run: its moments, values and markers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.analysis import comparing, recording
from gan_core.analysis.doctor import Finding
from gan_core.runs import Run
from gan_core.training import loop


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    """20 steps, a sample grid and a checkpoint every 5."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        run = tiny_run(tmp_path_factory.mktemp("replayed"), "Parent")
        assert loop.train(run).state == "finished"
    return run


def found(step: int, since: int) -> Finding:
    return Finding(
        "mode_collapse", "Mode collapse", "warning", step, since, True, "All alike.", ("spread/fake",), "Why.", ()
    )


def test_the_slider_stops_at_every_picture_and_evenly_between(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one = comparing.read(trained)
    assert recording.moments(one, trained.sample_steps()) == list(range(21))
    monkeypatch.setattr(recording, "MAX_MOMENTS", 3)
    assert recording.moments(one, [0, 5, 10]) == [0, 1, 5, 10, 11, 20]


def test_a_value_is_the_last_recorded_by_then_with_its_own_step(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.metrics_path.write_text(
        "".join(json.dumps(x) + "\n" for x in ({"step": 2, "a": 0.5}, {"step": 4, "b": 9}, {"step": 6, "a": 7}))
    )
    values = recording.values_at(comparing.read(run), [0, 2, 3, 5, 6, 9], ["a", "b", "c", "step"])
    assert values == {
        "a": [None, (0.5, 2), (0.5, 2), (0.5, 2), (7.0, 6), (7.0, 6)],
        "b": [None, None, None, (9.0, 4), (9.0, 4), (9.0, 4)],
    }


def test_minutes_count_from_the_first_recorded_step(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.metrics_path.write_text("".join(json.dumps({"step": s, "time": 60.0 * s}) + "\n" for s in (1, 2, 3)))
    assert recording.minutes_at(comparing.read(run), [0, 1, 3]) == [None, 0.0, 2.0]


def test_markers_come_in_order_with_findings_where_they_could_be_said(runs_dir: Path) -> None:
    run = tiny_run(runs_dir)
    run.add_event("started", 0)
    run.add_event("override", 7, changes={"generator_optimizer.learning_rate": 0.001})
    run.add_event("failed", 12, error="Loss is not finite.")
    marked = [(m.step, m.kind, m.title, m.detail, m.since) for m in recording.markers(run, [found(10, 4)])]
    assert marked == [
        (7, "change", "override", "generator_optimizer.learning_rate 0.001", 0),
        (10, "warning", "Mode collapse", "All alike.", 4),
        (12, "event", "failed", "Loss is not finite.", 0),
    ]


def test_the_checkpoints_that_are_there_are_marked(trained: Run) -> None:
    marked = [m.step for m in recording.markers(trained, []) if m.kind == "checkpoint"]
    assert marked == trained.checkpoint_steps() == [0, 5, 10, 15, 20]
