"""Work on latents: one process for all who want the same, progress, cancel, cache, and every way it can end badly."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from filelock import FileLock
from helpers import eventually, tiny_run

from gan_core import access, datasets
from gan_core.access import classroom
from gan_core.config import registry
from gan_core.config.settings import PROJECT_DIR
from gan_core.datasets.held_out import held_out
from gan_core.jobs import data, task_worker
from gan_core.jobs import task as background
from gan_core.jobs.task import Progress, Task, cancel, folder, progress, result, start
from gan_core.latents import vae_map
from gan_core.latents.vae_map import LatentMap
from gan_core.processes.process import NICENESS
from gan_core.runs import Run
from gan_core.runs.autoencoder import open_autoencoder
from gan_core.training import loop

NUM_IMAGES, NUM_POINTS = 70, 40


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    """A trained VAE of 20 steps at 8 px."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE_DIR", str(shared_cache))
        made = tiny_run(tmp_path_factory.mktemp("vae"), network__name="vae", training__ema_decay=0.0)
        assert loop.train(made).state == "finished"
    return made


@pytest.fixture
def wish(run: Run, tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> LatentMap:
    """A map of its own: in a cache that holds only prepared images."""
    (tmp_path / "cache").mkdir()
    for prepared in shared_cache.glob("mnist5k-*"):
        (tmp_path / "cache" / prepared.name).symlink_to(prepared)
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))
    return LatentMap(str(run.path), 20, NUM_IMAGES, NUM_POINTS, 10.0, 0)


@pytest.fixture
def task(wish: LatentMap) -> Task:
    return wish.task


@pytest.fixture
def measuring(wish: LatentMap) -> Task:
    return wish.measuring.task


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders of the tasks for which a process would have been started; none is."""
    begun: list[Path] = []
    monkeypatch.setattr(background, "_launch", lambda place, actor: begun.append(place))
    return begun


def work_here(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts a task that is worked on in this process."""
    with monkeypatch.context() as patch:
        patch.setattr(background, "_launch", lambda place, actor: task_worker.work(place))
        start(task)


@pytest.mark.slow
def test_a_process_of_its_own_makes_the_map(task: Task, measuring: Task, run: Run) -> None:
    assert progress(task).state == "new"
    start(task)
    assert progress(task).state == "running"
    eventually(lambda: progress(task).state != "running", "the end of the task", timeout_s=120)
    assert progress(task) == Progress("done")
    assert progress(measuring) == Progress("done")  # made on the way, and kept
    arrays = result(task)
    assert arrays["points"].shape == (NUM_POINTS, 2)
    found = held_out(run.config().dataset).images(NUM_IMAGES)
    latents, errors = open_autoencoder(run).measure(found.images)
    np.testing.assert_allclose(arrays["latents"], latents, atol=1e-4)
    np.testing.assert_allclose(arrays["errors"], errors, atol=1e-5)
    np.testing.assert_array_equal(arrays["labels"], found.labels)
    assert arrays["label_names"].tolist() == list(found.label_names)


def test_training_images_are_measured_in_the_same_way(task: Task, measuring: Task, run: Run, monkeypatch) -> None:
    monkeypatch.setattr(vae_map, "NUM_TRAINING_IMAGES", 30)
    work_here(measuring, monkeypatch)
    seen = datasets.prepare(run.config().dataset).images[:30]
    expected = open_autoencoder(run).measure(seen)[1]
    np.testing.assert_allclose(result(measuring)["training_errors"], expected, atol=1e-5)


def test_progress_tells_stage_count_and_divergence(task: Task, monkeypatch) -> None:
    told: list[Progress] = []
    write = task_worker.write_progress
    monkeypatch.setattr(task_worker, "write_progress", lambda place, now: (told.append(now), write(place, now))[1])
    work_here(task, monkeypatch)
    stages = list(dict.fromkeys(now.stage for now in told if now.state == "running"))
    assert stages[-3:] == ["images", "encoding", "tsne"]
    encoded = [now.done for now in told if now.stage == "encoding"]
    assert encoded == sorted(encoded)
    assert encoded[-1] == NUM_IMAGES + 60  # and every training image there is
    last = [now for now in told if now.stage == "tsne"][-2]
    assert 0 < last.done <= last.total == 1000
    assert last.value is not None
    assert told[-1].state == "done"


def test_the_cache_answers_whoever_comes_later(task: Task, measuring: Task, launches: list[Path], monkeypatch) -> None:
    work_here(task, monkeypatch)
    points = result(task)["points"]
    start(task)
    start(measuring)
    assert launches == []
    np.testing.assert_array_equal(result(replace(task))["points"], points)


