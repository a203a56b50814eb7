"""Replaying a run: its moments and markers, and going on from one of them another way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from helpers import tiny_run

from gan_core.analysis import comparing, recording
from gan_core.analysis.doctor import Finding
from gan_core.config.settings import from_environment
from gan_core.runs import Run
from gan_core.training import loop, queue


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


def test_the_nearest_checkpoint_at_or_before_a_moment(trained: Run, runs_dir: Path) -> None:
    assert [recording.checkpoint_before(trained, step) for step in (0, 4, 5, 14, 99)] == [0, 0, 5, 10, 20]
    with pytest.raises(ValueError, match="has no checkpoint to go on from yet"):
        recording.checkpoint_before(tiny_run(runs_dir), 5)


def test_checkpoints_without_optimisers_and_moments_before_the_first_are_sentences(
    trained: Run, runs_dir: Path
) -> None:
    copy = copied(trained, runs_dir)
    (copy.checkpoints_dir / "step-00000000" / "optimizer.safetensors").unlink()
    with pytest.raises(ValueError, match=r"is that of step 5\. Move to that step"):
        recording.checkpoint_before(copy, 3)
    for file in copy.checkpoints_dir.glob("*/optimizer.safetensors"):
        file.unlink()
    with pytest.raises(ValueError, match="are for looking at"):
        recording.checkpoint_before(copy, 20)


def copied(run: Run, runs_dir: Path) -> Run:
    shutil.copytree(run.path, runs_dir / "copy")
    return Run(runs_dir / "copy")


def test_a_branch_may_change_what_fits_its_model(trained: Run) -> None:
    names = recording.changeable(comparing.read(trained))
    assert names[:3] == [
        "generator_optimizer.learning_rate",
        "discriminator_optimizer.learning_rate",
        "training.epochs",
    ]
    assert "objective.name" in names
    assert not {"network.width", "training.batch_size", "vae.kl_weight"} & set(names)


def test_going_on_queues_a_run_with_the_same_past_and_only_the_real_changes(trained: Run, runs_dir: Path) -> None:
    same = trained.config().generator_optimizer.learning_rate
    wish = {
        "generator_optimizer.learning_rate": f"{same:g}",
        "training.epochs": 7,
        "discriminator_optimizer.learning_rate": "0.01",
    }
    made = recording.go_on(from_environment(), trained, 10, wish, "  Other way  ")
    assert (made.name, made.path.parent) == ("Other way", runs_dir)
    assert queue.queued_ids(runs_dir) == [made.id]
    (event,) = [event for event in made.events() if event["type"] == "branched"]
    assert event["changes"] == {"training.epochs": 7, "discriminator_optimizer.learning_rate": 0.01}
    assert made.sample_steps() == [0, 5, 10]
    assert comparing.read(made).columns["step"][-1] == 10
    assert loop.train(made).step == 28  # 7 epochs of 4 steps


@pytest.mark.parametrize(
    ("step", "changes", "words"),
    [
        (20, {}, "nothing is left to train after step 20. Set the epochs above 5"),
        (10, {"training.epochs": 2}, "nothing is left to train after step 10. Set the epochs above 2"),
        (10, {"generator_optimizer.learning_rate": "fast"}, "learning_rate"),
        (10, {"network.width": 8}, "cannot be changed in the middle of a run"),
        (7, {}, "has no checkpoint of step 7"),
    ],
)
def test_what_cannot_go_on_is_a_sentence_and_leaves_nothing(trained: Run, runs_dir: Path, step, changes, words) -> None:
    with pytest.raises(ValueError, match=words):
        recording.go_on(from_environment(), trained, step, changes)
    assert not runs_dir.exists() or not list(runs_dir.glob("[a-z]*"))
