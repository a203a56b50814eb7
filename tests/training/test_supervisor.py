"""Background training: the queue and the supervising threads, with worker processes and with threads alike."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from helpers import TINY, eventually, outcome, tiny_run

from gan_core.access import bin
from gan_core.config import RunConfig, with_changes
from gan_core.config.settings import Settings
from gan_core.runs import Run
from gan_core.training import loop, queue, supervisor

LR = "generator_optimizer.learning_rate"


def config(**changes) -> RunConfig:
    return with_changes(RunConfig(), TINY | {name.replace("__", "."): value for name, value in changes.items()})


LONG = config(training__epochs=500_000, recording__checkpoint_every_steps=500, recording__sample_every_steps=500)
SHORT = config()


@pytest.fixture(scope="module", params=[pytest.param("process", marks=pytest.mark.slow), "thread"])
def lab(request, tmp_path_factory, shared_cache) -> Settings:
    """A running server's supervisors over a runs folder of their own, one for all tests of a place."""
    settings = Settings(tmp_path_factory.mktemp("lab") / "runs", shared_cache, request.param)
    patch = pytest.MonkeyPatch()
    patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))  # the worker process inherits it
    supervisor.ensure_supervisors(settings)
    supervisor.wait_until_ready(settings)
    yield settings
    for run_id in queue.queued_ids(settings.runs_dir):
        supervisor.leave(Run(settings.runs_dir / run_id), "stop")
    for place in settings.runs_dir.glob("mnist*"):
        if Run(place).status().state in ("running", "stopping"):
            supervisor.leave(Run(place), "stop")
    patch.undo()


def state(run: Run, wanted: str) -> None:
    eventually(lambda: run.status().state == wanted, f"{run.id} {wanted}, but {run.status()}")


def steps(run: Run, more_than: int = 0) -> None:
    eventually(lambda: run.status().step > more_than, f"{run.id} beyond step {more_than}")


def test_a_waiting_run_that_was_deleted_and_taken_back_can_go_on(runs_dir):
    run = tiny_run(runs_dir)
    queue.enqueue(run)
    supervisor.delete(run)
    (thing,) = bin.binned(runs_dir)
    bin.restore(thing)
    assert run.status().state == "stopped" and queue.queued_ids(runs_dir) == []
    supervisor.resume(run)
    assert queue.queued_ids(runs_dir) == [run.id]


def test_a_run_that_is_queued_and_in_no_queue_is_stopped_at_once(runs_dir):
    run = tiny_run(runs_dir)
    assert run.status().state == "queued" and queue.queued_ids(runs_dir) == []
    supervisor.leave(run, "stop")
    assert run.status().state == "stopped"
    run = tiny_run(runs_dir)
    with run.lock():  # a trainer is about to begin: it reads the command
        supervisor.leave(run, "pause")
    assert (run.status().state, run.control().command) == ("queued", "pause")


def test_a_submitted_run_trains_to_its_end_and_equals_one_trained_directly(lab, runs_dir):
    run, direct = supervisor.submit(lab, SHORT, "my digits"), tiny_run(runs_dir)
    assert run.name == "my digits"
    state(run, "finished")
    loop.train(direct)
    assert outcome(run) == outcome(direct)


def test_a_submitted_run_is_pauseable_resumable_and_stoppable(lab):
    run = supervisor.submit(lab, LONG)
    steps(run)
    supervisor.leave(run, "pause")
    state(run, "paused")
    paused_at = run.status().step
    assert run.checkpoint_steps()[-1] == paused_at
    supervisor.resume(run)
    steps(run, paused_at)
    supervisor.leave(run, "stop")
    state(run, "stopped")
    assert run.checkpoint_steps()[-1] == run.status().step
    kinds = [event["type"] for event in run.events() if event["type"] != "checkpoint"]
    assert kinds == ["started", "paused", "resumed", "stopped"]


def test_others_wait_in_order_with_their_places(lab):
    first = supervisor.submit(lab, LONG)
    steps(first)
    second, third, fourth = (supervisor.submit(lab, SHORT) for _ in range(3))
    assert [queue.position(run) for run in (first, second, third, fourth)] == [0, 1, 2, 3]
    assert {run.status().state for run in (second, third, fourth)} == {"queued"}
    supervisor.leave(third, "stop")
    assert third.status().state == "stopped"
    assert [queue.position(run) for run in (second, third, fourth)] == [1, 0, 2]
    supervisor.delete(fourth)
    assert not fourth.path.exists() and queue.queued_ids(lab.runs_dir) == [second.id]
    supervisor.leave(first, "stop")
    state(second, "finished")
    assert second.events()[0]["time"] >= first.events()[-1]["time"]
    assert third.status().step == 0