@pytest.mark.parametrize(
    "change", [{"step": 10}, {"num_images": 71}, {"num_points": 41}, {"perplexity": 9.0}, {"seed": 1}]
)
def test_other_wishes_are_another_task(wish: LatentMap, change: dict[str, float]) -> None:
    assert folder(replace(wish, **change).task) != folder(wish.task)


def test_what_only_a_map_needs_does_not_matter_to_the_measurement(wish: LatentMap) -> None:
    assert folder(replace(wish, perplexity=5.0, seed=3).measuring.task) == folder(wish.measuring.task)
    assert folder(replace(wish, perplexity=10).task) == folder(wish.task)


def test_two_viewers_at_once_share_one_process(task: Task, launches: list[Path]) -> None:
    both = threading.Barrier(2)

    def view() -> None:
        both.wait()
        start(task)

    viewers = [threading.Thread(target=view) for _ in range(2)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert launches == [folder(task)]


@pytest.mark.slow
def test_a_task_that_waits_for_another_can_be_cancelled_and_begun_again(task: Task, monkeypatch) -> None:
    other = folder(task).parent / "other"
    other.mkdir(parents=True)
    background.write_progress(other, Progress("running", "images", 40, 100))
    (other.parent / background.TURN).write_text('{"folder": "other"}')
    with FileLock(other.parent / ".turn.lock"):  # somebody else's work
        start(task)
        eventually(lambda: progress(task).stage == "waiting", "its waiting", timeout_s=60)
        assert (progress(task).done, progress(task).total) == (40, 100)  # how far the other is
        cancel(task)
        eventually(lambda: progress(task).state == "cancelled", "its end")
    assert not (folder(task) / "result.npz").exists()
    launches: list[Path] = []
    monkeypatch.setattr(background, "_launch", lambda place, actor: launches.append(place))
    start(task)
    assert launches == [folder(task)]
    assert progress(task).state == "running"


def test_a_tsne_stops_in_the_middle_when_it_is_cancelled(task: Task, measuring: Task, monkeypatch) -> None:
    def cancelling(self: task_worker.Reporter, stage: str, *counts: object) -> None:
        if stage == "tsne" and counts and counts[0] == 100:
            cancel(task)
        report(self, stage, *counts)

    report = task_worker.Reporter.__call__
    monkeypatch.setattr(task_worker.Reporter, "__call__", cancelling)
    work_here(task, monkeypatch)
    assert progress(task).state == "cancelled"
    assert progress(task).done < 1000
    assert progress(measuring).state == "done"  # what was finished before stays


def test_cancelling_what_does_not_run_changes_nothing(task: Task) -> None:
    folder(task).mkdir(parents=True)
    cancel(task)
    assert progress(task).state == "new"
    assert not (folder(task) / "cancel").exists()


@pytest.mark.slow
def test_a_process_that_is_killed_is_a_sentence(task: Task) -> None:
    folder(task).parent.mkdir(parents=True)
    with FileLock(folder(task).parent / ".turn.lock"):
        start(task)
        eventually(lambda: progress(task).stage == "waiting", "its waiting", timeout_s=60)
        os.kill(worker_of(task).pid, signal.SIGKILL)
        eventually(lambda: progress(task).state == "failed", "its failure")
    assert "ended by signal SIGKILL, usually for lack of memory. Start it again." in progress(task).error


def test_a_process_that_cannot_start_is_a_sentence(task: Task, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    start(task)
    eventually(lambda: progress(task).state == "failed", "its failure")
    assert "ended with code 1" in progress(task).error


@pytest.mark.parametrize(("stage", "limit"), [("encoding", background.STALE_AFTER_S), ("starting", background.START_S)])
def test_without_a_sign_of_life_it_has_failed(task: Task, monkeypatch, stage: str, limit: float) -> None:
    folder(task).mkdir(parents=True)
    background.write_progress(folder(task), Progress("running", stage))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + limit - 2)
    assert progress(task).state == "running"
    monkeypatch.setattr(time, "time", lambda: now + limit + 2)
    assert progress(task).state == "failed"
    assert "ended without a message" in progress(task).error


def test_a_refusal_is_its_sentence(wish: LatentMap, monkeypatch) -> None:
    task = replace(wish, perplexity=30.0).task  # too much for 40 points
    work_here(task, monkeypatch)
    assert progress(task).state == "failed"
    assert "got 40 points and perplexity 30" in progress(task).error


def test_a_fault_of_the_program_names_itself(task: Task, monkeypatch) -> None:
    monkeypatch.setattr(vae_map, "lay_out", lambda *_: 1 / 0)
    work_here(task, monkeypatch)
    assert "ZeroDivisionError" in progress(task).error


def test_a_damaged_result_is_dropped_and_can_be_made_again(task: Task, launches: list[Path], monkeypatch) -> None:
    work_here(task, monkeypatch)
    file = folder(task) / "result.npz"
    for damage in (b"", b"PK\x03\x04 half", file.read_bytes()[:-200]):
        file.write_bytes(damage)
        with pytest.raises(ValueError, match="start it again"):
            result(task)
    background.forget(task)
    start(task)
    assert launches == [folder(task)]


def test_no_flipped_bit_of_a_result_is_an_error_of_another_kind(task: Task, launches, monkeypatch) -> None:
    work_here(task, monkeypatch)
    file = folder(task) / "result.npz"
    whole, sound, refused = file.read_bytes(), result(task), 0
    directory = whole.rindex(b"PK\x01\x02")  # flags and method of compression, among others
    for bit in range(8 * directory, 8 * (directory + 46)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        try:
            found = result(task)
        except ValueError:
            refused += 1
        else:
            assert all(np.array_equal(found[name], sound[name]) for name in found)
    assert refused > 100


def test_a_result_that_is_not_there_is_a_sentence(task: Task) -> None:
    with pytest.raises(ValueError, match="not in the cache"):
        result(task)


def test_a_cache_that_cannot_be_written_is_a_sentence(task: Task, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(ValueError, match="GANVAS_CACHE_DIR"):
        start(task)


def test_a_progress_file_of_another_version_counts_as_none(task: Task) -> None:
    folder(task).mkdir(parents=True)
    (folder(task) / "progress.json").write_text('{"state": "running", "colour": 3}')
    assert progress(task).state == "new"


@pytest.mark.parametrize(
    "name",
    ["", "bake", "os:system", "gan_core:load", "gan_core.latents.vae_map", "gan_core.latents.vae_map:", ":measure",
     "gan_core_evil.x:y", "xgan_core.a:b", "gan_core..os:system", "gan_core.a:b.c", "gan_core.a:__import__", "gan_core.a._b:c",
     "gan_core.a:b\n", "\ngan_core.a:b", "gan_core.a:b c", "gan_core.../os:system", "gan_core.a/../os:system", "gan_core.\u00e4:b",
     "gan_core.a:\u0432", "gan_core.a\x00:b", "GAN_CORE.a:b", "gan_core.a:b;import os"],
)  # fmt: skip
def test_a_function_outside_the_program_is_refused_before_anything_begins(
    name: str, tmp_path: Path, monkeypatch
) -> None:
    with pytest.raises(ValueError, match="A task names a function of the program"):
        Task.of(name)
    imported: list[str] = []
    monkeypatch.setattr(task_worker, "load", imported.append)
    (tmp_path / background.TASK).write_text(json.dumps({"function": name, "arguments": "{}"}))
    task_worker.work(tmp_path)
    assert imported == [] and background.read_progress(tmp_path).state == "failed"


def test_every_task_of_the_program_names_a_function_that_exists() -> None:
    named = {
        name
        for source in (PROJECT_DIR / "gan_core").rglob("*.py")
        for name in re.findall(r'Task\.of\(\s*"([^"]+)"|_task\("([^"]+)"', source.read_text(encoding="utf-8"))
        for name in name
        if name
    }
    assert len(named) >= 12
    for name in named:
        assert callable(registry.load(name))


def worker_of(task: Task) -> psutil.Process:
    (child,) = [
        c for c in psutil.Process().children() if "gan_core.jobs.task_worker" in c.cmdline() and str(folder(task)) in c.cmdline()
    ]  # fmt: skip
    return child


@pytest.mark.slow
def test_work_that_does_not_report_is_ended_within_seconds_of_being_cancelled(tmp_path: Path) -> None:
    """A transfer in the middle of a file: a server that takes the request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_ENDPOINT", address)
            patch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "own"))
            task = data.hub_download("some/faces", tmp_path / "here")
            start(task)
            silent.accept()
            child = worker_of(task)
            assert child.nice() >= min(psutil.Process().nice() + NICENESS, 19)
            session = Path(f"/proc/{child.pid}/autogroup")
            assert not session.exists() or session.read_text().endswith(f" nice {NICENESS}\n")
            assert child.environ()["OMP_NUM_THREADS"] == "1"
            asked = time.monotonic()
            cancel(task)
            eventually(lambda: progress(task).state == "cancelled", "its end")
            eventually(lambda: not child.is_running(), "the end of its process")
            assert time.monotonic() - asked < 15  # two heartbeats, on a busy machine


def test_counts_that_follow_each_other_fast_are_not_all_written(tmp_path: Path, monkeypatch) -> None:
    told: list[Progress] = []
    monkeypatch.setattr(task_worker, "write_progress", lambda place, now: told.append(now))
    monkeypatch.setattr(task_worker, "WRITE_EVERY_S", 3600.0)
    report = task_worker.Reporter(tmp_path)
    for done in range(1, 101):
        report("images", done, 100)
    report("tsne", 50, 1000, 1.5)
    report.end("done")
    assert [(now.stage, now.done, now.state) for now in told] == [
        ("images", 1, "running"), ("images", 100, "running"), ("tsne", 50, "running"), ("tsne", 50, "done"),
    ]  # fmt: skip


def test_a_task_can_be_begun_anew_and_keeps_to_its_place(tmp_path: Path, launches: list[Path]) -> None:
    task = replace(Task.of("gan_core.jobs.data:prepare", config={}), place=str(tmp_path / "here"), in_turn=False)
    assert folder(task) == tmp_path / "here"
    start(task)
    start(task, anew=True)  # it runs: nobody begins it twice
    background.write_progress(folder(task), Progress("done"))
    np.savez(folder(task) / "result.npz")
    (folder(task) / ".tmp-half.npz").touch()
    start(task)
    assert launches == [folder(task)] and result(task) == {}
    start(task, anew=True)
    assert launches == [folder(task)] * 2 and progress(task).state == "running"
    assert not list(folder(task).glob("*.npz"))


ODD = {
    "state": (["running"], "asleep", 1, None), "stage": (7, None), "done": ("a", -1, 1.5, True, None), "total": ({}, -1),
    "value": ("x", [1.0], True), "error": (3,), "updated_at": ("x", None, [], True),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ODD.items() for value in values])
def test_a_progress_file_with_a_value_of_another_kind_counts_as_none(tmp_path: Path, name: str, value: object) -> None:
    task = replace(Task.of("gan_core.jobs.data:prepare"), place=str(tmp_path))
    background.write_progress(tmp_path, Progress("running", "images", 1, 2, 0.5))
    stored = json.loads((tmp_path / "progress.json").read_bytes())
    assert progress(task).state == "running"
    (tmp_path / "progress.json").write_text(json.dumps(stored | {name: value}))
    assert progress(task) == Progress()


def test_a_dead_task_from_before_the_clock_was_set_back_has_failed_and_can_be_begun(
    tmp_path: Path, launches: list[Path], monkeypatch
) -> None:
    task = replace(Task.of("gan_core.jobs.data:prepare"), place=str(tmp_path))
    background.write_progress(tmp_path, Progress("running", "images", 1, 2))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 1.0)  # as clocks are corrected
    assert progress(task).state == "running"
    monkeypatch.setattr(time, "time", lambda: now - 86_400)
    assert progress(task).state == "failed"
    start(task)
    assert launches == [tmp_path]


@pytest.mark.parametrize("damage", ["shape", "deflate", "member"])
def test_a_result_of_any_damage_is_a_sentence(tmp_path: Path, damage: str) -> None:
    task = replace(Task.of("gan_core.jobs.data:prepare"), place=str(tmp_path))
    file = tmp_path / "result.npz"
    if damage == "shape":
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000,)}"
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    else:
        np.savez_compressed(file, a=np.arange(5000))
        content = bytearray(file.read_bytes())
        at = {"deflate": 60, "member": content.rindex(b"PK\x01\x02") + 46}[damage]
        content[at : at + 3] = b"\xff\xff\xff"
        file.write_bytes(content)
    with pytest.raises(ValueError, match="start it again"):
        result(task)


def test_so_many_tasks_run_at_once_and_fewer_of_one_student(tmp_path: Path, launches: list[Path], monkeypatch) -> None:
    monkeypatch.setenv("GANVAS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("GANVAS_CLASSROOM", str(tmp_path / "classroom.json"))
    classroom.make("teach-er-42", limits=classroom.StudentLimits(tasks=2))
    monkeypatch.setattr(background, "MAX_RUNNING", 4)
    anna, ben = (access.Actor(name, name, access.Role.STUDENT) for name in ("anna", "ben"))
    tasks = [Task.of("gan_core.jobs.data:prepare", config={"number": n}) for n in range(6)]
    for number in (0, 0, 1):  # the first one twice: it runs
        start(tasks[number], actor=anna)
    with pytest.raises(
        access.Refused, match=r"^You have 2 tasks running; a student may have 2\. Wait .* or cancel one"
    ):
        start(tasks[2], actor=anna)
    assert not (folder(tasks[2]) / "task.json").exists() and progress(tasks[2]).state == "new"
    start(tasks[2], actor=ben)
    start(tasks[3], actor=ben)
    with pytest.raises(access.Refused, match="This server works on 4 tasks, at most 4 at once"):
        start(tasks[4])
    background.write_progress(folder(tasks[0]), Progress("cancelled"))
    start(tasks[4], actor=anna)
    assert launches == [folder(task) for task in tasks[:5]]