def test_a_live_learning_rate_is_answered_with_an_event_of_old_and_new(lab):
    run = supervisor.submit(lab, LONG)
    steps(run)
    supervisor.change_live(run, {LR: "0.001"})
    event = eventually(lambda: [e for e in run.events() if e["type"] == "override"], "an answer")[0]
    assert (event["changes"], event["before"]) == ({LR: 0.001}, {LR: 0.0002})
    supervisor.change_live(run, {LR: 0.001})  # holds already
    assert run.control().sequence == 1
    with pytest.raises(ValueError, match=r"generator_optimizer.learning_rate.*less than or equal to 1"):
        supervisor.change_live(run, {LR: 2})
    with pytest.raises(ValueError, match=r"'training.epochs' cannot be changed during training. These can: "):
        supervisor.change_live(run, {"training.epochs": 3})
    supervisor.leave(run, "stop")
    state(run, "stopped")


def test_a_training_run_can_neither_be_deleted_nor_queued_again(lab):
    run = supervisor.submit(lab, LONG)
    steps(run)
    with pytest.raises(ValueError, match=r"is training\. Stop it before you delete it"):
        supervisor.delete(run)
    with pytest.raises(ValueError, match="is being trained by another process"):
        supervisor.resume(run)
    supervisor.leave(run, "stop")
    state(run, "stopped")
    supervisor.delete(run)
    assert not run.path.exists()


def test_a_failed_run_leaves_the_queue_going(lab, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index in range(20):
        (pictures / f"{index}.png").write_bytes(b"no picture")
    failing = supervisor.submit(
        lab, config(dataset__name="folder", dataset__root=str(pictures), dataset__num_images=0), "no pictures"
    )
    following = supervisor.submit(lab, SHORT)
    state(failing, "failed")
    assert "None of the 20 pictures" in failing.status().error
    state(following, "finished")


def test_what_cannot_run_is_refused_and_leaves_nothing(lab, tmp_path):
    before = sorted(p.name for p in lab.runs_dir.iterdir())
    refusals = {
        "data set has 60 images, fewer than one batch of 64": config(training__batch_size=64),
        "power of two": config(dataset__image_size=24),
        "There is no folder": config(dataset__name="folder", dataset__root=str(tmp_path / "nowhere")),
        "no device 'cuda:7'": config(training__device="cuda:7"),
    }
    for sentence, refused in refusals.items():
        with pytest.raises(ValueError, match=sentence):
            supervisor.submit(lab, refused)
    assert sorted(p.name for p in lab.runs_dir.iterdir()) == before


def test_supervisors_are_started_once_however_often_a_page_asks(lab):
    for _ in range(5):
        supervisor.ensure_supervisors(lab)
    assert [t.name for t in threading.enumerate()].count(f"ganvas-jobs:{lab.runs_dir}") == 1


def test_a_runs_folder_that_cannot_be_written_is_refused_at_once_with_its_name(tmp_path, shared_cache):
    (tmp_path / "file").touch()
    settings = Settings(tmp_path / "file" / "runs", shared_cache, "thread")
    supervisor.ensure_supervisors(settings)
    with pytest.raises(ValueError, match=r"The runs folder .*/file/runs cannot be written \(Not a directory\)"):
        supervisor.submit(settings, SHORT)


# the queue on its own


def test_the_queue_is_on_disk_and_in_order(runs_dir):
    queued = [tiny_run(runs_dir) for _ in range(4)]
    for run in queued:
        queue.enqueue(run)
        queue.enqueue(run)  # once is enough
    assert queue.queued_ids(Path(runs_dir)) == [run.id for run in queued]
    assert queue.withdraw(queued[1]) and not queue.withdraw(queued[1])
    shutil.rmtree(queued[0].path)
    claimed = [queue.claim_next(runs_dir, "cpu") for _ in range(3)]
    assert [run and run.id for run in claimed] == [queued[2].id, queued[3].id, None]


def test_a_run_waits_for_its_own_device(runs_dir):
    run = tiny_run(runs_dir)
    queue.enqueue(run)
    assert queue.claim_next(runs_dir, "cuda:0") is None
    assert queue.claim_next(runs_dir, "cpu") is not None


def test_each_queued_run_is_claimed_by_one_of_many_threads(runs_dir):
    queued = [tiny_run(runs_dir) for _ in range(20)]
    for run in queued:
        queue.enqueue(run)
    claimed: list[str] = []

    def claim():
        while run := queue.claim_next(runs_dir, "cpu"):
            claimed.append(run.id)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(run.id for run in queued)


def test_a_marker_of_a_run_that_was_trained_meanwhile_is_dropped(runs_dir):
    """The command line paused it; the queue must not train it behind the user's back."""
    run = tiny_run(runs_dir)
    queue.enqueue(run)
    loop.train(run, request=lambda: "pause")
    assert queue.claim_next(runs_dir, "cpu") is None
    assert run.status().state == "paused" and queue.queued_ids(runs_dir) == []


def test_strange_files_in_the_queue_are_passed_over(runs_dir):
    run = tiny_run(runs_dir)
    queue.enqueue(run)
    for name in ("junk", "00000000000000000001.../etc", "00000000000000000002.gone"):
        (runs_dir / ".queue" / name.replace("/", "")).touch()
    claimed = queue.claim_next(runs_dir, "cpu")
    assert claimed is not None and claimed.id == run.id
